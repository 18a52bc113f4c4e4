package engine

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"slosim/engine/activator"
	"slosim/engine/kernel"
	"slosim/engine/profile"
)

// SLONNOptions are the choices of [NewSLONN]; the zero value is complete but for the
// activator, without which no point has fewer candidates than nodes.
type SLONNOptions struct {
	Name      string // of the technique; "" is "slo-nn", with a probe "slo-nn-probe"
	Activator activator.Activator
	Points    []SparsePoint // nil: DefaultSparsePoints of the network
	Cascades  []CascadeSpec // over the points in the order of the technique without cascades
	// Probe names a base point that Activate runs: its margin is then the confidence of
	// every point, and Execute uses its work again. "" for none.
	Probe string
	// InputShare is the share of inputs that are expected not to be zero, for the order
	// of the points before anything is measured; 0 means one half (Fashion-MNIST).
	InputShare float64
}

// DefaultSparsePoints pairs the network's levels with candidate shares of two to four
// times what is kept, and adds each level with all of layer 1. Without candidates it
// is the latter only. The first point proposes no more than it keeps. A network with one
// level keeps whatever is proposed.
func DefaultSparsePoints(net *Network, candidates bool) []SparsePoint {
	var points []SparsePoint
	if candidates && len(net.Levels) == 1 {
		for _, c := range []float64{0.05, 0.10, 0.20, 0.30, 0.40, 0.50, 0.75} {
			points = append(points, SparsePoint{Candidates: c, Kept: 1})
		}
	}
	if least := net.Levels[0].Share; candidates && least < 1 {
		points = append(points, SparsePoint{Candidates: least, Kept: least})
	}
	for _, level := range net.Levels {
		for _, c := range []float64{0.05, 0.10, 0.20, 0.30, 0.40} {
			if ratio := c / level.Share; candidates && ratio > 1.99 && ratio < 4.01 {
				points = append(points, SparsePoint{Candidates: c, Kept: level.Share})
			}
		}
		points = append(points, SparsePoint{Candidates: 1, Kept: level.Share})
	}
	return points
}

// plan is how a base point computes its answer.
type plan struct {
	SparsePoint
	dense      bool  // the exact network, node-major
	candidates int   // nodes of layer 1 that the activator proposes; 0: all of them
	level      int   // of the network's densities
	keep       []int // nodes that stay in each masked layer
	nodes      int   // computed, of all layers
	ops        int64 // expected
}

// route is the way of a query at a point: one stage, or several of a cascade.
type route struct {
	name       string
	stages     []int // plans
	thresholds []float32
	reach      []float64
}

type sloNN struct {
	base
	activator activator.Activator
	plans     []plan
	routes    []route
	probe     int // plan that Activate runs; -1: none
}

// Activates implements [Technique].
func (t *sloNN) Activates() bool { return t.probe >= 0 }

// HasConfidence implements [Technique].
func (t *sloNN) HasConfidence() bool { return t.probe >= 0 }

