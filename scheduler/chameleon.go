package scheduler

import (
	"math"
	"slices"
	"time"
)

// chameleon follows Chameleon (Jiang et al., "Chameleon: Scalable Adaptation of Video Analytics",
// SIGCOMM 2018): the best configuration (here: operating point) changes with time, and to profile
// all of them all the time costs more than it saves. So time is cut into segments; at the start of
// the first of every full segments all configurations are profiled, at the start of the others only
// the top few of the last full profile (and, ours, the quickest as a way out), because what was good
// lately is good now. The cheapest that is accurate enough then serves until the next segment.
//
// Here a profile is made of queries: at the start of a segment some trials at each candidate, of
// which the observed time over the expected one, and where the scenario's feedback tells what was right
// the share of right answers, update what is known of the point. Calibration counts as
// prior observations; old ones fade by memory a segment. The paper compares with its golden
// configuration instead of labels. A trial is only made with a query that has the slack for it.
//
// A point serves a class if it meets the class's accuracy target and its expected time lies within
// the share budget of the latency target and, times the measured load, within the share busy of the
// workers; of those the cheapest; else the most accurate that meets the times; else the
// quickest. The times are ours: the paper has no deadlines. So is, with aware = true (the
// default), that expected times are those at the believed slow-down. Profiles of one camera for
// others (the spatial half) and knobs on their own are left out: points have one knob.
//
// Parameters: period ("500ms"), full (4 segments), top (3), trials (5), prior (100), memory (0.5),
// budget (0.5), busy (0.9), window ("200ms"), aware (true), drop.
type chameleon struct {
	dispatcher
	flights
	meter
	period            time.Duration
	full, top, trials int
	prior, memory     float64
	budget, busy      float64
	aware             bool

	segment int
	whole   bool // all points are candidates in this segment
	nextAt  time.Duration
	load    float64 // samples, taken for queries, per second and worker
	models  []chameleonModel
	targets []streamTarget // [class]
}

// chameleonModel is what is known of a model.
type chameleonModel struct {
	points  []evidence
	trials  []int // [point] still to be made
	pending int   // sum of trials
	top     []int // points that are candidates
	serves  []int // [class] point
}

// evidence is what was observed of a point.
type evidence struct {
	ratio         float64 // observed over expected time
	right, judged float64 // answers, faded
}

func newChameleon(p *Params) Policy {
	return &chameleon{
		dispatcher: newDispatcher(p),
		meter:      meter{window: p.Duration("window", 200*time.Millisecond, time.Millisecond, time.Hour)},
		period:     p.Duration("period", 500*time.Millisecond, time.Millisecond, time.Hour),
		full:       p.Int("full", 4, 1, 1000),
		top:        p.Int("top", 3, 1, 1000),
		trials:     p.Int("trials", 5, 0, 1000),
		prior:      p.Float("prior", 100, 1, math.Inf(1)),
		memory:     p.Float("memory", 0.5, 0, 1),
		budget:     p.Float("budget", 0.5, 0.01, 1),
		busy:       p.Float("busy", 0.9, 0.01, 10),
		aware:      p.Bool("aware", true),
	}
}

// Bind forgets what was learned.
func (c *chameleon) Bind(s Setting) error {
	c.segment, c.whole, c.nextAt, c.models, c.targets = 0, false, 0, nil, nil
	for i := range s.Classes {
		c.targets = append(c.targets, streamTarget{s.Classes[i].Latency.Seconds(), s.Classes[i].Accuracy})
	}
	for _, model := range s.Models {
		n := len(model.Points())
		m := chameleonModel{points: make([]evidence, n), trials: make([]int, n), top: make([]int, 0, n), serves: make([]int, len(s.Classes))}
		for p := range m.points {
			m.points[p].ratio = 1
		}
		c.models = append(c.models, m)
	}
	return nil
}

// Observe counts right answers.
func (c *chameleon) Observe(done Completion) {
	if !done.HasCorrect {
		return
	}
	e := &c.models[done.Model].points[done.Point]
	e.judged++
	if done.Correct {
		e.right++
	}
}

// landed compares an observed time with the expected one.
func (c *chameleon) landed(v *View, worker int, f *flight) {
	e := &c.models[f.model].points[f.point]
	expected := max(1, c.expected(v, worker, f.model, f.point, f.samples))
	e.ratio += chameleonWeight * (float64(v.Now-f.at)/float64(expected) - e.ratio)
}

// chameleonWeight is how much an observed time counts beside those before it.
const chameleonWeight = 0.1

// expected is how long samples take on a worker before anything is learned.
func (c *chameleon) expected(v *View, worker int, model uint16, point, samples int) time.Duration {
	slowdown := 1.0
	if c.aware {
		slowdown = v.Workers[worker].Slowdown
	}
	return v.Workers[worker].corrected(v.Models[model].BatchMean(point, samples, slowdown))
}

