package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slosim/reports/result"
)

const comparedText = `
schema = 1
title = "compared"
seed = 1
replications = 3
duration = "1500ms"
warmup = "200ms"

[[model]]
network = "fashion-mnist"

[arrivals]
kind = "poisson"
load = 2.0

[[class]]
name = "strict"
share = 0.6
latency = "15ms"

[[class]]
name = "relaxed"
share = 0.4
latency = "100ms"

[[interference]]
antagonist = "cpu"
from = "600ms"
to = "900ms"

[[contender]]
name = "dropout"
technique = "slo-nn"
policy = "lcao"

[[contender]]
name = "models"
technique = "zoo"
policy = "lcao"
`

// resultOf runs a scenario on the golden profile and returns its folder.
func resultOf(t *testing.T, app *App, text string, set ...string) *result.Folder {
	t.Helper()
	folder, _, err := ranIn(t, app, parsed(t, app, text, set...), RunOptions{Profile: goldenProfile("fashion-mnist")})
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// comparing compares two folders and returns what it printed.
func comparing(app *App, a, b string, o CompareOptions) (string, error) {
	var out bytes.Buffer
	o.Console = Console{Out: &out, Err: &out, JSON: o.JSON}
	o.A, o.B = a, b
	err := app.Compare(context.Background(), o)
	return out.String(), err
}

// differences compares two folders as a program would.
func differences(t *testing.T, app *App, a, b string, o CompareOptions) result.Comparison {
	t.Helper()
	o.JSON = true
	out, err := comparing(app, a, b, o)
	if err != nil {
		t.Fatal(err)
	}
	var c result.Comparison
	if err := json.Unmarshal([]byte(out), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func verdicts(c *result.Comparison, contender, class, metric string) (list []result.Verdict) {
	for _, d := range c.Differences {
		if d.Contender == contender && d.Class == class && d.Metric == metric && d.Window == "all" {
			list = append(list, d.Verdict)
		}
	}
	return list
}

// TestCompareFindsWhatChanged: of two contenders one has another policy, which drops what it cannot
// keep; the other one is the same in every replication, and so is a run that is repeated.
func TestCompareFindsWhatChanged(t *testing.T) {
	app := testApp(t)
	a, again := resultOf(t, app, comparedText), resultOf(t, app, comparedText)
	b := resultOf(t, app, comparedText, "contender[0].policy=full", `title=another`, "contender[1].name=zoo")
	for _, d := range differences(t, app, a.Dir(), again.Dir(), CompareOptions{}).Differences {
		if d.Verdict != result.Same && d.Replications > 0 {
			t.Errorf("the same scenario: want the same, got %+v", d)
		}
	}
	if out, err := comparing(app, a.Dir(), again.Dir(), CompareOptions{}); err != nil || !strings.Contains(out, "whatever was compared: dropout, models\n") {
		t.Errorf("want the same, got %v\n%s", err, out)
	}
	c := differences(t, app, a.Dir(), b.Dir(), CompareOptions{})
	if got := verdicts(&c, "dropout", "strict", "attainment"); !slices.Equal(got, []result.Verdict{result.Worse}) {
		t.Errorf("full under twice its load: want worse attainment, got %v", got)
	}
	notes := strings.Join(c.Notes, "\n")
	for _, want := range []string{`dropout: policy is "lcao" in A, "full" in B`, "models: only in A", "zoo: only in B"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes: want %q, got\n%s", want, notes)
		}
	}
	c = differences(t, app, a.Dir(), b.Dir(), CompareOptions{Contenders: []string{"models=zoo", "models=dropout"}, Metrics: []string{"attainment"}, Classes: []string{"all"}})
	if len(c.Differences) != 4 || c.Differences[0].Verdict != result.Same || c.Differences[2].Other != "dropout" || c.Differences[2].Verdict != result.Worse {
		t.Errorf("want models the same as zoo and better than dropout, got %+v", c.Differences)
	}
	out, err := comparing(app, a.Dir(), a.Dir(), CompareOptions{Contenders: []string{"dropout=models"}, Metrics: []string{"p50_ms"}})
	if err != nil || !strings.Contains(out, "dropout=models") || !strings.Contains(out, "better") {
		t.Errorf("one folder twice: want its contenders compared, got %v\n%s", err, out)
	}
}

// TestCompareRefuses: what all contenders see must be the same, and every difference is said.
func TestCompareRefuses(t *testing.T) {
	app := testApp(t)
	a := resultOf(t, app, comparedText)
	for set, want := range map[string]string{
		"seed=2":                              "seed: want the same, got 1 and 2",
		"arrivals.load=1.5":                   "arrivals.load: want the same, got 2.0 and 1.5",
		"arrivals.kind=constant":              `arrivals.kind: want the same, got "poisson" and "constant"`,
		"class[1].latency=90ms":               `class[1].latency: want the same, got "100ms" and "90ms"`,
		"class[1].name=slow":                  `class[1].name: want the same, got "relaxed" and "slow"`,
		"machine=[{workers=2}]":               "machine[0].workers: want the same, got 1 and 2",
		"interference=[]":                     "interference: want the same, got 1 entry and nothing",
		"interference[0].to=1s":               `interference[0].to: want the same, got "900ms" and "1s"`,
		"sensor.lag=10ms":                     `sensor.lag: want the same, got "100ms" and "10ms"`,
		"feedback={delay=\"1s\"}":             `feedback.delay: want the same, got nothing and "1s"`,
		"duration=1400ms":                     `duration: want the same, got "1.5s" and "1.4s"`,
		"warmup=100ms":                        `warmup: want the same, got "200ms" and "100ms"`,
		"model[0].network=fashion-mnist-wide": `model[0].network: want the same, got "fashion-mnist" and "fashion-mnist-wide"`,
		"replications=1":                      "replications: want 1 in both, or more in both: one alone does not resample the profile, got 3 and 1",
	} {
		b := copied(t, a)
		edit(t, b, result.ManifestFile, func(root map[string]any) { root["scenario_text"] = parsed(t, app, comparedText, set).Text() })
		refused(t, app, a, b, want)
	}
	for _, set := range []string{"replications=9", "title=x", "contender[0].policy=aclo", `validate={repetitions=3}`} {
		b := copied(t, a)
		edit(t, b, result.ManifestFile, func(root map[string]any) { root["scenario_text"] = parsed(t, app, comparedText, set).Text() })
		if out, err := comparing(app, a.Dir(), b.Dir(), CompareOptions{}); err != nil {
			t.Errorf("%s: want a comparison, got %v\n%s", set, err, out)
		}
	}
	for want, change := range map[string]func(root map[string]any){
		"profile: want the same, got":                      func(root map[string]any) { root["profile_hash"] = "0123456789abcdef" },
		"--service: want the same, got profile and kernel": func(root map[string]any) { root["service"] = "kernel" },
		"scenario_text: ":                                  func(root map[string]any) { root["scenario_text"] = "=" },
	} {
		b := copied(t, a)
		edit(t, b, result.ManifestFile, change)
		refused(t, app, a, b, want)
	}
}

// TestCompareRefusesRealResults: runs with another seed, profile, trace and recording, whose texts may
// be the same.
func TestCompareRefusesRealResults(t *testing.T) {
	app := testApp(t)
	a := resultOf(t, app, comparedText)
	refused(t, app, a, resultOf(t, app, comparedText, "seed=2", "replications=2"), "seed: want the same, got 1 and 2")
	s := parsed(t, app, comparedText)
	slow, _, err := ranIn(t, app, s, RunOptions{Profile: slower(t, 1.1)})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, app, a, slow, "profile: want the same, got ")

	trace := filepath.Join(t.TempDir(), "trace.csv")
	text := strings.Replace(comparedText, "kind = \"poisson\"\nload = 2.0", "trace = "+show(trace)+"\ntransform = \"none\"", 1)
	traced := func(rows string) *result.Folder {
		if err := os.WriteFile(trace, []byte("arrival_s\n"+rows), 0o644); err != nil {
			t.Fatal(err)
		}
		return resultOf(t, app, text)
	}
	refused(t, app, traced("0.1\n0.3\n0.5\n0.7\n0.9\n1.1\n1.4\n1.9\n"), traced("0.1\n0.3\n0.5\n0.7\n0.9\n1.2\n1.4\n1.9\n"), "arrivals.trace: want the same in the file, got ")
}

// TestCompareChecksArrivals: results whose texts, files and profiles agree may still be of other
// queries, as of another version of a trace that ships.
func TestCompareChecksArrivals(t *testing.T) {
	app := testApp(t)
	a := resultOf(t, app, comparedText)
	b := copied(t, a)
	edit(t, b, result.ReplicationsFile, func(root map[string]any) {
		at(root, "contenders", 0, "cells", 0)["queries"].([]any)[2] = 4711
	})
	refused(t, app, a, b, "queries of class all, window all, replication 2: want the same, got ")
	edit(t, b, result.ReplicationsFile, func(root map[string]any) { root["replications"] = []int{3, 4, 5} })
	refused(t, app, a, b, "replications: want some that both have, got [0 1 2] and [3 4 5]")
	edit(t, b, result.ReplicationsFile, func(root map[string]any) { root["files"] = map[string]string{"interference[0].file": "ab"} })
	refused(t, app, a, b, "interference[0].file: want the same in the file, got nothing and ab")
}

// TestCompareNoticesSwappedFiles: a folder with another result's values is not compared.
func TestCompareNoticesSwappedFiles(t *testing.T) {
	app := testApp(t)
	a, b := resultOf(t, app, comparedText), resultOf(t, app, comparedText, "contender[0].policy=full")
	mixed := copied(t, b)
	data, err := os.ReadFile(a.Path(result.ReplicationsFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mixed.Path(result.ReplicationsFile), data, 0o644); err != nil {
		t.Fatal(err)
	}
	err = app.Compare(context.Background(), CompareOptions{A: a.Dir(), B: mixed.Dir(), Console: Console{Out: io.Discard}})
	if ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), "it is of another result") {
		t.Errorf("want a refusal of another result's file, got %v", err)
	}
}

