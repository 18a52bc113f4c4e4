package scheduler_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slosim/scheduler"
)

func TestParamsDefaultsAndValues(t *testing.T) {
	p := scheduler.NewParams(map[string]any{"f": int64(2), "i": 3.0, "b": true, "d": "50ms", "s": "x"})
	got := []any{
		p.Float("f", 1, 0, 5), p.Int("i", 1, 0, 5), p.Bool("b", false), p.Duration("d", 1, 0, time.Second), p.String("s", "y", "x", "y"),
		p.Float("nf", 1.5, 0, 5), p.Int("ni", 1, 0, 5), p.Bool("nb", true), p.Duration("nd", 7, 0, 9), p.String("ns", "y"),
	}
	want := []any{2.0, 3, true, 50 * time.Millisecond, "x", 1.5, 1, true, time.Duration(7), "y"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := p.Err(); err != nil {
		t.Error(err)
	}
	if err := scheduler.NewParams(nil).Err(); err != nil {
		t.Error(err)
	}
}

func TestParamsProblems(t *testing.T) {
	p := scheduler.NewParams(map[string]any{
		"float": "much", "nan": math.NaN(), "int": 1.5, "bool": "yes", "duration": 50, "late": "2h",
		"choice": "expird", "text": int64(3), "quantle": 0.9,
	})
	got := []any{
		p.Float("float", 1, 0, 5), p.Float("nan", 2, 0, math.Inf(1)), p.Int("int", 3, 0, 5), p.Bool("bool", true),
		p.Duration("duration", 4, 0, time.Hour), p.Duration("late", 5, 0, time.Hour),
		p.String("choice", "never", "expired", "never"), p.String("text", "z"), p.Float("quantile", 0.99, 0, 1), p.Required("point", "a name"),
	}
	want := []any{1.0, 2.0, 3, true, time.Duration(4), time.Duration(5), "never", "z", 0.99, ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	known := "a known parameter (bool, choice, duration, float, int, late, nan, point, quantile, text)"
	wantProblems := []scheduler.Problem{
		{Key: "bool", Want: "true or false", Got: `"yes"`},
		{Key: "choice", Want: `one of expired, never; did you mean "expired"?`, Got: `"expird"`},
		{Key: "duration", Want: "a duration in quotes in 0s..1h0m0s", Got: "50"},
		{Key: "float", Want: "a number in 0..5", Got: `"much"`},
		{Key: "int", Want: "a whole number in 0..5", Got: "1.5"},
		{Key: "late", Want: "a duration in quotes in 0s..1h0m0s", Got: `"2h"`},
		{Key: "nan", Want: "a number of at least 0", Got: "NaN"},
		{Key: "point", Want: "a name", Got: "nothing"},
		{Key: "quantle", Want: known + `; did you mean "quantile"?`, Got: "0.9"},
		{Key: "text", Want: "a string", Got: "3"},
	}
	if diff := cmp.Diff(wantProblems, p.Problems()); diff != "" {
		t.Error(diff)
	}
	if p.Err() == nil {
		t.Error("want an error")
	}
}

func TestParamsOfAPolicyWithoutAny(t *testing.T) {
	p := scheduler.NewParams(map[string]any{"x": true})
	want := []scheduler.Problem{{Key: "x", Want: "no parameters", Got: "true"}}
	if diff := cmp.Diff(want, p.Problems()); diff != "" {
		t.Error(diff)
	}
}
