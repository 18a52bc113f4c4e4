package scheduler

import (
	"time"

	"slosim/workloads"
)

// sjf is shortest job first (Smith, "Various optimizers for single-stage production", Naval Research
// Logistics Quarterly 1956: of all orders it has the least mean waiting time): the queue is in order
// of expected service times, size x mean at the cheapest point that meets the class's first
// accuracy target, alone. Large queries and demanding classes wait for the small ones. With one
// class, one model and one size it is first come, first served.
//
// Ours is that the expected time is that of a point, and the choice of the point at which a
// query then runs, as edf has it.
//
// Parameters: point ("fits"), and those of lcao.
type sjf struct {
	single
	means [][]time.Duration // [model][class], of one sample
}

func newSJF(p *Params) Policy { return &sjf{single: newSingle(p)} }

// Bind computes what a sample of each model and class takes.
func (s *sjf) Bind(setting Setting) error {
	s.means = s.means[:0]
	for _, model := range setting.Models {
		var means []time.Duration
		for i := range setting.Classes {
			best := aclobest{point: -1}
			for p := range model.Points() {
				best.offer(p, model.Accuracy(p), model.Mean(p, 1), setting.Classes[i].Accuracy)
			}
			means = append(means, best.mean)
		}
		s.means = append(s.means, means)
	}
	return s.single.Bind(setting)
}

// Key orders the queue by expected service time.
func (s *sjf) Key(q *workloads.Query, _ time.Duration) int64 {
	return int64(s.means[q.Model][q.Class]) * int64(max(1, q.Size))
}
