package profile

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// exponential returns n quantiles of an exponential distribution, in nanoseconds.
func exponential(mean time.Duration, n int) Dist {
	d := make(Dist, n)
	for i := range d {
		d[i] = uint32(-math.Log(1-(float64(i)+0.5)/float64(n)) * float64(mean))
	}
	return d
}

// testSet returns a set with one cascade of two work classes (a quarter escalates), an
// activation, and stalls at its second level.
func testSet() *Set {
	s := &Set{
		Technique: "t", Network: "n", Hash: "h", Activates: true, HasConfidence: true,
		Points: []Point{{Name: "a", Density: 0.1}, {Name: "b", Density: 1, Cascade: true}},
		Groups: []Group{{Name: "g", Bytes: 7, Load: Dist{5, 6}}},
		Switch: [][]Dist{{{1, 2}}},
	}
	s.Calibration, s.Truth = testHalf(1), testHalf(2)
	return s
}

func testHalf(seed uint64) Half {
	r := rand.New(rand.NewPCG(seed, 0))
	h := Half{Samples: 400}
	for p := range 2 {
		for i := range h.Samples {
			o := Outcome{Answer: uint32(i), Confidence: r.Float32()}
			o.Right = r.Float32() < o.Confidence
			if p == 1 && i%4 == 0 {
				o.Class = 1
			}
			h.Outcomes = append(h.Outcomes, o)
		}
	}
	h.Outcomes[3].Confidence = float32(math.NaN())
	h.Activate = []Dist{exponential(20*time.Microsecond, 500), exponential(30*time.Microsecond, 500)}
	h.Execute = [][][]Dist{
		{{exponential(50*time.Microsecond, 500)}, {exponential(60*time.Microsecond, 500)}},
		{
			{exponential(100*time.Microsecond, 500), exponential(400*time.Microsecond, 500)},
			{exponential(120*time.Microsecond, 500), exponential(500*time.Microsecond, 500)},
		},
	}
	for range 300 {
		gap := time.Duration(r.ExpFloat64() * float64(4*time.Millisecond))
		h.Stalls = append(h.Stalls[:0], nil, append(last(h.Stalls), Stall{Gap: gap, Wait: 4 * time.Millisecond}))
	}
	return h
}

func last(s [][]Stall) []Stall {
	if len(s) == 0 {
		return nil
	}
	return s[len(s)-1]
}

func testLevels() []Level {
	return []Level{{Slowdown: 1}, {Antagonists: []Antagonist{{Kind: "cpu", Intensity: 1}}, Slowdown: 2.2, Kept: 9, Discarded: 1, Share: 0.5}}
}

func testBelief(t testing.TB) (*Belief, *Set) {
	t.Helper()
	set := testSet()
	b, err := NewBelief(set, testLevels())
	if err != nil {
		t.Fatal(err)
	}
	return b, set
}

// monteCarlo draws service times the slow way: real draws, a linear walk over the stalls.
func monteCarlo(h *Half, point, level, n int) []float64 {
	r := rand.New(rand.NewPCG(7, 7))
	out := make([]float64, n)
	for i := range out {
		o := h.At(point, r.IntN(h.Samples))
		service := h.Service(point, level, o.Class, r.Float64()) + h.Activation(level, r.Float64())
		out[i] = float64(walk(h.Stalls[level], r.Float64(), service))
	}
	slices.Sort(out)
	return out
}

// walk is the dumb version of Timeline.Finish: it steps through the sequence.
func walk(stalls []Stall, u float64, service time.Duration) time.Duration {
	if len(stalls) == 0 {
		return service
	}
	period := time.Duration(0)
	for _, s := range stalls {
		period += s.Gap + s.Wait
	}
	at := time.Duration(u * float64(period))
	left, clock := service, time.Duration(0)
	for i := 0; ; i = (i + 1) % len(stalls) {
		for _, piece := range []struct {
			length time.Duration
			works  bool
		}{{stalls[i].Gap, true}, {stalls[i].Wait, false}} {
			from := max(clock, at)
			clock += piece.length
			if clock <= at || !piece.works {
				continue
			}
			if clock-from >= left {
				return from + left - at
			}
			left -= clock - from
		}
	}
}

