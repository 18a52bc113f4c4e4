package scheduler

import "time"

// Kind is what a command asks for.
type Kind uint8

// The kinds of commands.
const (
	Start Kind = iota + 1 // run a waiting query on an idle worker at a point
	Probe                 // run only its activator there, to learn its confidence
	Drop                  // give a waiting query up
	Wake                  // call Decide again at an instant, whatever happens
)

// Reason says why a policy decided so; it feeds explain.
type Reason uint8

// The reasons of the built-in policies.
const (
	Unstated   Reason = iota
	Fits              // the most accurate point that meets the deadline
	Accurate          // the cheapest point that meets the accuracy target
	Cheapest          // nothing fits: the fastest point
	Fixed             // the policy always takes this point
	LoadRule          // the measured load decided
	Known             // a clairvoyant knows the outcome
	Late              // the deadline cannot be met any more
	Queue             // the queue behind needs the time
	NeedsProbe        // its confidence is wanted first
	Unmet             // no point meets the accuracy target: the most accurate one
	Contrary          // the policy is meant to choose wrongly
)

// Command is one answer of a policy.
type Command struct {
	Kind   Kind
	Worker int
	Query  QueryRef // the first one, of a batch
	Point  int
	Count  int           // of a Start: so many samples of a large query; 0: all that have not started
	Batch  []Assign      // of a Start of several queries, Query and Point first; else nil
	At     time.Duration // of a Wake
	Why    Reason
}

// Assign is one query of a batch with the operating point at which it runs.
type Assign struct {
	Query QueryRef
	Point int
}

// Plan collects the commands of one Decide. It is reused.
type Plan struct {
	commands []Command
	assigned []Assign // what Command.Batch is cut from
}

// Reset empties the plan and keeps its memory.
func (p *Plan) Reset() { p.commands, p.assigned = p.commands[:0], p.assigned[:0] }

// Commands returns what was decided; valid until Reset.
func (p *Plan) Commands() []Command { return p.commands }

// add appends an empty command, to be filled in place.
func (p *Plan) add(kind Kind) *Command {
	p.commands = append(p.commands, Command{})
	c := &p.commands[len(p.commands)-1]
	c.Kind = kind
	return c
}

// Start runs a waiting query on an idle worker at a point.
func (p *Plan) Start(worker int, ref QueryRef, point int, why Reason) {
	c := p.add(Start)
	c.Worker, c.Query, c.Point, c.Why = worker, ref, point, why
}

// StartBatch runs several waiting queries of one model, none of them split, together on an idle
// worker: they start and finish at the same instants. The order is theirs in the kernels. A batch of one is a Start. The
// plan keeps a copy.
func (p *Plan) StartBatch(worker int, batch []Assign, why Reason) {
	if len(batch) == 0 {
		return
	}
	c := p.add(Start)
	c.Worker, c.Query, c.Point, c.Why = worker, batch[0].Query, batch[0].Point, why
	if len(batch) > 1 {
		from := len(p.assigned)
		p.assigned = append(p.assigned, batch...)
		c.Batch = p.assigned[from:len(p.assigned):len(p.assigned)]
	}
}

// Split runs so many of the samples of a large query that have not started on an idle worker. The
// rest waits, in its place; the query finishes with the last of its parts.
func (p *Plan) Split(worker int, ref QueryRef, point, count int, why Reason) {
	c := p.add(Start)
	c.Worker, c.Query, c.Point, c.Count, c.Why = worker, ref, point, count, why
}

// Probe runs the activator of a waiting query on an idle worker. The query keeps
// its place in the queue; its confidence is known when the worker is idle again.
func (p *Plan) Probe(worker int, ref QueryRef) {
	c := p.add(Probe)
	c.Worker, c.Query, c.Why = worker, ref, NeedsProbe
}

// Drop gives a waiting query up: it counts as arrived and missed.
func (p *Plan) Drop(ref QueryRef, why Reason) {
	c := p.add(Drop)
	c.Query, c.Why = ref, why
}

// Wake asks for another Decide at an instant in the future.
func (p *Plan) Wake(at time.Duration) {
	p.add(Wake).At = at
}
