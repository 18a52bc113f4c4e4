package measure

import (
	"context"
	"errors"
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
		cfg.Seed++ // other samples in each attempt
		c := newCampaign(ctx, cfg)
		restore, err := c.seize()
		if err != nil {
			return err
		}
		attention := attend()
		if moved = c.compare(p); moved != nil {
			if away := attention.away(); away > mostBusy && excusable(moved) {
				moved = BusyError{away}
			}
		}
		restore()
		if moved == nil || ctx.Err() != nil {
			break
		}
	}
	return moved
}

// movedError says that a time is so many times what the profile says.
type movedError struct {
	factor float64
	text   string
}

// Error returns the text.
func (e movedError) Error() string { return e.text }

// mostExcused is the factor up to which a core that others use explains a median: they empty its
// caches. What is further off is the profile's fault, whoever else runs.
const mostExcused = 2

// excusable says whether a busy core may be why a time is off.
func excusable(err error) bool {
	var moved movedError
	return errors.As(err, &moved) && moved.factor < mostExcused && moved.factor > 1.0/mostExcused
}

// compare measures a few blocks of every point alone and holds them against p.
func (c *campaign) compare(p *profile.Profile) error {
	times := make(map[[3]int][]uint32) // by technique, point and work class
	var dense []uint32
	samples := c.random.Perm(c.cfg.Truth.Len())
	blocks := c.plan(usualSize, func(_, _, half int) []int {
		if half == calibration {
			return nil
		}
		return samples[:min(checkBlocks*blockSize, len(samples))]
	})
	for _, b := range blocks {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		reference := c.run(b, c.wall, func(_ int, _ bool, r call) {
			key := [3]int{b.technique, b.point, int(r.result.Class)}
			times[key] = append(times[key], nanoseconds(r.activate+r.execute))
		})
		dense = append(dense, nanoseconds(reference))
	}
	was, is := float64(p.Campaign.Reference.Quantile(0.5)), float64(median(dense))
	if off := math.Abs(is/was - 1); off > referenceTolerance {
		return movedError{is / was, fmt.Sprintf("the dense reference takes %v, the profile says %v", time.Duration(is), time.Duration(was))}
	}
	for key, now := range times {
		if len(now) < blockSize {
			continue // too few to compare
		}
		set := findSet(p, c.cfg.Techniques[key[0]].Name())
		if set == nil {
			return fmt.Errorf("the profile lacks technique %s", c.cfg.Techniques[key[0]].Name())
		}
		ratio, then := float64(median(now))/is, float64(aloneMedian(set, key[1], key[2]))/was
		if math.Abs(ratio/then-1) > ratioTolerance {
			return movedError{ratio / then, fmt.Sprintf("%s at %s takes %.3f of the dense reference, the profile says %.3f",
				set.Technique, set.Points[key[1]].Name, ratio, then)}
		}
	}
	return nil
}

func findSet(p *profile.Profile, technique string) *profile.Set {
	for i := range p.Sets {
		if p.Sets[i].Technique == technique {
			return &p.Sets[i]
		}
	}
	return nil
}

// aloneMedian returns the median time of a work class of a point alone, activation included.
func aloneMedian(set *profile.Set, point, class int) time.Duration {
	m := set.Truth.Execute[point][0][class].Quantile(0.5)
	if set.Activates {
		m += set.Truth.Activate[0].Quantile(0.5)
	}
	return m
}
