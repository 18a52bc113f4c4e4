package scenarios

import (
	"math"
	"testing"

	"slosim/engine/profile"
	"slosim/reports/result"
)

// twoPoints is a technique with a cheap point of two work classes and a dear one; four
// images: right at the cheap one, at both (the cheap one in its dear class), at the
// dear one, at none.
func twoPoints() *profile.Set {
	return &profile.Set{Technique: "slo-nn", Activates: true, Points: make([]profile.Point, 2), Truth: profile.Half{
		Samples: 4,
		Outcomes: []profile.Outcome{
			{Right: true, Class: 0}, {Right: true, Class: 1}, {}, {},
			{}, {Right: true}, {Right: true}, {},
		},
		Activate: []profile.Dist{{1000, 1000}, {9000}},
		Execute: [][][]profile.Dist{
			{{{2000, 4000}, {30000, 30000}}},
			{{{20000, 20000}}},
		},
	}}
}

func TestBoundTakesTheCheapestRightPoint(t *testing.T) {
	b := boundOf(twoPoints())
	if b.Images != 4 || *b.Right.Mean != 0.75 || !(*b.Right.Lo > 0.3 && *b.Right.Hi < 0.96) {
		t.Errorf("right: want 3 of 4 with Wilson's interval, got %v (%v to %v) of %d", *b.Right.Mean, *b.Right.Lo, *b.Right.Hi, b.Images)
	}
	// 3, 20 and 20 us of execution, 1 us of activation; the first class of the cheap
	// point is known within 1.96 x 1 us / sqrt 2 and serves a third of the images.
	images := 1.96 * math.Sqrt(2*17.0*17/9/3)
	want := math.Hypot(images, 1.96/math.Sqrt2/3)
	mean, half := *b.ServiceUS.Mean, (*b.ServiceUS.Hi-*b.ServiceUS.Lo)/2
	if math.Abs(mean-(43.0/3+1)) > 1e-9 || math.Abs(half-want) > 1e-3 {
		t.Errorf("service: want %.3f ± %.3f us, got %.3f ± %.3f", 43.0/3+1, want, mean, half)
	}
}

func TestBoundWithoutARightAnswer(t *testing.T) {
	set := twoPoints()
	for i := range set.Truth.Outcomes {
		set.Truth.Outcomes[i].Right = false
	}
	if b := boundOf(set); *b.Right.Mean != 0 || b.ServiceUS.Mean != nil || b.ServiceUS.Missing != result.Few {
		t.Errorf("want a share of 0 and no time, got %+v", b)
	}
}
