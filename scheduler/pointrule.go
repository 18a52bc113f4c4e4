package scheduler

import (
	"time"

	"slosim/engine/profile"
)

// The values of the parameter point that name a rule instead of an operating point.
const (
	pointFits = "fits" // the most accurate point that fits the deadlines
	pointFull = "full" // the reference point
)

// namedPoint returns the point that the parameter point names in a model, full included.
func namedPoint(model *profile.Belief, name string) (int, error) {
	if name == pointFull {
		return reference(model), nil
	}
	return pointNamed(model, name)
}

// namedPoints returns the point of each model; nil for the rule fits.
func namedPoints(models []*profile.Belief, name string) ([]int, error) {
	if name == pointFits {
		return nil, nil
	}
	var points []int
	for _, model := range models {
		point, err := namedPoint(model, name)
		if err != nil {
			return nil, err
		}
		points = append(points, point)
	}
	return points, nil
}

// single is the rule of the queue disciplines edf and sjf, which start one query at a time:
// the parameter point is "fits" (lcao's rule, with lcao's parameters), "full", or a point's name.
type single struct {
	lcao
	name   string
	points []int // [model]; nil: fits
}

func newSingle(p *Params) single {
	return single{lcao: *newLCAO(p).(*lcao), name: p.String("point", pointFits)}
}

// Bind looks the points up.
func (s *single) Bind(setting Setting) (err error) {
	if s.points, err = namedPoints(setting.Models, s.name); err != nil {
		return err
	}
	return s.lcao.Bind(setting)
}

// MonotoneInSlack: a query that waits alone gets the most accurate point that fits.
func (s *single) MonotoneInSlack() bool { return true }

// Decide starts queries in the order of the discipline.
func (s *single) Decide(v *View, p *Plan) {
	if s.points == nil {
		s.lcao.Decide(v, p)
		return
	}
	s.run(v, p, s)
}

func (s *single) choose(t *turn) choice { return start(s.points[t.query().Model], Fixed) }

// grouped is the rule of policies that start batches: the parameter point is "full", a point's
// name, or "fits": the most accurate point at which the batch meets the earliest of its deadlines
// and the queue behind, served in such batches, meets its own. The time that the queue needs is
// taken 1/(1 - headroom) times as long, for what beliefs may be wrong by.
type grouped struct {
	name       string
	points     []int   // [model]; nil: fits
	byAccuracy [][]int // [model]
	slower     float64 // 1/(1 - headroom)
}

func newGrouped(p *Params) grouped {
	return grouped{name: p.String("point", pointFits), slower: 1 / (1 - p.Float("headroom", 0.5, 0, 0.99))}
}

// bind looks the points up.
func (g *grouped) bind(s Setting) (err error) {
	g.byAccuracy = g.byAccuracy[:0]
	for _, model := range s.Models {
		g.byAccuracy = append(g.byAccuracy, byAccuracy(model))
	}
	g.points, err = namedPoints(s.Models, g.name)
	return err
}

// MonotoneInSlack: a query that waits alone gets the most accurate point that fits.
func (g *grouped) MonotoneInSlack() bool { return true }

// choose returns a point and how many members fit there together, 0 if not even the head does.
func (g *grouped) choose(b *bunch) (point, count int, why Reason) {
	if g.points != nil {
		point = g.points[b.head().Model]
		return point, b.fitting(point, 1), Fixed
	}
	quickest := b.quickest()
	why = Fits
	for _, p := range g.byAccuracy[b.head().Model] {
		count = b.fitting(p, 1)
		switch {
		case count == 0:
		case p == quickest || g.drains(b, p, count, quickest):
			return p, count, why
		default:
			why = Queue
		}
	}
	return quickest, b.fitting(quickest, 1), Cheapest
}

// drains says whether the members behind the first count of them meet their deadlines if all
// workers go on at the point in batches as large as the last one's slack allows twice. Those whom
// the quickest point cannot save any more do not bind.
func (g *grouped) drains(b *bunch, point, count, quickest int) bool {
	if count == b.len() {
		return true
	}
	size := g.cruise(b, point, count)
	cycle := b.time(point, size)
	each := g.slower * b.crowd() * float64(cycle) / float64(size*len(b.view.Workers))
	need := float64(b.time(point, size))
	for i := count; i < b.len(); i++ {
		slack := b.slack(i)
		if slack < b.time(quickest, b.samples(i)) {
			continue
		}
		need += each * float64(b.samples(i))
		if time.Duration(need) > slack {
			return false
		}
	}
	return true
}

// cruise returns the samples of the batches in which the queue behind would go on.
func (g *grouped) cruise(b *bunch, point, count int) int {
	_, most := b.first(b.full(point))
	most = min(most, b.full(point))
	size := min(count, most)
	for size < most && 2*b.time(point, size+1) <= b.slack(b.len()-1) {
		size++
	}
	return size
}
