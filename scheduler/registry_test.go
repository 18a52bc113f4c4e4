package scheduler_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/scheduler/policytest"
)

func TestRegistry(t *testing.T) {
	builtin := scheduler.Builtin()
	for _, name := range builtin.Names() {
		if scheduler.About(name) == "" {
			t.Errorf("%s: want a description", name)
		}
	}
	merged, err := builtin.Merge(scheduler.Registry{"mine": newTwoSpeed})
	if err != nil || len(merged) != len(builtin)+1 || merged["mine"] == nil {
		t.Errorf("merge: got %v, %v", merged.Names(), err)
	}
	if _, inBuiltin := builtin["mine"]; inBuiltin {
		t.Error("want Merge to leave its receiver alone")
	}
	_, err = builtin.Merge(scheduler.Registry{"lcao": newTwoSpeed, "mine": newTwoSpeed})
	if err == nil || !strings.Contains(err.Error(), "got twice: lcao") {
		t.Errorf("duplicate: got %v", err)
	}
	if got := scheduler.About("nobody"); got != "" {
		t.Errorf("want no description, got %q", got)
	}
}

func TestRegistryDescribesParameters(t *testing.T) {
	builtin := scheduler.Builtin()
	drop := scheduler.ParamInfo{Key: "drop", Kind: "text", Default: "expired", Choices: []string{"expired", "hopeless", "never"}}
	got := builtin.Params("slackfit")
	want := []scheduler.ParamInfo{
		{Key: "aware", Kind: "true or false", Default: "true"},
		{Key: "batch", Kind: "whole number", Default: "16", Range: "1..1024"},
		{Key: "buckets", Kind: "whole number", Default: "16", Range: "1..1000"},
		drop,
		{Key: "quantile", Kind: "number", Default: "0.5", Range: "0..1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	want = []scheduler.ParamInfo{drop, {Key: "point", Kind: "text", Range: "the name of an operating point", Required: true}}
	if diff := cmp.Diff(want, builtin.Params("fixed")); diff != "" {
		t.Error(diff)
	}
	if got := builtin.Params("model-switching")[3]; got.Default != "200ms" || got.Range != "1ms..1h0m0s" || got.Kind != "duration" {
		t.Errorf("want a duration with its range, got %+v", got)
	}
	if got := builtin.Params("nobody"); got != nil {
		t.Errorf("want nothing of an unknown policy, got %v", got)
	}
	if p := scheduler.Paper("lcao"); !strings.Contains(p, "arXiv 2204.08400") || scheduler.Paper("full") != "" || scheduler.Paper("nobody") != "" {
		t.Errorf("want a paper where there is one, got %q", p)
	}
}

// TestDefaultsAreInRange: what Params says of a default, a scenario may write.
func TestDefaultsAreInRange(t *testing.T) {
	builtin := scheduler.Builtin()
	for _, name := range builtin.Names() {
		for _, info := range builtin.Params(name) {
			if info.Required || info.Kind == "text" && len(info.Choices) == 0 {
				continue
			}
			var value any = info.Default
			switch info.Kind {
			case "number", "whole number":
				number, err := strconv.ParseFloat(info.Default, 64)
				if err != nil {
					t.Fatal(err)
				}
				value = number
			case "true or false":
				value = info.Default == "true"
			}
			p := scheduler.NewParams(map[string]any{info.Key: value})
			builtin[name](p)
			for _, problem := range p.Problems() {
				if problem.Key == info.Key {
					t.Errorf("%s: want the default allowed, got %v", name, problem)
				}
			}
		}
	}
}

func TestRegistryNewReports(t *testing.T) {
	for name, want := range map[string]string{
		"lcoa":  `did you mean "lcao"?, got "lcoa"`,
		"fixed": "point: want the name of an operating point, got nothing",
	} {
		_, err := scheduler.Builtin().New(name, scheduler.NewParams(nil))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want an error with %q, got %v", name, want, err)
		}
	}
	_, err := scheduler.Builtin().New("lcao", scheduler.NewParams(map[string]any{"quantile": 2.0, "dorp": "never"}))
	if err == nil || !strings.Contains(err.Error(), `did you mean "drop"?`) || !strings.Contains(err.Error(), "quantile: want a number in 0..1, got 2") {
		t.Errorf("want both problems, got %v", err)
	}
}

func TestFixedRefusesAnUnknownPoint(t *testing.T) {
	policy := mustNew(t, "fixed", map[string]any{"point": "61%"})
	err := policy.(scheduler.Binder).Bind(scheduler.Setting{Models: []*profile.Belief{policytest.Belief(false, policytest.Front()...)}, Workers: 1})
	if err == nil || !strings.Contains(err.Error(), `want one of 10%, 30%, 60%, 100%; did you mean "60%"?, got "61%"`) {
		t.Errorf("got %v", err)
	}
}

func TestReasonsAndKindsPrintThemselves(t *testing.T) {
	seen := map[string]bool{}
	for r := scheduler.Unstated; r <= scheduler.Contrary; r++ {
		if seen[r.String()] || r.Explain() == "" || strings.HasPrefix(r.String(), "reason") {
			t.Errorf("reason %d: want a name of its own and a sentence, got %q", r, r)
		}
		seen[r.String()] = true
	}
	got := []string{scheduler.Start.String(), scheduler.Probe.String(), scheduler.Drop.String(), scheduler.Wake.String(), scheduler.Kind(9).String(), scheduler.Reason(99).String()}
	if diff := cmp.Diff([]string{"start", "probe", "drop", "wake", "kind 9", "reason 99"}, got); diff != "" {
		t.Error(diff)
	}
}
