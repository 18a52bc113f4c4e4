package scenarios

import (
	"cmp"
	"math"
	"slices"

	"slosim/engine/profile"
	"slosim/reports/result"
)

// reliabilityBins is into how many bins of equally many images a diagram is cut.
const reliabilityBins = 10

// reliability returns the diagrams of the scenario's techniques that have confidences,
// one a point.
func (c *contest) reliability() []result.Reliability {
	var out []result.Reliability
	seen := map[*profile.Set]bool{}
	for _, e := range c.entrants {
		if seen[e.set] || !e.set.HasConfidence {
			continue
		}
		seen[e.set] = true
		for point := range e.set.Points {
			if r := reliabilityOf(e.set, e.belief, point); r.Images > 0 {
				out = append(out, r)
			}
		}
	}
	return out
}

// judged is one image: what a policy was told, and what was true.
type judged struct {
	confidence float64
	right      bool
}

func reliabilityOf(set *profile.Set, belief *profile.Belief, point int) result.Reliability {
	var images []judged
	for sample := range set.Truth.Samples {
		o := set.Truth.At(point, sample)
		if confidence, ok := belief.Confidence(point, o.Confidence); ok {
			images = append(images, judged{confidence, o.Right})
		}
	}
	slices.SortStableFunc(images, func(a, b judged) int { return cmp.Compare(a.confidence, b.confidence) })
	r := result.Reliability{Technique: set.Technique, Point: set.Points[point].Name, Images: len(images), Bins: cutBins(images)}
	for _, b := range r.Bins {
		weight := float64(b.Images) / float64(r.Images)
		r.ECE += weight * math.Abs(b.Right-b.Confidence)
		// The mean distance of a normal variate from its mean is sqrt(2/pi) deviations.
		r.ECEChance += weight * math.Sqrt(2/math.Pi*b.Confidence*(1-b.Confidence)/float64(b.Images))
	}
	return r
}

// cutBins cuts sorted images into bins of equally many; equal confidences stay together.
func cutBins(images []judged) []result.ReliabilityBin {
	var bins []result.ReliabilityBin
	size := max(1, len(images)/reliabilityBins)
	for from := 0; from < len(images); {
		to := min(from+size, len(images))
		for to < len(images) && images[to].confidence == images[to-1].confidence {
			to++
		}
		if len(images)-to < size/2 {
			to = len(images)
		}
		bins = append(bins, binOf(images[from:to]))
		from = to
	}
	return bins
}

func binOf(images []judged) result.ReliabilityBin {
	n, sum, right := len(images), 0.0, 0
	for _, image := range images {
		sum += image.confidence
		if image.right {
			right++
		}
	}
	b := result.ReliabilityBin{
		Images: n, From: images[0].confidence, To: images[n-1].confidence,
		Confidence: sum / float64(n), Right: float64(right) / float64(n),
	}
	b.RightLo, b.RightHi = wilson(b.Right, n)
	return b
}
