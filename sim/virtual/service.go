package virtual

import (
	"math"
	"time"

	"slosim/engine/profile"
	"slosim/workloads"
)

// service is the work that a query still has before it on a worker: a fixed part
// that no level changes (load and switch), then shares of activation and execution.
// The same value predicts (Truth) and is carried out (driver), by the same code.
type service struct {
	fixed             time.Duration
	activate, execute float64 // shares that are left, 0 to 1

	half        *profile.Half
	point       int
	sample      uint32
	class       uint8   // work class of the sample's outcome at the point
	right       bool    // the outcome, told when the query finishes
	pays        bool    // for its own activation
	uRun, uActs float64 // quantiles of the query, kept for life
	excess      *Excess // nil: it takes as long as the profile says
	bin         int     // of excess

	more []part // further samples that run together with it
	set  *profile.Set

	real bool // ran was measured: nothing is drawn
	ran  Ran
}

// part is a further sample of a batch or a large query.
type part struct {
	point       int
	sample      uint32
	class       uint8
	pays        bool // for its activation
	uRun, uActs float64
}

// newActivation returns the work of a probe.
func (d *driver) newActivation(q *workloads.Query) service {
	return service{activate: 1, pays: true, half: d.half, uActs: d.activation.Float(q.ID)}
}

// sample is the n-th sample of a query: where its outcomes lie, and the number of its draws. The
// first one's are the query's own.
func (d *driver) sample(q *workloads.Query, n int) (at int, id uint64) {
	if n == 0 {
		return int(q.Sample), q.ID
	}
	return (int(q.Sample) + n) % d.half.Samples, q.ID ^ uint64(n)<<40 // far beyond the numbers of queries
}

// execution makes s the work of the n-th sample of a query at a point, without load and switch:
// in place, because there is one for every query.
func (d *driver) execution(s *service, q *workloads.Query, n, point int, activated bool) {
	sample, id := d.sample(q, n)
	outcome := d.outcomes[point*d.half.Samples+sample] // first: it may be in a far cache
	s.fixed, s.activate, s.execute = 0, 0, 1
	s.half, s.point, s.sample, s.uRun, s.excess, s.real = d.half, point, uint32(sample), d.service.Float(id), nil, false
	s.pays = !activated && d.half.Activates()
	if s.pays {
		s.activate, s.uActs = 1, d.activation.Float(id)
	}
	s.class, s.right, s.more = outcome.class, outcome.right, s.more[:0]
}

// also adds the n-th sample of a query to the work.
func (d *driver) also(s *service, q *workloads.Query, n, point int, activated bool) (right bool) {
	sample, id := d.sample(q, n)
	outcome := d.outcomes[point*d.half.Samples+sample]
	p := part{point: point, sample: uint32(sample), class: outcome.class, uRun: d.service.Float(id), pays: !activated && d.half.Activates()}
	if p.pays {
		p.uActs = d.activation.Float(id)
		s.activate = 1
	}
	s.set, s.more = d.cfg.Set, append(s.more, p)
	return outcome.right
}

// activation returns the whole activation's on-CPU time in a segment.
func (s *service) activation(seg *segment) time.Duration {
	if s.real {
		return seg.scale(s.ran.Activate)
	}
	took := time.Duration(0)
	if s.pays {
		took = s.half.Activation(seg.level, s.uActs)
	}
	for i := range s.more {
		if s.more[i].pays {
			took += s.half.Activation(seg.level, s.more[i].uActs)
		}
	}
	return seg.scale(took)
}

// execution returns the whole execution's on-CPU time in a segment.
func (s *service) execution(seg *segment) time.Duration {
	if s.real {
		return seg.scale(s.ran.Execute)
	}
	if len(s.more) > 0 {
		return seg.scale(s.together(seg.level))
	}
	return seg.scale(s.one(seg.level, s.point, s.class, s.uRun))
}

// one returns the execution time of a single sample.
func (s *service) one(level, point int, class uint8, u float64) time.Duration {
	took := s.half.Service(point, level, class, u)
	if s.excess != nil {
		took = max(took+s.excess.at(level, s.bin, point, class, u), 0)
	}
	return took
}

// together returns the execution time of a batch: as measured for so many samples at one point,
// drawn by the first one's quantile and longer in life as its samples are, or of one after another.
func (s *service) together(level int) time.Duration {
	same, sum := true, s.one(level, s.point, s.class, s.uRun)
	for i := range s.more {
		p := &s.more[i]
		same = same && p.point == s.point
		sum += s.one(level, p.point, p.class, p.uRun)
	}
	if !same {
		return sum
	}
	took, ok := s.set.Batch(s.half, s.point, level, 1+len(s.more), s.uRun)
	switch {
	case !ok:
		return sum
	case s.excess == nil:
		return took
	}
	return time.Duration(float64(took) * float64(sum) / float64(max(s.profiled(level), 1)))
}

// profiled returns what the profile says of the samples of a batch one after another.
func (s *service) profiled(level int) time.Duration {
	sum := s.half.Service(s.point, level, s.class, s.uRun)
	for i := range s.more {
		p := &s.more[i]
		sum += s.half.Service(p.point, level, p.class, p.uRun)
	}
	return sum
}

// left returns the on-CPU time that is left in a segment.
func (s *service) left(seg *segment) time.Duration {
	sum := s.fixed
	if s.activate > 0 {
		sum += share(s.activate, s.activation(seg))
	}
	if s.execute > 0 {
		sum += share(s.execute, s.execution(seg))
	}
	return sum
}

// begin makes sure that the work takes time at all: Decide is called once per
// instant, so nothing may end in the instant in which it starts. It returns what is left.
func (s *service) begin(seg *segment) time.Duration {
	left := s.left(seg)
	if left <= 0 {
		s.fixed, left = 1, 1
	}
	return left
}

// spend accounts for on-CPU time in a segment.
func (s *service) spend(work time.Duration, seg *segment) {
	fixed := min(work, s.fixed)
	s.fixed -= fixed
	work -= fixed
	if s.activate > 0 {
		s.activate, work = spend(s.activate, s.activation(seg), work)
	}
	if s.execute > 0 {
		s.execute, _ = spend(s.execute, s.execution(seg), work)
	}
}

// finish walks the worker's timeline from an instant until the work is done.
func (s service) finish(at time.Duration, t timeline) time.Duration {
	i := t.at(at)
	s.begin(&t[i])
	for {
		seg := &t[i]
		end := seg.finish(at, s.left(seg))
		if end <= seg.to {
			return end
		}
		s.spend(seg.onCPU(at, seg.to), seg)
		at = seg.to
		i++
	}
}

// spend takes work off a part of which a share is left and whose whole takes long.
// It returns the new share and the work that goes to the next part.
func spend(left float64, whole, work time.Duration) (float64, time.Duration) {
	need := share(left, whole)
	if work >= need {
		return 0, work - need
	}
	return left - float64(work)/float64(whole), 0
}

// share returns a share of a time, rounded to the nanosecond.
func share(part float64, whole time.Duration) time.Duration {
	if part == 1 {
		return whole
	}
	return time.Duration(math.Round(part * float64(whole)))
}
