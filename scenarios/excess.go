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

// kind is a kind of kernels that take as long.
type kind struct{ bin, point, class int }

// every is all values of a part of a kind.
const every = -1

// excessOf is how much longer kernels took than the profile says, by the idle time before them,
// the point, and the class of their work. A class of which there were few after such idle times
// is taken to need what it needs after all; one of which there were few at all, what its point or
// all points need on average.
func excessOf(truth *profile.Half, served []wall.Served) *virtual.Excess {
	took, more := map[kind][]float64{}, map[kind][]float64{}
	for _, q := range served {
		point, class := int(q.Point), int(truth.At(int(q.Point), int(q.Sample)).Class)
		execute := float64(q.Took)
		if !q.Activated {
			execute -= float64(truth.Activation(0, 0.5))
		}
		for _, bin := range []int{idleBin(time.Duration(q.Idle)), every} {
			k := kind{bin, point, class}
			took[k] = append(took[k], execute)
		}
		extra := execute - float64(truth.Service(point, 0, uint8(class), 0.5))
		for _, k := range []kind{{every, point, every}, {every, every, every}} {
			more[k] = append(more[k], extra)
		}
	}
	out := &virtual.Excess{Edges: idleEdges, Quantiles: excessQuantiles}
	for bin := range len(idleEdges) + 1 {
		points := make([][][]time.Duration, len(truth.Execute))
		for point, levels := range truth.Execute {
			for class, dist := range levels[0] {
				points[point] = append(points[point], excess(kind{bin, point, class}, dist, took, more))
			}
		}
		out.Extra = append(out.Extra, points)
	}
	return out
}

// excess compares the quantiles of what kernels of a kind took with the profile's.
func excess(k kind, dist profile.Dist, took, more map[kind][]float64) []time.Duration {
	out := make([]time.Duration, len(excessQuantiles))
	for _, of := range []kind{k, {every, k.point, k.class}} {
		if times := took[of]; len(times) >= fewestStarts {
			slices.Sort(times)
			for i, u := range excessQuantiles {
				out[i] = time.Duration(stat.Quantile(u, stat.Empirical, times, nil)) - dist.Quantile(u)
			}
			return out
		}
	}
	for _, of := range []kind{{every, k.point, every}, {every, every, every}} {
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
