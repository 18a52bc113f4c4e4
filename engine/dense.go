package engine

import (
	"math"

	"slosim/engine/kernel"
	"slosim/engine/profile"
)

// dense is the technique that drops nothing.
type dense struct{ base }

// NewDense returns the technique of one point that computes every node with the
// node-major kernel. Other techniques are judged against it.
func NewDense(net *Network, set *kernel.Set) (Technique, error) {
	b, err := single("dense", net, set, len(net.Layers))
	if err != nil {
		return nil, err
	}
	b.addPoint(densePoint(net, "100 %"), 1)
	if err := b.seal(nil); err != nil {
		return nil, err
	}
	return &dense{b}, nil
}

// densePoint describes a dense pass through net.
func densePoint(net *Network, name string) profile.Point {
	return profile.Point{Name: name, Density: 1, Ops: net.Ops(), Bytes: net.WeightBytes()}
}

// NewSession implements [Technique].
func (d *dense) NewSession() Session {
	return newDenseSession(&d.base, len(d.slots[0].current.Load().net.Levels)-1)
}

// denseSession computes every node of a level of its one network: points are levels,
// from first on.
type denseSession struct {
	slot    *slot
	set     *kernel.Set
	scratch *Scratch
	batch   *batchScratch
	first   int
}

func newDenseSession(b *base, first int) Session {
	s := b.slots[0]
	net := s.current.Load().net
	return &denseSession{slot: s, set: b.set, scratch: net.NewScratch(), batch: newBatchScratch(b.set, net), first: first}
}

// Activate implements [Session]; there is nothing to do.
func (s *denseSession) Activate(Input) {}

// Execute implements [Session].
func (s *denseSession) Execute(point int, in Input) Result {
	net, level := s.slot.current.Load().net, s.first+point
	answer, margin := top(net.ForwardLevel(s.set, s.scratch, level, in.All))
	_, nodes := net.LevelOps(level)
	return Result{Answer: answer, Nodes: nodes, Margin: margin, Confidence: unknown()}
}

// ExecuteBatch implements [Batcher].
func (s *denseSession) ExecuteBatch(point int, xs []Input, out []Result) {
	r, level := s.slot.current.Load(), s.first+point
	_, nodes := r.net.LevelOps(level)
	eachPiece(xs, out, MaxBatch, func(xs []Input, out []Result) {
		for q, logits := range s.batch.forward(r, level, s.batch.take(xs)) {
			answer, margin := top(logits)
			out[q] = Result{Answer: answer, Nodes: nodes, Margin: margin, Confidence: unknown()}
		}
	})
}

// unknown is the confidence of a technique without one.
func unknown() float32 { return float32(math.NaN()) }
