package scheduler_test

import (
	"maps"
	"testing"

	"slosim/scheduler"
	"slosim/scheduler/policytest"
)

// variants are the parameters under which the built-in policies are tested.
func variants() map[string][]map[string]any {
	return map[string][]map[string]any{
		"fixed":            {{"point": "10%"}},
		"aclo":             {{}, {"probe": true}},
		"lcao":             {{}, {"utilisation": 0.9}, {"quantile": 0.5, "headroom": 0.0}},
		"inverse":          {{}, {"quantile": 0.5}},
		"edf":              {{}, {"point": "full"}},
		"sjf":              {{}, {"point": "full"}},
		"clipper":          {{}, {"wait": "2ms", "aware": false}, {"select": "exp3"}},
		"infaas":           {{}, {"aware": false, "votes": 1}},
		"proteus":          {{}, {"aware": false, "least": "1ms"}},
		"clockwork":        {{}, {"point": "full"}},
		"nexus-early-drop": {{}, {"point": "full"}},
		"orloj":            {{}, {"aware": false}},
		"deeprecsys":       {{}, {"point": "full", "window": 5}},
		"chameleon":        {{}, {"aware": false, "period": "10ms", "top": 1}},
		"videostorm":       {{}, {"aware": false, "period": "1ms"}},
		"slackfit":         {{}, {"aware": false, "buckets": 1}},
		"model-switching":  {{}, {"aware": false, "hysteresis": 0.0}},
	}
}

func TestBuiltinPoliciesConform(t *testing.T) {
	registry := scheduler.Builtin()
	for _, name := range registry.Names() {
		for _, drop := range []string{"expired", "hopeless", "never"} {
			sets := variants()[name]
			if sets == nil {
				sets = []map[string]any{{}}
			}
			for _, params := range sets {
				params = maps.Clone(params)
				params["drop"] = drop
				t.Run(name+"/"+drop, func(t *testing.T) {
					policytest.Run(t, func() scheduler.Policy { return mustNew(t, name, params) })
				})
			}
		}
	}
}

func mustNew(t testing.TB, name string, params map[string]any) scheduler.Policy {
	t.Helper()
	policy, err := scheduler.Builtin().New(name, scheduler.NewParams(params))
	if err != nil {
		t.Fatal(err)
	}
	return policy
}
