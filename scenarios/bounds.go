package scenarios

import (
	"math"
	"strings"

	"slosim/engine/profile"
	"slosim/reports/result"
)

// bounds returns the upper bound of every technique of the scenario, in the order of
// the contenders.
func (c *contest) bounds() []result.Bound {
	var out []result.Bound
	seen := map[*profile.Set]bool{}
	for _, e := range c.entrants {
		if !seen[e.set] {
			seen[e.set] = true
			out = append(out, boundOf(e.set))
		}
	}
	return out
}

// boundOf takes each image of the truth half alone: is some point right, and what does
// the cheapest such point cost?
func boundOf(set *profile.Set) result.Bound {
	costs := pointCosts(set)
	var times spread
	chosen := make([][]float64, len(costs)) // [point][work class] images
	for point := range costs {
		chosen[point] = make([]float64, len(costs[point]))
	}
	for sample := range set.Truth.Samples {
		point, class := cheapestRight(&set.Truth, costs, sample)
		if point < 0 {
			continue
		}
		times.add(costs[point][class].mean)
		chosen[point][class]++
	}
	images := set.Truth.Samples
	share := times.n / float64(images)
	lo, hi := wilson(share, images)
	b := result.Bound{Technique: set.Technique, Images: images, Right: result.Metric{Mean: &share, Lo: &lo, Hi: &hi}}
	b.MemoryBytes, b.LeastBytes = footprint(set.Groups)
	b.ServiceUS = timeMetric(times.estimate(), timingHalf(chosen, costs, times.n), activation(set, &set.Truth))
	return b
}

// footprint returns the bytes of all networks of a technique, with their tables, and of
// its smallest group. Groups of several networks (a cascade's) add nothing: each of them
// is a group of its own as well.
func footprint(groups []profile.Group) (all, least int64) {
	for i, g := range groups {
		if !strings.Contains(g.Name, "+") {
			all += g.Bytes
		}
		if i == 0 || g.Bytes < least {
			least = g.Bytes
		}
	}
	return all, least
}

// pointCosts returns the mean execution time alone of every point and work class.
func pointCosts(set *profile.Set) [][]estimate {
	costs := make([][]estimate, len(set.Points))
	for point := range costs {
		for _, d := range set.Truth.Execute[point][0] {
			cost := estimate{mean: math.Inf(1)} // a class that was never timed never occurs
			if len(d) > 0 {
				cost = meanOf([]profile.Dist{d})
				cost.half = max(cost.half, z95*spreadOf(&set.Truth, point)*cost.mean)
			}
			costs[point] = append(costs[point], cost)
		}
	}
	return costs
}

// cheapestRight returns the point, and its work class, that answers a sample right in
// the least mean time; -1 if none is right.
func cheapestRight(half *profile.Half, costs [][]estimate, sample int) (point int, class uint8) {
	point = -1
	for p := range costs {
		o := half.At(p, sample)
		if o.Right && (point < 0 || costs[p][o.Class].mean < costs[point][class].mean) {
			point, class = p, o.Class
		}
	}
	return point, class
}

// timingHalf is the half-width that comes from the times being means of calls: every
// point and class has its own, in proportion to the images that it serves.
func timingHalf(chosen [][]float64, costs [][]estimate, n float64) float64 {
	squares := 0.0
	for point := range costs {
		for class := range costs[point] {
			if images := chosen[point][class]; images > 0 {
				half := images / n * costs[point][class].half
				squares += half * half
			}
		}
	}
	return math.Sqrt(squares)
}

// activation is the mean activation time alone, 0 for a technique without one.
func activation(set *profile.Set, half *profile.Half) estimate {
	if !set.Activates {
		return estimate{}
	}
	return meanOf(half.Activate[:1])
}

// timeMetric adds activation to an execution time, with all sources of uncertainty, in
// microseconds.
func timeMetric(execution estimate, timing float64, activation estimate) result.Metric {
	if math.IsNaN(execution.mean) {
		return result.Metric{Missing: result.Few}
	}
	mean := (execution.mean + activation.mean) / 1e3
	half := math.Hypot(math.Hypot(execution.half, timing), activation.half) / 1e3
	lo, hi := mean-half, mean+half
	return result.Metric{Mean: &mean, Lo: &lo, Hi: &hi}
}
