package scheduler

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"slosim/engine/profile"
	"slosim/workloads"
)

// exponentialBelief returns a belief whose points have exponential times and accuracies.
func exponentialBelief(t testing.TB, means []time.Duration, accuracies []float64) *profile.Belief {
	t.Helper()
	set := &profile.Set{Calibration: profile.Half{Samples: 100}}
	for p, mean := range means {
		set.Points = append(set.Points, profile.Point{Name: mean.String()})
		d := make(profile.Dist, 2000)
		for i := range d {
			d[i] = uint32(-math.Log(1-(float64(i)+0.5)/2000) * float64(mean))
		}
		set.Calibration.Execute = append(set.Calibration.Execute, [][]profile.Dist{{d}})
		for i := range 100 {
			set.Calibration.Outcomes = append(set.Calibration.Outcomes, profile.Outcome{Right: float64(i)+0.5 < 100*accuracies[p]})
		}
	}
	b, err := profile.NewBelief(set, []profile.Level{{Slowdown: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func oneClass(latency time.Duration) []workloads.Class {
	return []workloads.Class{{Share: 1, Target: workloads.Target{Latency: latency}}}
}

// TestLindleyAgreesWithTheory: the response time of an M/M/1 queue is exponential with
// rate mu - lambda; of M/M/2, P(wait > 0) is Erlang's C.
func TestLindleyAgreesWithTheory(t *testing.T) {
	model := exponentialBelief(t, []time.Duration{time.Millisecond}, []float64{1})
	for _, rho := range []float64{0.2, 0.5, 0.7} {
		got := newLindley(model, oneClass(3*time.Millisecond), 1).inTime(0, 1000*rho)
		if diff := cmp.Diff(1-math.Exp(-3*(1-rho)), got, cmpopts.EquateApprox(0, 0.05)); diff != "" {
			t.Errorf("M/M/1 at %v: %s", rho, diff)
		}
	}
	// M/M/2 at rho = 0.5: C = 1/3; P(R > t) = e^-t (1 + C (1 - e^(-t(1-...)))...) reduces at
	// mu = 1, lambda = 1 to e^-t + (1/3) t e^-t, because mu = 2 mu - lambda.
	got := newLindley(model, oneClass(2*time.Millisecond), 2).inTime(0, 1000)
	if diff := cmp.Diff(1-math.Exp(-2)*(1+2.0/3), got, cmpopts.EquateApprox(0, 0.03)); diff != "" {
		t.Errorf("M/M/2: %s", diff)
	}
}

func TestLoadTable(t *testing.T) {
	model := exponentialBelief(t, []time.Duration{time.Millisecond, 100 * time.Microsecond}, []float64{0.9, 0.7})
	table := newLoadTable(model, oneClass(10*time.Millisecond), 1)
	if got := table.at(1); got != 0 {
		t.Errorf("hardly any load: want the accurate point, got %d", got)
	}
	if got := table.at(1500); got != 1 {
		t.Errorf("more than the accurate point can carry: want the fast one, got %d", got)
	}
	if got := table.at(1e9); got != 1 {
		t.Errorf("beyond the grid: want the fast point, got %d", got)
	}
	// At the threshold 0.9 x (1 - e^(-10(1-rho))) = 0.7: rho = 0.85.
	low, high := 0.0, 2000.0
	for high-low > 1 {
		if middle := (low + high) / 2; table.at(middle) == 0 {
			low = middle
		} else {
			high = middle
		}
	}
	if diff := cmp.Diff(850.0, low, cmpopts.EquateApprox(0.12, 0)); diff != "" {
		t.Errorf("threshold: %s", diff)
	}
}

func TestModelSwitchingHysteresis(t *testing.T) {
	model := exponentialBelief(t, []time.Duration{time.Millisecond, 100 * time.Microsecond}, []float64{0.9, 0.7})
	m := &modelSwitching{hysteresis: 0.5, tables: []loadTable{{loads: []float64{100, 200}, best: []int{0, 1}}}, current: []int{0}}
	for _, step := range []struct {
		load float64
		want int
	}{{90, 0}, {150, 1}, {90, 1}, {60, 0}, {99, 0}} {
		m.current[0] = m.switchTo(0, model, step.load)
		if m.current[0] != step.want {
			t.Errorf("load %v: want point %d, got %d", step.load, step.want, m.current[0])
		}
	}
}

func TestModelSwitchingAwareness(t *testing.T) {
	model := exponentialBelief(t, []time.Duration{time.Millisecond, 100 * time.Microsecond}, []float64{0.9, 0.7})
	for aware, want := range map[bool]int{false: 0, true: 1} {
		m := newModelSwitching(NewParams(map[string]any{"aware": aware, "window": "1s"})).(*modelSwitching)
		if err := m.Bind(Setting{Classes: oneClass(10 * time.Millisecond), Models: []*profile.Belief{model}, Workers: 1}); err != nil {
			t.Fatal(err)
		}
		v := NewView([]*profile.Belief{model}, nil)
		v.Now, v.Arrived = time.Second, 500
		v.Workers = []Worker{{Slowdown: 3}}
		m.Decide(v, &Plan{})
		if m.current[0] != want {
			t.Errorf("aware %v: want point %d, got %d", aware, want, m.current[0])
		}
	}
}

func TestMeter(t *testing.T) {
	m := meter{window: 100 * time.Millisecond}
	if got := m.rate(0, 0); got != 0 {
		t.Errorf("at the start: want 0, got %v", got)
	}
	if got := m.rate(50*time.Millisecond, 50); got != 500 {
		t.Errorf("half a window: want 500 (as if nothing came before), got %v", got)
	}
	arrived := uint64(50)
	rate := 0.0
	for now := 51 * time.Millisecond; now < 400*time.Millisecond; now += time.Millisecond {
		arrived++
		rate = m.rate(now, arrived)
	}
	if diff := cmp.Diff(1000.0, rate, cmpopts.EquateApprox(0, 20)); diff != "" {
		t.Errorf("steady: %s", diff)
	}
	for now := 400 * time.Millisecond; now < 520*time.Millisecond; now += time.Millisecond {
		arrived += 4
		rate = m.rate(now, arrived)
	}
	if diff := cmp.Diff(4000.0, rate, cmpopts.EquateApprox(0, 200)); diff != "" {
		t.Errorf("after a rise: %s", diff)
	}
	if got := m.rate(10*time.Second, arrived); got > 100 {
		t.Errorf("after silence: want about nothing, got %v", got)
	}
}

func BenchmarkLoadTable(b *testing.B) {
	model := exponentialBelief(b, []time.Duration{time.Millisecond, 500 * time.Microsecond, 100 * time.Microsecond}, []float64{0.9, 0.8, 0.7})
	for b.Loop() {
		newLoadTable(model, oneClass(10*time.Millisecond), 1)
	}
}
