package scenarios

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"slosim/reports/result"
	"slosim/sim/virtual"
)

// TraceQueries is how many queries of a contender schedule.json holds unless asked
// otherwise: about a megabyte.
const TraceQueries = 2000

// antagonistsPID is the process of the antagonists; contenders follow, in order.
const antagonistsPID = 1

// traceWindow says which queries of the first replication are traced: the first Queries
// that arrive at From or later.
type traceWindow struct {
	from    time.Duration
	queries int
}

// traceWindow fills in the defaults.
func (o *RunOptions) traceWindow() traceWindow {
	w := traceWindow{o.TraceFrom, o.TraceQueries}
	if w.from < 0 {
		w.from = o.Scenario.Warmup.Std()
	}
	if w.queries == 0 {
		w.queries = TraceQueries
	}
	return w
}

// checkTrace refuses a window in which nothing arrives.
func (o *RunOptions) checkTrace() error {
	if end := o.Scenario.Duration.Std(); o.Trace && o.TraceFrom >= end {
		return Usagef("--trace-from: want less than the duration, %v, got %v", end, o.TraceFrom)
	}
	return nil
}

// standing says where a traced query is.
type standing uint8

const (
	waits standing = iota
	runs
)

// tracked is a query that has arrived and not gone.
type tracked struct {
	place  standing
	traced bool
	class  uint16
	slice  result.ScheduleEvent // while it runs
}

// scheduleTracer writes down one run of one contender: a virtual.Tracer. Counters begin with
// the first traced query and end with the last.
type scheduleTracer struct {
	contest  *contest
	entrant  *entrant
	pid      int
	window   traceWindow
	queries  map[uint64]*tracked
	traced   int // so far
	open     int // traced and not gone
	waiting  int // all queries
	truth    []float64
	believed []float64
	begun    bool
	lastAt   time.Duration
	events   []result.ScheduleEvent
}

func newScheduleTracer(c *contest, e *entrant, pid int, window traceWindow) *scheduleTracer {
	t := &scheduleTracer{contest: c, entrant: e, pid: pid, window: window, queries: map[uint64]*tracked{}}
	for worker := range c.workers() {
		t.truth = append(t.truth, c.firstSlowdown(worker))
		t.believed = append(t.believed, 1)
	}
	return t
}

// firstSlowdown is the true slow-down of a worker as the run begins.
func (c *contest) firstSlowdown(worker int) float64 {
	for _, i := range c.timeline {
		if i.From <= 0 && i.To > 0 && (i.Worker == worker || i.Worker == virtual.EveryWorker) {
			return c.profile.Levels[i.Level].Slowdown
		}
	}
	return 1
}

// Trace implements virtual.Tracer.
func (t *scheduleTracer) Trace(e virtual.Event) {
	switch e.What {
	case virtual.Arrived:
		t.arrive(e)
	case virtual.Started, virtual.Probed:
		t.leaveQueue(e, nil)
		t.begin(e)
	case virtual.Finished, virtual.Activated:
		t.end(e)
	case virtual.Dropped:
		t.leaveQueue(e, map[string]any{"dropped": true})
		t.forget(e.Query)
	case virtual.LevelChanged:
		t.truth[e.Worker] = e.Slowdown
		t.countSlowdown(e.At, e.Worker)
	case virtual.Sensed:
		t.believed[e.Worker] = e.Slowdown
		t.countSlowdown(e.At, e.Worker)
	}
}

func (t *scheduleTracer) arrive(e virtual.Event) {
	q := &tracked{class: e.Class, traced: e.At >= t.window.from && t.traced < t.window.queries}
	t.queries[e.Query] = q
	t.waiting++
	if q.traced {
		t.traced++
		t.open++
		if !t.begun {
			t.begun = true
			for worker := range t.truth {
				t.countSlowdown(e.At, worker)
			}
		}
		t.wait(e, q, map[string]any{"class": t.contest.classes[q.class].Name, "deadline_us": result.Micros(e.Until)})
	}
	t.countQueue(e.At)
}

// wait begins the waiting of a traced query.
func (t *scheduleTracer) wait(e virtual.Event, q *tracked, args map[string]any) {
	if q.traced {
		t.add(result.ScheduleEvent{Name: "waiting", Cat: "queue", Phase: "b", At: result.Micros(e.At), ID: t.id(e.Query), Args: args})
	}
}

// leaveQueue ends the waiting of a query.
func (t *scheduleTracer) leaveQueue(e virtual.Event, args map[string]any) {
	q := t.queries[e.Query]
	if q == nil || q.place != waits {
		return
	}
	t.waiting--
	if q.traced {
		t.add(result.ScheduleEvent{Name: "waiting", Cat: "queue", Phase: "e", At: result.Micros(e.At), ID: t.id(e.Query), Args: args})
	}
	t.countQueue(e.At)
}

// begin opens the slice of a query on its worker.
func (t *scheduleTracer) begin(e virtual.Event) {
	q := t.queries[e.Query]
	q.place = runs
	name := "probe"
	args := map[string]any{"query": e.Query, "class": t.contest.classes[q.class].Name, "why": e.Why.String()}
	if e.What == virtual.Started {
		name = t.entrant.set.Points[e.Point].Name
		args["point"] = name
	}
	if charged := e.Load + e.Switch; charged > 0 {
		args["load_and_switch_us"] = result.Micros(charged)
	}
	q.slice = result.ScheduleEvent{Name: name, Cat: "service", Phase: "X", At: result.Micros(e.At), TID: e.Worker, Args: args}
}

