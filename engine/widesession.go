package engine

import (
	"math"

	"slosim/engine/activator"
	"slosim/engine/kernel"
)

// wideSession runs the queries of a wide technique on one worker.
type wideSession struct {
	t        *wideTechnique
	hidden   []float32
	small    *kernel.Quantised // hidden in 7 bits
	logits   []float32
	picked   []int32
	proposer activator.Proposer // nil where nothing is proposed
	kind     int                // of the query, as the proposer sees it
	corner   kernel.Matrix
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

// Activate implements [Session]: it computes the hidden vector and asks the activator what
// kind of query it is.
func (s *wideSession) Activate(in Input) {
	if s.proposer != nil {
		s.look(in)
	}
}

// look begins a query and returns its kind.
func (s *wideSession) look(in Input) int {
	s.t.current.Load().hidden(s.t.set, s.hidden, in.IDs, in.Values)
	s.kind = s.proposer.Look(activator.Query{IDs: in.IDs, Values: in.Values, Hidden: s.hidden})
	return s.kind
}

// hidden writes the hidden vector of a sparse input, as [Wide.Hidden] does.
func (r *wideResident) hidden(set *kernel.Set, h []float32, ids []int32, values []float32) {
	if r.embed == nil {
		r.net.Hidden(set, h, ids, values)
		return
	}
	copy(h, r.net.HiddenBias)
	set.AxpyBF16(h, r.embed, ids, values)
	kernel.Rectify(h)
}

// Execute implements [Session]. Feature ids must be those of the network.
func (s *wideSession) Execute(point int, in Input) Result {
	r := s.t.current.Load()
	got, result := s.answer(r, point, in)
	result.Nodes += r.net.Embed.Cols
	result.Answer = got.id(result.Answer)
	return result
}

// answer goes through the stages of a point. The result's Answer is the place in what was
// scored last.
func (s *wideSession) answer(r *wideResident, point int, in Input) (scored, Result) {
	way, result := &s.t.routes[point], Result{Confidence: s.confidence(point)}
	if s.proposer == nil {
		r.hidden(s.t.set, s.hidden, in.IDs, in.Values)
	}
	for i, stage := range way.stages {
		plan := &s.t.plans[stage]
		got := s.score(r, plan)
		result.Nodes += s.computed(r, plan, got)
		result.Answer, result.Margin = s.judge(plan, got)
		if i == len(way.thresholds) || result.Margin >= way.thresholds[i] {
			result.Class = uint8(i)
			return got, result
		}
	}
	panic("engine: a cascade has no last stage")
}

// confidence of the running query at a point.
func (s *wideSession) confidence(point int) float32 {
	if !s.t.HasConfidence() {
		return unknown()
	}
	return s.t.outputs.Confidence[s.kind][point]
}

// score computes the logits that a plan looks at.
func (s *wideSession) score(r *wideResident, p *widePlan) scored {
	switch p.way {
	case proposed:
		ids := s.proposer.Propose(p.n)
		if len(ids) == 0 { // empty buckets: something must be answered
			ids = s.picked[:1]
			ids[0] = s.t.usual
		}
		return s.exactly(r, ids)
	case ordered:
		y := s.logits[:p.n]
		s.corner = r.ordered.Corner(p.n, r.ordered.Cols)
		s.t.set.MatVec(y, &s.corner, s.hidden, r.bias[:p.n])
		return scored{s.t.order[:p.n], y}
	case screened:
		s.t.set.Quantise(s.small, s.hidden)
		s.t.set.MatVecInt8(s.logits, r.small, s.small, r.net.OutBias)
		return s.exactly(r, s.picked[:s.t.set.TopK(s.picked, s.logits, rescored)])
	}
	r.net.Forward(s.t.set, s.logits, s.hidden)
	return scored{nil, s.logits}
}

// exactly computes some outputs.
func (s *wideSession) exactly(r *wideResident, ids []int32) scored {
	y := s.logits[:len(ids)]
	s.t.set.GatherMatVec(y, r.net.Out, ids, s.hidden, r.net.OutBias)
	return scored{ids, y}
}

// computed returns how many outputs a plan has computed, in any precision.
func (s *wideSession) computed(r *wideResident, p *widePlan, got scored) int {
	if p.way == screened {
		return r.net.Out.Rows
	}
	return len(got.logits)
}

// judge returns where the best output stands and how sure the plan is of it: of proposed
// outputs the best one's share of the five best, which tells more than the margin to the
// second where many are alike; else the margin.
func (s *wideSession) judge(p *widePlan, got scored) (at int, signal float32) {
	if p.way == proposed {
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
	s.Activate(in)
	got, _ := s.answer(s.t.current.Load(), point, in)
	n := min(len(best), len(got.logits))
	for k := range n {
		at, _ := top(got.logits)
		best[k] = int32(got.id(at))
		got.logits[at] = float32(math.Inf(-1))
	}
	return n
}

// Barer is an optional ability of sessions: what the answer's arithmetic alone takes.
type Barer interface {
	// Bare runs the kernels and the activator of a query at a point as Execute does when it
	// ends in a work class, and nothing else: no choice of the best output, no confidence.
	Bare(point int, class uint8, in Input)
}

// Bare implements [Barer].
func (s *wideSession) Bare(point int, class uint8, in Input) {
	r := s.t.current.Load()
	r.hidden(s.t.set, s.hidden, in.IDs, in.Values)
	if s.proposer != nil {
		s.proposer.Look(activator.Query{IDs: in.IDs, Values: in.Values, Hidden: s.hidden})
	}
	for _, stage := range s.t.routes[point].stages[:class+1] {
		s.score(r, &s.t.plans[stage])
	}
}

// Guesser is an optional ability of sessions: what an activator's tables alone answer.
type Guesser interface {
	// Guess returns that answer; ok is false where the tables rank nothing.
	Guess(in Input) (answer int, ok bool)
}

// Guess implements [Guesser].
func (s *wideSession) Guess(in Input) (answer int, ok bool) {
	g, ok := s.proposer.(activator.Guesser) // false of no proposer, too
	if !ok {
		return 0, false
	}
	s.look(in)
	return int(g.Guess()), true
}
