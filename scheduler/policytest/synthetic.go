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
	b, err := profile.NewBelief(Set(slowdowns, confident, specs...), Levels(slowdowns))
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
