package measure

import (
	"context"
	"math"
	"runtime"
	"slices"
	"time"

	"slosim/engine"
)

// Ratio is a ratio of two times, with its 95 % interval, over so many pairs.
type Ratio struct {
	Value, Lo, Hi float64
	N             int
}

const (
	bareRounds  = 31
	bareQueries = 500 // a round: some milliseconds a side
)

// OverBare measures what a query takes from end to end over what its kernels and its
// activator alone take ([engine.Barer]), on the same queries, in rounds that take turns. ok is
// false where a technique cannot tell the two apart.
func OverBare(ctx context.Context, t engine.Technique, point int, samples engine.Judged) (r Ratio, ok bool) {
	session := t.NewSession()
	barer, ok := session.(engine.Barer)
	if !ok || samples.Len() == 0 {
		return Ratio{}, false
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ratios, classes, at := []float64{}, make([]uint8, bareQueries), 0
	for range bareRounds {
		if ctx.Err() != nil {
			return Ratio{}, false
		}
		each := func(visit func(i int, in engine.Input)) time.Duration {
			var in engine.Input
			began := time.Now()
			for i := range bareQueries {
				engine.Take(samples, (at+i)%samples.Len(), &in)
				visit(i, in)
			}
			return time.Since(began)
		}
		whole := func(i int, in engine.Input) {
			session.Activate(in)
			classes[i] = session.Execute(point, in).Class
		}
		each(whole) // the queries' rows and lists are warm for both
		bare := each(func(i int, in engine.Input) { barer.Bare(point, classes[i], in) })
		ratios = append(ratios, float64(each(whole))/float64(bare))
		at += bareQueries
	}
	return middle(ratios), true
}

// middle is the median of ratios with the interval of the binomial distribution's normal
// approximation for its rank.
func middle(ratios []float64) Ratio {
	slices.Sort(ratios)
	n := len(ratios)
	reach := int(math.Ceil(0.98 * math.Sqrt(float64(n))))
	return Ratio{Value: ratios[n/2], Lo: ratios[max(0, n/2-reach)], Hi: ratios[min(n-1, n/2+reach)], N: n}
}

const (
	coldQueries = 300
	coldBytes   = 128 << 20 // walked before each call: several times any near cache
)

// Cold measures how much faster a point is than the first point of another technique when
// nothing of either is in the caches: weights, tables and the query's own features are read
// from memory.
func Cold(ctx context.Context, dense, t engine.Technique, point int, samples engine.Judged) Ratio {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	walked := make([]byte, coldBytes)
	first, second := dense.NewSession(), t.NewSession()
	var slow, fast []float64
	for k := 0; k < coldQueries && ctx.Err() == nil; k++ {
		var in engine.Input
		engine.Take(samples, k*samples.Len()/coldQueries, &in)
		slow = append(slow, coldCall(walked, first, 0, in))
		fast = append(fast, coldCall(walked, second, point, in))
	}
	return ofMeans(slow, fast)
}

// coldCall empties the caches and times a query, in nanoseconds.
func coldCall(walked []byte, s engine.Session, point int, in engine.Input) float64 {
	for i := 0; i < len(walked); i += 64 {
		walked[i]++
	}
	began := time.Now()
	s.Activate(in)
	s.Execute(point, in)
	return float64(time.Since(began))
}

// ofMeans is a ratio of means over pairs, with the interval of the delta method (Cochran,
// Sampling Techniques, 3rd edition, section 6.4).
func ofMeans(over, under []float64) Ratio {
	n, a, b := float64(len(over)), 0.0, 0.0
	for i := range over {
		a, b = a+over[i], b+under[i]
	}
	value, squares := a/b, 0.0
	for i := range over {
		d := over[i] - value*under[i]
		squares += d * d
	}
	half := 1.96 * math.Sqrt(squares*n/math.Max(n-1, 1)) / b
	return Ratio{Value: value, Lo: value - half, Hi: value + half, N: len(over)}
}
