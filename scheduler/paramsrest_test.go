package scheduler_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"slosim/scheduler"
)

// TestRest: what nobody has read is handed on, and only what is then refused is a problem.
func TestRest(t *testing.T) {
	p := scheduler.NewParams(map[string]any{"limit": int64(3), "margin": 0.5, "mod": "x"})
	p.Int("limit", 1, 0, 9)
	rest := p.Rest()
	if diff := cmp.Diff(map[string]any{"margin": 0.5, "mod": "x"}, rest); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if err := p.Err(); err != nil {
		t.Errorf("want nothing unknown, got %v", err)
	}
	p.Only(rest, []string{"margin", "mode"})
	if err := p.Err(); err == nil || err.Error() != `mod: want one of margin, mode; did you mean "mode"?, got "x"` {
		t.Errorf("want mod refused, got %v", err)
	}
	if got := scheduler.NewParams(nil).Rest(); len(got) != 0 {
		t.Errorf("want nothing, got %v", got)
	}
}
