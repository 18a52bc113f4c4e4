package policytest

import (
	"strings"
	"testing"
	"time"

	"slosim/scheduler"
)

// decide makes a policy of a function.
type decide func(v *scheduler.View, p *scheduler.Plan)

func (f decide) Decide(v *scheduler.View, p *scheduler.Plan) { f(v, p) }

// correct starts queries in order on idle workers.
func correct(v *scheduler.View, p *scheduler.Plan) {
	next := 0
	for w := range v.Workers {
		if !v.Workers[w].Busy && next < len(v.Waiting) {
			p.Start(w, v.Waiting[next].Ref, 0, scheduler.Fixed)
			next++
		}
	}
}

func TestRunAcceptsACorrectPolicy(t *testing.T) {
	Run(t, func() scheduler.Policy { return decide(correct) })
}

// TestDriveRefusesRuleBreakers is the oracle of the oracle: pathological policies must fail.
func TestDriveRefusesRuleBreakers(t *testing.T) {
	first := func(v *scheduler.View, f func(ref scheduler.QueryRef)) {
		if len(v.Waiting) > 0 && !v.Workers[0].Busy {
			f(v.Waiting[0].Ref)
		}
	}
	cases := map[string]struct {
		policy decide
		want   string
	}{
		"idles": {func(*scheduler.View, *scheduler.Plan) {}, "no worker idle"},
		"point out of range": {func(v *scheduler.View, p *scheduler.Plan) {
			first(v, func(ref scheduler.QueryRef) { p.Start(0, ref, 1, scheduler.Fixed) })
		}, "want a point"},
		"starts twice": {func(v *scheduler.View, p *scheduler.Plan) {
			first(v, func(ref scheduler.QueryRef) {
				p.Start(0, ref, 0, scheduler.Fixed)
				p.Start(0, ref, 0, scheduler.Fixed)
			})
		}, "want a waiting query"},
		"busy worker": {func(v *scheduler.View, p *scheduler.Plan) {
			for i := range v.Waiting {
				p.Start(0, v.Waiting[i].Ref, 0, scheduler.Fixed)
			}
		}, "want an idle worker"},
		"wakes in the past": {func(v *scheduler.View, p *scheduler.Plan) { p.Wake(v.Now) }, "in the future"},
		"wakes for ever":    {func(v *scheduler.View, p *scheduler.Plan) { p.Wake(v.Now + time.Nanosecond) }, "want an end"},
		"unknown query":     {func(_ *scheduler.View, p *scheduler.Plan) { p.Drop(4711, scheduler.Late) }, "want a waiting query"},
	}
	world := Worlds()[1]
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := world.Drive(c.policy); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want an error with %q, got %v", c.want, err)
			}
		})
	}
}

// hoarder acts on the queue that it was shown last time.
type hoarder struct{ kept []scheduler.Waiting }

func (h *hoarder) Decide(v *scheduler.View, p *scheduler.Plan) {
	if len(h.kept) > 0 && h.kept[0].Deadline < 0 {
		p.Drop(h.kept[0].Ref, scheduler.Late)
	}
	if len(v.Waiting) > 0 {
		h.kept = v.Waiting
	}
	correct(v, p)
}

func TestPoisonShowsRetention(t *testing.T) {
	world := Worlds()[1]
	if _, err := world.Drive(&hoarder{}); err != nil {
		t.Fatal(err)
	}
	world.Poison = true
	if _, err := world.Drive(&hoarder{}); err == nil {
		t.Error("want retention of the view to be noticed, got no error")
	}
}
