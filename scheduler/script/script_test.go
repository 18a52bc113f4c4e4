package script_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slosim/scheduler"
	"slosim/scheduler/policytest"
	"slosim/scheduler/script"
	"slosim/workloads"
)

// TestScriptConforms: the suite of every policy, for one that serves, batches and keeps state.
func TestScriptConforms(t *testing.T) {
	for _, file := range []string{"lcao.star", "batches.star"} {
		t.Run(file, func(t *testing.T) {
			policytest.Run(t, func() scheduler.Policy {
				policy, err := script.New(file, "testdata", scheduler.NewParams(nil))
				if err != nil {
					t.Fatal(err)
				}
				return policy
			})
		})
	}
}

// TestCommands: each function of a script becomes its command.
func TestCommands(t *testing.T) {
	for body, want := range map[string]scheduler.Command{
		"start(0, 7, 3)": {Kind: scheduler.Start, Query: 7, Point: 3},
		"start(view.workers[1], view.waiting[0], 2.0, why = 'fits')": {Kind: scheduler.Start, Worker: 1, Query: 7, Point: 2, Why: scheduler.Fits},
		"start(point = 1, query = 8, worker = 0)":                    {Kind: scheduler.Start, Query: 8, Point: 1},
		"split(0, 8, 1, 3)": {Kind: scheduler.Start, Query: 8, Point: 1, Count: 3},
		"batch(1, [(8, 1), (view.waiting[0], 0)], why = 'Queue')": {Kind: scheduler.Start, Worker: 1, Query: 8, Point: 1, Why: scheduler.Queue,
			Batch: []scheduler.Assign{{Query: 8, Point: 1}, {Query: 7, Point: 0}}},
		"batch(0, [[9, 1]])":             {Kind: scheduler.Start, Query: 9, Point: 1},
		"probe(0, 9)":                    {Kind: scheduler.Probe, Query: 9, Why: scheduler.NeedsProbe},
		"drop(8, why='late')":            {Kind: scheduler.Drop, Query: 8, Why: scheduler.Late},
		"wake(view.now + 2*ms + 500*us)": {Kind: scheduler.Wake, At: 3*time.Second + 2500*time.Microsecond},
		"wake(3*s + 1e6)":                {Kind: scheduler.Wake, At: 3*time.Second + ms},
	} {
		got, err := decide(mustLoad(t, "def decide(view):\n    return ["+body+"]\nmax_batch = 8\n", nil), view())
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if diff := cmp.Diff([]scheduler.Command{want}, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", body, diff)
		}
	}
}

// TestView: what a script reads is what Go reads.
func TestView(t *testing.T) {
	v := view()
	for expression, want := range map[string]any{
		"view.now": int64(v.Now), "view.arrived": 12, "len(view.waiting)": 3, "len(view.workers)": 2, "view.stealing": "False",
		"[q.ref for q in view.waiting]":                     "[7, 8, 9]",
		"[q.ref for q in view.waiting[1:]]":                 "[8, 9]",
		"[q.ref for q in view.waiting[::-1]]":               "[9, 8, 7]",
		"view.waiting[-1].ref":                              9,
		"[w.index for w in view.workers if w.busy]":         "[]",
		"view.waiting[2].deadline":                          int64(3*time.Second + 5*ms),
		"view.waiting[2].slack":                             int64(5 * ms),
		"view.waiting[0].slack + view.waiting[0].arrive_at": int64(4*ms + 3*time.Second - ms),
		"[view.waiting[2].cls, view.waiting[2].model, view.waiting[2].probed, view.waiting[2].probed_on]":     "[0, 1, True, 1]",
		"[view.waiting[1].left, view.waiting[1].queue, view.waiting[1].accuracy]":                             "[4, 0, 0.85]",
		"[view.workers[1].slowdown, view.workers[1].point, view.workers[1].running, view.workers[1].samples]": "[1.5, 2, None, 0]",
		"view.waiting[0] == view.waiting[0]":                                                                  "True", "view.waiting[0] == view.waiting[1]": "False",
		"{view.waiting[1]: 5}[view.waiting[1]]":                     5,
		"[p.name for p in view.points(1)]":                          `["10%", "30%"]`,
		"view.accuracy(0, 3)":                                       v.Models[0].Accuracy(3),
		"view.mean(1, 0, 2)":                                        int64(v.Mean(1, 0, 2)),
		"view.mean(point = 2, worker = view.workers[1], model = 0)": int64(v.Mean(1, 0, 2)),
		"view.quantile(1, 0, 2, 0.9)":                               int64(v.Quantile(1, 0, 2, 0.9)),
		"view.within(1, 0, 2, 700*us)":                              v.Within(1, 0, 2, 700*time.Microsecond),
		"view.batch_mean(0, 0, 1, 4)":                               int64(v.BatchMean(0, 0, 1, 4)),
		"view.batch_quantile(0, 0, 1, 4, 0.9)":                      int64(v.BatchQuantile(0, 0, 1, 4, 0.9)),
		"view.confidence(9, 1)":                                     0.5,
		"view.confidence(7, 0)":                                     "None",
		"view.confidence(77, 0)":                                    "None",
		"view.may(7, 1)":                                            "True",
		"math.floor(2.5)":                                           2,
	} {
		_, err := decide(mustLoad(t, "def decide(view):\n    fail(repr("+expression+"))\n", nil), v)
		if text := fmt.Sprint(want); err == nil || !strings.HasSuffix(err.Error(), "fail: "+text) {
			t.Errorf("%s: want %s, got %v", expression, text, err)
		}
	}
}

