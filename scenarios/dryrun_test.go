package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"slosim/workloads"
	"slosim/workloads/rng"
)

// arrivalsOf are traffic of every kind and transform, with what else must change for it.
func arrivalsOf() map[string][]string {
	const traced = "trace = \"azure-llm-2023-code\"\n"
	return map[string][]string{
		"kind = \"poisson\"\nload = 0.5":                                            nil,
		"kind = \"poisson\"\nrate = 900":                                            nil,
		"kind = \"gamma\"\ncv = 2\nload = 0.5":                                      nil,
		"kind = \"constant\"\nrate = 900":                                           nil,
		"kind = \"mlperf-server\"\nload = 1.5":                                      nil,
		"kind = \"mlperf-offline\"\nqueries = 5000":                                 {"warmup=0s"},
		"kind = \"closed\"\nclients = 6":                                            nil,
		"kind = \"mlperf-single-stream\"":                                           nil,
		"kind = \"mlperf-multi-stream\"":                                            nil,
		traced + "transform = \"none\"":                                             {"duration=1000s", "interference=[]", "class[1].change=[]"},
		traced + "transform = \"compress\"\nrate=500":                               nil,
		traced + "transform = \"modulate\"\nspeed=60\nload=0.5":                     nil,
		traced + "transform = \"modulate\"\nspeed=60\nload=0.5\nwindow=\"random\"":  nil,
		traced + "transform = \"thin\"\nspeed=100\nrate=100":                        nil,
		traced + "transform = \"superpose\"\ncopies=4\nrate=200":                    nil,
		"kind = \"mmpp\"\nrate=900\nfactor=3\nbusy_share=0.2\nbusy_length=\"50ms\"": nil,
		"kind = \"spike\"\nrate=900\nfactor=4\nfrom=\"1s\"\nto=\"2s\"":              nil,
		"kind = \"diurnal\"\nload=0.5\namplitude=0.5\nperiod=\"1s\"":                nil,
	}
}

// What a dry run says of the traffic is what a run has: of every kind of arrivals, of queries of
// several samples, on several workers.
func TestPlanIsWhatRuns(t *testing.T) {
	app := testApp(t)
	seen := map[string]bool{}
	for arrivals, set := range arrivalsOf() {
		t.Run(strings.ReplaceAll(arrivals, "\n", " "), func(t *testing.T) {
			s := looped(t, app, arrivals, append(set, "machine=[{workers=2}]", "class[0].size=3", "class[1].size=10", "class[1].size_spread=0.5")...)
			seen[s.Arrivals.Kind+s.Arrivals.Transform] = true
			o := RunOptions{Scenario: s, Jobs: 2, Profile: madeUp(t, app, s, nil)}
			plan := planned(t, app, o)
			c := contestFor(t, app, o)
			queries, samples := counted(t, c)
			closed := s.Arrivals.Kind != "" && !workloads.HasRate(s.Arrivals.Kind)
			if (plan.QPS == nil) != closed || (plan.Load == nil) != closed {
				t.Fatalf("a rate and a load: got %v and %v", plan.QPS, plan.Load)
			}
			if s.Arrivals.Kind == "mlperf-offline" && *plan.Queries != 5000*float64(plan.Runs) {
				t.Errorf("want the count of all runs, got %v", *plan.Queries)
			}
			if closed {
				return
			}
			near(t, "queries a second", *plan.QPS, queries/plan.DurationS, 0.1)
			near(t, "queries in all", *plan.Queries, queries*float64(plan.Runs), 0.1)
			work := samples / plan.DurationS * c.profile.Campaign.Reference.Mean().Seconds() / 2
			near(t, "offered load", *plan.Load, work, 0.15)
			if want := s.Arrivals.Load; want > 0 && s.Arrivals.Window == "" && s.Arrivals.Kind != "spike" {
				near(t, "the load that was asked for", *plan.Load, want, 1e-5)
			}
			if (*plan.Load >= 1) != (len(plan.Warnings) > 0) {
				t.Errorf("load %v, warnings %q", *plan.Load, plan.Warnings)
			}
			sum := 0.0
			for _, class := range plan.Classes {
				sum += *class.Load
			}
			near(t, "loads of the classes", sum, *plan.Load, 1e-5)
		})
	}
	for _, name := range slices.Concat(workloads.Kinds(), workloads.Transforms()) {
		if !seen[name] {
			t.Errorf("no traffic here of kind or transform %s: add it", name)
		}
	}
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got/want-1) > within {
		t.Errorf("%s: want %.6g within %g %%, got %.6g", what, want, 100*within, got)
	}
}

