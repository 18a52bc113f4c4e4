package script

import (
	"fmt"
	"time"

	"go.starlark.net/starlark"

	"slosim/scheduler"
	"slosim/scheduler/draft"
	"slosim/workloads"
)

// policy is one instance of a script: its globals, its state, and what it is shown.
type policy struct {
	file   string // as the scenario writes it
	thread *starlark.Thread
	limit  uint64 // steps a call

	decide, bind, observe, key *starlark.Function // nil: the script has none

	maxBatch int // samples that it starts together at most

	draft   draft.Draft
	reasons draft.Reasons

	view    *scheduler.View // during Decide; else nil
	serial  uint64          // of the Decide
	shown   starlark.Tuple  // the arguments of decide
	waiting *list
	workers *list
	asks    map[string]*starlark.Builtin // the view's functions
	points  []pointList                  // [model]
	call    arguments                    // of the function that the script calls at the moment

	broken *scheduler.Failure // of key, which is called where nobody expects a failure
}

// run calls a function of the script.
func (p *policy) run(fn *starlark.Function, args starlark.Tuple) (starlark.Value, *scheduler.Failure) {
	p.thread.Steps = 0
	result, err := starlark.Call(p.thread, fn, args, nil)
	if err != nil {
		return nil, &scheduler.Failure{What: p.explain(err)}
	}
	return result, nil
}

// Bind lets the script prepare for the setting.
func (p *policy) Bind(s scheduler.Setting) error {
	if p.bind == nil {
		return nil
	}
	if _, failure := p.run(p.bind, starlark.Tuple{p.setting(s)}); failure != nil {
		return failure
	}
	return nil
}

// MaxBatch implements scheduler.Batcher.
func (p *policy) MaxBatch() int { return p.maxBatch }

// Replans implements policytest.Replanner: a script allocates whenever it decides.
func (p *policy) Replans() int { return int(p.serial) }

// Decide asks the script. It panics with a *scheduler.Failure when the script breaks.
func (p *policy) Decide(v *scheduler.View, plan *scheduler.Plan) {
	if p.broken != nil {
		panic(p.broken)
	}
	p.show(v, plan)
	answer, failure := p.run(p.decide, p.shown)
	if failure == nil {
		failure = p.take(answer)
	}
	p.hide()
	if failure != nil {
		panic(failure)
	}
}

// show opens the view to the script.
func (p *policy) show(v *scheduler.View, plan *scheduler.Plan) {
	p.view = v
	p.serial++
	p.draft.Begin(v, plan)
	p.waiting.resize(len(v.Waiting))
	p.workers.resize(len(v.Workers))
}

// hide closes it: what the script has kept of it is empty or says so.
func (p *policy) hide() {
	p.view = nil
	p.waiting.resize(0)
	p.workers.resize(0)
	p.draft.End()
}

// take drafts the commands that decide returned.
func (p *policy) take(answer starlark.Value) *scheduler.Failure {
	list, ok := answer.(starlark.Indexable)
	if _, text := answer.(starlark.String); !ok || text {
		return p.fail("decide: want a list of commands, got %s", describe(answer))
	}
	for i := range list.Len() {
		c, ok := list.Index(i).(*command)
		if !ok {
			return p.fail("decide: want a list of commands, got %s in it", describe(list.Index(i)))
		}
		if c.serial != p.serial {
			return p.fail("decide: want commands of this decision, got %v of an earlier one", c)
		}
		if err := p.draft.Add(&c.Command); err != nil {
			return &scheduler.Failure{What: fmt.Sprintf("%s: %v", c.made, err)}
		}
	}
	return nil
}

// fail is a failure at the place where decide is defined.
func (p *policy) fail(format string, args ...any) *scheduler.Failure {
	return &scheduler.Failure{What: fmt.Sprintf("%s: %s", p.decide.Position(), fmt.Sprintf(format, args...))}
}

// observing is a policy whose script has a function observe.
type observing struct{ *policy }

// Observe implements scheduler.Observer. It panics as Decide does.
func (o observing) Observe(c scheduler.Completion) { o.told(c) }

// keying is a policy whose script has a function key.
type keying struct{ *policy }

// Key implements scheduler.Keyer. When the script breaks, the next Decide panics.
func (k keying) Key(q *workloads.Query, deadline time.Duration) int64 { return k.order(q, deadline) }

// both has both.
type both struct{ *policy }

// Observe implements scheduler.Observer.
func (b both) Observe(c scheduler.Completion) { b.told(c) }

// Key implements scheduler.Keyer.
func (b both) Key(q *workloads.Query, deadline time.Duration) int64 { return b.order(q, deadline) }

// able returns the policy with the abilities that its script has.
func (p *policy) able() scheduler.Policy {
	switch {
	case p.observe != nil && p.key != nil:
		return both{p}
	case p.observe != nil:
		return observing{p}
	case p.key != nil:
		return keying{p}
	}
	return p
}

func (p *policy) told(c scheduler.Completion) {
	if _, failure := p.run(p.observe, starlark.Tuple{completion(c)}); failure != nil {
		panic(failure)
	}
}

func (p *policy) order(q *workloads.Query, deadline time.Duration) int64 {
	if p.broken != nil {
		return 0
	}
	answer, failure := p.run(p.key, starlark.Tuple{arrival(*q), starlark.MakeInt64(int64(deadline))})
	if failure != nil {
		p.broken = failure
		return 0
	}
	n, err := whole(answer)
	if err != nil {
		p.broken = &scheduler.Failure{What: fmt.Sprintf("%s: key: %v", p.key.Position(), err)}
	}
	return n
}