// TestSetting: what bind is told, and what it keeps in state.
func TestSetting(t *testing.T) {
	policy := mustLoad(t, `
def bind(setting):
    c = setting.classes[0]
    state["seen"] = [setting.workers, c.name, c.share, c.latency, c.accuracy, c.changes[0].at, c.changes[0].latency]
    state["seen"] += [len(setting.models), setting.models[0].has_confidence]
    state["seen"] += [setting.models[1].points[1].density, setting.models[1].points[1].mean]

def decide(view):
    fail(state["seen"])
`, nil)
	_, err := decide(policy, view())
	want := fmt.Sprintf(`[2, "all", 1.0, 5000000, 0.85, 9000000, 7000000, 2, True, 0.3, %d]`, models()[1].Mean(1, 1))
	if err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("want %s, got %v", want, err)
	}
}

// TestStateIsOfOneInstance, and lives from decision to decision, wherever it is kept.
func TestStateIsOfOneInstance(t *testing.T) {
	const text = `
calls = []

def decide(view):
    calls.append(view.now)
    state["n"] = state.get("n", 0) + 1
    return [wake(view.now + 10 * state["n"] + len(calls))]
`
	for range 2 {
		policy := mustLoad(t, text, nil)
		for i := range 3 {
			commands, err := decide(policy, view())
			if want := 3*time.Second + time.Duration(11*(i+1)); err != nil || commands[0].At != want {
				t.Fatalf("decision %d: want a wake at %d, got %v, %v", i, want, commands, err)
			}
		}
	}
}

// TestKeptQueries: a copy may be read later; it can be started only while it waits.
func TestKeptQueries(t *testing.T) {
	const text = `
def decide(view):
    q = state.setdefault("first", view.waiting[0])
    if q.slack != 4 * ms:
        fail("slack is", q.slack)
    return [start(0, q, 0)]
`
	policy, v := mustLoad(t, text, nil), view()
	for range 2 {
		v.Now += ms
		v.Waiting[0].Deadline += ms
		v.Waiting[0].ArriveAt += 0
		v = view()
		if _, err := decide(policy, v); err != nil {
			t.Fatal(err)
		}
	}
	v.Waiting[0].ArriveAt += ms // the reference is another query's now
	if _, err := decide(policy, v); err == nil || !strings.Contains(err.Error(), "my.star:6") {
		t.Errorf("want the other query refused in line 6, got %v", err)
	}
}

// TestAbilities: a policy can what its script defines.
func TestAbilities(t *testing.T) {
	const decide = "def decide(view):\n    return []\n"
	const observe = "def observe(c):\n    state['seen'] = c\n"
	const key = "def key(q, deadline):\n    return deadline + q.arrive_at + q.size\n"
	for text, want := range map[string][2]bool{decide: {}, decide + observe: {true}, decide + key: {false, true}, decide + observe + key: {true, true}} {
		policy := mustLoad(t, text, nil)
		_, observes := policy.(scheduler.Observer)
		keyer, keys := policy.(scheduler.Keyer)
		if got := [2]bool{observes, keys}; got != want {
			t.Errorf("want observes, keys %v, got %v of\n%s", want, got, text)
		}
		if keys {
			if got := keyer.Key(&workloads.Query{ArriveAt: ms, Size: 3}, 5*ms); got != int64(6*ms)+3 {
				t.Errorf("key: want %d, got %d", int64(6*ms)+3, got)
			}
		}
	}
	batcher := mustLoad(t, decide+"max_batch = 8\n", nil).(scheduler.Batcher)
	if got := batcher.MaxBatch(); got != 8 {
		t.Errorf("max_batch: want 8, got %d", got)
	}
}

// TestObserve: completions as the feedback grants them.
func TestObserve(t *testing.T) {
	const text = `
def observe(c):
    state["seen"] = [c.cls, c.model, c.worker, c.point, c.arrive_at, c.start_at, c.finish_at, c.deadline, c.samples, c.correct]

def decide(view):
    fail(state["seen"])
`
	for _, known := range []bool{true, false} {
		policy := mustLoad(t, text, nil)
		policy.(scheduler.Observer).Observe(scheduler.Completion{Class: 1, Model: 2, Worker: 3, Point: 4, ArriveAt: 5, StartAt: 6, FinishAt: 7, Deadline: 8, Samples: 9, Correct: known, HasCorrect: known})
		want := map[bool]string{true: "True", false: "None"}[known]
		if _, err := decide(policy, view()); err == nil || !strings.HasSuffix(err.Error(), "[1, 2, 3, 4, 5, 6, 7, 8, 9, "+want+"]") {
			t.Errorf("want 1 to 9 and %s, got %v", want, err)
		}
	}
}

// TestParams: a script reads what the scenario says; with defaults an unknown one is an error.
func TestParams(t *testing.T) {
	const open = "def decide(view):\n    fail(params)\n"
	const closed = "defaults = {'margin': 0.5, 'depth': 3}\n" + open
	for _, c := range []struct {
		text   string
		params map[string]any
		want   string
	}{
		{open, nil, "fail: {}"},
		{open, map[string]any{"b": int64(2), "a": 0.5, "c": "x", "d": true, "e": []any{int64(1)}}, `fail: {"a": 0.5, "b": 2, "c": "x", "d": True, "e": [1]}`},
		{closed, map[string]any{"margin": 0.25, "max_steps": int64(1000)}, `fail: {"margin": 0.25, "depth": 3}`},
	} {
		if _, err := decide(mustLoad(t, c.text, c.params), view()); err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("want %s, got %v", c.want, err)
		}
	}
	_, err := load(t, closed, map[string]any{"margn": 0.25})
	if want := `margn: want one of depth, margin; did you mean "margin"?, got 0.25`; err == nil || err.Error() != want {
		t.Errorf("want %s, got %v", want, err)
	}
}