// NewSLONN returns the technique slo-nn in the variant that works best (our design,
// not the paper's): of layer 1 only the activator's candidates are computed, the
// largest activations among them are kept (a level that a winner-take-all network was
// trained for), and the later layers add up the feature-major rows of what was kept.
// Points with Candidates 1 compute all of layer 1 over the non-zero inputs. One more
// point, "100 %", is the dense network, bit for bit. Points are ordered by expected
// multiply-adds.
//
// Its sessions are no [Batcher]. Layer 1 over the union of the candidates of several queries,
// each weight read once, was measured against each query's own candidates (Fashion-MNIST's
// test images, AVX-512, Zen 4, the rows of the union adjacent, which flatters it): of 5 % of
// the nodes it takes 1.6 times as long for 4 queries and 2.5 times for 8, whose union is a
// third of all nodes; of 40 % 0.9 times for 4 and as long for 8. Only 2 queries with 20 % or
// more gain, 0.8 to 0.9 times, which is a tenth of their whole time. The queries' own
// candidates in blocks of rows that stay in the L2 cache take 0.9 times at 40 % and 1.3 times
// at 5 %. For the point "100 %", [NewDense] has batches.
func NewSLONN(net *Network, set *kernel.Set, opt SLONNOptions) (Technique, error) {
	if len(net.Layers) < 2 {
		return nil, fmt.Errorf("technique slo-nn: want a hidden layer, got a network of sizes %v", net.Sizes())
	}
	name := cmp.Or(opt.Name, "slo-nn")
	if opt.Probe != "" {
		name = cmp.Or(opt.Name, "slo-nn-probe")
	}
	b, err := single(name, net, set, 0)
	if err != nil {
		return nil, err
	}
	t := &sloNN{base: b, activator: opt.Activator}
	identity := map[string]any{"cascades": opt.Cascades, "probe": opt.Probe}
	if described, ok := opt.Activator.(describer); ok {
		t.groups[0].Bytes += described.Bytes()
		identity["activator"] = described.Tables()
	}
	if err := t.makePlans(net, opt); err != nil {
		return nil, fmt.Errorf("technique slo-nn: %w", err)
	}
	t.probe = slices.IndexFunc(t.plans, func(p plan) bool { return p.name() == opt.Probe })
	if opt.Probe != "" && t.probe < 0 {
		return nil, fmt.Errorf("technique slo-nn: probe: want the name of a point, got %q", opt.Probe)
	}
	if err := t.makeRoutes(opt.Cascades); err != nil {
		return nil, fmt.Errorf("technique slo-nn: %w", err)
	}
	for _, r := range t.routes {
		t.addPoint(t.describe(r, net), t.classesOf(r))
	}
	if err := t.seal(identity); err != nil {
		return nil, err
	}
	return t, nil
}

// describer is the optional ability of an activator to state its cost and identity.
type describer interface {
	Ops() int64   // multiply-adds of Score
	Bytes() int64 // of its tables
	Tables() any  // what decides its ranking, for the technique's hash
}

// makePlans fills plans, cheapest first.
func (t *sloNN) makePlans(net *Network, opt SLONNOptions) error {
	points := opt.Points
	if points == nil {
		points = DefaultSparsePoints(net, opt.Activator != nil)
	}
	inputs := cmp.Or(opt.InputShare, 0.5)
	for _, point := range points {
		p, err := t.newPlan(net, point, inputs)
		if err != nil {
			return err
		}
		t.plans = append(t.plans, p)
	}
	t.plans = append(t.plans, plan{
		SparsePoint: SparsePoint{Candidates: 1, Kept: 1}, dense: true,
		level: len(net.Levels) - 1, nodes: net.Nodes(), ops: net.Ops(),
	})
	slices.SortStableFunc(t.plans, func(a, b plan) int { return cmp.Compare(a.ops, b.ops) })
	return nil
}

func (t *sloNN) newPlan(net *Network, point SparsePoint, inputs float64) (plan, error) {
	p := plan{SparsePoint: point, level: net.Level(point.Kept), nodes: net.Nodes()}
	if math.Abs(net.Levels[p.level].Share-point.Kept) > 1e-9 {
		return p, fmt.Errorf("kept share: want one of the network's levels, got %g", point.Kept)
	}
	if !(point.Candidates > 0) || point.Candidates > 1 {
		return p, fmt.Errorf("candidate share: want 0 < share <= 1, got %g", point.Candidates)
	}
	for i := range net.Masked {
		p.keep = append(p.keep, net.Keep(p.level, net.Layers[i].W.Rows))
	}
	first := net.Layers[0].W
	if point.Candidates == 1 {
		p.ops = int64(inputs * float64(first.Rows) * float64(first.Cols))
	} else if err := t.propose(&p, first); err != nil {
		return p, err
	}
	p.ops += restOps(net, &p)
	return p, nil
}

