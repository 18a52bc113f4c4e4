package scenarios

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Mistakes of all scenarios and flags come together, before anything runs.
func TestCheckMistakes(t *testing.T) {
	app, progress := testApp(t), &counting{}
	none, _, _ := strings.Cut(promisesText, "\n[[assert]]")
	err := app.Check(context.Background(), CheckOptions{
		Console: Console{Out: &bytes.Buffer{}, Progress: progress}, Jobs: 2, Alpha: DefaultAlpha,
		Scenarios: []*Scenario{promised(t, app, none), promised(t, app, promisesText), promised(t, app, unbased())},
		Profile:   "nope.profile", JUnit: "/nosuch/x.xml", Sequential: &Sequential{Most: 2},
	})
	if ExitCode(err) != ExitUsage || progress.runs > 0 {
		t.Fatalf("want mistakes alone, got %v, %d runs", err, progress.runs)
	}
	for _, want := range []string{
		"promises.toml: assert: want at least one [[assert]] block", "promises.baseline.json: want the baseline",
		"--most: want 5", "--junit: cannot write /nosuch/x.xml: no such file or directory",
		"--profile: want a file that slosim measure wrote, got nothing of that name: nope.profile",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "probe") {
		t.Errorf("want no internal name, got\n%v", err)
	}
}

// A profile that does not fit the second scenario is found before the first one runs.
func TestCheckFindsMisfitsFirst(t *testing.T) {
	app, progress := testApp(t), &counting{}
	other := strings.Replace(unbased(), `technique = "dense"`, `technique = "slo-nn-probe"`, 1)
	_, err := app.Checked(context.Background(), CheckOptions{
		Console: Console{Out: &bytes.Buffer{}, Progress: progress}, Jobs: 2, Alpha: DefaultAlpha,
		Scenarios: []*Scenario{promised(t, app, unbased()), promised(t, app, other)}, Profile: goldenProfile("fashion-mnist"),
	})
	if ExitCode(err) != ExitUsage || progress.runs > 0 || !strings.Contains(err.Error(), "promises.toml: ") {
		t.Errorf("want a profile without the technique refused at once, got %v, %d runs", err, progress.runs)
	}
}

// Scenarios of one name in several folders are told apart by their paths.
func TestCheckNamesScenarios(t *testing.T) {
	app, dir := testApp(t), t.TempDir()
	var list []*Scenario
	for _, path := range []string{"a/p.toml", "b/p.toml", "b/q.toml"} {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(unbased()), 0o666); err != nil {
			t.Fatal(err)
		}
		s, err := Load(path, app.Known(), "replications=1", "duration=1s", "assert[1].min=0.0", "assert[0].min=0.0")
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	all, err := app.Checked(context.Background(), CheckOptions{Scenarios: list, Profile: goldenProfile("fashion-mnist"), Jobs: 2, Alpha: DefaultAlpha})
	if err != nil || len(all) != 9 {
		t.Fatalf("want 9 findings, got %v, %v", all, err)
	}
	for i, want := range []string{filepath.Join(dir, "a/p.toml"), filepath.Join(dir, "b/p.toml"), "q"} {
		if got := all[3*i].Scenario; got != want {
			t.Errorf("want %s, got %s", want, got)
		}
	}
}

// Assertions that mean nothing are found where they stand, each once.
func TestMeaninglessAssertions(t *testing.T) {
	app := testApp(t)
	head, _, _ := strings.Cut(promisesText, "\n[[assert]]")
	line := strings.Count(head, "\n") + 2
	for text, want := range map[string]string{
		"metric = \"capacity_qps\"\nwithin = \"1pt\"":             `4: assert[0].within: want "5%" of the value: capacity_qps is no share, to have points, got "1pt"`,
		"metric = \"p99_ms\"\nwithin = \"1pt\"":                   `4: assert[0].within: want "5%" of the value: p99_ms is no share, to have points, got "1pt"`,
		"metric = \"attainment\"\nnot_worse_than = \"mine\"":      `4: assert[0].not_worse_than: want another contender than the assertion's own, got "mine"`,
		"metric = \"throughput_qps\"\nnot_worse_than = \"plain\"": `4: assert[0].not_worse_than: want a metric of which more or less is better, got "throughput_qps"`,
		"metric = \"attainment\"\nmin = nan":                      `4: assert[0].min: want a finite number, got nan`,
		"metric = \"attainment\"\nmin = \"high\"":                 `4: assert[0].min: want a number, got "high"`,
	} {
		_, err := Parse("p.toml", []byte(head+"\n[[assert]]\ncontender = \"mine\"\n"+text+"\n"), app.Known())
		number, rest, _ := strings.Cut(want, ":")
		var offset int
		fmt.Sscan(number, &offset)
		if want := fmt.Sprintf("p.toml:%d:%s", line+offset-1, rest); err == nil || err.Error() != want {
			t.Errorf("%q: want only %q, got %v", text, want, err)
		}
	}
}
