package measure

import (
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"slosim/engine"
	"slosim/engine/profile"
)

// The two halves of a profile.
const (
	calibration = iota
	truth
	halves
)

// surfaces collects what is measured of one technique.
type surfaces struct {
	half [halves]halfSurfaces
	// nodes is the sum of computed nodes over calibration samples, per point.
	nodes []int64
}

// halfSurfaces are one half's outcomes and raw times.
type halfSurfaces struct {
	samples  int
	outcomes []profile.Outcome // [point*samples + sample]
	activate [][]uint32        // [level]
	execute  [][][][]uint32    // [point][level][class]
	blocks   [][]blockTime     // [point], alone
	batched  [][][]batchTimes  // [point][level][size]; nil: none are measured
}

// blockTime is what the calls of a block took together.
type blockTime struct {
	sum, calls float64
	round      int
}

func newSurfaces(t engine.Technique, levels, calibrationSamples, truthSamples int) *surfaces {
	points := len(t.Points())
	s := &surfaces{nodes: make([]int64, points)}
	for h, samples := range [halves]int{calibrationSamples, truthSamples} {
		half := &s.half[h]
		half.samples = samples
		half.outcomes = make([]profile.Outcome, points*samples)
		half.activate = make([][]uint32, levels)
		half.execute = make([][][][]uint32, points)
		half.blocks = make([][]blockTime, points)
		for p := range half.execute {
			half.execute[p] = make([][][]uint32, levels)
			for l := range half.execute[p] {
				half.execute[p][l] = make([][]uint32, t.Classes(p))
			}
		}
	}
	return s
}

// call is one timed call.
type call struct {
	result            engine.Result
	activate, execute time.Duration
}

// time keeps a call's times at a level.
func (h *halfSurfaces) time(point, level int, c call, activates bool) {
	if activates {
		h.activate[level] = append(h.activate[level], nanoseconds(c.activate))
	}
	class := &h.execute[point][level][c.result.Class]
	*class = append(*class, nanoseconds(c.execute))
}

// block keeps what the calls of a block took together.
func (h *halfSurfaces) block(point, round int, sum time.Duration, calls int) {
	h.blocks[point] = append(h.blocks[point], blockTime{float64(sum), float64(calls), round})
}

// spread returns the relative standard error of the mean time of a call, over blocks or
// over rounds, whichever is more. Rounds are few: their standard error is made larger by
// what Student's t is wider than the normal distribution at 95 %, so that 1.96 of what is
// returned make an interval of 95 % either way. 0 of a single block, which says nothing.
func spread(blocks []blockTime) float64 {
	var byRound []blockTime
	for _, b := range blocks {
		for len(byRound) <= b.round {
			byRound = append(byRound, blockTime{})
		}
		byRound[b.round].sum += b.sum
		byRound[b.round].calls += b.calls
	}
	byRound = slices.DeleteFunc(byRound, func(b blockTime) bool { return b.calls == 0 })
	largest := ratioError(blocks)
	if n := float64(len(byRound)); n > 1 {
		t := distuv.StudentsT{Sigma: 1, Nu: n - 1}.Quantile(0.975) / distuv.UnitNormal.Quantile(0.975)
		largest = max(largest, t*ratioError(byRound))
	}
	return largest
}

// ratioError is the relative standard error of a ratio of sums over clusters (Cochran,
// Sampling Techniques, 3rd edition, section 6.4); 0 of a single one.
func ratioError(clusters []blockTime) float64 {
	var sum, calls, squares float64
	for _, b := range clusters {
		sum, calls = sum+b.sum, calls+b.calls
	}
	for _, b := range clusters {
		d := b.sum - sum/calls*b.calls
		squares += d * d
	}
	if n := float64(len(clusters)); n > 1 {
		return math.Sqrt(squares*n/(n-1)) / sum
	}
	return 0
}

// outcome keeps what a sample got at a point.
func (h *halfSurfaces) outcome(point, sample int, right bool, r engine.Result) {
	h.outcomes[point*h.samples+sample] = profile.Outcome{
		Answer:     uint32(r.Answer),
		Right:      right,
		Class:      r.Class,
		Confidence: r.Confidence,
	}
}

// profileHalf sorts the raw times into distributions. A work class of which a
// level has fewer than 20 samples takes its times alone, scaled by how much slower the point is there.
func (h *halfSurfaces) profileHalf(activates bool) profile.Half {
	out := profile.Half{Samples: h.samples, Outcomes: h.outcomes, Execute: make([][][]profile.Dist, len(h.execute))}
	for p, levels := range h.execute {
		out.Execute[p] = make([][]profile.Dist, len(levels))
		for l, classes := range levels {
			out.Execute[p][l] = make([]profile.Dist, len(classes))
			for c, times := range classes {
				if len(times) < fewest && l > 0 {
					times = scaled(levels[0][c], slowdown(classes, levels[0]))
				}
				out.Execute[p][l][c] = distribution(times)
			}
		}
	}
	for _, blocks := range h.blocks {
		out.Spread = append(out.Spread, spread(blocks))
	}
	if activates {
		out.Activate = make([]profile.Dist, len(h.activate))
		for l, times := range h.activate {
			out.Activate[l] = distribution(times)
		}
	}
	out.Stalls = make([][]profile.Stall, len(h.activate))
	return out
}

// fewest is the number of samples below which a class's times at a level are taken
// from its times alone.
const fewest = 20

// slowdown returns how much slower a level is than alone: the ratio of medians of the
// most sampled class.
func slowdown(level, alone [][]uint32) float64 {
	best := 0
	for c := range level {
		if len(level[c]) > len(level[best]) {
			best = c
		}
	}
	if len(level[best]) == 0 || len(alone[best]) == 0 {
		return 1
	}
	return float64(median(level[best])) / float64(median(alone[best]))
}

func scaled(times []uint32, by float64) []uint32 {
	out := make([]uint32, len(times))
	for i, t := range times {
		out[i] = uint32(math.Min(float64(t)*by, math.MaxUint32))
	}
	return out
}

// distribution returns the sorted times.
func distribution(times []uint32) profile.Dist {
	out := profile.Dist(slices.Clone(times))
	slices.Sort(out)
	return out
}

// nanoseconds clips a duration into a distribution's element.
func nanoseconds(d time.Duration) uint32 {
	return uint32(min(max(d, 1), math.MaxUint32))
}

// median returns the lower median without changing times; 0 for none.
func median(times []uint32) uint32 {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Clone(times)
	slices.Sort(sorted)
	return sorted[(len(sorted)-1)/2]
}
