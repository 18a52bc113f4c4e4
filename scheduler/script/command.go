package script

import (
	"fmt"
	"math"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"slosim/scheduler"
	"slosim/scheduler/draft"
)

// command is a command as a Starlark value. It was checked against the view, and enters the plan
// only if decide returns it.
type command struct {
	constant
	scheduler.Command
	serial uint64          // of the Decide that it was made in
	made   syntax.Position // in the script
}

// String shows the command as a script would make it.
func (c *command) String() string {
	switch verb := draft.Verb(&c.Command); verb {
	case "wake":
		return fmt.Sprintf("wake(%d)", c.At)
	case "drop":
		return fmt.Sprintf("drop(%d)", c.Query)
	case "probe":
		return fmt.Sprintf("probe(%d, %d)", c.Worker, c.Query)
	case "split":
		return fmt.Sprintf("split(%d, %d, %d, %d)", c.Worker, c.Query, c.Point, c.Count)
	default:
		return fmt.Sprintf("%s(%d, %d, %d)", verb, c.Worker, c.Query, c.Point)
	}
}

// Type returns "command".
func (c *command) Type() string { return "command" }

// maker fills a command from the arguments of a call.
type maker func(p *policy, c *scheduler.Command, args starlark.Tuple, kwargs []starlark.Tuple) error

// commandBuiltin makes the function of a script that makes commands.
func (p *policy) commandBuiltin(name string, make maker) *starlark.Builtin {
	return starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if p.view == nil {
			return nil, fmt.Errorf("%s: want it used inside decide", name)
		}
		c := &command{serial: p.serial}
		if err := make(p, &c.Command, args, kwargs); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := p.draft.Check(&c.Command); err != nil {
			return nil, err
		}
		c.made = thread.CallFrame(1).Pos
		return c, nil
	})
}

func makeStart(p *policy, c *scheduler.Command, args starlark.Tuple, kwargs []starlark.Tuple) error {
	a := p.arguments([]string{"worker", "query", "point", "why"}, 3, args, kwargs)
	c.Kind, c.Worker, c.Query, c.Point, c.Why = scheduler.Start, a.worker(0), a.query(1), a.small(2), a.why(3)
	return a.err
}

func makeSplit(p *policy, c *scheduler.Command, args starlark.Tuple, kwargs []starlark.Tuple) error {
	a := p.arguments([]string{"worker", "query", "point", "count", "why"}, 4, args, kwargs)
	c.Kind, c.Worker, c.Query, c.Point, c.Count, c.Why = scheduler.Start, a.worker(0), a.query(1), a.small(2), a.small(3), a.why(4)
	if a.err == nil && c.Count <= 0 {
		a.err = fmt.Errorf("count: want at least 1, got %d", c.Count)
	}
	return a.err
}

func makeProbe(p *policy, c *scheduler.Command, args starlark.Tuple, kwargs []starlark.Tuple) error {
	a := p.arguments([]string{"worker", "query"}, 2, args, kwargs)
	c.Kind, c.Worker, c.Query = scheduler.Probe, a.worker(0), a.query(1)
	return a.err
}

func makeDrop(p *policy, c *scheduler.Command, args starlark.Tuple, kwargs []starlark.Tuple) error {
	a := p.arguments([]string{"query", "why"}, 1, args, kwargs)
	c.Kind, c.Query, c.Why = scheduler.Drop, a.query(0), a.why(1)
	return a.err
}

func makeWake(p *policy, c *scheduler.Command, args starlark.Tuple, kwargs []starlark.Tuple) error {
	a := p.arguments([]string{"at"}, 1, args, kwargs)
	c.Kind, c.At = scheduler.Wake, time.Duration(a.whole(0))
	return a.err
}

func makeBatch(p *policy, c *scheduler.Command, args starlark.Tuple, kwargs []starlark.Tuple) error {
	a := p.arguments([]string{"worker", "queries", "why"}, 2, args, kwargs)
	c.Kind, c.Worker, c.Why = scheduler.Start, a.worker(0), a.why(2)
	if a.err != nil {
		return a.err
	}
	pairs, ok := a.values[1].(starlark.Indexable)
	if _, text := a.values[1].(starlark.String); !ok || text || pairs.Len() == 0 {
		return fmt.Errorf("queries: want a list of (query, point), got %s", describe(a.values[1]))
	}
	for i := range pairs.Len() {
		assign, err := p.assign(pairs.Index(i))
		if err != nil {
			return fmt.Errorf("queries[%d]: %w", i, err)
		}
		c.Batch = append(c.Batch, assign)
	}
	c.Query, c.Point = c.Batch[0].Query, c.Batch[0].Point
	return nil
}

// assign reads one (query, point) of a batch.
func (p *policy) assign(v starlark.Value) (scheduler.Assign, error) {
	pair, ok := v.(starlark.Indexable)
	if _, text := v.(starlark.String); !ok || text || pair.Len() != 2 {
		return scheduler.Assign{}, fmt.Errorf("want (query, point), got %s", describe(v))
	}
	a := arguments{policy: p, names: []string{"query", "point"}}
	a.fill(2, starlark.Tuple{pair.Index(0), pair.Index(1)}, nil)
	return scheduler.Assign{Query: a.query(0), Point: a.small(1)}, a.err
}

// worker reads a worker or its index.
func (a *arguments) worker(i int) int {
	if w, ok := a.values[i].(*worker); ok && a.err == nil {
		return w.index
	}
	return a.small(i)
}

// query reads a query or its reference.
func (a *arguments) query(i int) scheduler.QueryRef {
	if q, ok := a.values[i].(*query); ok && a.err == nil {
		if q.serial != a.policy.serial && !a.policy.same(q) {
			a.complain(i, fmt.Errorf("want one that waits, %v does not any more", q))
		}
		return q.Ref
	}
	ref := a.whole(i)
	if a.err == nil && (ref < 0 || ref > math.MaxUint32) {
		a.complain(i, fmt.Errorf("want the ref of a query that waits, got %d", ref))
	}
	return scheduler.QueryRef(ref)
}

// same says whether a query that was kept still waits: references are used again.
func (p *policy) same(q *query) bool {
	i := p.draft.Find(q.Ref)
	return i >= 0 && p.view.Waiting[i].ArriveAt == q.ArriveAt && p.view.Waiting[i].Deadline == q.Deadline
}

// why reads a reason by its name; other texts are for the script's readers alone.
func (a *arguments) why(i int) scheduler.Reason {
	text := a.text(i)
	if a.err != nil || text == "" {
		return scheduler.Unstated
	}
	return a.policy.reasons.Find(text)
}