// refused wants a comparison refused for a reason, which both folders are named in.
func refused(t *testing.T, app *App, a, b *result.Folder, want string) {
	t.Helper()
	out, err := comparing(app, a.Dir(), b.Dir(), CompareOptions{})
	if err == nil || ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), b.Dir()) || out != "" {
		t.Errorf("want %q refused with exit code 2 and nothing printed, got %v\n%s", want, err, out)
	}
}

// copied copies the files of a result that are compared.
func copied(t *testing.T, f *result.Folder) *result.Folder {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{result.ManifestFile, result.SummaryFile, result.ReplicationsFile} {
		if err := os.WriteFile(filepath.Join(dir, name), read(t, f, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	copy, err := result.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return copy
}

// TestCompareWithAnInterruptedRun: the replications that both have are compared, and it is said.
func TestCompareWithAnInterruptedRun(t *testing.T) {
	app := testApp(t)
	s := parsed(t, app, comparedText, "replications=8")
	ctx, cancel := context.WithCancel(context.Background())
	dir := filepath.Join(t.TempDir(), "cut")
	err := app.Run(ctx, RunOptions{
		Console:  Console{Out: &bytes.Buffer{}, Err: os.Stderr, Progress: &canceller{cancel: cancel, after: 5}}, // two replications of two, and one
		Scenario: s, Dir: dir, Profile: goldenProfile("fashion-mnist"), Jobs: 1,
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("want an interrupted run, got %v", err)
	}
	whole := resultOf(t, app, comparedText, "contender[0].policy=full")
	c := differences(t, app, dir, whole.Dir(), CompareOptions{Contenders: []string{"models", "dropout"}, Metrics: []string{"attainment"}})
	if c.Shared != 2 || c.Differences[0].Replications != 2 || c.Differences[0].Verdict != result.Same {
		t.Errorf("want models the same in 2 replications, got %+v", c.Differences[0])
	}
	if notes := strings.Join(c.Notes, "\n"); !strings.Contains(notes, "A was interrupted after 2 of 8 replications") || !strings.Contains(notes, "B has 3 replications, of which both have 2") {
		t.Errorf("want it said, got\n%s", notes)
	}
}

func TestCompareBadInput(t *testing.T) {
	app := testApp(t)
	a := resultOf(t, app, comparedText, "contender[0].name='a=b'")
	older := copied(t, a)
	if err := os.Remove(older.Path(result.ReplicationsFile)); err != nil {
		t.Fatal(err)
	}
	cut := copied(t, a)
	if err := os.WriteFile(cut.Path(result.ReplicationsFile), read(t, a, result.ReplicationsFile)[:1000], 0o644); err != nil {
		t.Fatal(err)
	}
	for want, try := range map[string]struct {
		b string
		o CompareOptions
	}{
		"no result folder":           {"nowhere", CompareOptions{}},
		"older slosim: run it again": {older.Dir(), CompareOptions{}},
		"end early":                  {cut.Dir(), CompareOptions{}},
		`got "p98_ms" (did you mean "p90_ms"?)` + "\n--contender":    {a.Dir(), CompareOptions{Metrics: []string{"p98_ms"}, Contenders: []string{"modles=a=b"}}},
		`--metric: want one of`:                                      {a.Dir(), CompareOptions{Metrics: []string{"slo_met"}}},
		`--class: want one of all, strict, relaxed, got "lax"`:       {a.Dir(), CompareOptions{Classes: []string{"lax"}}},
		`--window: want one of all, quiet, interference, got "loud"`: {a.Dir(), CompareOptions{Windows: []string{"loud"}}},
		`want one of a=b, models, got "mode"`:                        {a.Dir(), CompareOptions{Contenders: []string{"models=mode"}}},
	} {
		out, err := comparing(app, a.Dir(), try.b, try.o)
		if err == nil || ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), want) || out != "" {
			t.Errorf("want %q with exit code 2, got %v\n%s", want, err, out)
		}
	}
	for _, given := range []string{"a=b", "a=b=models", "models=a=b", "a=b=a=b"} {
		if out, err := comparing(app, a.Dir(), a.Dir(), CompareOptions{Contenders: []string{given}}); err != nil {
			t.Errorf("%s: want = in names understood, got %v\n%s", given, err, out)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out bytes.Buffer
	if err := app.Compare(ctx, CompareOptions{Console: Console{Out: &out}, A: a.Dir(), B: a.Dir()}); ExitCode(err) != ExitInterrupted || out.Len() > 0 {
		t.Errorf("interrupted: want nothing printed and exit code 130, got %v, %s", err, &out)
	}
}

// TestFlattenSeesEveryKey: whatever key of a scenario changes, some path does.
func TestFlattenSeesEveryKey(t *testing.T) {
	app := testApp(t)
	text := parsed(t, app, contestText).Text()
	first, err := flatten(text)
	if err != nil {
		t.Fatal(err)
	}
	if len(first.paths) != len(first.text) || first.text["class[1].change[0].latency"] != `"10ms"` || first.text["class"] != "2 entries" {
		t.Fatalf("want each path once, got %d of %d: %v", len(first.paths), len(first.text), first.text)
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		key, value, ok := strings.Cut(line, " = ")
		if !ok || strings.HasPrefix(value, "{") {
			continue
		}
		other := slices.Clone(lines)
		other[i] = key + " = 4711"
		second, err := flatten(strings.Join(other, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		changed := 0
		for _, path := range first.paths {
			if first.text[path] != second.text[path] {
				changed++
			}
		}
		if changed != 1 {
			t.Errorf("%s: want one path changed, got %d", line, changed)
		}
	}
}

// TestReplicationsAgreeWithTheSummary: the values of a run have the means that its summary has.
func TestReplicationsAgreeWithTheSummary(t *testing.T) {
	app := testApp(t)
	f := resultOf(t, app, comparedText)
	r, err := f.Replications()
	if err != nil {
		t.Fatal(err)
	}
	summary, err := f.Summary()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, cell := range summary.Cells {
		one := r.Of(cell.Contender).Cell(cell.Class, cell.Window)
		sum := int64(0)
		for _, n := range one.Queries {
			sum += n
		}
		if sum != cell.Queries {
			t.Errorf("%s %s %s: want %d queries, got %d", cell.Contender, cell.Class, cell.Window, cell.Queries, sum)
		}
		for _, metric := range []string{"attainment", "accuracy", "p50_ms", "mean_density"} {
			values := one.Metrics[metric].Values
			mean := 0.0
			for _, v := range values {
				mean += v / float64(len(values))
			}
			if want := cell.Metrics[metric].Mean; want != nil && cell.Metrics[metric].Lo != nil {
				checked++
				if diff := mean - *want; diff > 1e-5**want || diff < -1e-5**want {
					t.Errorf("%s %s %s %s: want %v, got %v", cell.Contender, cell.Class, cell.Window, metric, *want, mean)
				}
			}
		}
	}
	if checked < 50 {
		t.Errorf("want 50 means checked, got %d", checked)
	}
}

// TestCompareNotes: what weakens a comparison without forbidding it.
func TestCompareNotes(t *testing.T) {
	app := testApp(t)
	a, b := resultOf(t, app, comparedText, "replications=1"), resultOf(t, app, comparedText, "replications=1", "contender[0].policy=full")
	edit(t, b, result.ManifestFile, func(root map[string]any) { root["commit"] = "4711" })
	c := differences(t, app, a.Dir(), b.Dir(), CompareOptions{Contenders: []string{"dropout"}, Metrics: []string{"attainment"}, Classes: []string{"strict"}})
	if d := c.Differences[0]; d.Verdict != result.Untested || d.Difference.Mean == nil || *d.Difference.Mean >= 0 || d.Difference.Lo != nil || d.P != nil {
		t.Errorf("one replication: want a difference without interval, got %+v", d)
	}
	if notes := strings.Join(c.Notes, "\n"); !strings.Contains(notes, "only 1 replication in both: no intervals") || !strings.Contains(notes, "different builds") {
		t.Errorf("want notes of one replication and of two builds, got\n%s", notes)
	}

	closed := strings.Replace(comparedText, "kind = \"poisson\"\nload = 2.0", "kind = \"closed\"\nclients = 3", 1)
	a, b = resultOf(t, app, closed), resultOf(t, app, closed, "contender[0].policy=full", "contender[1].policy=full")
	c = differences(t, app, a.Dir(), b.Dir(), CompareOptions{})
	if notes := strings.Join(c.Notes, "\n"); !strings.Contains(notes, "arrivals wait for answers") {
		t.Errorf("a closed loop: want a note, not a refusal, got\n%s", notes)
	}
	edit(t, a, result.ManifestFile, func(root map[string]any) { root["service"] = "kernel" })
	edit(t, b, result.ManifestFile, func(root map[string]any) {
		root["service"], root["failed"] = "kernel", []string{"models: it broke a rule"}
	})
	edit(t, b, result.ReplicationsFile, func(root map[string]any) { root["contenders"] = root["contenders"].([]any)[:1] })
	c = differences(t, app, a.Dir(), b.Dir(), CompareOptions{})
	if notes := strings.Join(c.Notes, "\n"); !strings.Contains(notes, "measured anew") || !strings.Contains(notes, "models: only in A; in the other one it failed: it broke a rule") {
		t.Errorf("want notes of kernels and of a failed contender, got\n%s", notes)
	}
}

// TestFileSums: a recorded slow-down under the same name counts by what it holds.
func TestFileSums(t *testing.T) {
	app := testApp(t)
	var sums []string
	for _, rows := range []string{"0,1\n2,1\n", "0,2\n2,1\n", "0,1\n2,1\n"} {
		s, _, err := inFolder(t, app.Known(), recordedText, "t_s,factor\n"+rows)
		if err != nil {
			t.Fatal(err)
		}
		files, err := s.fileSums()
		if err != nil || len(files) != 1 {
			t.Fatalf("want the sum of one file, got %v, %v", files, err)
		}
		sums = append(sums, files["interference[0].file"])
	}
	if sums[0] == sums[1] || sums[0] != sums[2] || len(sums[0]) != 64 {
		t.Errorf("want sums of what the files hold, got %q", sums)
	}
}
