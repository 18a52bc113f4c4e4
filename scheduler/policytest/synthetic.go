package policytest

import (
	"fmt"
	"math"
	"time"

	"slosim/engine/profile"
)

// Spec is an operating point of a synthetic technique.
type Spec struct {
	Name     string
	Density  float64
	Accuracy float64       // share of the calibration samples that it answers right
	Mean     time.Duration // of the service time, alone
	Spread   float64       // times are uniform over Mean x (1 - Spread .. 1 + Spread)
	// Tail makes one query in 20 take Tail times as long, as a cascade that escalates.
	Tail float64
}

// samples is the size of each half of a synthetic set.
const samples = 200

// Set returns a synthetic set with one level for each slow-down, the first being the
// undisturbed machine. The easiest samples come first: whatever a point answers right,
// a more accurate one does too. With confident, raw confidences fall with hardness.
func Set(slowdowns []float64, confident bool, specs ...Spec) *profile.Set {
	set := &profile.Set{Technique: "synthetic", Network: "none", Hash: "none", HasConfidence: confident}
	set.Groups = []profile.Group{{Name: "all"}}
	for _, s := range specs {
		set.Points = append(set.Points, profile.Point{Name: s.Name, Density: s.Density, Cascade: s.Tail > 0})
	}
	set.Calibration = half(slowdowns, confident, specs)
	set.Truth = half(slowdowns, confident, specs)
	return set
}

func half(slowdowns []float64, confident bool, specs []Spec) profile.Half {
	h := profile.Half{Samples: samples}
	for _, s := range specs {
		h.Outcomes = append(h.Outcomes, outcomes(s, confident)...)
		var levels [][]profile.Dist
		for _, slowdown := range slowdowns {
			levels = append(levels, classes(s, slowdown))
		}
		h.Execute = append(h.Execute, levels)
	}
	return h
}

// outcomes answers the easiest samples right; every twentieth escalates if there is a tail.
func outcomes(s Spec, confident bool) []profile.Outcome {
	out := make([]profile.Outcome, samples)
	for i := range out {
		hardness := (float64(i) + 0.5) / samples
		out[i] = profile.Outcome{Right: hardness < s.Accuracy, Confidence: float32(math.NaN())}
		if confident {
			out[i].Confidence = float32(1 - hardness)
		}
		if s.Tail > 0 && i%20 == 0 {
			out[i].Class = 1
		}
	}
	return out
}

// classes returns the execution times of a point's work classes.
func classes(s Spec, slowdown float64) []profile.Dist {
	mean := float64(s.Mean) * slowdown
	if s.Tail == 0 {
		return []profile.Dist{uniform(mean, s.Spread)}
	}
	short := mean / (0.95 + 0.05*s.Tail)
	return []profile.Dist{uniform(short, s.Spread), uniform(short*s.Tail, s.Spread)}
}

func uniform(mean, spread float64) profile.Dist {
	return profile.Dist{uint32(mean * (1 - spread)), uint32(mean * (1 + spread))}
}

// batchSizes are those that synthetic batches are known at.
func batchSizes() []int { return []int{2, 4, 8, 16, 32} }

// WithBatches gives a synthetic set, made of the same slow-downs and specs, times of batches: each
// further sample costs marginal, 0 to 1, of what the first one does, so that batching pays below 1.
func WithBatches(set *profile.Set, marginal float64, slowdowns []float64, specs ...Spec) *profile.Set {
	set.Batches = batchSizes()
	for _, half := range []*profile.Half{&set.Calibration, &set.Truth} {
		half.Batched = nil
		for _, s := range specs {
			var levels [][]profile.Dist
			for _, slowdown := range slowdowns {
				levels = append(levels, batched(s, marginal, slowdown))
			}
			half.Batched = append(half.Batched, levels)
		}
	}
	return set
}

// batched returns a point's times of batches: the spread of a sum falls with the root of its terms.
func batched(s Spec, marginal, slowdown float64) []profile.Dist {
	var sizes []profile.Dist
	for _, n := range batchSizes() {
		mean := float64(s.Mean) * slowdown * (1 + float64(n-1)*marginal)
		sizes = append(sizes, uniform(mean, s.Spread/math.Sqrt(float64(n))))
	}
	return sizes
}

// BatchedBelief is a Belief with times of batches, see WithBatches.
func BatchedBelief(marginal float64, confident bool, specs ...Spec) *profile.Belief {
	slowdowns := []float64{1, 2}
	return mustBelieve(WithBatches(Set(slowdowns, confident, specs...), marginal, slowdowns, specs...), slowdowns)
}

// Levels returns levels with these slow-downs; the first should be 1.
func Levels(slowdowns []float64) []profile.Level {
	var out []profile.Level
	for i, s := range slowdowns {
		level := profile.Level{Slowdown: s}
		if i > 0 {
			level.Antagonists = []profile.Antagonist{{Kind: "memory", Intensity: float64(i) / float64(len(slowdowns))}}
		}
		out = append(out, level)
	}
	return out
}

// Belief returns the belief of a synthetic set, undisturbed and twice as slow. It panics
// on specs that make no valid one.
func Belief(confident bool, specs ...Spec) *profile.Belief {
	slowdowns := []float64{1, 2}
	return mustBelieve(Set(slowdowns, confident, specs...), slowdowns)
}

func mustBelieve(set *profile.Set, slowdowns []float64) *profile.Belief {
	b, err := profile.NewBelief(set, Levels(slowdowns))
	if err != nil {
		panic(fmt.Sprintf("policytest: %v", err))
	}
	return b
}

// Front returns four points from cheap to dear: 10, 30, 60 and 100 % density, 100 to
// 800 us, 70 to 90 % right.
func Front() []Spec {
	return []Spec{
		{Name: "10%", Density: 0.1, Accuracy: 0.70, Mean: 100 * time.Microsecond, Spread: 0.1},
		{Name: "30%", Density: 0.3, Accuracy: 0.80, Mean: 250 * time.Microsecond, Spread: 0.1},
		{Name: "60%", Density: 0.6, Accuracy: 0.86, Mean: 500 * time.Microsecond, Spread: 0.1},
		{Name: "100%", Density: 1, Accuracy: 0.90, Mean: 800 * time.Microsecond, Spread: 0.1},
	}
}