// propose makes p a plan with candidates of layer 1.
func (t *sloNN) propose(p *plan, first *kernel.Matrix) error {
	if t.activator == nil {
		return fmt.Errorf("candidate share %g: want an activator, got none", p.Candidates)
	}
	p.candidates = shareOf(p.Candidates, first.Rows)
	p.nodes -= first.Rows - p.candidates
	p.ops = int64(p.candidates) * int64(first.Cols)
	if described, ok := t.activator.(describer); ok {
		p.ops += described.Ops()
	}
	return nil
}

// restOps returns the expected multiply-adds after layer 1. About half of the nodes
// that no mask drops are not positive.
func restOps(net *Network, p *plan) int64 {
	ops := int64(0)
	for i := 1; i < len(net.Layers); i++ {
		inputs := net.Layers[i].W.Cols / 2
		if i == 1 && p.candidates > 0 {
			inputs = min(inputs, p.candidates)
		}
		if i-1 < len(p.keep) {
			inputs = min(inputs, p.keep[i-1])
		}
		ops += int64(inputs) * int64(net.Layers[i].W.Rows)
	}
	return ops
}

// makeRoutes turns plans and cascades into points, cheapest first.
func (t *sloNN) makeRoutes(cascades []CascadeSpec) (err error) {
	for i := range t.plans {
		t.routes = append(t.routes, route{name: t.plans[i].name(), stages: []int{i}, reach: []float64{1}})
	}
	if t.routes, err = withCascades(t.routes, "cascade ", cascades); err != nil {
		return err
	}
	slices.SortStableFunc(t.routes, func(a, b route) int { return cmp.Compare(t.opsOf(a), t.opsOf(b)) })
	return nil
}

func (p *plan) name() string {
	if p.dense {
		return "100 %"
	}
	return p.Name()
}

// withCascades returns routes of one stage each, followed by those of cascades over them,
// whose names begin with a prefix.
func withCascades(single []route, prefix string, cascades []CascadeSpec) ([]route, error) {
	routes := slices.Clone(single)
	for i := range cascades {
		c := &cascades[i]
		if err := c.validate(len(single)); err != nil {
			return nil, err
		}
		var names []string
		for _, stage := range c.Stages {
			names = append(names, single[stage].name)
		}
		routes = append(routes, route{name: prefix + strings.Join(names, " > "), stages: c.Stages, thresholds: c.Thresholds, reach: c.Reach})
	}
	uniqueNames(routes)
	return routes, nil
}

// uniqueNames numbers cascades that differ in their thresholds only.
func uniqueNames(routes []route) {
	seen := map[string]int{}
	for i := range routes {
		name := routes[i].name
		if seen[name]++; seen[name] > 1 {
			routes[i].name = fmt.Sprintf("%s (%d)", name, seen[name])
		}
	}
}

// opsOf returns a route's expected multiply-adds.
func (t *sloNN) opsOf(r route) float64 {
	sum := 0.0
	for i, stage := range r.stages {
		sum += r.reach[i] * float64(t.plans[stage].ops)
	}
	return sum
}

func (t *sloNN) describe(r route, net *Network) profile.Point {
	nodes := 0.0
	for i, stage := range r.stages {
		nodes += r.reach[i] * float64(t.plans[stage].nodes)
	}
	ops := int64(t.opsOf(r))
	return profile.Point{
		Name: r.name, Density: nodes / float64(net.Nodes()), Ops: ops, Bytes: 4 * ops, Cascade: len(r.stages) > 1,
	}
}

// classesOf returns a route's number of work classes: the stages that a cascade may
// end in, or shares of the dense work where that depends on the input.
func (t *sloNN) classesOf(r route) int {
	switch p := &t.plans[r.stages[0]]; {
	case len(r.stages) > 1:
		return len(r.stages)
	case p.dense || p.candidates > 0:
		return 1
	}
	return workClasses
}
