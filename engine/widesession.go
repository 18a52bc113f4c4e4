package engine

import (
	"math"

	"slosim/engine/activator"
	"slosim/engine/kernel"
)

// wideSession runs the queries of a wide technique on one worker.
type wideSession struct {
	t          *wideTechnique
	hidden     []float32
	small      *kernel.Quantised // hidden in 7 bits
	logits     []float32
	picked     []int32
	candidates *activator.Candidates // nil where nothing is listed
	corner     kernel.Matrix
}

// scored are outputs with their logits: all of them where ids is nil.
type scored struct {
	ids    []int32
	logits []float32
}

func (s scored) id(at int) int {
	if s.ids == nil {
		return at
	}
	return int(s.ids[at])
}

// Activate implements [Session]; there is nothing to do.
func (s *wideSession) Activate(Input) {}

// Execute implements [Session]. Feature ids must be those of the network.
func (s *wideSession) Execute(point int, in Input) Result {
	r, way := s.t.current.Load(), &s.t.routes[point]
	r.net.Hidden(s.t.set, s.hidden, in.IDs, in.Values)
	nodes := r.net.Embed.Cols
	for i, stage := range way.stages {
		got := s.score(r, &s.t.plans[stage], in.IDs)
		nodes += s.computed(r, &s.t.plans[stage], got)
		at, signal := s.judge(&s.t.plans[stage], got)
		if i == len(way.thresholds) || signal >= way.thresholds[i] {
			return Result{Answer: got.id(at), Nodes: nodes, Class: uint8(i), Margin: signal, Confidence: unknown()}
		}
	}
	panic("engine: a cascade has no last stage")
}

// score computes the logits that a plan looks at.
func (s *wideSession) score(r *wideResident, p *widePlan, features []int32) scored {
	switch p.way {
	case listed:
		ids := s.candidates.Union(s.t.set, s.t.tables.Lists, features, p.n)
		if len(ids) == 0 { // an input without features
			ids = s.t.tables.Order[:p.n]
		}
		y := s.logits[:len(ids)]
		s.t.set.GatherMatVec(y, r.net.Out, ids, s.hidden, r.net.OutBias)
		return scored{ids, y}
	case likeliest:
		y := s.logits[:p.n]
		s.corner = r.ordered.Corner(p.n, r.ordered.Cols)
		s.t.set.MatVec(y, &s.corner, s.hidden, r.bias[:p.n])
		return scored{s.t.tables.Order[:p.n], y}
	case screened:
		s.t.set.Quantise(s.small, s.hidden)
		s.t.set.MatVecInt8(s.logits, r.small, s.small, r.net.OutBias)
		ids := s.picked[:s.t.set.TopK(s.picked, s.logits, rescored)]
		y := s.logits[:len(ids)]
		s.t.set.GatherMatVec(y, r.net.Out, ids, s.hidden, r.net.OutBias)
		return scored{ids, y}
	}
	r.net.Forward(s.t.set, s.logits, s.hidden)
	return scored{nil, s.logits}
}

// computed returns how many outputs a plan has computed, in any precision.
func (s *wideSession) computed(r *wideResident, p *widePlan, got scored) int {
	if p.way == screened {
		return r.net.Out.Rows
	}
	return len(got.logits)
}

// judge returns where the best output stands and how sure the plan is of it: of listed
// outputs the best one's share of the five best, which tells more than the margin to the
// second where many are alike; else the margin.
func (s *wideSession) judge(p *widePlan, got scored) (at int, signal float32) {
	if p.way == listed {
		return leading(got.logits)
	}
	return top(got.logits)
}

// leading returns the index of the largest logit, of equal ones the first, and its share of
// the softmax over the five largest.
func leading(logits []float32) (at int, share float32) {
	var best [5]float32
	for i := range best {
		best[i] = float32(math.Inf(-1))
	}
	for i, v := range logits {
		if v <= best[4] {
			continue
		}
		if v > best[0] {
			at = i
		}
		k := 4
		for k > 0 && best[k-1] < v {
			best[k] = best[k-1]
			k--
		}
		best[k] = v
	}
	sum := 0.0
	for _, v := range best {
		sum += math.Exp(float64(v - best[0]))
	}
	return at, float32(1 / sum)
}

// Ranker is an optional ability of sessions: what else a query could have been answered.
type Ranker interface {
	// Rank answers a query at a point as Execute does and writes the best answers to best,
	// the first one first. It returns how many there are, at most len(best).
	Rank(point int, in Input, best []int32) int
}

// Rank implements [Ranker].
func (s *wideSession) Rank(point int, in Input, best []int32) int {
	r, way := s.t.current.Load(), &s.t.routes[point]
	r.net.Hidden(s.t.set, s.hidden, in.IDs, in.Values)
	for i, stage := range way.stages {
		got := s.score(r, &s.t.plans[stage], in.IDs)
		if _, signal := s.judge(&s.t.plans[stage], got); i < len(way.thresholds) && signal < way.thresholds[i] {
			continue
		}
		n := min(len(best), len(got.logits))
		for k := range n {
			at, _ := top(got.logits)
			best[k] = int32(got.id(at))
			got.logits[at] = float32(math.Inf(-1))
		}
		return n
	}
	panic("engine: a cascade has no last stage")
}
