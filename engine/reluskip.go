package engine

import (
	"fmt"

	"slosim/engine/kernel"
	"slosim/engine/profile"
)

// reluSkip drops nothing, but skips what is zero anyway.
type reluSkip struct{ base }

// NewReLUSkip returns the technique that is exact and still faster than dense: layers
// after the first read feature-major weights of the positive hidden nodes only. Its
// second kind of point also skips inputs that are zero. Logits differ from the dense
// ones by rounding only. It wants at least one hidden layer.
func NewReLUSkip(net *Network, set *kernel.Set) (Technique, error) {
	if len(net.Layers) < 2 {
		return nil, fmt.Errorf("technique relu-skip: want a hidden layer, got a network of sizes %v", net.Sizes())
	}
	b, err := single("relu-skip", net, set, 0)
	if err != nil {
		return nil, err
	}
	first := net.Layers[0].W
	rest := net.Ops() - int64(first.Rows)*int64(first.Cols)
	for _, skipped := range []struct {
		name string
		ops  int64
	}{{"skip inputs", net.Ops() / 2}, {"skip hidden", net.Ops() - rest/2}} {
		b.addPoint(profile.Point{Name: skipped.name, Density: 1, Ops: skipped.ops, Bytes: 4 * skipped.ops}, workClasses)
	}
	if err := b.seal(nil); err != nil {
		return nil, err
	}
	return &reluSkip{b}, nil
}

// NewSession implements [Technique].
func (t *reluSkip) NewSession() Session {
	s := t.slots[0]
	net := s.current.Load().net
	return &skipSession{slot: s, pass: newSparsePass(net, t.set), batch: newBatchScratch(t.set, net)}
}

type skipSession struct {
	slot  *slot
	pass  *sparsePass
	batch *batchScratch
}

// Activate implements [Session]; there is nothing to do.
func (s *skipSession) Activate(Input) {}

// Execute implements [Session]. Point 0 skips zero inputs too.
func (s *skipSession) Execute(point int, in Input) Result {
	r, p := s.slot.current.Load(), s.pass
	level := len(r.net.Levels) - 1
	bias := r.net.Layers[0].Bias[level]
	p.ops = 0
	if point == 0 {
		p.takeInputs(in.All)
		return s.finish(r, level, p.sum(0, r.wide[0], bias))
	}
	p.set.MatVec(p.layers[0], r.net.Layers[0].W, in.All, bias)
	return s.finishDense(r, level, p.layers[0])
}

// ExecuteBatch implements [Batcher]. Only the first layer of point 1 is computed together,
// since what is not zero differs from query to query: 8 queries of Fashion-MNIST's sizes run
// 1.4 times as fast as alone, at point 0 as fast as alone.
func (s *skipSession) ExecuteBatch(point int, xs []Input, out []Result) {
	if point == 0 {
		eachPiece(xs, out, MaxBatch, func(xs []Input, out []Result) {
			for q, x := range xs {
				out[q] = s.Execute(0, x)
			}
		})
		return
	}
	r := s.slot.current.Load()
	level := len(r.net.Levels) - 1
	eachPiece(xs, out, MaxBatch, func(xs []Input, out []Result) {
		for q, y := range s.batch.layer(r, level, 0, s.batch.take(xs)) {
			out[q] = s.finishDense(r, level, y)
		}
	})
}

// finishDense is finish after a first layer that skipped nothing.
func (s *skipSession) finishDense(r *resident, level int, y []float32) Result {
	w := r.net.Layers[0].W
	s.pass.ops = int64(w.Rows) * int64(w.Cols)
	return s.finish(r, level, y)
}

// finish answers a query, given the outputs of the first layer before ReLU.
func (s *skipSession) finish(r *resident, level int, y []float32) Result {
	s.pass.takePositive(y)
	answer, margin := top(s.pass.finish(r, level, nil))
	return Result{
		Answer: answer, Nodes: r.net.Nodes(), Margin: margin, Confidence: unknown(),
		Class: workClass(s.pass.ops, r.net.Ops()),
	}
}
