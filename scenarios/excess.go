package scenarios

import (
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"slosim/engine/profile"
	"slosim/reports"
	wall "slosim/sim/live"
	"slosim/sim/virtual"
)

// fewestStarts is how many starts tell how much longer kernels take in life.
const fewestStarts = 100

// idleEdges cut the times for which a worker idled before a kernel.
var idleEdges = []time.Duration{2 * time.Microsecond, 100 * time.Microsecond, 400 * time.Microsecond}

// excessQuantiles are those at which the times of kernels in life and in the profile are
// compared: few enough that fewestStarts tell each.
var excessQuantiles = []float64{0.05, 0.25, 0.5, 0.75, 0.9, 0.97}

// stalled is beyond what a kernel takes on a shared core that it has all the time.
const stalled = time.Millisecond

// kind is a kind of kernels that take as long.
type kind struct{ level, bin, point, class int }

// every is all values of a part of a kind.
const every = -1

// excessOf is how much longer kernels took than the profile says, by the level, the idle time
// before them, the point, and the class of their work. A class of which there were few after
// such idle times is taken to need what it needs after all; one of which there were few at all,
// what its point or all points need on average. Where calls were robbed of their core, which
// the profile has of a shared one, they do not count.
func excessOf(truth *profile.Half, levels int, served []wall.Served) *virtual.Excess {
	took, more := map[kind][]float64{}, map[kind][]float64{}
	for _, q := range served {
		if len(truth.Stalls) > q.Level && len(truth.Stalls[q.Level]) > 0 && q.Took > uint32(stalled) {
			continue
		}
		point, class := int(q.Point), int(truth.At(int(q.Point), int(q.Sample)).Class)
		execute := float64(q.Took)
		if !q.Activated {
			execute -= float64(truth.Activation(q.Level, 0.5))
		}
		for _, bin := range []int{idleBin(time.Duration(q.Idle)), every} {
			k := kind{q.Level, bin, point, class}
			took[k] = append(took[k], execute)
		}
		extra := execute - float64(truth.Service(point, q.Level, uint8(class), 0.5))
		for _, k := range []kind{{q.Level, every, point, every}, {q.Level, every, every, every}} {
			more[k] = append(more[k], extra)
		}
	}
	out := &virtual.Excess{Edges: idleEdges, Quantiles: excessQuantiles, Extra: make([][][][][]time.Duration, levels)}
	for level := range levels {
		for bin := range len(idleEdges) + 1 {
			out.Extra[level] = append(out.Extra[level], excessAt(truth, level, bin, took, more))
		}
	}
	return out
}

// excessAt is that of all points and classes at a level after an idle time.
func excessAt(truth *profile.Half, level, bin int, took, more map[kind][]float64) [][][]time.Duration {
	points := make([][][]time.Duration, len(truth.Execute))
	for point, levels := range truth.Execute {
		for class, dist := range levels[level] {
			points[point] = append(points[point], excess(kind{level, bin, point, class}, dist, took, more))
		}
	}
	return points
}

// excess compares the quantiles of what kernels of a kind took with the profile's.
func excess(k kind, dist profile.Dist, took, more map[kind][]float64) []time.Duration {
	out := make([]time.Duration, len(excessQuantiles))
	for _, of := range []kind{k, {k.level, every, k.point, k.class}} {
		if times := took[of]; len(times) >= fewestStarts {
			slices.Sort(times)
			for i, u := range excessQuantiles {
				out[i] = time.Duration(stat.Quantile(u, stat.Empirical, times, nil)) - dist.Quantile(u)
			}
			return out
		}
	}
	for _, of := range []kind{{k.level, every, k.point, every}, {k.level, every, every, every}} {
		if extra := more[of]; len(extra) >= fewestStarts {
			return slices.Repeat([]time.Duration{time.Duration(reports.Median(extra))}, len(out))
		}
	}
	return out
}

// idleBin is the bin of an idle time.
func idleBin(idle time.Duration) int {
	bin, at := slices.BinarySearch(idleEdges, idle)
	if at {
		bin++
	}
	return bin
}
