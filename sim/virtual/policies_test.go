package virtual_test

import (
	"slices"

	"slosim/engine/profile"
	"slosim/scheduler"
)

// inTurn serves the i-th query to start at the i-th point.
func inTurn(points []int) decide {
	next := 0
	return func(v *scheduler.View, p *scheduler.Plan) {
		if len(v.Waiting) > 0 && !v.Workers[0].Busy {
			p.Start(0, v.Waiting[0].Ref, points[next], scheduler.Fixed)
			next++
		}
	}
}

// sight is a copy of what a policy saw in one Decide, and what it said.
type sight struct {
	view        scheduler.View
	confidences map[asked]answer
	plan        []scheduler.Command
}

type asked struct {
	ref   scheduler.QueryRef
	point int
}

type answer struct {
	c  float64
	ok bool
}

// over returns the view again, with other beliefs.
func (s *sight) over(models []*profile.Belief) *scheduler.View {
	v := scheduler.NewView(models, func(ref scheduler.QueryRef, point int) (float64, bool) {
		a := s.confidences[asked{ref, point}]
		return a.c, a.ok
	})
	v.Now, v.Waiting, v.Workers, v.Arrived = s.view.Now, s.view.Waiting, s.view.Workers, s.view.Arrived
	return v
}

// watched lets another policy decide and copies what it saw and said.
type watched struct {
	policy scheduler.Policy
	sights []sight
}

func (w *watched) Decide(v *scheduler.View, p *scheduler.Plan) {
	w.policy.Decide(v, p)
	s := sight{view: *v, confidences: map[asked]answer{}, plan: slices.Clone(p.Commands())}
	s.view.Waiting, s.view.Workers = slices.Clone(v.Waiting), slices.Clone(v.Workers)
	for _, one := range v.Waiting {
		for point := range v.Models[0].Points() {
			c, ok := v.Confidence(one.Ref, point)
			s.confidences[asked{one.Ref, point}] = answer{c, ok}
		}
	}
	w.sights = append(w.sights, s)
}
