package scenarios

import (
	"slices"
	"time"

	"slosim/engine/profile"
	"slosim/sim/virtual"
)

// cause is something that may make a query miss. remove takes it out of the world of one contender;
// without why, which says that there is nothing to remove.
type cause struct {
	name   string
	about  string // what the world without it is
	why    string // it cannot be to blame; empty: it may
	remove func(*virtual.Config)
}

// mostColleagues bounds the workers that stand in for a world without queues.
const mostColleagues = 256

// causes lists what may be to blame for an entrant's misses.
func (c *contest) causes(e *entrant, base *misses) ([]cause, error) {
	free, err := c.withoutActivation(e)
	if err != nil {
		return nil, err
	}
	list := []cause{
		{name: "interference", about: "nothing disturbs the machine",
			remove: func(v *virtual.Config) { v.Timeline = nil }},
		{name: "queueing", about: "as many workers, each disturbed alike, as there are queries",
			remove: func(v *virtual.Config) { crowdless(v, base.queue) }},
		{name: "activator cost", about: "activation takes no time, and policies know it", remove: free},
		{name: "confidence error", about: "a confidence is 1 for an answer that will be right, else 0",
			remove: func(v *virtual.Config) { v.Certain = true }},
		{name: "stale belief", about: "the sensor reads the true slow-down, at once and without noise",
			remove: c.freshen},
	}
	if len(c.timeline) == 0 {
		list[0].why, list[4].why = "there is none", "nothing changes"
	}
	if !e.set.Activates {
		list[2].why = "the technique has no activator"
	}
	switch {
	case !e.set.HasConfidence:
		list[3].why = "the technique has no confidences"
	case !base.probed:
		list[3].why = "the policy asked for none"
	}
	return list, nil
}

// crowdless gives each query a worker of its own: they are as many as ever waited, and half as many
// again, up to a bound. Copies of a worker are disturbed as it is.
func crowdless(v *virtual.Config, queue int) {
	before := v.Workers
	v.Workers = min(max(mostColleagues, before), before*(2+queue+queue/2))
	v.Siblings = nil // a copy is on no core
	for _, piece := range slices.Clone(v.Timeline) {
		for copy := piece.Worker + before; piece.Worker != virtual.EveryWorker && copy < v.Workers; copy += before {
			piece := piece
			piece.Worker = copy
			v.Timeline = append(v.Timeline[:len(v.Timeline):len(v.Timeline)], piece)
		}
	}
}

// freshen makes the sensor read often enough for the strictest target: without lag and noise. Where
// nothing slows workers down, policies believe that without one.
func (c *contest) freshen(v *virtual.Config) {
	if len(v.Timeline) == 0 && v.Siblings == nil {
		v.Sensor = virtual.Sensor{}
		return
	}
	strictest := c.classes[0].Target.Latency
	for i := range c.classes {
		strictest = min(strictest, c.classes[i].Target.Latency)
		for _, change := range c.classes[i].Changes {
			strictest = min(strictest, change.Target.Latency)
		}
	}
	v.Sensor = virtual.Sensor{Period: min(max(strictest/20, 20*time.Microsecond), time.Millisecond)}
}

// withoutActivation makes activation free, in truth and in what policies believe.
func (c *contest) withoutActivation(e *entrant) (func(*virtual.Config), error) {
	if !e.set.Activates {
		return func(*virtual.Config) {}, nil
	}
	free := *e.set
	free.Calibration.Activate = nothing(free.Calibration.Activate)
	belief, err := profile.NewBelief(&free, c.profile.Levels, c.unseen()...)
	if err != nil {
		return nil, err
	}
	return func(v *virtual.Config) {
		truth := *v.Truth // as it was drawn
		truth.Activate = nothing(truth.Activate)
		v.Truth, v.Belief = &truth, belief
	}, nil
}

// nothing is a distribution of no time for each of some.
func nothing(of []profile.Dist) []profile.Dist {
	out := make([]profile.Dist, len(of))
	for i := range out {
		out[i] = profile.Dist{0}
	}
	return out
}
