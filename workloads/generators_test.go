package workloads

import (
	"math"
	"testing"
	"time"

	"slosim/workloads/rng"
)

// Long runs, so that the statistics settle. The bounds are four deviations of
// the estimator for independent gaps: CV x sqrt((kurtosis-ish) / n), with the
// constant taken large.
func TestGapCVIsTheWantedOne(t *testing.T) {
	for _, test := range []struct {
		spec      ArrivalSpec
		want      float64
		tolerance float64
	}{
		{ArrivalSpec{Kind: "poisson"}, 1, 0.02},
		{ArrivalSpec{Kind: "constant"}, 0, 1e-4},
		{ArrivalSpec{Kind: "gamma", CV: 0.25}, 0.25, 0.005},
		{ArrivalSpec{Kind: "gamma", CV: 1}, 1, 0.02},
		{ArrivalSpec{Kind: "gamma", CV: 4}, 4, 0.3},
	} {
		test.spec.Rate, test.spec.Duration = 1000, 100*time.Second
		at := drain(newProcess(t, test.spec).Start(rng.Key{Seed: 21}))
		if got := gapCV(at); math.Abs(got-test.want) > test.tolerance {
			t.Errorf("%s cv %v: want %v within %v, got %v", test.spec.Kind, test.spec.CV, test.want, test.tolerance, got)
		}
	}
}

// The index of dispersion of a renewal process tends to CV squared (Cox, Renewal Theory, 4.2).
func TestGammaDispersionTendsToCVSquared(t *testing.T) {
	for _, cv := range []float64{0.5, 1, 3} {
		spec := ArrivalSpec{Kind: "gamma", CV: cv, Rate: 1000, Duration: 300 * time.Second}
		got := dispersion(drain(newProcess(t, spec).Start(rng.Key{Seed: 22})), time.Second)
		if math.Abs(got/(cv*cv)-1) > 4*math.Sqrt(2.0/300) {
			t.Errorf("cv %v: want an index of dispersion of %v within %.0f %%, got %v", cv, cv*cv, 400*math.Sqrt(2.0/300), got)
		}
	}
}

// The index of dispersion of a two-state process over a time t much longer than
// its stays: 1 + 2 s(1-s)(high-low)^2 / (mean x (a+b)), with a and b the rates
// of leaving the two states (Fischer and Meier-Hellstern 1993, equation 20).
func TestMMPPDispersion(t *testing.T) {
	spec := ArrivalSpec{Kind: "mmpp", Factor: 5, BusyShare: 0.3, BusyLength: 30 * time.Millisecond, Rate: 300, Duration: 1000 * time.Second}
	low := 300 / (1 + 0.3*4)
	leaveBusy := 1 / 0.03
	leaveQuiet := leaveBusy * 0.3 / 0.7
	want := 1 + 2*0.3*0.7*math.Pow(4*low, 2)/(300*(leaveBusy+leaveQuiet))
	got := dispersion(drain(newProcess(t, spec).Start(rng.Key{Seed: 23})), 2*time.Second)
	// A stay is 40 ms on average: the bias of bins of 2 s is about 1 %.
	if math.Abs(got/want-1) > 4*math.Sqrt(2.0/500)+0.02 {
		t.Errorf("want an index of dispersion of %.4g, got %.4g", want, got)
	}
}

func TestSpikeAndDiurnalShapes(t *testing.T) {
	spike := ArrivalSpec{Kind: "spike", Factor: 4, From: 20 * time.Second, To: 30 * time.Second, Rate: 400, Duration: 60 * time.Second}
	counts := countsPer(drain(newProcess(t, spike).Start(rng.Key{Seed: 24})), 10*time.Second)
	for i, got := range counts {
		want := 4000.0
		if i == 2 {
			want = 16_000
		}
		if math.Abs(got-want) > 4*math.Sqrt(want) {
			t.Errorf("spike, 10 s from %d0 s: want %v within %.0f, got %v", i, want, 4*math.Sqrt(want), got)
		}
	}
	day := ArrivalSpec{Kind: "diurnal", Amplitude: 1, Period: 40 * time.Second, Rate: 400, Duration: 40 * time.Second}
	counts = countsPer(drain(newProcess(t, day).Start(rng.Key{Seed: 25})), 10*time.Second)
	for i, got := range counts { // integral of 1 - cos over a quarter turn: pi/2 -+ 1
		sign := []float64{-1, 1, 1, -1}[i]
		want := 400 * 40 / (2 * math.Pi) * (math.Pi/2 + sign)
		if math.Abs(got-want) > 4*math.Sqrt(want) {
			t.Errorf("diurnal, quarter %d: want %.0f within %.0f, got %v", i, want, 4*math.Sqrt(want), got)
		}
	}
}
