package engine

import (
	"math"

	"slosim/engine/activator"
	"slosim/engine/kernel"
)

// sloSession runs the queries of [NewSLONN] on one worker.
type sloSession struct {
	t       *sloNN
	pass    *sparsePass
	scratch *Scratch           // of the dense point
	ranked  *activator.Scratch // nil without an activator

	candidates []int32   // proposed nodes of layer 1
	outputs    []float32 // theirs, before ReLU

	work  shared
	nodes int // computed
	probe Result
}

// shared is what the stages of a cascade have in common, and a probe with the point
// that follows: the ranking, and products of layer 1 without bias. A product is valid
// if its stamp is that of the running pass or of the probe before it.
type shared struct {
	isRanked     bool
	stamp, probe uint32
	stamps       []uint32 // per node
	products     []float32
	missing      []int32
}

// noStamp is the stamp of no pass.
const noStamp = math.MaxUint32

// next forgets the products of the last pass, but not those of a probe.
func (w *shared) next() {
	if w.stamp++; w.stamp == noStamp {
		clear(w.stamps)
		w.stamp, w.probe = 1, noStamp
	}
}

// lacking lists the nodes without a valid product and marks them as valid.
func (w *shared) lacking(ids []int32) []int32 {
	n := 0
	for _, id := range ids {
		if stamp := w.stamps[id]; stamp != w.stamp && stamp != w.probe {
			w.stamps[id] = w.stamp
			w.missing[n] = id
			n++
		}
	}
	return w.missing[:n]
}

// NewSession implements [Technique].
func (t *sloNN) NewSession() Session {
	net := t.slots[0].current.Load().net
	first := net.Layers[0].W.Rows
	s := &sloSession{
		t: t, pass: newSparsePass(net, t.set), scratch: net.NewScratch(),
		candidates: make([]int32, first), outputs: kernel.Aligned(first),
		work: shared{probe: noStamp, stamps: make([]uint32, first), products: kernel.Aligned(first), missing: make([]int32, first)},
	}
	if t.activator != nil {
		s.ranked = t.activator.NewScratch()
	}
	return s
}

// Activate implements [Session]: it runs the probe, if there is one.
func (s *sloSession) Activate(in Input) {
	if s.t.probe < 0 {
		return
	}
	s.begin()
	s.work.isRanked, s.work.probe = false, s.work.stamp
	s.probe = s.single(s.t.slots[0].current.Load(), s.t.probe, in.All, true)
}

// Execute implements [Session].
func (s *sloSession) Execute(point int, in Input) Result {
	s.begin()
	route := &s.t.routes[point]
	result := Result{Confidence: unknown()}
	if s.t.probe >= 0 {
		result.Confidence, s.nodes = s.probe.Margin, s.probe.Nodes
	} else {
		s.work.isRanked = false
	}
	return s.follow(route, in.All, result)
}

// begin starts a pass.
func (s *sloSession) begin() {
	s.work.next()
	s.pass.ops, s.nodes = 0, 0
}

// follow runs the stages of a route until one is sure enough.
func (s *sloSession) follow(r *route, x []float32, result Result) Result {
	current, last := s.t.slots[0].current.Load(), len(r.thresholds)
	share := last > 0 || s.t.probe >= 0
	for i, stage := range r.stages {
		got := s.probe
		if stage != s.t.probe {
			got = s.single(current, stage, x, share)
		}
		if i == last || got.Margin >= r.thresholds[i] {
			result.Answer, result.Margin, result.Nodes, result.Class = got.Answer, got.Margin, s.nodes, got.Class
			if last > 0 {
				result.Class = uint8(i)
			}
			return result
		}
	}
	panic("engine: a cascade has no last stage")
}

// single runs one plan. The result's nodes are all that the query has cost so far.
func (s *sloSession) single(r *resident, stage int, x []float32, share bool) Result {
	p := &s.t.plans[stage]
	s.pass.ops = 0
	answer, margin := top(s.run(r, p, x, share))
	result := Result{Answer: answer, Nodes: s.nodes, Margin: margin, Confidence: margin}
	if !p.dense && p.candidates == 0 {
		result.Class = workClass(s.pass.ops, r.net.Ops())
	}
	return result
}

// run computes the logits of a plan. With share, products of layer 1 that were
// computed before are used again, and its own kept for later.
func (s *sloSession) run(r *resident, p *plan, x []float32, share bool) []float32 {
	if p.dense {
		s.nodes += r.net.Nodes()
		return r.net.Forward(s.t.set, s.scratch, x)
	}
	if p.candidates == 0 {
		s.pass.takeInputs(x)
		s.pass.takePositive(s.pass.sum(0, r.wide[0], r.net.Layers[0].Bias[p.level]))
		s.nodes += r.net.Layers[0].W.Rows
	} else {
		s.propose(r, p, x, share)
	}
	if len(p.keep) > 0 {
		s.pass.keepLargest(p.keep[0])
	}
	s.nodes += r.net.Nodes() - r.net.Layers[0].W.Rows
	return s.pass.finish(r, p.level, p.keep)
}

// propose computes the candidates of layer 1 and makes the positive ones the inputs of
// the next.
func (s *sloSession) propose(r *resident, p *plan, x []float32, share bool) {
	if !s.work.isRanked {
		s.t.activator.Score(s.ranked, x)
		s.work.isRanked = true
	}
	ids := s.candidates[:s.t.activator.Top(s.candidates, s.ranked, p.candidates)]
	w, bias, y := r.net.Layers[0].W, r.net.Layers[0].Bias[p.level], s.outputs[:len(ids)]
	if share {
		s.fetch(w, ids, x)
		for i, id := range ids {
			y[i] = s.work.products[id] + bias[id]
		}
	} else {
		s.t.set.PickMatVec(y, s.work.products, w, ids, x, bias) // no stage has products to keep
		s.nodes += len(ids)
	}
	s.pass.takePositive(y)
	for i, at := range s.pass.ids[:s.pass.count] {
		s.pass.ids[i] = ids[at]
	}
}

// fetch computes the products of those nodes that have none yet.
func (s *sloSession) fetch(w *kernel.Matrix, ids []int32, x []float32) {
	missing := s.work.lacking(ids)
	s.t.set.PickMatVec(s.outputs, s.scratch.Hidden(0), w, missing, x, nil)
	for i, id := range missing {
		s.work.products[id] = s.outputs[i]
	}
	s.nodes += len(missing)
}
