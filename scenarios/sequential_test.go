package scenarios

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"slosim/reports"
	"slosim/reports/result"
	"slosim/scheduler"
)

// counting is a progress that adds up what was begun.
type counting struct {
	quiet
	runs int
}

// Start implements Progress.
func (c *counting) Start(_ string, n int) { c.runs += n }

// promised parses text of promises without their baseline.
func promised(t *testing.T, app *App, text string, sets ...string) *Scenario {
	t.Helper()
	s, err := Parse("promises.toml", []byte(text), app.Known(), sets...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// unbased are promises without a baseline, of which the last is so close that it stays open for long.
func unbased() string {
	text, _, _ := strings.Cut(promisesText, `
[[assert]]
contender = "plain"
metric = "capacity_qps"`)
	return text
}

// checkedSequentially checks a scenario on the golden profile.
func checkedSequentially(t *testing.T, app *App, s *Scenario, q *Sequential) ([]result.Checked, int, error) {
	t.Helper()
	var out bytes.Buffer
	progress := &counting{}
	all, err := app.Checked(context.Background(), CheckOptions{
		Console: Console{Out: &out, Err: &out, Progress: progress}, Scenarios: []*Scenario{s}, Profile: goldenProfile("fashion-mnist"),
		Jobs: 2, Alpha: DefaultAlpha, Sequential: q,
	})
	return all, progress.runs, err
}

// Clear promises are decided before the cap, by the replications that a plain check of as many sees,
// each of which ran once.
func TestCheckSequentially(t *testing.T) {
	app := testApp(t)
	all, runs, err := checkedSequentially(t, app, promised(t, app, unbased()), &Sequential{Spending: reports.Pocock})
	if err != nil || len(all) != 3 {
		t.Fatalf("want 3 findings, got %+v, %v", all, err)
	}
	most := 0
	for i := range all {
		c := &all[i]
		most = max(most, c.Replications)
		if !c.Holds || c.Sequential == nil || c.Sequential.Verdict != result.Confirmed || c.Replications >= c.Sequential.Most || c.Scenario != "promises" {
			t.Errorf("want it confirmed before the cap, got %s: %s", c.What, c.Found())
		}
		plain, _, err := checkedSequentially(t, app, promised(t, app, unbased(), fmt.Sprintf("replications=%d", c.Replications)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := *c.Value.Mean, *plain[i].Value.Mean; math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: want the %v of a plain check of %d replications, got %v", c.What, want, c.Replications, got)
		}
	}
	if runs > 2*most {
		t.Errorf("want each of %d replications of two contenders once at most, got %d runs", most, runs)
	}
}

// A policy that ignores the queue is contradicted, early; what sits on the edge is undecided, says so and
// does not hold; a contender that fails is the error, its assertions are red, and the others are decided.
func TestCheckSequentiallyTurnsRed(t *testing.T) {
	app := testApp(t)
	app.Policies["blind"] = queueBlind
	blind := strings.Replace(unbased(), `policy = "lcao"`, `policy = "blind"`, 1)
	all, _, err := checkedSequentially(t, app, promised(t, app, blind), &Sequential{Spending: reports.Pocock})
	if err != nil {
		t.Fatal(err)
	}
	if c := all[0]; c.Holds || c.Sequential.Verdict != result.Contradicted || c.Replications >= c.Sequential.Most {
		t.Errorf("want blind contradicted before the cap, got %s", c.Found())
	}

	twin := strings.Replace(unbased(), `technique = "dense"`, `technique = "slo-nn"`, 1)
	edge := strings.Replace(twin, "min = 0.97", "min = "+result.FormatFloat(*all[0].Value.Mean), 1)
	edge = strings.Replace(edge, `policy = "lcao"`, `policy = "blind"`, 1)
	all, runs, err := checkedSequentially(t, app, promised(t, app, edge), &Sequential{Most: 10})
	if err != nil {
		t.Fatal(err)
	}
	if c := all[0]; c.Holds || c.Sequential.Verdict != result.Undecided || c.Replications != 10 || !strings.Contains(c.Found(), "undecided after 10 replications") {
		t.Errorf("want the edge undecided after 10, got %s", c.Found())
	}
	if runs > 20 {
		t.Errorf("want at most 20 runs, got %d", runs)
	}

	app.Policies["broken"] = func(*scheduler.Params) scheduler.Policy { return crasher{} }
	broken := strings.Replace(unbased(), `policy = "full"`, `policy = "broken"`, 1)
	all, _, err = checkedSequentially(t, app, promised(t, app, broken), &Sequential{Spending: reports.Pocock})
	if ExitCode(err) != ExitContender {
		t.Errorf("want the failed contender's exit code, got %v", err)
	}
	if len(all) != 3 || !all[0].Holds || all[2].Holds || !strings.Contains(all[2].Why, `contender "plain" failed`) {
		t.Errorf("want the others decided and the failed one red, got %+v", all)
	}
}

// What cannot be planned is found before anything runs.
func TestCheckSequentiallyRefuses(t *testing.T) {
	app := testApp(t)
	for want, q := range map[string]Sequential{
		"--most: want 5, the replications of promises, to 10000, got 4": {Most: 4},
		"--spending: want one of obrien-fleming, pocock, got \"none\"":  {Spending: "none"},
	} {
		_, runs, err := checkedSequentially(t, app, promised(t, app, unbased()), &q)
		if ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), want) || runs > 0 {
			t.Errorf("want %q before anything runs, got %v, %d runs", want, err, runs)
		}
	}
	if _, err := app.Checked(context.Background(), CheckOptions{Update: true, Sequential: &Sequential{}}); !errors.As(err, new(UsageError)) {
		t.Errorf("want --update refused, got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := app.Checked(ctx, CheckOptions{Console: Console{Out: &bytes.Buffer{}}, Scenarios: []*Scenario{promised(t, app, unbased())},
		Profile: goldenProfile("fashion-mnist"), Jobs: 2, Alpha: DefaultAlpha, Sequential: &Sequential{}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("want an interruption passed on, got %v", err)
	}
}
