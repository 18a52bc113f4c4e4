package reports

import (
	"fmt"
	"math"
	"time"

	"gonum.org/v1/gonum/stat"
)

// trailPoints is into how many stretches the whole of a replication is cut to see when it
// is steady. Five are one observation.
const trailPoints = 1000

// trail is the mean response time over a replication, by arrival: the series that tells
// how long it takes until nothing is left of the empty start.
type trail struct {
	width  time.Duration
	points []moment
	last   int // point that was used last
}

type moment struct {
	sum float64 // of response times, ns
	n   int64   // finished queries
}

func newTrail(duration time.Duration) trail {
	return trail{width: (duration + trailPoints - 1) / trailPoints, points: make([]moment, trailPoints)}
}

// add counts a query that arrived within the replication.
func (t *trail) add(o *Observation) {
	if from := time.Duration(t.last) * t.width; o.ArriveAt < from || o.ArriveAt >= from+t.width {
		t.last = int(o.ArriveAt / t.width)
	}
	if o.finished() {
		t.points[t.last].sum += float64(o.FinishAt - o.ArriveAt)
		t.points[t.last].n++
	}
}

// observations returns the means of five points each over all replications, and how long
// each lasts. Stretches without a finished query have none and are left out.
func observations(tallies []*Tally) (means []float64, at []time.Duration) {
	for first := 0; first+5 <= trailPoints; first += 5 {
		var whole moment
		for _, t := range tallies {
			for _, p := range t.trail.points[first : first+5] {
				whole.sum += p.sum
				whole.n += p.n
			}
		}
		if whole.n > 0 {
			means = append(means, whole.sum/float64(whole.n))
			at = append(at, time.Duration(first)*tallies[0].trail.width)
		}
	}
	return means, at
}

// mser returns how many leading observations to cut so that the mean of the others has the
// least marginal standard error, sum((y - mean)^2)/n^2 over those that stay. With means of
// five as observations this is MSER-5 (White, Cobb and Spratt, Winter Simulation Conference
// 2000). ok is false when it would cut more than half: then the series is not long enough
// to tell.
func mser(y []float64) (cut int, ok bool) {
	least := math.Inf(1)
	mean, squares, n := 0.0, 0.0, 0.0
	for d := len(y) - 1; d >= 0; d-- { // Welford's recurrence, from the end
		n++
		delta := y[d] - mean
		mean += delta / n
		squares += delta * (y[d] - mean)
		if n < 5 { // too few to have a spread
			continue
		}
		if s := squares / (n * n); s <= least {
			least, cut = s, d
		}
	}
	return cut, !math.IsInf(least, 1) && cut <= len(y)/2
}

// transient is how many standard errors apart the part that MSER-5 would cut of the
// measured window and the rest must be before anyone is warned: MSER-5 finds a least even
// where there is nothing to find.
const transient = 4

// steadyFrom says from when on a contender's response times are steady, if that is later
// than the warm-up and shows.
func steadyFrom(run *Contender) (from time.Duration, late bool) {
	y, at := observations(run.Tallies)
	cut, ok := mser(y)
	if !ok || cut == 0 {
		return 0, false
	}
	warm := 0
	for warm < cut && at[warm] < run.Tallies[0].config.WarmUp {
		warm++
	}
	if warm == cut {
		return 0, false
	}
	rest, variance := stat.MeanVariance(y[cut:], nil)
	r := min(max(stat.Correlation(y[cut:len(y)-1], y[cut+1:], nil), 0), 0.99)
	variance *= (1 + r) / (1 - r) // neighbours are alike: fewer independent observations, as of an AR(1)
	deviation := math.Sqrt(variance * (1/float64(cut-warm) + 1/float64(len(y)-cut)))
	return at[cut], math.Abs(stat.Mean(y[warm:cut], nil)-rest) > transient*deviation
}

// warmUpNotes warns of contenders that are measured before they are steady.
func warmUpNotes(runs []Contender) (notes []string) {
	for i := range runs {
		if len(runs[i].Tallies[0].trail.points) == 0 {
			continue
		}
		if from, late := steadyFrom(&runs[i]); late {
			notes = append(notes, fmt.Sprintf("%s: response times are steady from %v on (MSER-5), but are measured from %v: make warmup longer",
				printable(runs[i].Name), from.Round(time.Millisecond), runs[i].Tallies[0].config.WarmUp))
		}
	}
	return notes
}
