package scenarios

import (
	"context"
	"fmt"
	"os"
	"strings"

	"slosim/reports/result"
	"slosim/scheduler"
	"slosim/scheduler/policytest"
)

// PolicytestOptions say which policy is checked.
type PolicytestOptions struct {
	Console
	Policy string         // a name, file: or exec:, from the working folder
	Params map[string]any // as a scenario has them
}

// Conformance is what a world of the conformance suite found.
type Conformance struct {
	World string `json:"world"`
	Holds bool   `json:"holds"`
	Broke string `json:"broke,omitempty"` // the rule
}

// Conformances is what policytest prints as JSON.
type Conformances struct {
	Schema int           `json:"schema"`
	Policy string        `json:"policy"`
	Holds  bool          `json:"holds"` // in every world
	Worlds []Conformance `json:"worlds"`
}

// Policytest checks a policy against its contract, in the worlds of package policytest. One that
// breaks a rule is an AssertionError.
func (a *App) Policytest(ctx context.Context, o PolicytestOptions) error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	c := &Contender{Name: o.Policy, Policy: o.Policy, Params: o.Params, dir: dir}
	policy, err := makers{a.Policies}.of(ctx, c)
	if err != nil {
		return UsageError{err}
	}
	if err := done(policy); err != nil {
		return err
	}
	var found []Conformance
	var failed []string
	for _, world := range policytest.Worlds() {
		if err := ctx.Err(); err != nil {
			return err
		}
		one := Conformance{World: world.Name, Holds: true}
		if err := world.Check(a.fresh(ctx, c)); err != nil {
			one.Holds, one.Broke = false, err.Error()
			failed = append(failed, fmt.Sprintf("%s: %s", world.Name, one.Broke))
		}
		found = append(found, one)
		if !o.JSON && one.Holds {
			fmt.Fprintf(o.Out, "ok    %s\n", world.Name)
		}
	}
	if o.JSON {
		if err := result.EncodeJSON(o.Out, Conformances{result.Schema, o.Policy, len(failed) == 0, found}); err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		return AssertionError{Failed: oneOfAKind(found, failed)}
	}
	return nil
}

// oneOfAKind says a failure once that every world has.
func oneOfAKind(found []Conformance, failed []string) []string {
	for _, one := range found {
		if one.Broke == "" || one.Broke != found[0].Broke {
			return failed
		}
	}
	return []string{fmt.Sprintf("in each of %d worlds: %s", len(found), found[0].Broke)}
}

// fresh makes the policy anew; that it can be made was checked.
func (a *App) fresh(ctx context.Context, c *Contender) func() scheduler.Policy {
	return func() scheduler.Policy {
		policy, err := makers{a.Policies}.of(ctx, c)
		if err != nil {
			panic(&scheduler.Failure{What: err.Error()}) // its file changed meanwhile
		}
		return policy
	}
}

// ParseParams reads parameters that are given as "key=value", values as in TOML.
func ParseParams(texts []string) (map[string]any, error) {
	params := map[string]any{}
	for _, text := range texts {
		key, value, ok := strings.Cut(text, "=")
		if key = strings.TrimSpace(key); !ok || key == "" {
			return nil, Usagef("--param: want key=value, got %q", text)
		}
		params[key] = overrideValue(strings.TrimSpace(value))
	}
	return params, nil
}
