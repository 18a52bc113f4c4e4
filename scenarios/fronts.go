package scenarios

import (
	"math"
	"time"

	"slosim/engine/profile"
	"slosim/reports/result"
)

// z95 is the 97.5 % quantile of the normal distribution.
const z95 = 1.959963984540054

// fronts describes every technique's points as the truth half has them, alone.
func fronts(p *profile.Profile) []result.Front {
	reference := denseService(p)
	out := make([]result.Front, len(p.Sets))
	for i := range p.Sets {
		set := &p.Sets[i]
		out[i].Technique = set.Technique
		for point := range set.Points {
			out[i].Points = append(out[i].Points, frontPoint(set, point, reference.mean, p.Campaign.Drift))
		}
	}
	return out
}

// frontPoint describes a point. Its error bar in time also allows for how far the
// reference drifted within the campaign, which is common to all points: a campaign at
// another time finds the machine in another state. Speed-ups and bounds do without.
func frontPoint(set *profile.Set, point int, reference, drift float64) result.FrontPoint {
	service := serviceOf(set, &set.Truth, point)
	service.half = math.Hypot(service.half, drift*service.mean)
	accuracy := set.Truth.Accuracy(point)
	lo, hi := wilson(accuracy, set.Truth.Samples)
	p := set.Points[point]
	return result.FrontPoint{
		Name:       p.Name,
		Density:    p.Density,
		MeanUS:     service.mean / 1e3,
		MeanLo:     (service.mean - service.half) / 1e3,
		MeanHi:     (service.mean + service.half) / 1e3,
		P99US:      float64(p99(set, point)) / 1e3,
		Accuracy:   accuracy,
		AccuracyLo: lo,
		AccuracyHi: hi,
		Calibrated: set.Calibration.Accuracy(point),
		Cascade:    p.Cascade,
		Speedup:    reference / service.mean,
	}
}

// denseService returns the mean service time that speed-ups refer to: of the technique
// dense, if it was measured, since its calls are timed in blocks like all others; else
// of the campaign's reference.
func denseService(p *profile.Profile) estimate {
	if set := findSet(p, "dense"); set != nil {
		return serviceOf(set, &set.Truth, 0)
	}
	return meanOf([]profile.Dist{p.Campaign.Reference})
}

// estimate is a mean in nanoseconds with the half-width of its 95 % interval.
type estimate struct{ mean, half float64 }

// serviceOf returns the mean service time of a point alone, activation included. Its
// interval allows for calls and blocks of calls, whichever differ more.
func serviceOf(set *profile.Set, half *profile.Half, point int) estimate {
	service := meanOf(half.Execute[point][0])
	first := activation(set, half)
	e := estimate{service.mean + first.mean, math.Hypot(service.half, first.half)}
	e.half = max(e.half, z95*spreadOf(half, point)*e.mean)
	return e
}

// spreadOf is the relative standard error over blocks, 0 where it is not known.
func spreadOf(half *profile.Half, point int) float64 {
	if point >= len(half.Spread) {
		return 0
	}
	return half.Spread[point]
}

// meanOf pools distributions of single calls.
func meanOf(ds []profile.Dist) estimate {
	var s spread
	for _, d := range ds {
		for _, t := range d {
			s.add(float64(t))
		}
	}
	return s.estimate()
}

// spread sums up numbers for their mean.
type spread struct{ n, sum, squares float64 }

func (s *spread) add(x float64) {
	s.n++
	s.sum += x
	s.squares += x * x
}

// estimate returns the mean with the half-width of its 95 % interval, NaN of nothing.
func (s *spread) estimate() estimate {
	mean := s.sum / s.n
	return estimate{mean, z95 * math.Sqrt(max(s.squares/s.n-mean*mean, 0)/s.n)}
}

// p99 returns the 99 % quantile of a point's execution alone, by its class shares, plus
// the median of its activation.
func p99(set *profile.Set, point int) time.Duration {
	var all profile.Dist
	for _, d := range set.Truth.Execute[point][0] {
		all = append(all, d...)
	}
	t := sorted(all).Quantile(0.99)
	if set.Activates {
		t += set.Truth.Activation(0, 0.5)
	}
	return t
}

// wilson returns the 95 % interval of a share (Wilson, 1927).
func wilson(share float64, n int) (lo, hi float64) {
	m := float64(n)
	centre := (share + z95*z95/(2*m)) / (1 + z95*z95/m)
	half := z95 / (1 + z95*z95/m) * math.Sqrt(share*(1-share)/m+z95*z95/(4*m*m))
	return centre - half, centre + half
}

// campaign is what the report says of the measuring.
func campaign(p *profile.Profile) result.Campaign {
	c := result.Campaign{
		Machine:     machineFacts(p.Machine),
		ReferenceUS: float64(p.Campaign.Reference.Quantile(0.5)) / 1e3,
		Drift:       p.Campaign.Drift,
		Blocks:      p.Campaign.Blocks,
		BlockSize:   p.Campaign.BlockSize,
		Seconds:     p.Campaign.Seconds,
		Warnings:    append([]string{}, p.Campaign.Warnings...),
	}
	for i, l := range p.Levels {
		c.Levels = append(c.Levels, campaignLevel(p, i, l))
	}
	return c
}

func campaignLevel(p *profile.Profile, index int, l profile.Level) result.CampaignLevel {
	out := result.CampaignLevel{
		Name: levelName(l), Slowdown: l.Slowdown, Kept: l.Kept, Discarded: l.Discarded, Share: l.Share,
	}
	var waits profile.Dist
	if stalls := p.Sets[0].Truth.Stalls; index < len(stalls) {
		for _, s := range stalls[index] {
			waits = append(waits, uint32(min(s.Wait, math.MaxUint32)))
		}
	}
	if out.Stalls = len(waits); out.Stalls > 0 {
		out.StallMS = float64(sorted(waits).Quantile(0.5)) / 1e6
	}
	return out
}
