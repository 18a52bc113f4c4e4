package sim_test

import (
	"errors"
	"testing"

	"slosim/scheduler"
	"slosim/sim"
)

// TestFailureHasNoStack: a policy that explains itself is told in its own words alone.
func TestFailureHasNoStack(t *testing.T) {
	s, _ := newSystem(t, 1, decide(func(*scheduler.View, *scheduler.Plan) {
		panic(&scheduler.Failure{What: "my.star:3:5: 100% wrong"})
	}), nil)
	s.Arrive(query(0, 1*ms), 1*ms)
	_, err := s.Step(1 * ms)
	var rule *sim.RuleError
	if !errors.As(err, &rule) || rule.What != "my.star:3:5: 100% wrong" || rule.At != 1*ms {
		t.Errorf("want the failure's text at 1ms, got %v", err)
	}
}
