package scenarios

import (
	"fmt"
	"time"

	"slosim/workloads"
)

// burst makes the processes of the bursts, which begin at 0.
func (c *contest) burst() error {
	for i := range c.scenario.Bursts {
		b := &c.scenario.Bursts[i]
		spec := workloads.ArrivalSpec{Kind: "poisson", Rate: b.Rate, Duration: (b.To - b.From).Std(), Source: uint16(i + 1)}
		if b.Load > 0 {
			spec.Rate = rateOf(b.Load, c.workers(), c.profile.Campaign.Reference.Mean()) / c.meanSize()
		}
		process, err := workloads.NewProcess(spec)
		if err != nil {
			return UsageError{fmt.Errorf("%s: %w", index("burst", i), err)}
		}
		c.bursts = append(c.bursts, process)
	}
	return nil
}

// later yields arrivals some time later.
type later struct {
	workloads.Arrivals
	by time.Duration
}

// Next implements workloads.Arrivals.
func (l later) Next() (time.Duration, bool) {
	at, ok := l.Arrivals.Next()
	return at + l.by, ok
}
