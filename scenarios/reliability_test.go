package scenarios

import (
	"math"
	"math/rand/v2"
	"testing"

	"slosim/engine/profile"
)

// confident is a technique of one point whose raw confidence is the chance of a right
// answer on the calibration half, and that chance to the given power on the truth half.
func confident(t *testing.T, samples int, power float64) (*profile.Set, *profile.Belief) {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	half := func(power float64) profile.Half {
		h := profile.Half{Samples: samples, Activate: []profile.Dist{{10}}, Execute: [][][]profile.Dist{{{{100}}}}, Stalls: [][]profile.Stall{nil}}
		for range samples {
			chance := random.Float64()
			h.Outcomes = append(h.Outcomes, profile.Outcome{Right: random.Float64() < math.Pow(chance, power), Confidence: float32(chance)})
		}
		return h
	}
	set := &profile.Set{Technique: "slo-nn-probe", Points: []profile.Point{{Name: "only"}}, Groups: []profile.Group{{}},
		Activates: true, HasConfidence: true, Calibration: half(1), Truth: half(power)}
	belief, err := profile.NewBelief(set, []profile.Level{{Slowdown: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return set, belief
}

func TestReliabilityOfExactConfidences(t *testing.T) {
	set, belief := confident(t, 20000, 1)
	r := reliabilityOf(set, belief, 0)
	if r.Images != 20000 || len(r.Bins) < 8 || len(r.Bins) > 11 {
		t.Fatalf("want about 10 bins of 20000 images, got %d of %d", len(r.Bins), r.Images)
	}
	images, missed := 0, 0
	for i, b := range r.Bins {
		images += b.Images
		if b.From > b.Confidence || b.Confidence > b.To || b.RightLo > b.Right || b.Right > b.RightHi || i > 0 && b.From <= r.Bins[i-1].To {
			t.Errorf("bin %d out of order: %+v", i, b)
		}
		if b.Confidence < b.RightLo || b.Confidence > b.RightHi {
			missed++
		}
	}
	// The calibration map has an error of its own, so that a few bins may miss.
	if images != r.Images || missed > 4 || r.ECE > 4*r.ECEChance {
		t.Errorf("exact confidences: want an ECE near %.4f, got %.4f; %d bins miss, %d images", r.ECEChance, r.ECE, missed, images)
	}
}

func TestReliabilityOfBoastfulConfidences(t *testing.T) {
	set, belief := confident(t, 20000, 2)
	// The mean of p - p^2 over uniform p is 1/6.
	if r := reliabilityOf(set, belief, 0); math.Abs(r.ECE-1.0/6) > 0.02 {
		t.Errorf("want an ECE of about 0.167, got %.3f", r.ECE)
	}
}

// TestBinsKeepEqualConfidencesTogether: nine tenths are told the same.
func TestBinsKeepEqualConfidencesTogether(t *testing.T) {
	var images []judged
	for i := range 100 {
		images = append(images, judged{min(0.1, float64(i)/100), i%2 == 0})
	}
	bins := cutBins(images)
	if len(bins) != 2 || bins[0].Images != 10 || bins[1].Images != 90 || bins[1].Right != 0.5 {
		t.Errorf("want bins of 10 and 90 images, got %+v", bins)
	}
}