func TestQuantileAgreesWithMonteCarlo(t *testing.T) {
	b, set := testBelief(t)
	for level, slowdown := range []float64{1, 2.2} {
		for point := range set.Points {
			draws := monteCarlo(&set.Calibration, point, level, 60000)
			for _, q := range []float64{0.05, 0.25, 0.5, 0.75, 0.9, 0.99} {
				got := float64(b.Quantile(point, q, slowdown))
				// In terms of probability: between the draws' quantiles a little below and above.
				lo, hi := draws[int((q-0.008*math.Sqrt(q*(1-q))/0.5)*60000)], draws[min(59999, int((q+0.008*math.Sqrt(q*(1-q))/0.5)*60000))]
				if got < lo || got > hi {
					t.Errorf("point %d, level %d, q %v: want %v to %v ns, got %v", point, level, q, lo, hi, got)
				}
			}
		}
	}
}

func TestMeanIsWorkOverAvailability(t *testing.T) {
	b, set := testBelief(t)
	work := set.Calibration.Activate[1].Mean() + (3*set.Calibration.Execute[1][1][0].Mean()+set.Calibration.Execute[1][1][1].Mean())/4
	timeline, err := NewTimeline(set.Calibration.Stalls[1])
	if err != nil {
		t.Fatal(err)
	}
	want := float64(work) * float64(timeline.Period()) / float64(timeline.OnCPU())
	if diff := cmp.Diff(want, float64(b.Mean(1, 2.2)), cmpopts.EquateApprox(1e-4, 0)); diff != "" {
		t.Error(diff)
	}
	// The same as the mean wall time over starts that are uniform in on-CPU time.
	sum, n := 0.0, 20000
	for i := range n {
		start := timeline.Finish(0, max(1, time.Duration(float64(timeline.OnCPU())*(float64(i)+0.5)/float64(n))))
		sum += float64(timeline.Finish(start, work)-start) / float64(n)
	}
	if diff := cmp.Diff(want, sum, cmpopts.EquateApprox(0.02, 0)); diff != "" {
		t.Error(diff)
	}
}

func TestFinishAgreesWithWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.Custom(func(t *rapid.T) Stall {
			return Stall{time.Duration(rapid.IntRange(0, 20).Draw(t, "gap")), time.Duration(rapid.IntRange(0, 20).Draw(t, "wait"))}
		})
		stalls := rapid.SliceOfN(piece, 1, 8).Draw(t, "stalls")
		stalls = append(stalls, Stall{Gap: 3, Wait: 2})
		timeline, err := NewTimeline(stalls)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Duration(rapid.IntRange(0, int(timeline.Period())-1).Draw(t, "at"))
		service := time.Duration(rapid.IntRange(1, 200).Draw(t, "service"))
		u := (float64(at) + 0.5) / float64(timeline.Period())
		if want, got := at+walk(stalls, u, service), timeline.Finish(at, service); want != got {
			t.Fatalf("want %d, got %d", want, got)
		}
		later := timeline.Finish(at+3*timeline.Period(), service)
		if want := timeline.Finish(at, service) + 3*timeline.Period(); later != want {
			t.Fatalf("three periods later: want %d, got %d", want, later)
		}
	})
}

func TestTimesAscend(t *testing.T) {
	b, _ := testBelief(t)
	rapid.Check(t, func(t *rapid.T) {
		point := rapid.IntRange(0, 1).Draw(t, "point")
		q1, q2 := rapid.Float64Range(0, 1).Draw(t, "q1"), rapid.Float64Range(0, 1).Draw(t, "q2")
		s1, s2 := rapid.Float64Range(0, 9).Draw(t, "s1"), rapid.Float64Range(0, 9).Draw(t, "s2")
		least := b.Quantile(point, min(q1, q2), min(s1, s2))
		most := b.Quantile(point, max(q1, q2), max(s1, s2))
		if least > most+1 || b.Mean(point, min(s1, s2)) > b.Mean(point, max(s1, s2))+1 {
			t.Fatalf("want ascending times, got %v then %v", least, most)
		}
	})
}

