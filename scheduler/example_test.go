package scheduler_test

import (
	"fmt"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/scheduler/policytest"
)

// twoSpeed takes the most accurate point, and the fastest once more than limit queries wait.
type twoSpeed struct{ limit int }

// newTwoSpeed is its factory: it reads every parameter that it knows.
func newTwoSpeed(p *scheduler.Params) scheduler.Policy {
	return &twoSpeed{limit: p.Int("limit", 4, 0, 1000)}
}

// Decide starts queries in order of arrival on whatever worker idles.
func (s *twoSpeed) Decide(v *scheduler.View, p *scheduler.Plan) {
	next := 0
	for w := range v.Workers {
		if v.Workers[w].Busy || next == len(v.Waiting) {
			continue
		}
		q := &v.Waiting[next]
		next++
		p.Start(w, q.Ref, s.point(v, w, q), scheduler.LoadRule)
	}
}

func (s *twoSpeed) point(v *scheduler.View, worker int, q *scheduler.Waiting) int {
	model, best := v.Models[q.Model], 0
	for point := range model.Points() {
		faster := v.Mean(worker, q.Model, point) < v.Mean(worker, q.Model, best)
		if len(v.Waiting) > s.limit && faster || len(v.Waiting) <= s.limit && model.Accuracy(point) > model.Accuracy(best) {
			best = point
		}
	}
	return best
}

// A policy of one's own joins the built-in ones by name, is made from parameters and
// decides about a view. policytest.Run checks it; here it is asked by hand.
func Example() {
	registry, err := scheduler.Builtin().Merge(scheduler.Registry{"two-speed": newTwoSpeed})
	if err != nil {
		fmt.Println(err)
		return
	}
	policy, err := registry.New("two-speed", scheduler.NewParams(map[string]any{"limit": int64(2)}))
	if err != nil {
		fmt.Println(err)
		return
	}
	belief := policytest.Belief(false, policytest.Front()...)
	v := view([]*profile.Belief{belief}, 1)
	for i := range 4 {
		v.Waiting = append(v.Waiting, scheduler.Waiting{Ref: scheduler.QueryRef(i), Deadline: time.Millisecond})
		plan := &scheduler.Plan{}
		policy.Decide(v, plan)
		c := plan.Commands()[0]
		fmt.Printf("%d waiting: %v query %d at %s\n", len(v.Waiting), c.Kind, c.Query, belief.Points()[c.Point].Name)
	}
	// Output:
	// 1 waiting: start query 0 at 100%
	// 2 waiting: start query 0 at 100%
	// 3 waiting: start query 0 at 10%
	// 4 waiting: start query 0 at 10%
}
