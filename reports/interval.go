package reports

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// level is the confidence of every interval in this package.
const level = 0.95

// estimate is a mean with the half-width of its 95 % interval; NaN: no interval.
type estimate struct{ mean, half float64 }

// lo and hi return the ends of the interval.
func (e estimate) lo() float64 { return e.mean - e.half }
func (e estimate) hi() float64 { return e.mean + e.half }

// known says whether there is an interval.
func (e estimate) known() bool { return !math.IsNaN(e.half) }

// studentT returns the mean of independent values and the half-width of its
// interval, t(n-1) * s / sqrt(n). One value has no interval.
func studentT(values []float64) estimate {
	n := float64(len(values))
	switch len(values) {
	case 0:
		return estimate{math.NaN(), math.NaN()}
	case 1:
		return estimate{values[0], math.NaN()}
	}
	mean, deviation := stat.MeanStdDev(values, nil)
	return estimate{mean, tFactor(len(values)-1) * deviation / math.Sqrt(n)}
}

// tFactor returns the 97.5 % quantile of Student's t.
func tFactor(freedom int) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(freedom)}.Quantile((1 + level) / 2)
}

// clusteredShare returns the share right/answered over all images and the
// half-width of its interval when the answers to one image stick together: the
// cluster-robust variance of a ratio,
//
//	G/(G-1) * sum over images of (right - p*answered)^2 / answered_total^2
//
// (Liang and Zeger, Biometrika 1986). Images without an answer do not count.
func clusteredShare(images []imageCount) estimate {
	var answered, right, clusters float64
	for _, image := range images {
		answered += float64(image.answered)
		right += float64(image.right)
		if image.answered > 0 {
			clusters++
		}
	}
	if clusters < 2 {
		return estimate{right / answered, math.NaN()}
	}
	share, squares := right/answered, 0.0
	for _, image := range images {
		residual := float64(image.right) - share*float64(image.answered)
		squares += residual * residual
	}
	variance := clusters / (clusters - 1) * squares / (answered * answered)
	return estimate{share, tFactor(int(clusters)-1) * math.Sqrt(variance)}
}