// Decide begins a segment when the last one is over, and starts queries in order.
func (c *chameleon) Decide(v *View, p *Plan) {
	c.settle(v, c)
	c.load = c.rate(v.Now, v.Arrived) / float64(len(v.Workers))
	if v.Now >= c.nextAt {
		c.begins(v)
	}
	c.run(v, p, c)
}

// begins starts a segment: candidates and points are chosen by what was learned, and the candidates
// get their trials.
func (c *chameleon) begins(v *View) {
	c.nextAt = v.Now + c.period
	profiled := c.whole
	c.whole = c.segment%c.full == 0
	c.segment++
	for i := range c.models {
		m := &c.models[i]
		for p := range m.points {
			m.points[p].right *= c.memory
			m.points[p].judged *= c.memory
		}
		switch {
		case c.whole:
			m.top = m.top[:0]
			for p := range m.points {
				m.top = append(m.top, p)
			}
		case profiled:
			c.keep(v, uint16(i), c.strictest())
		}
		c.pick(v, uint16(i))
		clear(m.trials)
		for _, p := range m.top {
			m.trials[p] = c.trials
		}
		m.pending = c.trials * len(m.top)
	}
}

// strictest returns the class with the highest accuracy target.
func (c *chameleon) strictest() int {
	strict := 0
	for class := range c.targets {
		if c.targets[class].accuracy > c.targets[strict].accuracy {
			strict = class
		}
	}
	return strict
}

// pick chooses the point of every class among the candidates.
func (c *chameleon) pick(v *View, model uint16) {
	m := &c.models[model]
	for class := range c.targets {
		best := m.top[0]
		for _, p := range m.top {
			if c.better(v, model, class, p, best) {
				best = p
			}
		}
		m.serves[class] = best
	}
}

// keep makes the points that are best for a class the candidates of the next segments, with the
// quickest as a way out.
func (c *chameleon) keep(v *View, model uint16, class int) {
	m := &c.models[model]
	for i := range m.top {
		for k := i; k > 0 && c.better(v, model, class, m.top[k], m.top[k-1]); k-- {
			m.top[k], m.top[k-1] = m.top[k-1], m.top[k]
		}
	}
	quickest := 0
	for p := range m.points {
		if c.mean(v, model, p) < c.mean(v, model, quickest) {
			quickest = p
		}
	}
	m.top = m.top[:min(c.top, len(m.top))]
	if !slices.Contains(m.top, quickest) {
		m.top = append(m.top, quickest)
	}
}

// accuracy is what is known of a point's.
func (c *chameleon) accuracy(v *View, model uint16, point int) float64 {
	e := &c.models[model].points[point]
	return (c.prior*v.Models[model].Accuracy(point) + e.right) / (c.prior + e.judged)
}

// mean is what is known of a point's service time on an average worker, in seconds.
func (c *chameleon) mean(v *View, model uint16, point int) float64 {
	slowdown := 1.0
	if c.aware {
		slowdown = meanSlowdown(v)
	}
	return v.Models[model].Mean(point, slowdown).Seconds() * c.models[model].points[point].ratio
}

// better says whether point a serves a class better than b.
func (c *chameleon) better(v *View, model uint16, class, a, b int) bool {
	target := c.targets[class]
	timeA, timeB := c.mean(v, model, a), c.mean(v, model, b)
	right, wrong := c.accuracy(v, model, a), c.accuracy(v, model, b)
	inTime := func(t float64) bool { return t <= c.budget*target.latency && c.load*t <= c.busy }
	switch {
	case inTime(timeA) != inTime(timeB):
		return inTime(timeA)
	case !inTime(timeA):
		return timeA < timeB
	case (right >= target.accuracy) != (wrong >= target.accuracy):
		return right >= target.accuracy
	case right >= target.accuracy:
		return timeA < timeB
	}
	return right > wrong
}

func (c *chameleon) choose(t *turn) choice {
	q := t.query()
	m := &c.models[q.Model]
	point, why := m.serves[q.Class], Accurate
	if m.pending > 0 {
		if trial := c.trial(t, m); trial >= 0 {
			point, why = trial, Unstated
		}
		if m.pending == 0 {
			c.pick(t.view, q.Model)
		}
	}
	samples := max(1, q.Left)
	c.begin(t.view, t.worker, flight{active: true, at: t.view.Now, ref: q.Ref, point: point, model: q.Model, class: q.Class, samples: samples})
	return start(point, why)
}

// trial takes one of the trials that are left, for which the query must have the slack; -1: none.
func (c *chameleon) trial(t *turn, m *chameleonModel) int {
	q := t.query()
	for p, left := range m.trials {
		if left == 0 {
			continue
		}
		took := float64(c.expected(t.view, t.worker, q.Model, p, max(1, q.Left))) * m.points[p].ratio
		if took > c.budget*float64(t.slack()) {
			continue
		}
		m.trials[p]--
		m.pending--
		return p
	}
	return -1
}