func planned(t *testing.T, app *App, o RunOptions) *Plan {
	t.Helper()
	var out bytes.Buffer
	o.Console, o.DryRun = Console{Out: &out, JSON: true, Progress: quiet{}}, true
	if err := app.Run(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	plan := &Plan{}
	if err := json.Unmarshal(out.Bytes(), plan); err != nil || plan.Schema != 1 {
		t.Fatalf("want one object of schema 1, got %v\n%s", err, &out)
	}
	again, err := Parse("x", []byte(plan.ScenarioText), app.Known())
	if err != nil || again.Hash() != plan.ScenarioHash {
		t.Errorf("want the resolved scenario, got another one (%v)", err)
	}
	return plan
}

func contestFor(t *testing.T, app *App, o RunOptions) *contest {
	t.Helper()
	subject, err := app.subjectOf(o.Scenario)
	if err != nil {
		t.Fatal(err)
	}
	p, err := app.givenProfile(subject, o.Profile)
	if err != nil {
		t.Fatal(err)
	}
	c, err := app.newContest(o.Scenario, p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// counted returns the mean numbers of queries and samples of a run, of twenty replications.
func counted(t *testing.T, c *contest) (queries, samples float64) {
	t.Helper()
	const replications = 20
	for r := range uint32(replications) {
		key := rng.Key{Seed: 5, Replication: r}
		stream, err := workloads.NewStream(workloads.StreamSpec{Sources: []workloads.Arrivals{c.process.Start(key)}, Classes: c.classes, Samples: c.samples, Key: key})
		if err != nil {
			t.Fatal(err)
		}
		var q workloads.Query
		for !stream.Closed() && stream.Next(&q) && q.ArriveAt < c.scenario.Duration.Std() {
			queries++
			samples += float64(q.Size)
		}
	}
	return queries / replications, samples / replications
}

// Without a profile a rate is known and a load is not.
func TestPlanWithoutAProfile(t *testing.T) {
	app := testApp(t)
	s := looped(t, app, "kind = \"poisson\"\nrate = 900")
	plan, err := app.planOf(RunOptions{Scenario: s}, nil, "no profile yet")
	if err != nil || plan.QPS == nil || *plan.QPS != 900 || plan.Load != nil || *plan.Queries != 900*3*float64(plan.Runs) {
		t.Errorf("a rate: got %+v, %v", plan, err)
	}
	s = looped(t, app, "kind = \"poisson\"\nload = 0.5")
	plan, err = app.planOf(RunOptions{Scenario: s}, nil, "no profile yet")
	if err != nil || plan.QPS != nil || plan.Load != nil || plan.Queries != nil || len(plan.Classes) != 2 {
		t.Errorf("a load: got %+v, %v", plan, err)
	}
	var out bytes.Buffer
	if err := plan.print(RunOptions{Console: Console{Out: &out}, Scenario: s}); err != nil || !strings.Contains(out.String(), "# no profile yet: rates and times are known once it is measured\n") {
		t.Errorf("got %v\n%s", err, &out)
	}
	// What is printed is a scenario.
	if _, err := Parse("x", out.Bytes(), app.Known()); err != nil {
		t.Error(err)
	}
	if time.Duration(s.Duration) != 3*time.Second {
		t.Fatal("the numbers above are of three seconds")
	}
}
