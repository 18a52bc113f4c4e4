package scheduler

import (
	"time"
)

// infaas follows INFaaS (Romero et al., "INFaaS: Automated Model-less Inference Serving", ATC 2021):
// a query says what accuracy and latency it wants, and the system picks the variant. Of the
// variants (here: operating points) that meet both, latency being intercept + slope x batch, the
// cheapest runs, on an instance (here: worker) that suffers no interference if there is one. If none
// meets both, the one with the least latency of those that are accurate enough; if none is, the
// most accurate that is in time; else the quickest.
//
// An instance is known to suffer by its own completions, as in the INFaaS code: when the observed
// time is above interfered (2.5) times the profiled one while it serves more than busy (0.5) of what it
// can, or when more queries are outstanding than outstanding (0.8) of what the instances serve in a
// second; it is cleared below clear (1.5) times, if the queue allows. A single instance has 4, 1.0 and 1.1
// instead. While it is, others are preferred and its times are taken for what was observed. The
// average is exponential with weight memory for the past (recalled as an average; not checked).
//
// A query's variant changes to a cheaper one only after votes (10, the code's for scaling down on
// CPUs) decisions in a row that want a cheaper one, to any other at once.
//
// What is left out: loading and unloading of variants, and the number of workers, which are fixed
// here. Batches are as large as the earliest deadline of their queries allows. Ours: with aware =
// true (the default) profiled times are those at the believed slow-down, so that the detector
// finds only what the sensor does not tell.
//
// Parameters: interfered (2.5), interfered_one (4), clear (1.5), busy (0.5), busy_one (1), outstanding
// (0.8), outstanding_one (1.1), memory (0.8), votes (10), window ("200ms"), batch (32), quantile (0.5),
// aware (true), drop.
type infaas struct {
	batcher
	meter
	interfered, clear, busy, outstanding [2]float64 // of several workers, of one
	memory                               float64
	votes                                int

	ratio    []float64 // [worker] observed over profiled
	suffers  []bool    // [worker]
	classes  int
	variants []variant // [model][class]
	load     float64   // queries per second and worker
}

// variant is what the queries of a class run at, and how often a cheaper point was wanted since.
type variant struct {
	point   int // -1: none yet
	cheaper int
}

func newINFaaS(p *Params) Policy {
	clear := p.Float("clear", 1.5, 1, 100)
	return &infaas{
		batcher:     newBatcher(p, 32, 0.5),
		meter:       meter{window: p.Duration("window", 200*time.Millisecond, time.Millisecond, time.Hour)},
		interfered:  [2]float64{p.Float("interfered", 2.5, 1, 100), p.Float("interfered_one", 4, 1, 100)},
		clear:       [2]float64{clear, clear},
		busy:        [2]float64{p.Float("busy", 0.5, 0, 10), p.Float("busy_one", 1, 0, 10)},
		outstanding: [2]float64{p.Float("outstanding", 0.8, 0, 10), p.Float("outstanding_one", 1.1, 0, 10)},
		memory:      p.Float("memory", 0.8, 0, 1),
		votes:       p.Int("votes", 10, 1, 10000),
	}
}

// Bind forgets what was learned.
func (s *infaas) Bind(setting Setting) error {
	s.ratio, s.suffers = make([]float64, setting.Workers), make([]bool, setting.Workers)
	for w := range s.ratio {
		s.ratio[w] = 1
	}
	s.classes = len(setting.Classes)
	s.variants = make([]variant, s.classes*len(setting.Models))
	for i := range s.variants {
		s.variants[i].point = -1
	}
	return nil
}

// Decide detects interference and starts batches, on workers without it first.
func (s *infaas) Decide(v *View, p *Plan) {
	s.settle(v, s)
	s.load = s.rate(v.Now, v.Arrived) / float64(len(v.Workers))
	if len(v.Waiting) == 0 {
		return
	}
	s.findIdle(v)
	for i := range s.idle { // insertion sort, stable
		for k := i; k > 0 && !s.suffers[s.idle[k]] && s.suffers[s.idle[k-1]]; k-- {
			s.idle[k], s.idle[k-1] = s.idle[k-1], s.idle[k]
		}
	}
	s.hand(v, p, s)
}