// end closes the slice; a query whose activation has ended waits again.
func (t *scheduleTracer) end(e virtual.Event) {
	q := t.queries[e.Query]
	if q == nil {
		return
	}
	if e.What == virtual.Finished {
		q.slice.Args["right"] = e.Right
	}
	t.close(q, e.At)
	if e.What == virtual.Finished {
		t.forget(e.Query)
		return
	}
	q.place = waits
	t.waiting++
	t.wait(e, q, nil)
	t.countQueue(e.At)
}

func (t *scheduleTracer) close(q *tracked, at time.Duration) {
	if !q.traced {
		return
	}
	dur := result.Micros(at) - q.slice.At
	q.slice.Dur = &dur
	t.add(q.slice)
	t.lastAt = max(t.lastAt, at)
}

func (t *scheduleTracer) forget(id uint64) {
	if q := t.queries[id]; q != nil && q.traced {
		t.open--
	}
	delete(t.queries, id)
}

// finish closes what the end of the run cut off, in the order of the queries.
func (t *scheduleTracer) finish(at time.Duration) {
	for _, id := range slices.Sorted(maps.Keys(t.queries)) {
		q := t.queries[id]
		cut := map[string]any{"unfinished": true}
		if q.place == waits {
			t.leaveQueue(virtual.Event{At: at, Query: id}, cut)
		} else {
			q.slice.Args["unfinished"] = true
			t.close(q, at)
		}
		t.forget(id)
	}
}

// counting says whether counters are kept: from the first traced query to the last.
func (t *scheduleTracer) counting() bool {
	return t.begun && (t.open > 0 || t.traced < t.window.queries)
}

func (t *scheduleTracer) countQueue(at time.Duration) {
	if t.counting() {
		t.add(result.ScheduleEvent{Name: "queue", Phase: "C", At: result.Micros(at), Args: map[string]any{"waiting": t.waiting}})
	}
}

func (t *scheduleTracer) countSlowdown(at time.Duration, worker int) {
	if t.counting() {
		t.add(result.ScheduleEvent{Name: fmt.Sprintf("slow-down of worker %d", worker), Phase: "C", At: result.Micros(at),
			Args: map[string]any{"true": t.truth[worker], "believed": t.believed[worker]}})
	}
}

func (t *scheduleTracer) add(e result.ScheduleEvent) {
	e.PID = t.pid
	t.events = append(t.events, e)
	t.lastAt = max(t.lastAt, time.Duration(e.At))
}

// id is a query's own in the whole file: viewers join equal ones across processes.
func (t *scheduleTracer) id(query uint64) string { return fmt.Sprintf("0x%x", uint64(t.pid)<<40|query) }

// writeSchedule writes schedule.json of the first replication.
func (r *ran) writeSchedule(w io.Writer, window traceWindow) error {
	s := result.Schedule{About: map[string]string{
		"scenario": r.scenario.Name,
		"times":    "virtual",
		"contents": fmt.Sprintf("replication 1; of every contender the first %d queries that arrive at %v or later, and the counters while they are there", window.queries, window.from),
		"cap":      fmt.Sprintf("%d queries a contender", window.queries),
	}}
	var to time.Duration
	for i, o := range r.outcomes[0] {
		if t := o.schedule; t != nil && r.faulty[i] == nil {
			s.Events = append(s.Events, processNames(t.pid, r.entrants[i].Name, r.workers())...)
			s.Events = append(s.Events, t.events...)
			to = max(to, t.lastAt)
		}
	}
	s.Events = append(s.Events, r.antagonists(window.from, to)...)
	return result.WriteSchedule(w, &s)
}

// processNames names a contender and its workers.
func processNames(pid int, name string, workers int) []result.ScheduleEvent {
	events := []result.ScheduleEvent{
		{Name: "process_name", Phase: "M", PID: pid, Args: map[string]any{"name": name}},
		{Name: "process_sort_index", Phase: "M", PID: pid, Args: map[string]any{"sort_index": pid}},
	}
	for worker := range workers {
		events = append(events, result.ScheduleEvent{Name: "thread_name", Phase: "M", PID: pid, TID: worker,
			Args: map[string]any{"name": fmt.Sprintf("worker %d", worker)}})
	}
	return events
}

// antagonists returns the interference between two instants, a thread a block of the
// scenario; what reaches beyond is cut.
func (r *ran) antagonists(from, to time.Duration) []result.ScheduleEvent {
	events := processNames(antagonistsPID, "antagonists", 0)
	for i := range r.scenario.Interference {
		block := &r.scenario.Interference[i]
		where := fmt.Sprintf("worker %d", block.Worker)
		if block.Worker == virtual.EveryWorker {
			where = "every worker"
		}
		events = append(events, result.ScheduleEvent{Name: "thread_name", Phase: "M", PID: antagonistsPID, TID: i,
			Args: map[string]any{"name": fmt.Sprintf("%s beside %s", block.Antagonist, where)}})
		for _, s := range block.Stretches() {
			at, dur := max(s.From, from), result.Micros(min(s.To, to)-max(s.From, from))
			if dur <= 0 {
				continue
			}
			events = append(events, result.ScheduleEvent{Name: block.Antagonist, Cat: "interference", Phase: "X", At: result.Micros(at), Dur: &dur,
				PID: antagonistsPID, TID: i, Args: map[string]any{"intensity": block.Intensity, "from_s": s.From.Seconds(), "to_s": s.To.Seconds()}})
		}
	}
	return events
}
