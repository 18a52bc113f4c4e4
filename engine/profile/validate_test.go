package profile

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestValidate(t *testing.T) {
	if err := testProfile().Validate(); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		spoil func(*Profile)
		want  string
	}{
		"schema":       {func(p *Profile) { p.Schema = 9 }, "schema: want 2 or 3, got 9"},
		"levels":       {func(p *Profile) { p.Levels = nil }, "at least one level"},
		"disturbed":    {func(p *Profile) { p.Levels[0].BusySiblings = 1 }, "undisturbed"},
		"slow-down":    {func(p *Profile) { p.Levels[1].Slowdown = math.Inf(1) }, "slow-down"},
		"points":       {func(p *Profile) { p.Sets[0].Points = nil }, "operating point"},
		"equal names":  {func(p *Profile) { p.Sets[0].Points[1].Name = "a" }, "name of its own"},
		"group":        {func(p *Profile) { p.Sets[0].Points[1].Group = 1 }, "group"},
		"density":      {func(p *Profile) { p.Sets[0].Points[1].Density = math.NaN() }, "density"},
		"load":         {func(p *Profile) { p.Sets[0].Groups[0].Load = Dist{2, 1} }, "load times"},
		"switch rows":  {func(p *Profile) { p.Sets[0].Switch = make([][]Dist, 3) }, "switch times"},
		"switch cells": {func(p *Profile) { p.Sets[0].Switch[0] = nil }, "switch times from group 0"},
		"switch order": {func(p *Profile) { p.Sets[0].Switch[0][0] = Dist{2, 1} }, "from group 0 to 0"},
		"truth":        {func(p *Profile) { p.Sets[0].Truth.Execute[1][0][1] = nil }, `truth: point "b", level 0, work class 1`},
		"few levels":   {func(p *Profile) { p.Sets[0].Truth.Execute[1] = p.Sets[0].Truth.Execute[1][:1] }, "want 2 levels, got 1"},
		"few stalls":   {func(p *Profile) { p.Sets[0].Truth.Stalls = make([][]Stall, 3) }, "stalls: want none or 2"},
		"reference":    {func(p *Profile) { p.Campaign.Reference = Dist{2, 1} }, "reference times"},
	}
	for name, c := range cases {
		p := testProfile()
		c.spoil(p)
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want an error with %q, got %v", name, c.want, err)
		}
	}
}

func TestCheckRefusesAnotherTechnique(t *testing.T) {
	s := testSet()
	if err := s.Check("h", s.Points); err != nil {
		t.Error(err)
	}
	if err := s.Check("other", s.Points); err == nil || !strings.Contains(err.Error(), `want weights and tables "other", got "h"`) {
		t.Errorf("hash: got %v", err)
	}
	if err := s.Check("h", s.Points[:1]); err == nil || !strings.Contains(err.Error(), `want points ["a"], got ["a" "b"]`) {
		t.Errorf("points: got %v", err)
	}
}

func TestDifferences(t *testing.T) {
	a := testProfile().Machine
	b := a
	if !SameMachine(a, b) || len(Differences(a, b)) != 0 {
		t.Error("want the same machine")
	}
	b.Cores, b.Variant = 8, "avx512"
	want := []string{"cores: want 2, got 8", "kernel variant: want avx2, got avx512"}
	if diff := cmp.Diff(want, Differences(a, b)); diff != "" || SameMachine(a, b) {
		t.Error(diff)
	}
}
