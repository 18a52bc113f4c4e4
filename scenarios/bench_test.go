package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"slosim/engine"
	"slosim/engine/bench"
	"slosim/engine/kernel"
)

func benchApp() *App { return &App{Source: engine.Shipped(), Kernels: kernel.Best()} }

// The text and the JSON have what the verb promises, for the smallest group.
func TestBench(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for seconds")
	}
	var text, encoded bytes.Buffer
	o := BenchOptions{Console: Console{Out: &encoded, JSON: true}, Groups: []string{"mlp"}, Rounds: 6}
	if err := benchApp().Bench(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	var measured bench.Report
	if err := json.Unmarshal(encoded.Bytes(), &measured); err != nil {
		t.Fatal(err)
	}
	if err := printBench(&text, &measured); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"DRAM", "gonum blas32.Gemv", "vek32.Dot", "bf16", "activator linear", "dense.mlp.share_of_limit", "allocations of a forward pass"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("want %q in\n%s", want, text.String())
		}
	}
	var report struct {
		Schema  int
		Limits  []struct{ Bytes int }
		Rows    []struct{ Group string }
		Figures map[string]struct{ Median, Lo, Hi float64 }
		Storage []struct{ Accuracy float64 }
		Forward *struct{ Allocations float64 }
	}
	if err := json.Unmarshal(encoded.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	if report.Schema != 1 || len(report.Limits) != 4 || len(report.Rows) < 10 || len(report.Storage) != 3*len(storageNetworks) {
		t.Errorf("got %+v", report)
	}
	for _, key := range []string{"dense.mlp.share_of_limit", "activator.784.share_of_dense", "activator.linear.share_of_dense", "select.1024.top10pct.share_of_dense"} {
		if f := report.Figures[key]; !(f.Lo > 0 && f.Lo <= f.Median && f.Median <= f.Hi) {
			t.Errorf("%s: got %+v", key, f)
		}
	}
	if report.Forward == nil || report.Forward.Allocations != 0 {
		t.Errorf("allocations of a forward pass: want 0, got %+v", report.Forward)
	}
}

func TestBenchStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out bytes.Buffer
	err := benchApp().Bench(ctx, BenchOptions{Console: Console{Out: &out}, Groups: []string{"1024x1024"}, Rounds: 6})
	if !errors.Is(err, context.Canceled) || out.Len() > 0 {
		t.Errorf("got %v, %q", err, out.String())
	}
}
