package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"testing"

	"slosim/reports/result"
)

// reported writes the page of a folder again and returns it.
func reported(t *testing.T, app *App, f *result.Folder) []byte {
	t.Helper()
	var out bytes.Buffer
	err := app.Report(context.Background(), ReportOptions{Console: Console{Out: &out, Err: os.Stderr, Progress: quiet{}}, Dir: f.Dir()})
	if err != nil {
		t.Fatal(err)
	}
	return read(t, f, result.ReportFile)
}

// edit changes a result file as any program could: through its JSON.
func edit(t *testing.T, f *result.Folder, name string, change func(root map[string]any)) {
	t.Helper()
	var root map[string]any
	decoder := json.NewDecoder(bytes.NewReader(read(t, f, name)))
	decoder.UseNumber()
	if err := decoder.Decode(&root); err != nil {
		t.Fatal(err)
	}
	change(root)
	data, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.Path(name), data, 0o644); err != nil {
		t.Fatal(err)
	}
	if name != result.ManifestFile { // what is wrong beside the sum is to be noticed too
		edit(t, f, result.ManifestFile, func(root map[string]any) { delete(root, "files") })
	}
}

// at walks down a JSON value: keys of objects, indexes of lists.
func at(v any, path ...any) map[string]any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			v = v.(map[string]any)[step]
		case int:
			v = v.([]any)[step]
		}
	}
	return v.(map[string]any)
}

// TestReportShowsTheFiles: report DIR makes of the files the very page that the run
// made, and a number that is changed in a file is changed in the page.
func TestReportShowsTheFiles(t *testing.T) {
	app := testApp(t)
	s := parsed(t, app, contestText, "duration=2600ms")
	folder, _, err := ranIn(t, app, s, RunOptions{Profile: madeUp(t, app, s, nil)})
	if err != nil {
		t.Fatal(err)
	}
	first := read(t, folder, result.ReportFile)
	if page := reported(t, app, folder); !bytes.Equal(first, page) {
		t.Fatalf("unchanged files: want the run's page, byte for byte, got another one (%d and %d bytes)", len(first), len(page))
	}
	regret := "slo-nn/full effective_accuracy"
	changes := []struct {
		name, file, want string
		change           func(root map[string]any)
	}{
		{"attainment", result.SummaryFile, "12.34", func(r map[string]any) { at(r, "cells", 0, "metrics", "attainment")["mean"] = 0.12341 }},
		{"bound", result.SummaryFile, "67.89", func(r map[string]any) { at(r, "bounds", 0, "right")["mean"] = 0.6789 }},
		{"regret", result.SummaryFile, "23.45", func(r map[string]any) {
			for _, cell := range r["cells"].([]any) {
				if c := at(cell); c["contender"] == "slo-nn/clairvoyant-greedy" && c["class"] == "all" && c["window"] == "all" {
					at(c, "versus", regret)["mean"] = 0.2345
				}
			}
		}},
		{"front", result.FiguresFile, "45.67", func(r map[string]any) { at(r, "fronts", 0, "points", 0)["accuracy"] = 0.4567 }},
		{"confidence", result.FiguresFile, "3.21", func(r map[string]any) { at(r, "reliability", 0)["ece"] = 0.03213 }},
		{"seed", result.ManifestFile, "8675309", func(r map[string]any) { r["seed"] = 8675309 }},
	}
	for _, c := range changes {
		before := bytes.Count(reported(t, app, folder), []byte(c.want))
		edit(t, folder, c.file, c.change)
		if after := bytes.Count(reported(t, app, folder), []byte(c.want)); after <= before {
			t.Errorf("%s changed in %s: want %s in the page, got it %d times before and %d after", c.name, c.file, c.want, before, after)
		}
	}
}
