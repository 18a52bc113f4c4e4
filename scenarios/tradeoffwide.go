package scenarios

import (
	"context"
	"io"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"slosim/engine"
	"slosim/engine/profile"
	"slosim/reports"
	"slosim/reports/result"
)

// wideFacts are what a profile does not hold of a technique over very many outputs.
type wideFacts struct {
	five  [][]uint8 // [point][test sample]: right ones of the five best answers
	tried [][]uint8 // the same of calibration samples
	guess float64   // share that the activator's tables alone answer right; NaN: they rank nothing
	bytes int64     // of the activator's tables
	// total and outputs turn densities into shares of the outputs.
	total, outputs float64
}

// fillWide ranks the outputs for every sample at every point, on all cores: nothing is timed
// here.
func (a *App) fillWide(ctx context.Context, family Family, t *trade) error {
	calibration, test, err := a.data(family)
	if err != nil {
		return err
	}
	_, wide, err := a.wideNetwork(family, wholeVariant)
	if err != nil {
		return err
	}
	facts := make([]wideFacts, len(t.built))
	for i, built := range t.built {
		points := len(built.Points())
		facts[i] = wideFacts{five: make([][]uint8, points), guess: guesses(built, test), total: float64(wide.Nodes()), outputs: float64(wide.Out.Rows)}
		if sized, ok := unnamed(built).(interface{ TableBytes() int64 }); ok {
			facts[i].bytes = sized.TableBytes()
		}
		facts[i].tried = make([][]uint8, points)
		fillFives(ctx, built, test, facts[i].five)
		fillFives(ctx, built, calibration, facts[i].tried)
	}
	t.wide, t.test = facts, test
	return ctx.Err()
}

// unnamed returns a technique without the scenario's name for it.
func unnamed(t engine.Technique) engine.Technique {
	if n, ok := t.(named); ok {
		return n.Technique
	}
	return t
}

// fillFives counts the right ones of the five best answers, a goroutine a core.
func fillFives(ctx context.Context, t engine.Technique, test engine.Judged, five [][]uint8) {
	var workers sync.WaitGroup
	points := make(chan int, len(five))
	for point := range five {
		points <- point
	}
	close(points)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			session := t.NewSession()
			for point := range points {
				if ctx.Err() == nil {
					five[point] = fives(session, point, test)
				}
			}
		})
	}
	workers.Wait()
}

// fives counts the right ones of the five best answers of each sample at a point.
func fives(session engine.Session, point int, test engine.Judged) []uint8 {
	ranker, ok := session.(engine.Ranker)
	if !ok {
		return nil
	}
	counts, in, best := make([]uint8, test.Len()), engine.Input{}, make([]int32, 5)
	for i := range counts {
		engine.Take(test, i, &in)
		for _, answer := range best[:ranker.Rank(point, in, best)] {
			if test.Right(i, int(answer)) {
				counts[i]++
			}
		}
	}
	return counts
}

// guesses returns how often an activator's tables alone are right, NaN if they rank nothing.
func guesses(t engine.Technique, test engine.Judged) float64 {
	guesser, ok := t.NewSession().(engine.Guesser)
	if !ok {
		return math.NaN()
	}
	in, right := engine.Input{}, 0
	for i := range test.Len() {
		engine.Take(test, i, &in)
		answer, ok := guesser.Guess(in)
		if !ok {
			return math.NaN()
		}
		if test.Right(i, answer) {
			right++
		}
	}
	return float64(right) / float64(test.Len())
}

// wideRow tells of a point; nil of a family that is not sparse.
func (t *trade) wideRow(set *profile.Set, point int) *reports.WideRow {
	if t.wide == nil {
		return nil
	}
	f := t.factsOf(set)
	row := &reports.WideRow{Guess: f.guess, TableMB: float64(f.bytes) / 1e6}
	row.Scored = max(0, set.Points[point].Density*f.total-(f.total-f.outputs)) / f.outputs
	before, after := t.factsOf(t.truth.set).five[t.truth.point], f.five[point]
	var deviation float64
	row.P5, row.P5Loss, deviation = fiveLoss(before, after)
	row.P5Lo, row.P5Hi = row.P5Loss-z95*deviation, row.P5Loss+z95*deviation
	return row
}

// factsOf returns those of a set of the trade's profile.
func (t *trade) factsOf(set *profile.Set) *wideFacts {
	for i := range t.Sets {
		if &t.Sets[i] == set {
			return &t.wide[i]
		}
	}
	panic("scenarios: a set of another profile")
}

// fiveLoss returns the precision at 5 of a point, what it loses against another one over the
// same samples, and the standard error of that, paired by sample.
func fiveLoss(before, after []uint8) (precision, loss, deviation float64) {
	sum, lost, squares := 0.0, 0.0, 0.0
	for i := range after {
		d := (float64(before[i]) - float64(after[i])) / 5
		sum, lost, squares = sum+float64(after[i])/5, lost+d, squares+d*d
	}
	n := float64(len(after))
	return sum / n, lost / n, math.Sqrt((squares/n - lost/n*lost/n) / n)
}

// keepsFive says whether a point's precision at 5 stays within a loss on the calibration
// samples; it does where nobody asked for five.
func (t *trade) keepsFive(set *profile.Set, point int, allowed float64) bool {
	if t.wide == nil {
		return true
	}
	_, loss, _ := fiveLoss(t.factsOf(t.calibration.set).tried[t.calibration.point], t.factsOf(set).tried[point])
	return loss <= allowed+1e-12
}

// draw writes the network's points as a picture, in every format, and its rows as JSON, into
// a folder; nothing without one.
func (c *compared) draw(dir string) error {
	if dir == "" {
		return nil
	}
	stem := filepath.Join(dir, "tradeoff-"+strings.NewReplacer(":", "-", "/", "-", string(filepath.Separator), "-").Replace(c.family.Name))
	if err := reports.WriteFronts(stem, c.family.Name, fronts(c.trades[0].Profile)); err != nil {
		return err
	}
	return result.WriteFile(stem+".json", func(w io.Writer) error {
		return result.EncodeJSON(w, struct {
			Schema int `json:"schema"`
			networkJSON
		}{result.Schema, networkJSON{c.family.Name, len(c.trades), c.rows(), nil}})
	})
}
