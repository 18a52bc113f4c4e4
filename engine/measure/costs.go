package measure

import (
	"runtime"
	"time"

	"slosim/engine/profile"
)

// Repetitions of the rarer measurements.
const (
	switchRepeats = 64 // first calls per ordered pair of groups
	switchWarm    = 8  // calls in the old group before it
	loadRepeats   = 20
	loadFewest    = 5           // of weights that take long
	loadTime      = time.Second // after which these are enough
)

// switches measures what the first call costs after another group of weights ran:
// its time beyond the median of a warm call.
func (c *campaign) switches() error {
	for t := range c.cfg.Techniques {
		set := &c.out.Sets[t]
		set.Switch = make([][]profile.Dist, len(set.Groups))
		for from := range set.Groups {
			set.Switch[from] = make([]profile.Dist, len(set.Groups))
			for to := range set.Groups {
				if err := c.ctx.Err(); err != nil {
					return err
				}
				set.Switch[from][to] = c.switching(t, from, to)
			}
		}
		c.progress("switching", t+1, len(c.cfg.Techniques))
	}
	return nil
}

// switching measures one ordered pair; none within a group.
func (c *campaign) switching(technique, from, to int) profile.Dist {
	points := c.out.Sets[technique].Points
	source, target := pointOf(points, from), pointOf(points, to)
	if from == to || source < 0 || target < 0 {
		return profile.Dist{0}
	}
	var extra []uint32
	for range switchRepeats {
		for range switchWarm {
			c.take(c.cfg.Truth, c.random.IntN(c.cfg.Truth.Len()))
			c.again(technique, source)
		}
		// One sample: what a first call costs more must not be the work of another sample.
		c.take(c.cfg.Truth, c.random.IntN(c.cfg.Truth.Len()))
		first := c.again(technique, target)
		var warm []uint32
		for range switchWarm {
			warm = append(warm, c.again(technique, target))
		}
		usual := median(warm)
		extra = append(extra, max(first, usual)-usual)
	}
	return distribution(extra)
}

// again runs the present input and returns the time of its execution.
func (c *campaign) again(technique, point int) uint32 {
	return nanoseconds(c.wall(c.sessions[technique], point, c.input, c.cfg.Techniques[technique].Activates()).execute)
}

// pointOf returns a point of a group, a plain one rather than a cascade; -1 if none.
func pointOf(points []profile.Point, group int) int {
	found := -1
	for i, p := range points {
		if p.Group == group && (found < 0 || points[found].Cascade) {
			found = i
		}
	}
	return found
}

// loads measures how long each group takes to become resident.
func (c *campaign) loads() error {
	for t, technique := range c.cfg.Techniques {
		for g := range c.out.Sets[t].Groups {
			var times []uint32
			for spent := time.Duration(0); len(times) < loadRepeats && (len(times) < loadFewest || spent < loadTime); {
				if err := c.ctx.Err(); err != nil {
					return err
				}
				began := time.Now()
				if err := technique.Load(g); err != nil {
					return err
				}
				took := time.Since(began)
				spent += took
				times = append(times, nanoseconds(took))
			}
			c.out.Sets[t].Groups[g].Load = distribution(times)
			runtime.GC() // loading allocates, and the collector is off
		}
		c.progress("loading", t+1, len(c.cfg.Techniques))
	}
	return nil
}
