package scheduler_test

import (
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
