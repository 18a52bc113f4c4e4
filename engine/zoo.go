package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"slosim/engine/kernel"
	"slosim/engine/profile"
)

// zoo is model switching over networks of several sizes.
type zoo struct {
	base
	routes []route // stages are slots
}

// NewZoo returns the technique of model switching: one point per network, each in a
// group of its own, so that changing the point may mean loading another network.
// Cascades run a small network first and a larger one when the margin is small; they
// are a group of all their networks. Stages of a cascade count the networks by
// ascending size, as the points without cascades do. All networks have the same
// inputs and outputs.
func NewZoo(nets []*Network, set *kernel.Set, cascades []CascadeSpec) (Technique, error) {
	return newSwitching("zoo", nets, set, cascades)
}

// NewStaticPruning returns the technique of networks that were pruned once and for all,
// each a point and a group of its own: name is "prune-nodes" for networks that have fewer
// nodes, or "prune-weights" for networks of kind [Pruned], whose layers are sparse
// matrices. The network that they were cut from may be among them.
func NewStaticPruning(name string, nets []*Network, set *kernel.Set) (Technique, error) {
	return newSwitching(name, nets, set, nil)
}

func newSwitching(name string, nets []*Network, set *kernel.Set, cascades []CascadeSpec) (Technique, error) {
	if len(nets) == 0 {
		return nil, fmt.Errorf("technique %s: want networks, got none", name)
	}
	sorted := slices.Clone(nets)
	slices.SortStableFunc(sorted, func(a, b *Network) int { return cmp.Compare(remaining(a), remaining(b)) })
	t := &zoo{base: base{name: name, set: set}}
	for i, net := range sorted {
		if net.Inputs() != nets[0].Inputs() || net.Outputs() != nets[0].Outputs() {
			return nil, fmt.Errorf("technique %s: want networks with %d inputs and %d outputs, got %v", name, nets[0].Inputs(), nets[0].Outputs(), net.Sizes())
		}
		s, err := newSlot(net, len(net.Layers))
		if err != nil {
			return nil, fmt.Errorf("technique %s: %w", name, err)
		}
		t.slots = append(t.slots, s)
		t.routes = append(t.routes, route{name: variant(net.Name), stages: []int{i}, reach: []float64{1}})
	}
	if err := t.complete(cascades); err != nil {
		return nil, err
	}
	return t, nil
}

// remaining counts the weights of a network that pruning left.
func remaining(n *Network) int64 {
	if n.Kind != Pruned {
		return n.Ops()
	}
	count := int64(0)
	for i := range n.Layers {
		for _, v := range n.Layers[i].W.Data {
			if v != 0 {
				count++
			}
		}
	}
	return count
}

// complete adds cascades, points and groups.
func (t *zoo) complete(cascades []CascadeSpec) error {
	routes, err := withCascades(t.routes, "cascade ", cascades)
	if err != nil {
		return fmt.Errorf("technique %s: %w", t.name, err)
	}
	t.routes = routes
	slices.SortStableFunc(t.routes, func(a, b route) int { return cmp.Compare(t.describe(a).Ops, t.describe(b).Ops) })
	for _, r := range t.routes {
		point := t.describe(r)
		point.Group = t.groupOf(r)
		t.addPoint(point, len(r.stages))
	}
	return t.seal(cascades)
}

// variant is the last part of a network's name: "w64" of "fashion-mnist.w64".
func variant(name string) string { return name[strings.LastIndex(name, ".")+1:] }

// groupOf returns the group of exactly the route's networks, a new one if needed.
func (t *zoo) groupOf(r route) int {
	members := slices.Clone(r.stages)
	slices.Sort(members)
	for i, known := range t.members {
		if slices.Equal(known, members) {
			return i
		}
	}
	var names []string
	for _, member := range members {
		names = append(names, variant(t.slots[member].current.Load().net.Name))
	}
	t.addGroup(strings.Join(names, "+"), 0, members...)
	return len(t.groups) - 1
}

// describe gives a route's expected cost. Its density is a share of the largest network's
// nodes, and of its weights where those were pruned.
func (t *zoo) describe(r route) profile.Point {
	point := profile.Point{Name: r.name, Cascade: len(r.stages) > 1}
	reference := t.slots[len(t.slots)-1].current.Load().net
	ops, bytes := 0.0, 0.0
	for i, stage := range r.stages {
		member := t.slots[stage].current.Load()
		point.Density += r.reach[i] * member.density() * float64(member.net.Nodes()) / float64(reference.Nodes())
		ops += r.reach[i] * float64(member.ops())
		bytes += r.reach[i] * float64(member.bytes())
	}
	point.Ops, point.Bytes = int64(ops), int64(bytes)
	return point
}

// NewSession implements [Technique].
func (t *zoo) NewSession() Session {
	s := &zooSession{t: t, open: make([]int, MaxBatch), waiting: make([][]float32, MaxBatch)}
	var nets []*Network
	for _, slot := range t.slots {
		nets = append(nets, slot.current.Load().net)
		s.scratches = append(s.scratches, nets[len(nets)-1].NewScratch())
	}
	s.batch = newBatchScratch(t.set, nets...)
	return s
}

type zooSession struct {
	t         *zoo
	scratches []*Scratch // per network
	batch     *batchScratch
	open      []int       // queries of a batch that no stage has answered yet
	waiting   [][]float32 // their inputs
}

// Activate implements [Session]; there is nothing to do.
func (s *zooSession) Activate(Input) {}

// Execute implements [Session].
func (s *zooSession) Execute(point int, in Input) Result {
	r := &s.t.routes[point]
	nodes := 0
	for i, stage := range r.stages {
		member := s.t.slots[stage].current.Load()
		nodes += member.nodes()
		answer, margin := top(member.forward(s.t.set, s.scratches[stage], in.All))
		if i == len(r.thresholds) || margin >= r.thresholds[i] {
			return Result{Answer: answer, Nodes: nodes, Class: uint8(i), Margin: margin, Confidence: unknown()}
		}
	}
	panic("engine: a cascade has no last stage")
}

// ExecuteBatch implements [Batcher]: the queries that a stage of a cascade leaves open are
// the smaller batch of the next.
func (s *zooSession) ExecuteBatch(point int, xs []Input, out []Result) {
	r := &s.t.routes[point]
	eachPiece(xs, out, MaxBatch, func(xs []Input, out []Result) {
		left := copy(s.waiting, s.batch.take(xs))
		for q := range left {
			s.open[q] = q
		}
		nodes := 0
		for i, stage := range r.stages {
			member := s.t.slots[stage].current.Load()
			nodes += member.nodes()
			left = s.settle(r, i, nodes, s.batch.forward(member, len(member.net.Levels)-1, s.waiting[:left]), out)
		}
	})
}

// settle gives the open queries that stage i of a route answers their results, and returns
// how many stay open.
func (s *zooSession) settle(r *route, i, nodes int, logits [][]float32, out []Result) (left int) {
	for k, y := range logits {
		answer, margin := top(y)
		if i == len(r.thresholds) || margin >= r.thresholds[i] {
			out[s.open[k]] = Result{Answer: answer, Nodes: nodes, Class: uint8(i), Margin: margin, Confidence: unknown()}
			continue
		}
		s.open[left], s.waiting[left] = s.open[k], s.waiting[k]
		left++
	}
	return left
}
