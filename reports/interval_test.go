package reports

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var near = cmpopts.EquateApprox(0, 1e-3)

// TestStudentT compares with intervals worked out by hand from t tables.
func TestStudentT(t *testing.T) {
	for _, c := range []struct {
		name       string
		values     []float64
		mean, half float64
	}{
		// s = 1, t(2) = 4.3027: 4.3027/sqrt(3)
		{"three", []float64{1, 2, 3}, 2, 2.4842},
		// s = sqrt(2)/2 * 2, t(1) = 12.7062: 12.7062 * 1.41421/sqrt(2)
		{"two", []float64{4, 6}, 5, 12.7062},
		// s^2 = 82.5/9 = 9.1667, t(9) = 2.2622: 2.2622 * 3.0277/sqrt(10)
		{"ten", []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 5.5, 2.1659},
		{"equal", []float64{0.5, 0.5, 0.5}, 0.5, 0},
	} {
		e := studentT(c.values)
		if !cmp.Equal(e.mean, c.mean, near) || !cmp.Equal(e.half, c.half, near) {
			t.Errorf("%s: want %v ± %v, got %v ± %v", c.name, c.mean, c.half, e.mean, e.half)
		}
	}
	if e := studentT([]float64{3}); e.mean != 3 || e.known() {
		t.Errorf("one value: want 3 without an interval, got %v ± %v", e.mean, e.half)
	}
	if e := studentT(nil); !math.IsNaN(e.mean) || e.known() {
		t.Errorf("no value: want nothing, got %v ± %v", e.mean, e.half)
	}
}

// luckOf clusters the answers of one replication by image.
func luckOf(answered, right []float64) (sums *residuals, share float64) {
	var all, hits float64
	for i := range answered {
		all, hits = all+answered[i], hits+right[i]
	}
	sums, share = newResiduals(len(answered)), hits/all
	for i := range answered {
		if answered[i] > 0 {
			sums.add(i, (right[i]-share*answered[i])/all)
		}
	}
	return sums, share
}

// TestImageLuck compares with the formula by hand. Two answers for each of four
// images, always the same within an image: the information is that of four answers,
// not eight.
func TestImageLuck(t *testing.T) {
	sums, share := luckOf([]float64{2, 2, 2, 2, 0}, []float64{2, 2, 2, 0, 0})
	// p = 0.75; residuals 0.5, 0.5, 0.5, -1.5: squares 3; 4/3 * 3 / 64 = 0.0625; t(3) = 3.1824 * 0.25
	if e := sums.luck().widen(estimate{share, 0}, 9); !cmp.Equal(e.mean, 0.75, near) || !cmp.Equal(e.half, 0.7956, near) {
		t.Errorf("want 0.75 ± 0.7956, got %v ± %v", e.mean, e.half)
	}
	// The same once more in a second replication: squares 0.046875 among images, half of
	// that within replications, so that the images add 4/3 * 0.0234 = 0.03125 to the
	// variance between replications, (3/12.7062)^2 = 0.05575; 0.087^2 / (0.05575^2/1 +
	// 0.03125^2/3) = 2.205 degrees of freedom.
	for i, residual := range sums.sum {
		sums.sum[i] = residual / 2
	}
	sums.within /= 4
	for i, residual := range []float64{0.5, 0.5, 0.5, -1.5} {
		sums.add(i, residual/16)
	}
	if e := sums.luck().widen(estimate{share, 3}, 2); !cmp.Equal(e.half, tFactor(2.2046)*math.Sqrt(0.087), near) {
		t.Errorf("two replications: want both kinds of luck, got ± %v", e.half)
	}
	if one, _ := luckOf([]float64{5}, []float64{3}); one.luck().widen(estimate{0.6, 0.1}, 9).half != 0.1 {
		t.Error("one image: want the interval left alone")
	}
	if e := sums.luck().widen(estimate{0.75, math.NaN()}, 9); e.known() {
		t.Error("want no interval where there was none")
	}
}

// TestEndsOfAShare: log-odds of 0.9 +- 1.96 * 0.03/0.09, by hand.
func TestEndsOfAShare(t *testing.T) {
	lo, hi := estimate{0.9, 1.96 * 0.03}.ends()
	if !cmp.Equal(lo, 0.8240, near) || !cmp.Equal(hi, 0.9454, near) {
		t.Errorf("want 0.8240 to 0.9454, got %v to %v", lo, hi)
	}
	if lo, hi := (estimate{10, 2}).positiveEnds(); !cmp.Equal(lo, 8.1873, near) || !cmp.Equal(hi, 12.2140, near) {
		t.Errorf("10 x exp(+-0.2): want 8.1873 to 12.2140, got %v to %v", lo, hi)
	}
	if lo, hi := (estimate{1, 0}).ends(); lo != 1 || hi != 1 {
		t.Errorf("certain: want 1 to 1, got %v to %v", lo, hi)
	}
}

// TestCoverage runs small experiments whose truth is known: a 95 % interval must
// hold it in about 95 % of them.
func TestCoverage(t *testing.T) {
	const experiments, replications = 1500, 8
	source := rand.New(rand.NewPCG(1, 2))
	covered := 0
	for range experiments {
		values := make([]float64, replications)
		for r := range values { // attainment of 400 queries, its level drawn per replication around 0.9
			level, met := 0.9+0.02*source.NormFloat64(), 0
			for range 400 {
				if source.Float64() < level {
					met++
				}
			}
			values[r] = float64(met) / 400
		}
		if e := studentT(values); e.lo() <= 0.9 && 0.9 <= e.hi() {
			covered++
		}
	}
	within(t, "Student-t", float64(covered)/experiments)
}

// TestClusteredCoverage draws images of unequal difficulty and answers each
// several times: the interval must hold the mean of all images there could be.
func TestClusteredCoverage(t *testing.T) {
	const experiments = 800
	source := rand.New(rand.NewPCG(3, 4))
	covered, naive := 0, 0
	for range experiments {
		counts, hits := make([]float64, 120), make([]float64, 120)
		var answered, right float64
		for i := range counts {
			chance := source.Float64() // mean 0.5
			for range 12 {
				counts[i]++
				if source.Float64() < chance {
					hits[i]++
				}
			}
			answered += 12
			right += hits[i]
		}
		sums, share := luckOf(counts, hits)
		e := sums.luck().widen(estimate{share, 0}, 9)
		if math.Abs(e.mean-0.5) <= e.half {
			covered++
		}
		if p := right / answered; math.Abs(p-0.5) <= 1.96*math.Sqrt(p*(1-p)/answered) {
			naive++
		}
	}
	within(t, "clustered by image", float64(covered)/experiments)
	if share := float64(naive) / experiments; share > 0.85 {
		t.Errorf("intervals that ignore images: want them to fail here (below 85 %%), got %.3f: the test has no power", share)
	}
}

func within(t *testing.T, name string, share float64) {
	t.Helper()
	if share < 0.92 || share > 0.98 {
		t.Errorf("%s: want the truth in 92 to 98 %% of the intervals, got %.1f %%", name, 100*share)
	}
}
