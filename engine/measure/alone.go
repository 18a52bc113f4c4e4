package measure

import (
	"context"
	"runtime"
	"time"

	"slosim/engine"
	"slosim/engine/bench"
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
	over := bench.RatioOf(ratios)
	return Ratio{Value: over.Median, Lo: over.Lo, Hi: over.Hi, N: over.Rounds}, true
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

// ofMeans is a ratio of means over pairs, with the interval of [ratioError].
func ofMeans(over, under []float64) Ratio {
	pairs, a, b := make([]blockTime, len(over)), 0.0, 0.0
	for i := range over {
		pairs[i] = blockTime{sum: over[i], calls: under[i]}
		a, b = a+over[i], b+under[i]
	}
	value := a / b
	half := 1.96 * value * ratioError(pairs)
	return Ratio{Value: value, Lo: value - half, Hi: value + half, N: len(over)}
}
