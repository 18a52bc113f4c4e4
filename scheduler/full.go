package scheduler

import "slosim/engine/profile"

// full runs every query at the reference point: what a server does that does not
// adapt. The reference is the point with the largest density; of equals, the most
// accurate.
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

func (f *full) choose(t turn) choice { return start(f.points[t.query().Model], Fixed) }

// reference returns the point with the largest density; of equals, the most accurate.
func reference(model *profile.Belief) int {
	best := 0
	for p, point := range model.Points() {
		density := model.Points()[best].Density
		if point.Density > density || (point.Density == density && model.Accuracy(p) > model.Accuracy(best)) {
			best = p
		}
	}
	return best
}
