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

// ends returns the ends of the interval of a share, which has no room beyond 0 and 1 and
// is skewed near them: what is symmetric is the log-odds, whose standard error is that of
// the share / (share x (1 - share)) (Agresti, Categorical Data Analysis, section 3.1.6).
func (e estimate) ends() (lo, hi float64) {
	p := e.mean
	if !(p > 0 && p < 1) {
		return e.lo(), e.hi()
	}
	odds, step := math.Log(p/(1-p)), e.half/(p*(1-p))
	return 1 / (1 + math.Exp(step-odds)), 1 / (1 + math.Exp(-step-odds))
}

// positiveEnds returns the ends of the interval of a quantile of response times, which is
// positive and skewed to the right: what is symmetric is the logarithm, whose standard
// error is that of the quantile / the quantile.
func (e estimate) positiveEnds() (lo, hi float64) {
	if !(e.mean > 0) {
		return e.lo(), e.hi()
	}
	step := math.Exp(e.half / e.mean)
	return e.mean / step, e.mean * step
}

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
	return estimate{mean, tFactor(n-1) * deviation / math.Sqrt(n)}
}

// tFactor returns the 97.5 % quantile of Student's t.
func tFactor(freedom float64) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile((1 + level) / 2)
}

// StudentT returns the mean of values with the ends of its 95 % interval.
func StudentT(values []float64) (mean, lo, hi float64) {
	e := studentT(values)
	return e.mean, e.mean - e.half, e.mean + e.half
}
