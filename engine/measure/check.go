package measure

import (
	"context"
	"fmt"
	"math"
	"time"

	"slosim/engine/profile"
)

// What a drift test tolerates. Shared machines change their clock by a fifth for
// seconds at a time, which moves the reference and every point alike: so the absolute
// tolerance is wide and the one on ratios to the reference is narrow.
const (
	referenceTolerance = 0.35
	ratioTolerance     = 0.2
	checkBlocks        = 3 // blocks of each point
	checkAttempts      = 3
)

// Check runs a short drift test: does the profile's dense reference, and each point's
// ratio to it, still hold on this machine? It returns nil if so, and else what moved.
// A test that fails is repeated, since a neighbour may pass by. cfg is the plan that a
// campaign would follow; its levels are not run.
func Check(ctx context.Context, cfg Config, p *profile.Profile) error {
	cfg.Levels = nil
	if err := cfg.check(); err != nil {
		return err
	}
	var moved error
	for range checkAttempts {
		c := newCampaign(ctx, cfg)
		restore, err := c.seize()
		if err != nil {
			return err
		}
		moved = c.compare(p)
		restore()
		if moved == nil || ctx.Err() != nil {
			break
		}
	}
	return moved
}

// compare measures a few blocks of every point alone and holds them against p.
func (c *campaign) compare(p *profile.Profile) error {
	times := make(map[[2]int][]uint32)
	var dense []uint32
	samples := c.random.Perm(c.cfg.Truth.Len())
	blocks := c.plan(func(_, _, half int) []int {
		if half == calibration {
			return nil
		}
		return samples[:min(checkBlocks*blockSize, len(samples))]
	})
	for _, b := range blocks {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		key := [2]int{b.technique, b.point}
		reference := c.run(b, c.wall, func(_, _ int, r call) {
			times[key] = append(times[key], nanoseconds(r.activate+r.execute))
		})
		dense = append(dense, nanoseconds(reference))
	}
	was, is := float64(p.Campaign.Reference.Quantile(0.5)), float64(median(dense))
	if off := math.Abs(is/was - 1); off > referenceTolerance {
		return fmt.Errorf("the dense reference takes %v, the profile says %v", time.Duration(is), time.Duration(was))
	}
	for t := range c.cfg.Techniques {
		for point := range p.Sets[t].Points {
			now := float64(median(times[[2]int{t, point}])) / is
			then := float64(aloneMedian(&p.Sets[t], point)) / was
			if math.Abs(now/then-1) > ratioTolerance {
				return fmt.Errorf("%s at %s takes %.3f of the dense reference, the profile says %.3f",
					p.Sets[t].Technique, p.Sets[t].Points[point].Name, now, then)
			}
		}
	}
	return nil
}

// aloneMedian returns the median time of a point alone, activation included: over the
// work classes as the truth half's samples have them.
func aloneMedian(set *profile.Set, point int) time.Duration {
	var all []uint32
	for _, class := range set.Truth.Execute[point][0] {
		all = append(all, class...)
	}
	m := time.Duration(median(all))
	if set.Activates {
		m += set.Truth.Activate[0].Quantile(0.5)
	}
	return m
}
