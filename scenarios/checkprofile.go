package scenarios

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"slosim/engine/measure"
	"slosim/engine/profile"
	"slosim/reports/result"
)

// Drift is what `slosim measure --check` says.
type Drift struct {
	Schema  int      `json:"schema"`
	Profile string   `json:"profile"`
	Holds   bool     `json:"holds"`
	Moved   string   `json:"moved"`   // what does not hold any more; empty if all does
	Machine []string `json:"machine"` // how this machine differs from the profile's
}

// CheckProfile measures a little of what a profile holds, alone, and says whether it still
// describes this machine. A profile that does not is an AssertionError.
func (a *App) CheckProfile(ctx context.Context, o MeasureOptions) error {
	p, err := profile.Load(o.Check)
	if err != nil {
		return UsageError{fmt.Errorf("--check: %w", err)}
	}
	s, err := a.subjectOfProfile(ctx, p, o)
	if err != nil {
		return err
	}
	cfg, err := a.plan(s, o.progress())
	if err != nil {
		return err
	}
	drift := Drift{Schema: result.Schema, Profile: o.Check, Holds: true, Machine: append([]string{}, profile.Differences(p.Machine, a.machine())...)}
	moved := measure.Check(ctx, cfg, p)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if busy := (measure.BusyError{}); errors.As(moved, &busy) {
		return AssertionError{Failed: []string{o.Check + ": " + busy.Error()}}
	}
	if moved != nil {
		drift.Holds, drift.Moved = false, moved.Error()
	}
	return drift.tell(o.Console)
}

// subjectOfProfile rebuilds what a profile was measured of.
func (a *App) subjectOfProfile(ctx context.Context, p *profile.Profile, o MeasureOptions) (subject, error) {
	wrong := func(err error) error { return UsageError{fmt.Errorf("--check: %s: %w", o.Check, err)} }
	family, err := FindFamily(p.Sets[0].Network)
	if err != nil {
		return subject{}, wrong(err)
	}
	techniques, err := a.parseKeys(setNames(p))
	if err != nil {
		return subject{}, wrong(err)
	}
	if err := a.ready(ctx, family, techniques, o.Console); err != nil {
		return subject{}, err
	}
	s := subject{family: family, seed: uint64(o.Seed)}
	if s.techniques, err = a.techniques(family, techniques); err != nil {
		return subject{}, wrong(err)
	}
	if err := check(p, s); err != nil {
		return subject{}, wrong(err)
	}
	return s, nil
}

// parseKeys is the inverse of [Technique.Key].
func (a *App) parseKeys(keys []string) (list []Technique, err error) {
	known := a.Known()
	for _, key := range keys {
		t, err := known.ParseTechnique("technique", strings.TrimSuffix(strings.Replace(key, "(", ":", 1), ")"))
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// tell prints the finding.
func (d *Drift) tell(o Console) error {
	switch {
	case o.JSON:
		if err := result.EncodeJSON(o.Out, d); err != nil {
			return err
		}
	case len(d.Machine) > 0:
		fmt.Fprintf(o.Out, "%s: of another machine: %s\n", d.Profile, strings.Join(d.Machine, "; "))
	}
	if !d.Holds {
		return AssertionError{Failed: []string{d.Profile + ": does not describe this machine any more: " + d.Moved}}
	}
	if o.JSON {
		return nil
	}
	_, err := fmt.Fprintf(o.Out, "%s: still describes this machine\n", d.Profile)
	return err
}
