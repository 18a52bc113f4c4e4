package scheduler

import (
	"fmt"
	"strings"

	"slosim/engine/profile"
)

// fixed runs every query at the operating point that its parameter point names: a
// network that was made smaller once, for ever.
type fixed struct {
	dispatcher
	name   string
	points []int // [model]
}

func newFixed(p *Params) Policy {
	return &fixed{dispatcher: newDispatcher(p), name: p.Required("point", "the name of an operating point")}
}

// Bind looks the point up in each model.
func (f *fixed) Bind(s Setting) error {
	f.points = f.points[:0]
	for _, model := range s.Models {
		point, err := pointNamed(model, f.name)
		if err != nil {
			return err
		}
		f.points = append(f.points, point)
	}
	return nil
}

// Decide starts queries in order.
func (f *fixed) Decide(v *View, p *Plan) { f.run(v, p, f) }

func (f *fixed) choose(t *turn) choice { return start(f.points[t.query().Model], Fixed) }

func pointNamed(model *profile.Belief, name string) (int, error) {
	var names []string
	for i, point := range model.Points() {
		if point.Name == name {
			return i, nil
		}
		names = append(names, point.Name)
	}
	return 0, fmt.Errorf("params.point: want one of %s%s, got %q", strings.Join(names, ", "), didYouMean(name, names), name)
}
