package engine

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"slosim/engine/activator"
)

// Samples is a labelled set of inputs, such as *workloads.Dataset.
type Samples interface {
	activator.Images
	// Label is the right answer of sample i.
	Label(i int) int
}

// CascadeGoals says what [CalibrateCascades] looks for.
type CascadeGoals struct {
	// Losses are the allowed losses of accuracy, 0.003 being 0.3 points.
	// nil: 0, 0.001, 0.0015, 0.003 and 0.005.
	Losses []float64
	// Reference is the accuracy that losses are counted from; 0: the best base point's.
	Reference float64
	// Cost is the measured mean cost of a point, in any unit.
	Cost func(point int) float64
	// Extra is the cost of a stage after an earlier one whose work it uses again;
	// nil: that of the stage alone.
	Extra func(from, to int) float64
	// MaxStages is 2 or 3; 0 means 3.
	MaxStages int
}

// CalibrateCascades runs all points of a technique without cascades on the calibration
// samples and returns, for each allowed loss, the cascade with the lowest expected cost
// that stays within it there, if one is cheaper than the cheapest single point that
// does. Equal answers for several losses are given once. A third stage must save at
// least 2 %: with more thresholds to choose from, luck on the samples counts for more.
//
// Thresholds are margins at steps of 1 or 2 % of the samples, so that none of them is
// fitted to a single sample. Never pass samples that judge the result.
func CalibrateCascades(t Technique, samples Judged, inputs int, goals CascadeGoals) ([]CascadeSpec, error) {
	if samples.Len() == 0 || goals.Cost == nil {
		return nil, fmt.Errorf("cascades of %s: want samples and a cost of points, got %d samples", t.Name(), samples.Len())
	}
	trials := make([]*trial, len(t.Points()))
	for point := range trials {
		trials[point] = try(t, point, samples, inputs)
	}
	return chooseCascades(trials, goals), nil
}

// PointAccuracy returns the share of samples that a technique answers right at a point, 0
// to 1. Inputs of all features have so many.
func PointAccuracy(t Technique, point int, samples Judged, inputs int) float64 {
	return try(t, point, samples, inputs).accuracy()
}

// chooseCascades finds the cheapest cascade for each loss.
func chooseCascades(trials []*trial, goals CascadeGoals) []CascadeSpec {
	losses := goals.Losses
	if losses == nil {
		losses = []float64{0, 0.001, 0.0015, 0.003, 0.005}
	}
	reference := goals.Reference
	if reference == 0 {
		for _, t := range trials {
			reference = max(reference, t.accuracy())
		}
	}
	var specs []CascadeSpec
	for _, loss := range losses {
		s := &search{trials: trials, goals: goals, target: reference - loss - 1e-9, bound: math.Inf(1)}
		if spec, ok := s.run(); ok && !slices.ContainsFunc(specs, spec.same) {
			specs = append(specs, spec)
		}
	}
	return specs
}

// same reports whether two cascades have equal stages and thresholds.
func (c *CascadeSpec) same(other CascadeSpec) bool {
	return slices.Equal(c.Stages, other.Stages) && slices.Equal(c.Thresholds, other.Thresholds)
}

// trial is what one point did on the calibration samples.
type trial struct {
	right   []bool
	margins []float32
	sorted  []float32 // margins, ascending
}

func try(t Technique, point int, samples Judged, inputs int) *trial {
	out := &trial{right: make([]bool, samples.Len()), margins: make([]float32, samples.Len())}
	session := t.NewSession()
	eachInput(samples, inputs, func(i int, in Input) {
		session.Activate(in)
		result := session.Execute(point, in)
		out.right[i] = samples.Right(i, result.Answer)
		out.margins[i] = result.Margin
	})
	return out.withSorted()
}

func (t *trial) withSorted() *trial {
	t.sorted = slices.Sorted(slices.Values(t.margins))
	return t
}

func (t *trial) accuracy() float64 {
	right := 0
	for _, yes := range t.right {
		if yes {
			right++
		}
	}
	return float64(right) / float64(len(t.right))
}

// threshold returns the margin below which the share bin/bins of the samples lies.
func (t *trial) threshold(bin, bins int) float32 { return t.sorted[bin*len(t.sorted)/bins] }

// bins gives each sample the lowest bin whose threshold exceeds its margin, or the
// number of bins: the sample goes on to the next stage under the thresholds of that
// bin and all above.
func (t *trial) bins(bins int) []int {
	list := make([]int, len(t.margins))
	for i, margin := range t.margins {
		list[i] = sort.Search(bins, func(bin int) bool { return t.threshold(bin, bins) > margin })
	}
	return list
}