func TestWithinIsTheInverseOfQuantile(t *testing.T) {
	b, _ := testBelief(t)
	rapid.Check(t, func(t *rapid.T) {
		point, s := rapid.IntRange(0, 1).Draw(t, "point"), rapid.Float64Range(0, 5).Draw(t, "slow-down")
		q := rapid.Float64Range(0.001, 0.9999).Draw(t, "q")
		limit := b.Quantile(point, q, s)
		// Quantile rounds down to a nanosecond: a nanosecond on, q of all queries are done.
		if got := b.Within(point, limit+1, s); got < q-1e-9 {
			t.Fatalf("within the %v-quantile: got %v", q, got)
		}
		if got := b.Within(point, limit-1, s); got > q+1e-9 {
			t.Fatalf("just below the %v-quantile: got %v", q, got)
		}
	})
	if b.Within(0, -1, 1) != 0 || b.Within(0, 0, 1) != 0 || b.Within(0, time.Hour, 1) != 1 {
		t.Error("want 0 below the least time and 1 above the greatest")
	}
}

func TestSlowdownEdges(t *testing.T) {
	b, _ := testBelief(t)
	for _, s := range []float64{math.NaN(), math.Inf(-1), -1, 0, 0.5} {
		if got, want := b.Quantile(0, 0.9, s), b.Quantile(0, 0.9, 1); got != want {
			t.Errorf("slow-down %v: want that of 1, %v, got %v", s, want, got)
		}
	}
	if got, want := b.Mean(1, 4.4), 2*b.Mean(1, 2.2); math.Abs(float64(got-want)) > 2 {
		t.Errorf("beyond the highest level: want %v, got %v", want, got)
	}
	if got := b.Quantile(1, 1, math.Inf(1)); got <= 0 {
		t.Errorf("infinite slow-down: want a positive time, got %v", got)
	}
	middle := (b.Mean(0, 1) + b.Mean(0, 2.2)) / 2
	if got := b.Mean(0, 1.6); math.Abs(float64(got-middle)) > 2 {
		t.Errorf("half way: want %v, got %v", middle, got)
	}
}

func TestNonMonotoneLevelsAreRepaired(t *testing.T) {
	set := &Set{Points: []Point{{Name: "p"}}, Calibration: Half{
		Samples: 1, Outcomes: make([]Outcome, 1),
		Execute: [][][]Dist{{{{100}}, {{80}}, {{60}}, {{200}}}},
	}}
	b, err := NewBelief(set, []Level{{Slowdown: 1}, {Slowdown: 1.5}, {Slowdown: 1.2}, {Slowdown: 1.5}})
	if err != nil {
		t.Fatal(err)
	}
	// 1: 100, 1.2: 60, 1.5: (80+200)/2 = 140; the first two are pooled.
	got := []time.Duration{b.Mean(0, 1), b.Mean(0, 1.2), b.Mean(0, 1.35), b.Quantile(0, 0.3, 1.5), b.Mean(0, 3)}
	if diff := cmp.Diff([]time.Duration{80, 80, 110, 140, 280}, got); diff != "" {
		t.Error(diff)
	}
}

