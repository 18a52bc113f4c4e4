package workloads

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slosim/workloads/rng"
)

// at is a list of instants as Arrivals.
type at struct{ left []time.Duration }

func (a *at) Next() (time.Duration, bool) {
	if len(a.left) == 0 {
		return 0, false
	}
	first := a.left[0]
	a.left = a.left[1:]
	return first, true
}

func twoClasses(first float64) []Class {
	return []Class{{Name: "a", Share: first}, {Name: "b", Share: 1 - first}}
}

func TestStreamMergesInOrder(t *testing.T) {
	stream, err := NewStream(StreamSpec{
		Sources: []Arrivals{&at{[]time.Duration{5, 7, 7}}, &at{}, &at{[]time.Duration{1, 7, 9}}},
		Classes: twoClasses(1), Samples: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Query{
		{ID: 0, ArriveAt: 1, Source: 2, Size: 1},
		{ID: 1, ArriveAt: 5, Source: 0, Size: 1},
		{ID: 2, ArriveAt: 7, Source: 0, Size: 1},
		{ID: 3, ArriveAt: 7, Source: 0, Size: 1},
		{ID: 4, ArriveAt: 7, Source: 2, Size: 1},
		{ID: 5, ArriveAt: 9, Source: 2, Size: 1},
	}
	if diff := cmp.Diff(want, queries(stream)); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
	if stream.Next(new(Query)) {
		t.Error("want no query after the end, got one")
	}
}

// Shares and samples are as stated, within four deviations, and a query's class
// says nothing about its sample.
func TestStreamSharesAndSamples(t *testing.T) {
	const n, samples = 40_000, 50
	classes := []Class{{Name: "a", Share: 0.2}, {Name: "none", Share: 0}, {Name: "b", Share: 0.5}, {Name: "c", Share: 0.3}, {Name: "none too", Share: 0}}
	stream := streamOf(t, n, classes, samples, rng.Key{Seed: 41})
	byClass := make([]float64, len(classes))
	both := [samples][2]float64{}
	for _, q := range queries(stream) {
		byClass[q.Class]++
		if q.Class == 0 {
			both[q.Sample][0]++
		} else {
			both[q.Sample][1]++
		}
	}
	for i, class := range classes {
		if margin := 4 * math.Sqrt(n*class.Share*(1-class.Share)); math.Abs(byClass[i]-n*class.Share) > margin {
			t.Errorf("class %s: want %v queries within %.0f, got %v", class.Name, n*class.Share, margin, byClass[i])
		}
	}
	chi := 0.0 // over 2 x 50 cells, 98 degrees of freedom
	for _, cell := range both {
		for side, share := range []float64{0.2, 0.8} {
			want := n * share / samples
			chi += (cell[side] - want) * (cell[side] - want) / want
		}
	}
	if margin := 4 * math.Sqrt(2*98); math.Abs(chi-98) > margin {
		t.Errorf("chi-square of samples within classes: want 98 within %.0f, got %.0f", margin, chi)
	}
}

// Common random numbers: the class and the sample of query i do not depend on
// when it arrives, nor on how many sources there are.
func TestStreamDrawsDependOnTheIDAlone(t *testing.T) {
	key := rng.Key{Seed: 42, Replication: 1}
	early := queries(streamOf(t, 500, twoClasses(0.4), 9999, key))
	late, err := NewStream(StreamSpec{
		Sources: []Arrivals{everyNanosecond(250), everyNanosecond(250)},
		Classes: twoClasses(0.4), Samples: 9999, Key: key,
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range queries(late) {
		if q.Class != early[i].Class || q.Sample != early[i].Sample {
			t.Fatalf("query %d: want class %d and sample %d, got %d and %d", i, early[i].Class, early[i].Sample, q.Class, q.Sample)
		}
	}
	other := queries(streamOf(t, 500, twoClasses(0.4), 9999, rng.Key{Seed: 42, Replication: 2}))
	same := 0
	for i := range other {
		if other[i].Sample == early[i].Sample {
			same++
		}
	}
	if same > 5 { // 500 pairs of 9999: 0.05 expected
		t.Errorf("another replication: want other samples, got %d of 500 the same", same)
	}
}

func TestStreamAllocatesNothing(t *testing.T) {
	arrivals, err := NewArrivals(ArrivalSpec{Kind: "poisson", Rate: 1e6, Duration: time.Second}, rng.Key{})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := NewStream(StreamSpec{Sources: []Arrivals{arrivals}, Classes: twoClasses(0.5), Samples: 10})
	if err != nil {
		t.Fatal(err)
	}
	var q Query
	if got := testing.AllocsPerRun(1000, func() { stream.Next(&q) }); got != 0 {
		t.Errorf("want 0 allocations, got %v", got)
	}
}

func TestStreamErrors(t *testing.T) {
	good := func() StreamSpec {
		return StreamSpec{Sources: []Arrivals{everyNanosecond(1)}, Classes: twoClasses(0.5), Samples: 1}
	}
	for want, change := range map[string]func(s *StreamSpec){
		"sources: want 1 to 65535, got 0":       func(s *StreamSpec) { s.Sources = nil },
		"samples: want 1 to 4294967295, got 0":  func(s *StreamSpec) { s.Samples = 0 },
		"classes: want 1 to 65535, got 0":       func(s *StreamSpec) { s.Classes = nil },
		`class "b": share: want 0 to 1, got -`:  func(s *StreamSpec) { s.Classes = twoClasses(1.5)[1:] },
		`class "a": share: want 0 to 1, got Na`: func(s *StreamSpec) { s.Classes = twoClasses(math.NaN()) },
		"want a sum of 1, got 0.5":              func(s *StreamSpec) { s.Classes = twoClasses(0.5)[:1] },
	} {
		spec := good()
		change(&spec)
		_, err := NewStream(spec)
		wantError(t, err, "stream: ", want)
	}
}

func TestTargetAtChanges(t *testing.T) {
	first, second, third := Target{Latency: 15, Accuracy: 0.9}, Target{Latency: 10, Accuracy: 0.9}, Target{Latency: 20, Accuracy: 0.8}
	class := Class{Target: first, Changes: []Change{{At: 100, Target: second}, {At: 200, Target: third}}}
	for at, want := range map[time.Duration]Target{0: first, 99: first, 100: second, 199: second, 200: third, 1e9: third} {
		if diff := cmp.Diff(want, class.TargetAt(at)); diff != "" {
			t.Errorf("at %d (-want +got): %s", at, diff)
		}
	}
	if diff := cmp.Diff(first, (&Class{Target: first}).TargetAt(1e9)); diff != "" {
		t.Errorf("without changes (-want +got): %s", diff)
	}
}

func everyNanosecond(n int) *at {
	arrivals := &at{}
	for i := range n {
		arrivals.left = append(arrivals.left, time.Duration(i))
	}
	return arrivals
}

func streamOf(t *testing.T, n int, classes []Class, samples int, key rng.Key) *Stream {
	t.Helper()
	stream, err := NewStream(StreamSpec{Sources: []Arrivals{everyNanosecond(n)}, Classes: classes, Samples: samples, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func queries(stream *Stream) []Query {
	all := []Query{}
	for q := (Query{}); stream.Next(&q); {
		all = append(all, q)
	}
	return all
}

// Sizes follow their class: all the same, or lognormal around the median.
func TestSizes(t *testing.T) {
	spec := StreamSpec{Sources: []Arrivals{&every{gap: 1}}, Samples: 1, Key: rng.Key{Seed: 1},
		Classes: []Class{{Share: 0.5, Size: 4}, {Share: 0.5, Size: 10, Spread: 1}}}
	s, err := NewStream(spec)
	if err != nil {
		t.Fatal(err)
	}
	var q Query
	below, n, sum := 0, 0, 0.0
	for range 20_000 {
		if !s.Next(&q) {
			t.Fatal("want an endless stream")
		}
		switch {
		case q.Class == 0 && q.Size != 4:
			t.Fatalf("want 4 samples, got %d", q.Size)
		case q.Class == 1:
			n++
			sum += math.Log(float64(q.Size))
			if q.Size < 10 {
				below++
			}
		}
	}
	if share := float64(below) / float64(n); share < 0.44 || share > 0.5 { // 10 itself is rounded to
		t.Errorf("want about half of the sizes below the median, got %v", share)
	}
	if mean := sum / float64(n); math.Abs(mean-math.Log(10)) > 0.05 {
		t.Errorf("mean of logarithms: want %v, got %v", math.Log(10), mean)
	}
}

// every yields an arrival each gap.
type every struct{ gap, at time.Duration }

func (e *every) Next() (time.Duration, bool) {
	e.at += e.gap
	return e.at, true
}
