package scheduler

import "slosim/engine/profile"

// full runs every query at the reference point: what a server does that does not
// adapt. The reference is the whole network: of the points that are no cascades the one
// with the largest density; of equals, the one with the most multiply-adds (a point may
// touch all nodes and still skip most of the work); of equals again, the most accurate.
type full struct {
	dispatcher
	points []int // [model]
}

func newFull(p *Params) Policy { return &full{dispatcher: newDispatcher(p)} }

// Bind finds the reference point of each model.
func (f *full) Bind(s Setting) error {
	f.points = f.points[:0]
	for _, model := range s.Models {
		f.points = append(f.points, reference(model))
	}
	return nil
}

// Decide starts queries in order.
func (f *full) Decide(v *View, p *Plan) { f.run(v, p, f) }

func (f *full) choose(t *turn) choice { return start(f.points[t.query().Model], Fixed) }

// reference returns the point that computes the whole network.
func reference(model *profile.Belief) int {
	best := 0
	for p := range model.Points() {
		if fuller(model, p, best) {
			best = p
		}
	}
	return best
}

// fuller says whether point a is nearer to the whole network than b.
func fuller(model *profile.Belief, a, b int) bool {
	p, q := &model.Points()[a], &model.Points()[b]
	switch {
	case p.Cascade != q.Cascade:
		return q.Cascade
	case p.Density != q.Density:
		return p.Density > q.Density
	case p.Ops != q.Ops:
		return p.Ops > q.Ops
	}
	return model.Accuracy(a) > model.Accuracy(b)
}
