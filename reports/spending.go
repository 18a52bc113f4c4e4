package reports

import (
	"math"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
)

// Spending says how a test that looks at growing data again and again spends its significance level
// over the looks: as a function of the share of the data that a look sees (Lan and DeMets, Biometrika
// 1983). What matters is when looks happened, not how many are still planned.
type Spending string

// The spending functions.
const (
	// OBrienFleming spends hardly anything before half of the data are there, so that the last look is
	// nearly as sharp as a test without looks: 2 - 2 Phi(z(level/2) / sqrt(t)).
	OBrienFleming Spending = "obrien-fleming"
	// Pocock spends nearly evenly, stops clear cases sooner and needs more data for close ones:
	// level ln(1 + (e - 1) t).
	Pocock Spending = "pocock"
)

// Spendings lists the names of the spending functions, the default first.
func Spendings() []string { return []string{string(OBrienFleming), string(Pocock)} }

// spent returns how much of a one-sided level may be spent once a share t of the data, above 0 and at
// most 1, has been seen.
func (s Spending) spent(level, t float64) float64 {
	if s == Pocock {
		return level * math.Log1p((math.E-1)*t)
	}
	return 2 * upperTail(-distuv.UnitNormal.Quantile(level/2)/math.Sqrt(t))
}

// upperTail is the probability that a standard normal is above x, precise where it is tiny.
func upperTail(x float64) float64 { return math.Erfc(x/math.Sqrt2) / 2 }

// gridPoints is the number of points of the quadrature: twice as many change no boundary by 1e-8.
const gridPoints = 256

// nominalLevels returns, for each look, the p-value at or below which a one-sided test rejects, so that
// its looks together reject what is true with a probability of level. Looks are the shares of the data
// that they see, rising, above 0 and at most 1.
//
// The boundaries are those of a Brownian motion, look by look: the density of the paths that have not
// crossed yet is folded with the increment's (Armitage, McPherson and Rowe, JRSS A 1969; Jennison and
// Turnbull, Group Sequential Methods, 2000, chapter 19). As significance levels they are applied to
// p-values of t-tests, which keeps the level closely whatever the variance (ibid., section 11.4; Pocock,
// Biometrika 1977).
func nominalLevels(s Spending, level float64, looks []float64) []float64 {
	out := make([]float64, len(looks))
	var paths survivors
	before := 0.0
	for k, t := range looks {
		spent := s.spent(level, t)
		bound := paths.bound(t, spent-before)
		out[k] = upperTail(bound)
		paths = paths.after(t, bound)
		before = spent
	}
	return out
}

// survivors are the paths of a Brownian motion that have crossed no boundary so far: the density of
// their position, times the weight of the quadrature. Empty: at the beginning, all are at 0.
type survivors struct {
	at           float64 // time
	places, mass []float64
}

// farthest bounds the grid, in standard deviations; beyond it there is less than a float can tell from 0.
const (
	farthestDown = -9
	farthestUp   = 38
)

// bound returns the boundary, in standard deviations at time t, that paths cross with a probability.
func (p *survivors) bound(t, probability float64) float64 {
	lo, hi := float64(farthestDown), float64(farthestUp)
	for hi-lo > 1e-12 {
		middle := (lo + hi) / 2
		if p.crossing(t, middle) > probability {
			lo = middle
		} else {
			hi = middle
		}
	}
	return hi
}

// crossing is the probability that a path is above a boundary at time t, and was below all before.
func (p *survivors) crossing(t, bound float64) (sum float64) {
	if p.at == 0 {
		return upperTail(bound)
	}
	step, edge := math.Sqrt(t-p.at), bound*math.Sqrt(t)
	for i, place := range p.places {
		sum += p.mass[i] * upperTail((edge-place)/step)
	}
	return sum
}

// after returns the paths below a boundary at time t.
func (p *survivors) after(t, bound float64) survivors {
	scale := math.Sqrt(t)
	out := survivors{at: t, places: make([]float64, gridPoints), mass: make([]float64, gridPoints)}
	quad.Legendre{}.FixedLocations(out.places, out.mass, farthestDown*scale, min(bound, farthestUp)*scale)
	for i, place := range out.places {
		out.mass[i] *= p.density(t, place)
	}
	return out
}

// density is that of the paths at a place and time t.
func (p *survivors) density(t, place float64) (sum float64) {
	normal := func(x, deviation float64) float64 {
		return math.Exp(-x*x/(2*deviation*deviation)) / (deviation * math.Sqrt(2*math.Pi))
	}
	if p.at == 0 {
		return normal(place, math.Sqrt(t))
	}
	step := math.Sqrt(t - p.at)
	for i, from := range p.places {
		sum += p.mass[i] * normal(place-from, step)
	}
	return sum
}
