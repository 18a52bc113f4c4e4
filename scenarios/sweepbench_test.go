package scenarios

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slosim/reports/result"
)

// tinySweep has n cells of two runs of a few queries each.
func tinySweep(n int) string {
	text := strings.NewReplacer(`replications = 2`, `replications = 1`, `duration = "2s"`, `duration = "300ms"`, `warmup = "500ms"`, `warmup = "50ms"`,
		`from = "500ms"`, `from = "50ms"`, `every = "1s"`, `every = "100ms"`, `for = "250ms"`, `for = "25ms"`).Replace(smallSweep)
	before, _, _ := strings.Cut(text, "[sweep]")
	return before + fmt.Sprintf("[sweep]\nsamples = %d\n[[sweep.axis]]\nname = \"load\"\nkey = \"arrivals.load\"\nfrom = 0.1\nto = 0.5\n", n)
}

// finished plans a sweep of n cells and puts the file of one cell in the place of all: what resuming
// and merging costs depends on the number and size of files.
func finished(b *testing.B, app *App, n int) SweepOptions {
	b.Helper()
	o := sweepOptions(b, app, sweepFile(b, tinySweep(n)), filepath.Join(b.TempDir(), "sweep"))
	d, err := app.PlanSweep(context.Background(), o)
	if err != nil {
		b.Fatal(err)
	}
	if err := d.Run(context.Background(), o.Console, 2, []int{0}); err != nil {
		b.Fatal(err)
	}
	cell, err := d.store.Get(cellHash(d.plan, 0))
	if err != nil {
		b.Fatal(err)
	}
	for i := range n {
		cell.Set = pointLabels(d.plan, i)
		hash := cellHash(d.plan, i)
		data, err := result.EncodeSweepCell(hash, cell)
		if err != nil {
			b.Fatal(err)
		}
		path := d.store.Path(hash)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return o
}

// BenchmarkSweepResume continues a sweep that is finished and merged: what is left to do is to make
// sure that every file is whole.
func BenchmarkSweepResume(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		b.Run(fmt.Sprintf("cells=%d", n), func(b *testing.B) {
			app := sweepBenchApp(b)
			o := finished(b, app, n)
			mustSweep(b, app, o)
			for b.Loop() {
				mustSweep(b, app, o)
			}
		})
	}
}

// BenchmarkSweepMerge merges cells; its memory is to be the same for any number of them.
func BenchmarkSweepMerge(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		b.Run(fmt.Sprintf("cells=%d", n), func(b *testing.B) {
			app := sweepBenchApp(b)
			o := finished(b, app, n)
			for b.Loop() {
				os.Remove(filepath.Join(o.Dir, result.MergedFile))
				mustSweep(b, app, o)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "cells/s")
		})
	}
}

// BenchmarkSweepCells runs cells of a few queries on one core: what a cell costs beside its queries.
func BenchmarkSweepCells(b *testing.B) {
	app := sweepBenchApp(b)
	const n = 200
	runs := 0
	for b.Loop() {
		b.StopTimer()
		o := sweepOptions(b, app, sweepFile(b, tinySweep(n)), filepath.Join(b.TempDir(), "sweep"))
		d, err := app.PlanSweep(context.Background(), o)
		if err != nil {
			b.Fatal(err)
		}
		missing, err := d.Missing()
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if err := d.Run(context.Background(), o.Console, 1, missing); err != nil {
			b.Fatal(err)
		}
		runs += n
	}
	b.ReportMetric(float64(runs)/b.Elapsed().Seconds(), "cells/s")
}

func sweepBenchApp(b *testing.B) *App {
	b.Helper()
	app, err := NewApp()
	if err != nil {
		b.Fatal(err)
	}
	app.CacheDir = b.TempDir()
	return app
}
