package scheduler

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"slosim/engine/profile"
	"slosim/workloads"
)

// TestAccuracyProgram compares plans with what can be computed by hand: one worker serves 1000 a
// second at accuracy 0.9 or 4000 at 0.7.
func TestAccuracyProgram(t *testing.T) {
	solve := func(workers int, demands ...float64) []float64 {
		a := &accuracyProgram{}
		a.reset([]int{workers})
		for stream, demand := range demands {
			a.add(programVar{stream: stream, accuracy: 0.9, served: 1000, demand: demand})
			a.add(programVar{stream: stream, accuracy: 0.7, served: 4000, demand: demand})
		}
		var served []float64
		for _, v := range a.solve(1, 0.05) {
			served = append(served, v.served)
		}
		return served
	}
	near := cmpopts.EquateApprox(0.001, 0.5)
	for _, c := range []struct {
		workers int
		demands []float64
		want    []float64
	}{
		{1, []float64{800}, []float64{800, 0}},
		{1, []float64{1900}, []float64{700, 1200}},                     // x + y = 1900, x/1000 + y/4000 = 1
		{2, []float64{1900}, []float64{1900, 0}},                       // a second worker pays
		{1, []float64{5000}, []float64{0, 4000}},                       // infeasible down to 0.8 of the demand
		{1, []float64{1000, 1000}, []float64{666.7, 1333.3, 0, 0}[:2]}, // checked by its sum below
	} {
		got := solve(c.workers, c.demands...)
		if len(c.demands) == 2 {
			got = []float64{got[0] + got[2], got[1] + got[3]}
		}
		if diff := cmp.Diff(c.want, got, near); diff != "" {
			t.Errorf("%d workers, demand %v: %s", c.workers, c.demands, diff)
		}
	}
	if got := (&accuracyProgram{sizes: []int{1}}).solve(1, 0.05); got != nil {
		t.Errorf("without demand: want no plan, got %v", got)
	}
}

// TestProteusScalesAccuracy: shares follow the demand from the accurate point to the fast one, and
// what is served at each follows the shares.
func TestProteusScalesAccuracy(t *testing.T) {
	model := exponentialBelief(t, []time.Duration{time.Millisecond, 250 * time.Microsecond}, []float64{0.9, 0.7})
	for rate, want := range map[int]float64{500: 1, 1900: 0.36, 5000: 0} {
		q := newProteus(NewParams(map[string]any{"beta": 1.0, "quantile": 0.5})).(*proteus)
		setting := Setting{Classes: oneClass(20 * time.Millisecond), Models: []*profile.Belief{model}, Workers: 1}
		if err := q.Bind(setting); err != nil {
			t.Fatal(err)
		}
		v := NewView(setting.Models, nil)
		v.Workers = []Worker{{Slowdown: 1, Busy: true}}
		for i := range rate { // a second
			v.Now = time.Duration(i) * time.Second / time.Duration(rate)
			q.Key(&workloads.Query{}, 0)
			q.Decide(v, &Plan{})
		}
		share := q.shares[0] / total(q.shares)
		if diff := cmp.Diff(want, share, cmpopts.EquateApprox(0, 0.04)); diff != "" {
			t.Errorf("rate %d: share of the accurate point: %s", rate, diff)
		}
		served := [2]float64{}
		v.Workers[0].Busy = false
		for i := range 1000 {
			v.Waiting = []Waiting{{Ref: QueryRef(i + 1), ArriveAt: v.Now - 15*time.Millisecond, Deadline: v.Now + 5*time.Millisecond, Left: 1}}
			plan := &Plan{}
			q.Decide(v, plan)
			served[plan.Commands()[0].Point]++
		}
		if diff := cmp.Diff(want, served[0]/1000, cmpopts.EquateApprox(0, 0.04)); diff != "" {
			t.Errorf("rate %d: served at the accurate point: %s", rate, diff)
		}
	}
}

// TestProteusWaitsAsLongAsTheHeadAllows: until its deadline less the time of one more, less the margin.
func TestProteusWaitsAsLongAsTheHeadAllows(t *testing.T) {
	model := gainingBelief(t)
	q := newProteus(NewParams(map[string]any{"margin": 0.1})).(*proteus)
	setting := Setting{Classes: oneClass(20 * time.Millisecond), Models: []*profile.Belief{model}, Workers: 1}
	if err := q.Bind(setting); err != nil {
		t.Fatal(err)
	}
	v, plan := NewView(setting.Models, nil), &Plan{}
	v.Workers = []Worker{{Slowdown: 1}}
	ask := func(now time.Duration, waiting int) []Command {
		v.Now, v.Waiting = now, nil
		for i := range waiting {
			v.Waiting = append(v.Waiting, Waiting{Ref: QueryRef(i + 1), Deadline: 20 * time.Millisecond, Left: 1})
		}
		plan.Reset()
		q.Decide(v, plan)
		return plan.Commands()
	}
	until := 20*time.Millisecond - 2*time.Millisecond - 1100*time.Microsecond // a batch of 2 takes 1.1 ms
	if got := ask(time.Millisecond, 1); len(got) != 1 || got[0].Kind != Wake || got[0].At != until {
		t.Errorf("early: want a Wake at %v, got %+v", until, got)
	}
	if got := ask(until, 1); len(got) != 1 || got[0].Kind != Start {
		t.Errorf("at the instant: want a start, got %+v", got)
	}
	if got := ask(2*time.Millisecond, 40); len(got) != 1 || len(got[0].Batch) != 32 {
		t.Errorf("a full batch: want 32 started, got %d commands", len(got))
	}
	if got := ask(19500*time.Microsecond, 1); len(got) != 1 || got[0].Kind != Drop {
		t.Errorf("too late: want a drop, got %+v", got)
	}
}
