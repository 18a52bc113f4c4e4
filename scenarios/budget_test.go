package scenarios

import (
	"bytes"
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"slosim/reports/result"
)

// budgetText are promises about error budgets; class quick may miss a tenth, rare a hundredth.
func budgetText() string {
	text, _, _ := strings.Cut(promisesText, "\n[[assert]]")
	text = strings.Replace(text, "latency = \"60ms\"", "latency = \"60ms\"\nobjective = 0.9", 1)
	return text + `
[[assert]]
contender = "mine"
metric = "budget_spent"
max = 1.0

[[assert]]
contender = "mine"
metric = "burn_6h"
max = 6.0

[[assert]]
contender = "plain"
class = "quick"
metric = "budget_spent"
max = 1.0

[[assert]]
contender = "plain"
metric = "burn_3d"
max = 1.0

[[assert]]
contender = "mine"
metric = "budget_spent"
not_worse_than = "plain"
`
}

// Budgets and burn rates can be asserted like any metric, each class by its own objective.
func TestCheckErrorBudgets(t *testing.T) {
	app := testApp(t)
	all, _, err := checkedSequentially(t, app, promised(t, app, budgetText()), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, true, false, false, true} {
		if all[i].Holds != want {
			t.Errorf("%s: want %t, got %s", all[i].What, want, all[i].Found())
		}
	}
}

// A run's files: a class's spent budget is its misses over what its objective allows, and the figures have
// the alerts, in seconds of the measured window, with a line a contender.
func TestRunErrorBudgets(t *testing.T) {
	app := testApp(t)
	var out bytes.Buffer
	dir := filepath.Join(t.TempDir(), "out")
	err := app.Run(context.Background(), RunOptions{Console: Console{Out: &out, Err: &out, Progress: quiet{}}, Scenario: promised(t, app, budgetText()),
		Dir: dir, Profile: goldenProfile("fashion-mnist"), Service: "profile", Jobs: 2})
	if err != nil {
		t.Fatal(err)
	}
	folder, err := result.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	summary, err := folder.Summary()
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string]float64{"quick": 0.1, "rare": 0.01}
	for i := range summary.Cells {
		c := &summary.Cells[i]
		if share, ok := allowed[c.Class]; ok {
			if got, want := *c.Metrics["budget_spent"].Mean, (1-*c.Metrics["attainment"].Mean)/share; math.Abs(got-want) > 1e-4*max(1, want) {
				t.Errorf("%s, %s: want %v of the budget spent, got %v", c.Contender, c.Class, want, got)
			}
		}
	}
	figures, err := folder.Figures()
	if err != nil {
		t.Fatal(err)
	}
	if a := figures.Alerts; len(a) != 3 || math.Abs(a[2].LongS-0.35) > 1e-9 || figures.Classes[0].Objective != 0.9 || figures.Classes[1].Objective != 0.99 {
		t.Errorf("want three alerts, 3 d being a tenth of 3.5 s, and the objectives, got %+v, %+v", a, figures.Classes)
	}
	for _, line := range figures.Timeline {
		if len(line.Burn["burn_3d"]) != len(line.Arrived) {
			t.Errorf("%s: want a burn rate a bin, got %d of %d", line.Contender, len(line.Burn["burn_3d"]), len(line.Arrived))
		}
	}
}
