package scenarios

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slosim/engine/profile"
	"slosim/scheduler"
)

// promisesText is a scenario with promises that hold by some distance on the golden profile, and that
// an unnoticed change breaks: of the policy, of the profile, of the classes.
const promisesText = `
schema = 1
seed = 1
replications = 5
duration = "4s"
warmup = "500ms"

[[model]]
network = "fashion-mnist"

[arrivals]
kind = "poisson"
rate = 900.0

[[class]]
name = "quick"
share = 0.7
latency = "60ms"
accuracy = 0.85

[[class]]
name = "rare"
share = 0.3
latency = "120ms"
accuracy = 0.85

[[contender]]
name = "mine"
technique = "slo-nn"
policy = "lcao"

[[contender]]
name = "plain"
technique = "dense"
policy = "full"

[[assert]]
contender = "mine"
metric = "attainment"
min = 0.97

[[assert]]
contender = "mine"
class = "rare"
metric = "effective_accuracy"
min = 0.8

[[assert]]
contender = "mine"
metric = "attainment"
not_worse_than = "plain"

[[assert]]
contender = "plain"
metric = "capacity_qps"
within = "4%"
`

// queueBlind is lcao without eyes for the queue: the most accurate point, whatever waits.
func queueBlind(p *scheduler.Params) scheduler.Policy {
	policy, err := scheduler.Builtin().New("full", p)
	if err != nil {
		panic(err)
	}
	return policy
}

// checkedIn runs check on the text in a folder, and returns what was printed with the error.
func checkedIn(t *testing.T, app *App, dir, text, profile string, update bool, sets ...string) (string, error) {
	t.Helper()
	path := filepath.Join(dir, "promises.toml")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := Load(path, app.Known(), sets...)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = app.Check(context.Background(), CheckOptions{
		Console: Console{Out: &out, Err: &out, Progress: quiet{}}, Scenarios: []*Scenario{s}, Profile: profile, Jobs: 2, Alpha: DefaultAlpha, Update: update,
	})
	return out.String(), err
}

// slower writes a profile in which every kernel takes so many times as long.
func slower(t *testing.T, factor float64) string {
	t.Helper()
	p, err := profile.Load(goldenProfile("fashion-mnist"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Sets {
		for _, half := range []*profile.Half{&p.Sets[i].Calibration, &p.Sets[i].Truth} {
			for _, levels := range half.Execute {
				for _, classes := range levels {
					for _, dist := range classes {
						for k := range dist {
							dist[k] = uint32(factor * float64(dist[k]))
						}
					}
				}
			}
		}
	}
	path := filepath.Join(t.TempDir(), "slower.profile")
	if err := p.Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// A policy that ignores the queue, a profile that is a tenth slower and a class that is lost each turn
// check red; what was not changed stays green.
func TestCheckTurnsRed(t *testing.T) {
	app, dir := testApp(t), t.TempDir()
	app.Policies["blind"] = queueBlind
	golden := goldenProfile("fashion-mnist")
	if out, err := checkedIn(t, app, dir, promisesText, golden, false); err == nil || !strings.Contains(err.Error(), "--update") {
		t.Fatalf("want a baseline asked for, got %v\n%s", err, out)
	}
	if out, err := checkedIn(t, app, dir, promisesText, golden, true); err != nil {
		t.Fatalf("update: %v\n%s", err, out)
	}
	if out, err := checkedIn(t, app, dir, promisesText, golden, false); err != nil || strings.Count(out, "PASS") != 4 {
		t.Fatalf("unchanged: want 4 passes, got %v\n%s", err, out)
	}
	for name, c := range map[string]struct {
		text, profile, want string
		sets                []string
	}{
		"policy":  {strings.Replace(promisesText, `policy = "lcao"`, `policy = "blind"`, 1), golden, "attainment", nil},
		"profile": {promisesText, slower(t, 1.1), "capacity_qps", nil},
		"class":   {promisesText, golden, "class rare", []string{"class[0].share=0.999999999", "class[1].share=0.000000001"}},
	} {
		out, err := checkedIn(t, app, dir, c.text, c.profile, false, c.sets...)
		var red AssertionError
		if !errors.As(err, &red) || ExitCode(err) != ExitAssertion || !strings.Contains(strings.Join(red.Failed, "\n"), c.want) {
			t.Errorf("%s: want %s red, got %v\n%s", name, c.want, err, out)
		}
	}
}

// Two hundred seeds of an unchanged tree stay green but for the share that alpha allows.
func TestCheckStaysGreen(t *testing.T) {
	if testing.Short() {
		t.Skip("two hundred runs")
	}
	app, dir := testApp(t), t.TempDir()
	golden := goldenProfile("fashion-mnist")
	if _, err := checkedIn(t, app, dir, promisesText, golden, true); err != nil {
		t.Fatal(err)
	}
	red := 0
	for seed := range 200 {
		if out, err := checkedIn(t, app, dir, promisesText, golden, false, fmt.Sprintf("seed=%d", seed+2)); err != nil {
			red++
			t.Logf("seed %d: %v\n%s", seed+2, err, out)
		}
	}
	if red > 0 {
		t.Errorf("want all of 200 seeds green, got %d red", red)
	}
}
