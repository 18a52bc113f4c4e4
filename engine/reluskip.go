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
	return &skipSession{slot: s, pass: newSparsePass(s.current.Load().net, t.set)}
}

type skipSession struct {
	slot *slot
	pass *sparsePass
}

// Activate implements [Session]; there is nothing to do.
func (s *skipSession) Activate(Input) {}

// Execute implements [Session]. Point 0 skips zero inputs too.
func (s *skipSession) Execute(point int, in Input) Result {
	r, p := s.slot.current.Load(), s.pass
	level := len(r.net.Levels) - 1
	w, bias := r.net.Layers[0].W, r.net.Layers[0].Bias[level]
	p.ops = 0
	if point == 0 {
		p.takeInputs(in.All)
		p.sum(0, r.wide[0], bias)
	} else {
		p.set.MatVec(p.layers[0], w, in.All, bias)
		p.ops += int64(w.Rows) * int64(w.Cols)
	}
	p.takePositive(p.layers[0])
	answer, margin := top(p.finish(r, level, nil))
	return Result{
		Answer: answer, Nodes: r.net.Nodes(), Margin: margin, Confidence: unknown(),
		Class: workClass(p.ops, r.net.Ops()),
	}
}
