package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slosim/engine/antagonist"
	"slosim/engine/profile"
	"slosim/reports/result"
)

// TestMain lets the test binary be the antagonist that it starts.
func TestMain(m *testing.M) {
	antagonist.Become()
	os.Exit(m.Run())
}

// validateText has one class that nothing can serve in time and one that everything serves
// in time, however slow the machine is: swapped, they would be as wrong as can be. Tolerances
// are far beyond what a made-up profile and a busy machine can do.
const validateText = `
schema = 1
seed = 3
duration = "400ms"
warmup = "50ms"

[[model]]
network = "fashion-mnist"

[arrivals]
kind = "poisson"
load = 0.1

[[class]]
name = "impossible"
share = 0.3
latency = "1ns"

[[class]]
name = "patient"
share = 0.7
latency = "1h"

[[contender]]
name = "dense"
technique = "dense"
policy = "full"

[[contender]]
name = "zoo"
technique = "zoo"
policy = "always-fastest"

[validate]
repetitions = 2
half_width = 1
attainment = 0.5
mean_attainment = 0.5
kernel_attainment = 0.5
effective_accuracy = 1
p50 = 100
p99 = 100
drift = 10
`

// validatedIn runs validate over a made-up profile.
func validatedIn(t *testing.T, text string, sets ...string) (*result.Validation, string, error) {
	t.Helper()
	if err := antagonist.Supported(); err != nil {
		t.Skip(err)
	}
	app := testApp(t)
	s := parsed(t, app, text, sets...)
	path, dir := madeUp(t, app, s, func(p *profile.Profile) { p.Campaign.Reference = profile.Dist{80_000} }), t.TempDir()
	var out bytes.Buffer
	err := app.Validate(context.Background(), ValidateOptions{
		Console: Console{Out: &out, Err: os.Stderr, Progress: quiet{}}, Scenario: s, Profile: path, Dir: dir,
	})
	text2, readErr := os.ReadFile(filepath.Join(dir, "validation.json"))
	if readErr != nil {
		t.Fatalf("%v, %v\n%s", err, readErr, out.String())
	}
	v := &result.Validation{}
	if err := json.Unmarshal(text2, v); err != nil {
		t.Fatal(err)
	}
	return v, out.String(), err
}

// A small validation on whatever machine this is: no query is lost, no class swapped, and
// clocks tick in the same unit. Of a machine that something else keeps busy the verdict is
// void, and what was compared holds all the same.
func TestValidateSmall(t *testing.T) {
	v, out, err := validatedIn(t, validateText)
	if v.Verdict == result.Failed || (err == nil) != (v.Verdict == result.Passed) {
		t.Fatalf("verdict %s, error %v\n%s", v.Verdict, err, out)
	}
	if v.Verdict == result.Void {
		t.Logf("void: %s", strings.Join(v.Void, "\n"))
	} else if len(v.Cells) != 2*3*6 {
		t.Errorf("want 6 metrics of 3 classes of 2 contenders, got %d cells", len(v.Cells))
	}
	for _, c := range v.Cells {
		switch {
		case c.Queries == 0:
			t.Errorf("%s %s %s: want queries", c.Contender, c.Class, c.Metric)
		case c.Metric == "attainment" && c.Class != "all":
			want := map[string]float64{"impossible": 0, "patient": 1}[c.Class]
			for mode, m := range map[string]result.Metric{"live": c.Live, "kernel": c.Kernel, "profile": c.Profile} {
				if m.Mean == nil || *m.Mean != want {
					t.Errorf("%s %s: attainment %s: want %g, got %+v", c.Contender, c.Class, mode, want, m)
				}
			}
		case c.Metric == "p50_ms" && c.Class != "impossible": // whose queries are dropped
			for mode, m := range map[string]result.Metric{"live": c.Live, "kernel": c.Kernel} {
				if m.Mean == nil || *m.Mean < 0.001 || *m.Mean > 10_000 {
					t.Errorf("%s %s: median %s: want some microseconds to some seconds, got %+v", c.Contender, c.Class, mode, m)
				}
			}
		}
	}
	for _, o := range v.Overheads {
		if v.Verdict == result.Void && o.Starts == 0 {
			continue // all of its runs were void
		}
		if o.Starts == 0 || o.US < 0 {
			t.Errorf("overhead: want it measured, got %+v", o)
		}
	}
}

// Something else on the worker's core is noticed, and nothing passes.
func TestABusyMachineIsVoid(t *testing.T) {
	if err := antagonist.Supported(); err != nil {
		t.Skip(err)
	}
	launcher, err := antagonist.Self()
	if err != nil {
		t.Fatal(err)
	}
	hog, err := antagonist.Start(launcher, antagonist.Spec{Kind: "cpu", Intensity: 1, CPU: antagonist.Cores()[0]})
	if err != nil {
		t.Fatal(err)
	}
	defer hog.Stop()
	v, out, err := validatedIn(t, validateText)
	var failed AssertionError
	if v.Verdict != result.Void || !errors.As(err, &failed) || ExitCode(err) != ExitAssertion || !strings.Contains(out, "something else had the worker's core") {
		t.Errorf("want void because of the hog, got %s, %v\n%s", v.Verdict, err, out)
	}
}

// A run is void because of the machine. What its queries got is not among what is asked.
func TestVoidIsOfTheMachineAlone(t *testing.T) {
	v, out, err := validatedIn(t, validateText, "validate.drift=1e-9")
	if v.Verdict != result.Void || !strings.Contains(out, "the dense reference takes") {
		t.Errorf("a machine that is not the profile's: want void, got %s, %v\n%s", v.Verdict, err, out)
	}
}

func TestWhatCannotBeLive(t *testing.T) {
	app := testApp(t)
	if err := antagonist.Supported(); err != nil {
		t.Skip(err)
	}
	text := strings.NewReplacer(`kind = "poisson"
load = 0.1`, `kind = "closed"
clients = 3`, `policy = "full"`, `policy = "clairvoyant-greedy"`).Replace(validateText) + `
[[machine]]
workers = 2
memory = "1KB"
`
	s := parsed(t, app, text)
	subject, err := app.subjectOf(parsed(t, app, validateText))
	if err != nil {
		t.Fatal(err)
	}
	problems := app.unliveable(s, subject.techniques)
	for _, want := range []string{"machine[0].workers: want 1", "machine[0].memory", "arrivals.kind", "contender[0].policy"} {
		if !strings.Contains(problems.Error(), want) {
			t.Errorf("want %q in:\n%v", want, problems)
		}
	}
}

func TestCheckProfile(t *testing.T) {
	app := testApp(t)
	s := parsed(t, app, validateText)
	path := madeUp(t, app, s, func(p *profile.Profile) { p.Campaign.Reference = profile.Dist{1} })
	var out bytes.Buffer
	o := MeasureOptions{Console: Console{Out: &out, Err: os.Stderr, Progress: quiet{}}, Check: path}
	if err := app.CheckProfile(context.Background(), o); ExitCode(err) != ExitAssertion || !strings.Contains(err.Error(), "does not describe this machine") {
		t.Errorf("a reference of 1 ns: want drift, got %v", err)
	}
	o.Check = "/no/such/profile"
	if err := app.CheckProfile(context.Background(), o); ExitCode(err) != ExitUsage {
		t.Errorf("no profile: want a usage error, got %v", err)
	}
}
