package scenarios

import (
	"fmt"
	"time"
)

// notes are the caveats that belong to the numbers.
func (c *contest) notes() []string {
	notes := []string{"arrivals: " + c.process.Caveat()}
	if load := c.scenario.Arrivals.Load; load > 0 {
		notes = append(notes, fmt.Sprintf("load %g of the dense network on %d worker(s) is %.0f queries a second: its mean service time alone is %v",
			load, c.workers(), c.process.Rate(), c.profile.Campaign.Reference.Mean().Round(100*time.Nanosecond)))
	}
	for i := range c.scenario.Interference {
		block := &c.scenario.Interference[i]
		if block.Unseen {
			notes = append(notes, fmt.Sprintf("interference: no policy was calibrated against %s at intensity %g, only measured by the sensor", block.Antagonist, block.Intensity))
		}
		if block.File != "" {
			notes = append(notes, fmt.Sprintf("interference: %s slows every point by its factor, %.3g on average; what was short on the recorded machine is not known",
				block.source(), block.meanFactor()))
		} else if block.Factor > 0 {
			notes = append(notes, fmt.Sprintf("interference: made up: every point takes %.4g times as long", block.Factor))
		}
	}
	for i := range c.scenario.Bursts {
		b := &c.scenario.Bursts[i]
		notes = append(notes, fmt.Sprintf("burst: %.0f queries a second more from %v to %v", c.bursts[i].Rate(), b.From, b.To))
	}
	if e := c.scenario.ProfileError; e != 0 {
		notes = append(notes, fmt.Sprintf("profile_error: service takes %.4g times as long as the profile says", 1+e))
	}
	if n, most := c.workers(), c.mostSiblings(); n-1 > most {
		notes = append(notes, fmt.Sprintf("extrapolated: %d workers, but service times were measured beside at most %d busy ones: this machine has no more cores", n, most))
	}
	if c.kernels != nil {
		notes = append(notes, "kernel service: each query ran its own sample for real; idle time is skipped, so that caches are warmer than in life")
	}
	if n := len(c.scenario.Asserts); n > 0 {
		notes = append(notes, fmt.Sprintf("%d [[assert]] not tested: run measures, it does not judge", n))
	}
	if sweep := c.scenario.Sweep; sweep != nil {
		notes = append(notes, fmt.Sprintf("[sweep] not run: this is the scenario as it stands; slosim sweep runs its %.0f cells", sweep.cells()))
	}
	notes = append(notes, c.profile.Campaign.Warnings...)
	return append(notes, c.profile.warnings...)
}

// mostSiblings is the most busy siblings that service times were measured beside.
func (c *contest) mostSiblings() (most int) {
	for _, level := range c.profile.Levels {
		most = max(most, level.BusySiblings)
	}
	return most
}
