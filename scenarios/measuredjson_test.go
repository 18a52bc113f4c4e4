package scenarios

import (
	"bytes"
	"encoding/json"
	"testing"

	"slosim/engine/bench"
	"slosim/engine/profile"
	"slosim/reports/result"
	"slosim/sim/selfcheck"
)

// TestMeasuredJSON: what verbs print that need the machine for themselves is one object with a schema
// too. (The command's own test runs all others.)
func TestMeasuredJSON(t *testing.T) {
	p, err := profile.Load(goldenProfile("fashion-mnist"))
	if err != nil {
		t.Fatal(err)
	}
	encoded := func(v any) func(Console) error {
		return func(o Console) error { return result.EncodeJSON(o.Out, v) }
	}
	drift := Drift{Schema: result.Schema, Holds: true}
	for verb, print := range map[string]func(Console) error{
		"measure":         func(o Console) error { return printProfile(MeasureOptions{Console: o, Out: "x.profile"}, p) },
		"measure --check": drift.tell,
		"bench":           encoded(&bench.Report{Schema: bench.Schema}),
		"bench --sim":     encoded(&SimReport{Schema: bench.Schema}),
		"validate":        encoded(&result.Validation{Schema: result.Schema}),
		"selfcheck":       func(o Console) error { return tellSelfcheck(o, []selfcheck.Line{{Name: "M/M/1"}}) },
		"tradeoff":        func(o Console) error { return printCompared(TradeoffOptions{Console: o}, nil) },
	} {
		var out bytes.Buffer
		if err := print(Console{Out: &out, Err: &out, JSON: true}); err != nil {
			t.Errorf("%s: %v", verb, err)
		}
		var object map[string]any
		if err := json.Unmarshal(out.Bytes(), &object); err != nil || object["schema"] != 1.0 {
			t.Errorf("%s: want one object with schema 1, got %v\n%.300s", verb, err, &out)
		}
	}
}