// landed compares what a batch took with its profile.
func (s *infaas) landed(v *View, worker int, f *flight) {
	w := &v.Workers[worker]
	slowdown := 1.0
	if s.aware {
		slowdown = w.Slowdown
	}
	model := v.Models[f.model]
	profiled := max(1, w.corrected(model.BatchMean(f.point, f.samples, slowdown)))
	s.ratio[worker] = s.memory*s.ratio[worker] + (1-s.memory)*float64(v.Now-f.at)/float64(profiled)

	one := 0
	if len(v.Workers) == 1 {
		one = 1
	}
	serves := float64(f.samples) / (s.ratio[worker] * profiled.Seconds()) // queries per second
	queued := len(v.Waiting) + len(v.Workers)
	crowded := float64(queued) > s.outstanding[one]*float64(len(v.Workers))*serves
	switch {
	case s.ratio[worker] > s.interfered[one] && s.load > s.busy[one]*serves, crowded:
		s.suffers[worker] = true
	case s.ratio[worker] < s.clear[one]:
		s.suffers[worker] = false
	}
}

// slower is how many times as long as profiled a worker is taken to need.
func (s *infaas) slower(worker int) float64 {
	if s.suffers[worker] {
		return max(1, s.ratio[worker])
	}
	return 1
}

func (s *infaas) pack(b *bunch) packed {
	slower := s.slower(b.worker)
	wanted, why := s.want(b, slower)
	point := s.keep(b, wanted)
	count := b.fitting(point, slower)
	if count == 0 && point != wanted {
		point, count = wanted, b.fitting(wanted, slower)
	}
	return together(max(1, count), point, why)
}

// want returns the variant for the head.
func (s *infaas) want(b *bunch, slower float64) (point int, why Reason) {
	best := infaasBest{point: -1}
	for p := range b.points() {
		took := time.Duration(slower * float64(b.time(p, b.samples(0))))
		best.offer(infaasBest{
			point: p, accuracy: b.model().Accuracy(p), took: took, cost: b.mean(p, 1),
			accurate: b.model().Accuracy(p) >= b.head().Accuracy, inTime: took <= b.slack(0),
		})
	}
	switch {
	case best.accurate && best.inTime:
		return best.point, Accurate
	case best.inTime:
		return best.point, Unmet
	}
	return best.point, Cheapest
}

// infaasBest is the best variant so far.
type infaasBest struct {
	point            int
	accuracy         float64
	took, cost       time.Duration
	accurate, inTime bool
}

// offer replaces it by a better one: accurate enough and in time before accurate enough before in
// time; of those, the cheapest, the quickest, the most accurate.
func (s *infaasBest) offer(o infaasBest) {
	rank := func(x *infaasBest) int {
		switch {
		case x.accurate && x.inTime:
			return 0
		case x.accurate:
			return 1
		case x.inTime:
			return 2
		}
		return 3
	}
	mine, other := rank(s), rank(&o)
	better := other < mine
	if other == mine {
		switch mine {
		case 0:
			better = o.cost < s.cost
		case 2:
			better = o.accuracy > s.accuracy || (o.accuracy == s.accuracy && o.took < s.took)
		default:
			better = o.took < s.took
		}
	}
	if s.point < 0 || better {
		*s = o
	}
}

// keep returns the class's variant: a cheaper one must be wanted several times in a row.
func (s *infaas) keep(b *bunch, wanted int) int {
	now := &s.variants[int(b.head().Model)*s.classes+int(b.head().Class)]
	switch {
	case now.point < 0 || now.point == wanted || b.mean(wanted, 1) >= b.mean(now.point, 1):
		*now = variant{point: wanted}
	default:
		if now.cheaper++; now.cheaper >= s.votes {
			*now = variant{point: wanted}
		}
	}
	return now.point
}
