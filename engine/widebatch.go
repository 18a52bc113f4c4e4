package engine

import "slosim/engine/kernel"

// wideBatch is how many queries of a batch share a pass over the outputs of a wide network:
// each needs all its logits at once. More would gain a fifth where the outputs come from
// memory, and nothing where they stay in the L3 cache ([kernel.Set].MatMat).
const wideBatch = 16

// wideBatchSession can run batches of the plans that compute the same outputs for every
// query, all or the first ones. Proposals differ from query to query, and for 8 bits there
// is no kernel of several inputs: such techniques have no batches.
type wideBatchSession struct {
	*wideSession
	inputs, scores, views [][]float32 // by query: hidden vectors, logits, those of a plan
}

func newWideBatchSession(s *wideSession, n *Wide) *wideBatchSession {
	b := &wideBatchSession{wideSession: s, views: make([][]float32, wideBatch)}
	hidden, logits := kernel.NewMatrix(wideBatch, n.Embed.Cols), kernel.NewMatrix(wideBatch, n.Out.Rows)
	for q := range wideBatch {
		b.inputs, b.scores = append(b.inputs, hidden.Row(q)), append(b.scores, logits.Row(q))
	}
	return b
}

// batches says whether all plans of the technique compute the same outputs for every query.
func (t *wideTechnique) batches() bool { return !t.uses(proposed) && !t.uses(screened) }

// ExecuteBatch implements [Batcher].
func (s *wideBatchSession) ExecuteBatch(point int, xs []Input, out []Result) {
	r, plan := s.t.current.Load(), &s.t.plans[s.t.routes[point].stages[0]]
	w, bias := r.net.Out, r.net.OutBias
	if plan.way == ordered {
		s.corner = r.ordered.Corner(plan.n, r.ordered.Cols)
		w, bias = &s.corner, r.bias
	}
	eachPiece(xs, out, wideBatch, func(xs []Input, out []Result) {
		for q, x := range xs {
			r.hidden(s.t.set, s.inputs[q], x.IDs, x.Values)
			s.views[q] = s.scores[q][:w.Rows]
		}
		s.t.set.MatMat(s.views[:len(xs)], w, s.inputs[:len(xs)], bias)
		for q := range xs {
			answer, margin := top(s.views[q])
			if plan.way == ordered {
				answer = int(s.t.order[answer])
			}
			out[q] = Result{Answer: answer, Nodes: w.Rows + r.net.Embed.Cols, Margin: margin, Confidence: unknown()}
		}
	})
}
