package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slosim/engine"
	"slosim/reports/result"
)

// wideFolder is a small data set that is not easy, as the name of a network.
func wideFolder(t *testing.T) string {
	t.Helper()
	return xmcPrefix + xmcFolder(t, map[string]string{"train.txt": mixedText(1, 2500), "test.txt": mixedText(2, 600)})
}

const wideText = `
schema = 1
title = "test"
seed = 7
replications = 2
duration = "2s"
warmup = "500ms"

[[model]]
name = "labels"
network = "NETWORK"

[arrivals]
kind = "poisson"
load = 0.7

[[class]]
name = "deadline"
share = 0.5
latency = "2ms"

[[class]]
name = "accurate"
share = 0.5
latency = "20ms"
accuracy = 0.5

[[machine]]
workers = 1
memory = "256MB"

[factorial]
techniques = ["slo-nn", "slo-nn-beam", "slimmable", "zoo"]
policies = ["lcao", "aclo", "model-switching"]
`

// TestWideScenario runs a scenario over very many outputs, all of it: networks are trained,
// activators built and measured, queries simulated. A second run finds everything cached.
func TestWideScenario(t *testing.T) {
	app := testApp(t)
	s, err := Parse("wide.toml", []byte(strings.Replace(wideText, "NETWORK", wideFolder(t), 1)), app.Known())
	if err != nil {
		t.Fatal(err)
	}
	// The summary has contenders by their whole names; the table shortens them where times vary so much that their
	// columns are wide.
	run := func() (table, told string) {
		var out, errs bytes.Buffer
		options := RunOptions{Console: Console{Out: &out, Err: &errs, JSON: true}, Scenario: s, Dir: filepath.Join(t.TempDir(), "out"), Service: "profile", Jobs: 2}
		if err := app.Run(context.Background(), options); err != nil {
			t.Fatalf("%v\n%s", err, &errs)
		}
		return out.String(), errs.String()
	}
	table, told := run()
	for _, want := range []string{"slo-nn/lcao", "slo-nn/aclo", "slo-nn-beam/lcao", "slimmable/aclo", "zoo/model-switching"} {
		if !strings.Contains(table, `"contender": "`+want+`"`) {
			t.Errorf("want contender %s in\n%s", want, table)
		}
	}
	if !strings.Contains(told, "trained in") {
		t.Errorf("want networks trained, got\n%s", told)
	}
	if _, told := run(); strings.Contains(told, "trained in") {
		t.Errorf("want networks found in the cache, got\n%s", told)
	}
}

// TestTradeoffOfWideOutputs: the whole command at a reduced size.
func TestTradeoffOfWideOutputs(t *testing.T) {
	app, name, dir := testApp(t), wideFolder(t), t.TempDir()
	var out bytes.Buffer
	options := TradeoffOptions{
		Console: Console{Out: &out, Err: io.Discard, JSON: true}, Networks: []string{name}, Seeds: 1, Loss: 0.01, Loss5: 0.01, Out: dir,
		Techniques: []Technique{{Name: "dense"}, {Name: "prune-outputs"}, {Name: "screen-int8"}, {Name: "slo-nn"}, {Name: "slo-nn-kmeans"}, {Name: "zoo"}},
	}
	if err := app.Tradeoff(context.Background(), options); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Schema   int
		Networks []struct{ Points []map[string]any }
		Headline []map[string]any
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Schema != result.Schema || len(got.Networks) != 1 || len(got.Networks[0].Points) < 20 || len(got.Headline) != 1 {
		t.Fatalf("want one network with its points and a headline, got %s", out.String())
	}
	for _, suffix := range []string{".svg", ".png", ".pdf", ".json"} {
		if files, err := filepath.Glob(filepath.Join(dir, "tradeoff-*"+suffix)); err != nil || len(files) != 1 {
			t.Errorf("want a file *%s, got %v, %v", suffix, files, err)
		}
	}
	options.JSON, options.Out = false, ""
	out.Reset()
	if err := app.Tradeoff(context.Background(), options); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"fastest within 1.00 points", "slo-nn with per-query density", "P@5 %", "tables MB"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("want %q in\n%s", want, out.String())
		}
	}
}

func TestFiveLoss(t *testing.T) {
	precision, loss, deviation := fiveLoss([]uint8{5, 5, 0, 2}, []uint8{5, 3, 1, 2})
	// Losses 0, 0.4, -0.2 and 0: mean 0.05, squares 0.2.
	if math.Abs(precision-11.0/20) > 1e-12 || math.Abs(loss-0.05) > 1e-12 || math.Abs(deviation-math.Sqrt((0.05-0.0025)/4)) > 1e-12 {
		t.Errorf("want 0.55, 0.05 and %.4f, got %v, %v and %v", math.Sqrt((0.05-0.0025)/4), precision, loss, deviation)
	}
}

// TestDamagedTablesAreBuiltAgain: a cached file that is damaged is told of and replaced.
func TestDamagedTablesAreBuiltAgain(t *testing.T) {
	app := testApp(t)
	family, err := FindFamily(wideFolder(t))
	if err != nil {
		t.Fatal(err)
	}
	techniques := []Technique{{Name: "slo-nn"}, {Name: "zoo"}}
	if err := app.ready(context.Background(), family, techniques, Console{Out: io.Discard, Err: io.Discard}); err != nil {
		t.Fatal(err)
	}
	tables, _ := app.outputsPath(family, engine.DefaultOutputActivator)
	cascades, _ := app.cascadesPath(family, "zoo")
	network, _ := app.widePath(family, "w16")
	for path, says := range map[string]string{tables: "built again", cascades: "frozen again", network: "trained again"} {
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := result.WriteFile(path, func(w io.Writer) error { _, err := w.Write(before[:len(before)/2]); return err }); err != nil {
			t.Fatal(err)
		}
		var told bytes.Buffer
		if err := app.ready(context.Background(), family, techniques, Console{Out: io.Discard, Err: &told}); err != nil {
			t.Fatal(err)
		}
		after, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(before, after) || !strings.Contains(told.String(), says) {
			t.Errorf("%s: want the same bytes again and %q told, got %v\n%s", filepath.Base(path), says, err, &told)
		}
	}
}
