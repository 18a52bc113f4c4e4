package scheduler

import "time"

// videoStorm follows VideoStorm (Zhang et al., "Live Video Analytics at Scale with Approximation
// and Delay-Tolerance", NSDI 2017): streams of queries (here: each class of each model) have
// configurations (here: operating points) of known demand and quality; what they are worth is
//
//	U = quality x (Q - goal) - delay x (lag - limit)+
//
// Q being the accuracy of the point, goal the accuracy target of the stream's class, and the lag
// that of the queue at the end of the period, predicted as lag + D - D x share / demand. Every period
// shares of the workers are handed out greedily, in small steps, each to the stream whose best
// utility over its points rises most, and each stream takes the point that is best for its share. In
// between, the workers serve the stream that is furthest behind its share.
//
// The weights and the form of the utility are as published; theirs is U0 + ... (Q - goal)+ with no
// loss below the goal: here quality below the goal counts against a stream. Ours too: the lag is
// taken in units of limit, which is the share limit of the class's latency target; streams count by
// their share of the load; demand is the measured rate x believed mean service time, at the
// believed slow-down of the workers with aware = true (the default); and the period, a second for
// videos, is shorter. The size of a step is not known to us.
//
// Parameters: period ("10ms"), quality (1), delay (1), limit (0.3), step (0.1, of a worker), window
// ("100ms"), aware (true), drop.
type videoStorm struct {
	dispatcher
	streams
	period         time.Duration
	quality, delay float64
	limit, step    float64
	aware          bool

	plannedAt time.Duration
	planned   bool
	plans     []videoPlan // [stream]
	targets   []streamTarget
	taken     []bool // [position in the queue]
	turns     turnOf
}

// streamTarget is what a stream's class wants.
type streamTarget struct {
	latency  float64 // seconds
	accuracy float64
}

// videoPlan is what a stream got.
type videoPlan struct {
	point  int
	share  float64 // workers
	served float64 // worker-seconds since it was planned

	rate, lag, weight float64 // samples per second; seconds; share of the load
	utility           float64 // at share
}

// turnOf is whose turn it is: choose gives it the point of its stream.
type turnOf struct {
	point int
}

func (t *turnOf) choose(*turn) choice { return start(t.point, LoadRule) }

func newVideoStorm(p *Params) Policy {
	return &videoStorm{
		dispatcher: newDispatcher(p),
		streams:    streams{window: p.Duration("window", 100*time.Millisecond, time.Millisecond, time.Hour)},
		period:     p.Duration("period", 10*time.Millisecond, time.Microsecond, time.Hour),
		quality:    p.Float("quality", 1, 0, 1000),
		delay:      p.Float("delay", 1, 0, 1000),
		limit:      p.Float("limit", 0.3, 0.001, 1),
		step:       p.Float("step", 0.1, 0.001, 1),
		aware:      p.Bool("aware", true),
	}
}

// Bind makes a stream of each class and model.
func (s *videoStorm) Bind(setting Setting) error {
	s.streams.bind(setting)
	s.plans, s.targets, s.planned = make([]videoPlan, len(s.counts)), nil, false
	for i := range s.counts {
		class := &setting.Classes[s.class(i)]
		s.targets = append(s.targets, streamTarget{max(1e-9, class.Latency.Seconds()), class.Accuracy})
	}
	return nil
}

// Decide plans when a period has passed, and serves.
func (s *videoStorm) Decide(v *View, p *Plan) {
	if !s.planned || v.Now >= s.plannedAt+s.period {
		s.plan(v)
	}
	if len(v.Waiting) == 0 {
		return
	}
	s.findIdle(v)
	s.taken = zeroed(s.taken, len(v.Waiting))
	for len(s.idle) > 0 {
		next := s.next(v)
		if next < 0 {
			return
		}
		s.serve(v, p, next)
	}
}

// next returns the position of the head of the stream that is furthest behind its share.
func (s *videoStorm) next(v *View) int {
	best, least := -1, 0.0
	for i := range v.Waiting {
		if s.taken[i] {
			continue
		}
		plan := &s.plans[s.of(v.Waiting[i].Class, v.Waiting[i].Model)]
		if behind := plan.served / max(plan.share, s.step/100); best < 0 || behind < least {
			best, least = i, behind
		}
	}
	return best
}

// serve gives a query its turn.
func (s *videoStorm) serve(v *View, p *Plan, at int) {
	s.taken[at] = true
	q := &v.Waiting[at]
	plan := &s.plans[s.of(q.Class, q.Model)]
	free := len(s.idle)
	s.turns.point = plan.point
	s.one.view, s.one.index = v, at
	s.turn(&s.one, p, &s.turns)
	if len(s.idle) < free { // it started
		plan.served += v.BatchMean(s.one.worker, q.Model, plan.point, max(1, q.Left)).Seconds()
	}
}

// plan hands out the workers.
func (s *videoStorm) plan(v *View) {
	s.planned, s.plannedAt = true, v.Now
	slowdown := 1.0
	if s.aware {
		slowdown = meanSlowdown(v)
	}
	s.measure(v)
	for i := range s.plans {
		s.plans[i].share, s.plans[i].served = 0, 0
		s.plans[i].point, s.plans[i].utility = s.best(v, i, 0, slowdown)
	}
	for left := float64(len(v.Workers)); left > s.step/2; left -= s.step {
		winner, gain := -1, 0.0
		for i := range s.plans {
			if _, u := s.best(v, i, s.plans[i].share+s.step, slowdown); u-s.plans[i].utility > gain {
				winner, gain = i, u-s.plans[i].utility
			}
		}
		if winner < 0 {
			return // nothing to be gained
		}
		won := &s.plans[winner]
		won.share += s.step
		won.point, won.utility = s.best(v, winner, won.share, slowdown)
	}
}

// measure notes the rate, the lag and the weight of each stream.
func (s *videoStorm) measure(v *View) {
	sum := 0.0
	for i := range s.plans {
		s.plans[i].rate, s.plans[i].lag = s.rate(i, v.Now), 0
		sum += s.plans[i].rate
	}
	for i := range s.plans {
		s.plans[i].weight = 1
		if sum > 0 {
			s.plans[i].weight = s.plans[i].rate / sum
		}
	}
	for i := range v.Waiting {
		plan := &s.plans[s.of(v.Waiting[i].Class, v.Waiting[i].Model)]
		plan.lag = max(plan.lag, (v.Now - v.Waiting[i].ArriveAt).Seconds())
	}
}

// best returns the point of highest utility for a stream with a share, of equals the cheaper.
func (s *videoStorm) best(v *View, stream int, share, slowdown float64) (point int, utility float64) {
	plan, target, model := &s.plans[stream], s.targets[stream], v.Models[s.model(stream)]
	limit, period := s.limit*target.latency, s.period.Seconds()
	var bestMean time.Duration
	for p := range model.Points() {
		mean := model.Mean(p, slowdown)
		lag := plan.lag
		if demand := plan.rate * mean.Seconds(); demand > 0 {
			lag = max(0, lag+period-period*share/demand)
		}
		lag += mean.Seconds() // of the query itself
		u := plan.weight * (s.quality*(model.Accuracy(p)-target.accuracy) - s.delay*max(0, lag-limit)/limit)
		if p == 0 || u > utility || (u == utility && mean < bestMean) {
			point, utility, bestMean = p, u, mean
		}
	}
	return point, utility
}
