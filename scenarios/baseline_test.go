package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What check did not write is no baseline, and says why in words.
func TestBaselineRefusesWhatItIsNot(t *testing.T) {
	const key = `"lcao | all | all | attainment"`
	whole := func(means, values string) string {
		return `{"schema": 1, "seed": 1, "means": {` + key + `: ` + means + `}, "values": {` + key + `: ` + values + `}}`
	}
	if b, err := parseBaseline([]byte(whole("0.9", "[0.85, 0.95]"))); err != nil || len(b.Values) != 1 {
		t.Fatalf("want it read, got %v, %v", b, err)
	}
	for text, want := range map[string]string{
		`{}`:                            "want a baseline of schema 1, got a file without a schema",
		`{"schema": 2}`:                 "got one of schema 2",
		`[1]`:                           "got array in place of an object",
		`{"schema": 1`:                  "want a baseline, got unexpected end of JSON input",
		`{"schema": 1, "seed": 1}`:      "want means, got none",
		`{"schema": 1, "meanings": {}}`: `got unknown field "meanings"`,
		whole("1e999", "[0.9]"):         "got number 1e999 at means",
		whole("null", "[0.9]"):          "means: " + key + ": want a number, got null",
		whole("1.5", "[1.5]"):           "want 0 to 1, of a share, got 1.5",
		whole("0.9", "[0.9, null]"):     "values: " + key + ": want a number, got null",
		whole("0.9", "[-0.1, 1]"):       "want 0 to 1, of a share, got -0.1",
		whole("0.9", "[]"):              "want a value a replication, got none",
		whole("0.9", "[0.8, 0.9]"):      "want values of the mean 0.9, got 2 of 0.85",
		`{"schema": 1, "means": {"a | all | all | capacity_qps": -3}}`:                                        "want 0 or more, got -3",
		`{"schema": 1, "means": {"a | p50_ms": 3}, "values": {"b | p50_ms": [3]}}`:                            "want a mean of them, got none",
		`{"schema": 1, "means": {"a | p50_ms": 3, "b | p50_ms": 3}, "values": {"a | p50_ms": [3], "b": [3]}}`: "want a mean of them, got none",
		`{"schema": 1, "means": {"a | ms": 3, "b | ms": 3}, "values": {"a | ms": [3], "b | ms": [3, 3]}}`:     `want 1, as of "a | ms", got 2`,
		`{"schema": 1, "means": {"a | ms": 3}, "values": {"a | ms": "three"}}`:                                "got string at values",
		`{"schema": "1"}`: `got one of schema "1"`,
	} {
		if _, err := parseBaseline([]byte(text)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "nil") {
			t.Errorf("%s: want %q, got %v", text, want, err)
		}
	}
}

// A broken baseline is a mistake, found before anything runs; the one that is committed is fine.
func TestCheckRefusesBrokenBaseline(t *testing.T) {
	app, dir := testApp(t), t.TempDir()
	file := filepath.Join(dir, "promises.baseline.json")
	if err := os.WriteFile(file, []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := checkedIn(t, app, dir, promisesText, goldenProfile("fashion-mnist"), false)
	if ExitCode(err) != ExitUsage || !strings.HasPrefix(err.Error(), file+": want a baseline of schema 1") || out != "" {
		t.Errorf("want it refused, got %v\n%s", err, out)
	}
	text, err := os.ReadFile("ci/promises.baseline.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parseBaseline(text); err != nil {
		t.Error(err)
	}
}

// Updating says which files it wrote, in JSON too.
func TestUpdateNamesItsFiles(t *testing.T) {
	app, dir := testApp(t), t.TempDir()
	out, err := checkedIn(t, app, dir, promisesText, goldenProfile("fashion-mnist"), true)
	file := filepath.Join(dir, "promises.baseline.json")
	if want := "wrote " + file + "\n"; err != nil || out != want {
		t.Errorf("want %q, got %v\n%s", want, err, out)
	}
	s, err := Load(filepath.Join(dir, "promises.toml"), app.Known())
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	err = app.Check(context.Background(), CheckOptions{Console: Console{Out: &text, JSON: true, Progress: quiet{}},
		Scenarios: []*Scenario{s}, Profile: goldenProfile("fashion-mnist"), Jobs: 2, Alpha: DefaultAlpha, Update: true})
	var got struct{ Baselines []string }
	if json.Unmarshal(text.Bytes(), &got) != nil || err != nil || len(got.Baselines) != 1 || got.Baselines[0] != file {
		t.Errorf("want %s in JSON, got %v\n%s", file, err, text.String())
	}
}
