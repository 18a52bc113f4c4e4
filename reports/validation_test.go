package reports

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"slosim/reports/result"
)

// mode is how a mode of a made-up validation differs from the truth.
type mode struct {
	clock  float64 // factor of response times
	swaps  bool    // the classes
	jitter float64 // of response times, by lot
	seed   uint64
}

// modeTallies makes tallies of two classes, of which one is mostly in time. The queries are
// the same in every mode.
func modeTallies(m mode, repetitions int) (all []*Tally) {
	for r := range repetitions {
		t := NewTally(TallyConfig{Replication: r, Classes: []string{"strict", "relaxed"}, Workers: 1, Duration: time.Second})
		truth, own := rand.New(rand.NewPCG(uint64(r), 1)), rand.New(rand.NewPCG(uint64(r), m.seed))
		for i := range 4000 {
			class := uint16(i % 2)
			took := float64(time.Millisecond) * truth.ExpFloat64() * m.clock * (1 + m.jitter*own.NormFloat64())
			if m.swaps {
				class = 1 - class
			}
			at := time.Duration(i) * 100 * time.Microsecond
			t.Add(&Observation{
				Class: class, Right: i%10 > 0, ArriveAt: at, StartAt: at, FinishAt: at + time.Duration(max(took, 1)),
				Deadline: at + []time.Duration{2, 5}[i%2]*time.Millisecond, Density: 0.5,
			})
		}
		all = append(all, t)
	}
	return all
}

func validatedAs(t *testing.T, kernel, profile mode) *result.Validation {
	t.Helper()
	contender := func(m mode) []Contender { return []Contender{{Name: "one", Tallies: modeTallies(m, 5)}} }
	v := &result.Validation{Schema: 1, Repetitions: 5}
	err := Validate(v, Tolerances{Attainment: 0.016, MeanAttainment: 0.005, KernelAttainment: 0.004, EffectiveAccuracy: 0.005, P50: 0.05, P99: 0.09, Halfwidth: 0.05},
		contender(mode{clock: 1}), contender(kernel), contender(profile))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAValidationPassesOnlyWhatAgrees(t *testing.T) {
	same := mode{clock: 1, jitter: 0.005, seed: 2}
	if v := validatedAs(t, same, same); v.Verdict != result.Passed || len(v.Reasons) > 0 {
		t.Errorf("modes that agree: want a pass, got %s %v", v.Verdict, v.Reasons)
	}
	for name, wrong := range map[string]struct {
		mode   mode
		reason string
	}{
		"a clock that is 10 % slow": {mode{clock: 1.1}, "p50"},
		"another unit":              {mode{clock: 1000}, "attainment"},
		"swapped classes":           {mode{clock: 1, swaps: true}, "attainment"},
	} {
		v := validatedAs(t, same, wrong.mode)
		if v.Verdict != result.Failed || !strings.Contains(strings.Join(v.Reasons, "\n"), wrong.reason) {
			t.Errorf("%s: want it to fail because of %s, got %s: %v", name, wrong.reason, v.Verdict, v.Reasons)
		}
	}
	if v := validatedAs(t, mode{clock: 1.3}, same); v.Verdict != result.Failed {
		t.Errorf("kernel mode that is 30 %% slow: want it to fail, got %s", v.Verdict)
	}
}

// Void goes before pass and fail, whatever the results say.
func TestVoidIsNeverAPass(t *testing.T) {
	for _, profile := range []mode{{clock: 1}, {clock: 2}} {
		contender := []Contender{{Name: "one", Tallies: modeTallies(profile, 3)}}
		v := &result.Validation{Void: []string{"one, repetition 2: hog"}}
		if err := Validate(v, Tolerances{}, contender, contender, contender); err != nil {
			t.Fatal(err)
		}
		if v.Verdict != result.Void || !slices.Equal(v.Reasons, v.Void) {
			t.Errorf("want void with its reason, got %s %v", v.Verdict, v.Reasons)
		}
	}
	v := &result.Validation{Void: []string{"all"}}
	if err := Validate(v, Tolerances{}, nil, nil, nil); err != nil || v.Verdict != result.Void {
		t.Errorf("want void without any run, got %s, %v", v.Verdict, err)
	}
}

// The distance against its definition on the exact samples.
func TestKSDistance(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 50 {
		a, b := newLatencies(), newLatencies()
		var x, y []int64
		for range 1 + r.IntN(300) {
			x = append(x, r.Int64N(200))
			a.add(x[len(x)-1])
		}
		for range 1 + r.IntN(300) {
			y = append(y, r.Int64N(220))
			b.add(y[len(y)-1])
		}
		a.addLost()
		want := 0.0
		for v := range int64(220) {
			want = max(want, math.Abs(exactShare(x, v, 1)-exactShare(y, v, 0)))
		}
		if got := ksDistance(&a, &b); math.Abs(got-want) > 1e-12 {
			t.Fatalf("want %g, got %g", want, got)
		}
	}
}

// exactShare is the part of values and lost ones that is at most v.
func exactShare(values []int64, v int64, lost int) float64 {
	n := 0
	for _, x := range values {
		if x <= v {
			n++
		}
	}
	return float64(n) / float64(len(values)+lost)
}

func TestWriteValidation(t *testing.T) {
	v := validatedAs(t, mode{clock: 1, jitter: 0.005, seed: 2}, mode{clock: 1.2})
	v.Overheads = []result.Overhead{{Contender: "one", US: 1.5, HalfUS: 0.1, Starts: 100}}
	v.Lateness, v.LooksUS, v.ReferenceUS = result.Lateness{P95US: 1, N: 9}, []float64{90, 110}, 100
	v.ServiceRatio = []float64{1.01, 0.99}
	dir := t.TempDir()
	if err := WriteValidation(dir, v); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"validation.json", "cdf-one.svg", "cdf-one.png", "cdf-one.pdf"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: want a file, got %v", name, err)
		}
	}
	var out bytes.Buffer
	if err := PrintValidation(&out, v); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"class strict", "verdict: fail", "too far", "overhead of a start, one: 1.50 ±0.10 us", "5 repetitions"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("want %q in:\n%s", want, out.String())
		}
	}
}