// TestUnseenLevels: a belief that must not see a level is that of a profile without it.
func TestUnseenLevels(t *testing.T) {
	levels, without := testLevels(), testSet()
	last := len(levels) - 1
	hidden, err := NewBelief(testSet(), levels, last)
	if err != nil {
		t.Fatal(err)
	}
	half := &without.Calibration
	half.Stalls = half.Stalls[:min(last, len(half.Stalls))]
	half.Activate = half.Activate[:last]
	for p := range half.Execute {
		half.Execute[p] = half.Execute[p][:last]
	}
	fewer, err := NewBelief(without, levels[:last])
	if err != nil {
		t.Fatal(err)
	}
	all, _ := testBelief(t)
	differs := false
	for point := range hidden.Points() {
		for _, slowdown := range []float64{1, 1.3, 2, 5} {
			got, want := hidden.Quantile(point, 0.9, slowdown), fewer.Quantile(point, 0.9, slowdown)
			if got != want || hidden.Mean(point, slowdown) != fewer.Mean(point, slowdown) {
				t.Errorf("point %d at %v: want %v, got %v", point, slowdown, want, got)
			}
			differs = differs || got != all.Quantile(point, 0.9, slowdown)
		}
	}
	if !differs {
		t.Error("hiding a level changed nothing")
	}
	if _, err := NewBelief(testSet(), levels[:1], 0); err == nil {
		t.Error("nothing seen: want an error, got none")
	}
}

func TestGridIsItsOwnInverse(t *testing.T) {
	for i := range gridSize {
		if got := gridPosition(gridQuantile(i)); math.Abs(got-float64(i)) > 1e-9 {
			t.Errorf("knot %d: got position %v", i, got)
		}
	}
	if !sort.Float64sAreSorted([]float64{gridQuantile(197), gridQuantile(198), gridQuantile(215), gridQuantile(216), gridQuantile(226)}) {
		t.Error("want ascending knots")
	}
	if gridPosition(math.NaN()) != 0 || gridPosition(2) != gridSize-1 {
		t.Error("want quantiles clamped")
	}
}

func TestLookupsAllocateNothing(t *testing.T) {
	b, _ := testBelief(t)
	n := testing.AllocsPerRun(100, func() {
		b.Quantile(1, 0.99, 1.3)
		b.Mean(1, 1.3)
		b.Within(1, time.Millisecond, 1.3)
		b.Confidence(1, 0.4)
	})
	if n != 0 {
		t.Errorf("want no allocation, got %v", n)
	}
}

func TestNewBeliefRefuses(t *testing.T) {
	cases := map[string]func(*Set){
		"no points":      func(s *Set) { s.Points = nil },
		"no samples":     func(s *Set) { s.Calibration.Samples = 0 },
		"short outcomes": func(s *Set) { s.Calibration.Outcomes = s.Calibration.Outcomes[1:] },
		"no times":       func(s *Set) { s.Calibration.Execute[0][1][0] = nil },
		"unsorted":       func(s *Set) { s.Calibration.Execute[0][0][0] = Dist{3, 1} },
		"no class":       func(s *Set) { s.Calibration.Outcomes[1].Class = 9 },
		"no activation":  func(s *Set) { s.Calibration.Activate[1] = nil },
		"no core":        func(s *Set) { s.Calibration.Stalls[1] = []Stall{{0, 5}} },
		"negative stall": func(s *Set) { s.Calibration.Stalls[1] = []Stall{{5, -5}, {5, 1}} },
	}
	for name, spoil := range cases {
		set := testSet()
		spoil(set)
		if _, err := NewBelief(set, testLevels()); err == nil {
			t.Errorf("%s: want an error, got none", name)
		}
	}
	if _, err := NewBelief(testSet(), []Level{{Slowdown: 1}, {Slowdown: math.NaN()}}); err == nil {
		t.Error("NaN slow-down: want an error, got none")
	}
}

func BenchmarkQuantile(b *testing.B) {
	belief, _ := testBelief(b)
	for b.Loop() {
		belief.Quantile(1, 0.99, 1.7)
	}
}

func BenchmarkNewBelief(b *testing.B) {
	set := testSet()
	for b.Loop() {
		if _, err := NewBelief(set, testLevels()); err != nil {
			b.Fatal(err)
		}
	}
}
