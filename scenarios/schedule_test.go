package scenarios

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/reports/result"
	"slosim/sim/virtual"
	"slosim/workloads"
)

// scheduleFile is what the test reads of schedule.json.
type scheduleFile struct {
	OtherData   map[string]string
	TraceEvents []struct {
		Name, Ph, ID string
		TS, Dur      float64
		PID, TID     int
		Args         map[string]any
	}
}

// traced runs the contest and returns its schedule.
func traced(t *testing.T, o RunOptions, set ...string) scheduleFile {
	t.Helper()
	app := testApp(t)
	text, _, _ := strings.Cut(contestText, "[factorial]")
	text += "[[machine]]\nworkers = 2\n[factorial]\ntechniques = ['slo-nn', 'zoo']\npolicies = ['full', 'lcao', 'clairvoyant-greedy']\n"
	s := parsed(t, app, text, append(set, "replications=1")...)
	o.Profile, o.Trace = madeUp(t, app, s, nil), true
	folder, _, err := ranIn(t, app, s, o)
	if err != nil {
		t.Fatal(err)
	}
	var file scheduleFile
	if err := json.Unmarshal(read(t, folder, result.ScheduleFile), &file); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestScheduleIsSound: slices of one thread do not overlap, every wait that begins ends
// later, each contender has the queries that were asked for, and antagonists stand apart.
func TestScheduleIsSound(t *testing.T) {
	const queries = 300
	file := traced(t, RunOptions{TraceFrom: 995 * time.Millisecond, TraceQueries: queries}, "arrivals.load=3")
	if got := file.OtherData["cap"]; got != "300 queries a contender" {
		t.Errorf("cap: want it stated, got %q", got)
	}
	slicesOf, began, waits, counters := map[string][]span{}, map[string]float64{}, map[int]map[string]bool{}, map[string]int{}
	processes := map[int]string{}
	for _, e := range file.TraceEvents {
		switch e.Ph {
		case "M":
			if e.Name == "process_name" {
				processes[e.PID] = e.Args["name"].(string)
			}
		case "X":
			key := fmt.Sprint(e.PID, " ", e.TID)
			slicesOf[key] = append(slicesOf[key], span{e.TS, e.TS + e.Dur})
			if _, has := e.Args["sample"]; has || e.PID != antagonistsPID && e.Args["class"] == nil {
				t.Fatalf("slice: want a class and no sample, got %v", e.Args)
			}
		case "b":
			if _, twice := began[e.ID]; twice {
				t.Fatalf("wait %s of process %d begins twice", e.ID, e.PID)
			}
			began[e.ID] = e.TS
			if waits[e.PID] == nil {
				waits[e.PID] = map[string]bool{}
			}
			waits[e.PID][e.ID] = true
		case "e":
			from, ok := began[e.ID]
			if !ok || e.TS < from {
				t.Fatalf("wait %s of process %d: want a beginning before %v, got %v, %v", e.ID, e.PID, e.TS, from, ok)
			}
			delete(began, e.ID)
		case "C":
			counters[fmt.Sprint(processes[e.PID], " ", e.Name)]++
		}
	}
	if len(began) > 0 {
		t.Errorf("want an end of every wait, got %d without", len(began))
	}
	checkNoOverlap(t, slicesOf)
	if processes[antagonistsPID] != "antagonists" || len(slicesOf[fmt.Sprint(antagonistsPID, " 0")]) != 1 {
		t.Errorf("want one slice of the antagonist cpu in a process of its own, got %v", slicesOf[fmt.Sprint(antagonistsPID, " 0")])
	}
	if len(processes) != 7 || len(waits) != 6 {
		t.Errorf("want a process for 6 contenders and the antagonists, got %d with %d that have waits", len(processes), len(waits))
	}
	for pid, ids := range waits {
		if len(ids) != queries {
			t.Errorf("%s: want %d queries, got %d", processes[pid], queries, len(ids))
		}
		for _, counter := range []string{" queue", " slow-down of worker 0", " slow-down of worker 1"} {
			if counters[processes[pid]+counter] == 0 {
				t.Errorf("%s: want a counter%s", processes[pid], counter)
			}
		}
	}
}

// span is a slice, in microseconds.
type span struct{ from, to float64 }

func checkNoOverlap(t *testing.T, threads map[string][]span) {
	t.Helper()
	for key, spans := range threads {
		slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
		for i := 1; i < len(spans); i++ {
			if spans[i].from < spans[i-1].to-1e-6 {
				t.Errorf("thread %s: slices overlap: %v and %v", key, spans[i-1], spans[i])
			}
		}
	}
}

// TestScheduleToTheEndOfTheRun: what waits or runs as the run ends is closed.
func TestScheduleToTheEndOfTheRun(t *testing.T) {
	file := traced(t, RunOptions{TraceFrom: 2900 * time.Millisecond, TraceQueries: 1 << 30}, "arrivals.load=3")
	open, dropped := map[string]bool{}, 0
	for _, e := range file.TraceEvents {
		switch e.Ph {
		case "b":
			open[e.ID] = true
		case "e":
			delete(open, e.ID)
			if e.Args["dropped"] != nil || e.Args["unfinished"] != nil {
				dropped++
			}
		case "X":
			if e.Dur < 0 {
				t.Fatalf("slice of %v us at %v", e.Dur, e.TS)
			}
		}
	}
	if len(open) > 0 || dropped == 0 {
		t.Errorf("want every wait ended, some by a drop or the end, got %d open and %d such", len(open), dropped)
	}
}

// TestAProbedQueryWaitsTwice feeds the events of a probe and of a query that is not traced.
func TestAProbedQueryWaitsTwice(t *testing.T) {
	c := &contest{scenario: &Scenario{Machines: []Machine{{Workers: 1}}, Classes: []Class{{Name: "only"}}}, classes: []workloads.Class{{Name: "only"}}}
	e := &entrant{set: &profile.Set{Points: []profile.Point{{Name: "cheap"}}}}
	tracer := newScheduleTracer(c, e, 2, traceWindow{0, 1})
	for _, event := range []virtual.Event{
		{At: 10, What: virtual.Arrived, Query: 1}, {At: 11, What: virtual.Probed, Query: 1},
		{At: 12, What: virtual.Arrived, Query: 2}, {At: 15, What: virtual.Activated, Query: 1},
		{At: 15, What: virtual.Started, Query: 2}, {At: 18, What: virtual.Finished, Query: 2},
		{At: 18, What: virtual.Started, Query: 1}, {At: 21, What: virtual.Finished, Query: 1, Right: true},
	} {
		tracer.Trace(event)
	}
	tracer.finish(30)
	var got []string
	for _, e := range tracer.events {
		text := fmt.Sprintf("%s %s %d", e.Phase, e.Name, e.At)
		if e.Dur != nil {
			text += fmt.Sprintf("+%d", *e.Dur)
		}
		if e.Name == "queue" {
			text += fmt.Sprintf(" %v", e.Args["waiting"])
		}
		got = append(got, text)
	}
	want := []string{"C slow-down of worker 0 10", "b waiting 10", "C queue 10 1", "e waiting 11", "C queue 11 0", "C queue 12 1",
		"X probe 11+4", "b waiting 15", "C queue 15 2", "C queue 15 1", "e waiting 18", "C queue 18 0", "X cheap 18+3"}
	if !slices.Equal(got, want) {
		t.Errorf("want %q,\n got %q", want, got)
	}
}

func TestTraceFromBeyondTheEnd(t *testing.T) {
	app := testApp(t)
	s := parsed(t, app, contestText)
	_, _, err := ranIn(t, app, s, RunOptions{Trace: true, TraceFrom: 3 * time.Second})
	var usage UsageError
	if !errors.As(err, &usage) || !strings.Contains(err.Error(), "--trace-from: want less than the duration, 3s, got 3s") {
		t.Errorf("want a usage error, got %v", err)
	}
}
