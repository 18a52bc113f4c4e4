package profile

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// The versions of a profile's format. A file of another one is refused.
const (
	SchemaVersion = 2 // without batches
	SchemaBatches = 3 // with them
)

// Validate says what is inconsistent in a profile: lengths that do not match,
// distributions that are empty or not ascending, numbers out of range.
func (p *Profile) Validate() error {
	if p.Schema == SchemaVersion && slices.ContainsFunc(p.Sets, func(s Set) bool { return len(s.Batches) > 0 }) {
		return fmt.Errorf("profile: schema: want %d, of profiles with batches, got %d", SchemaBatches, p.Schema)
	}
	if p.Schema != SchemaVersion && p.Schema != SchemaBatches {
		return fmt.Errorf("profile: schema: want %d or %d, got %d", SchemaVersion, SchemaBatches, p.Schema)
	}
	if len(p.Levels) == 0 || len(p.Sets) == 0 {
		return fmt.Errorf("profile: want at least one level and one set, got %d and %d", len(p.Levels), len(p.Sets))
	}
	errs := []error{p.checkLevels()}
	for i := range p.Sets {
		errs = append(errs, p.Sets[i].Validate(len(p.Levels)))
	}
	if !slices.IsSorted(p.Campaign.Reference) {
		errs = append(errs, errors.New("profile: reference times: want ascending, got unsorted"))
	}
	return errors.Join(errs...)
}

func (p *Profile) checkLevels() error {
	if l := p.Levels[0]; len(l.Antagonists) > 0 || l.BusySiblings != 0 {
		return fmt.Errorf("profile: level 0: want the undisturbed machine, got %d antagonists, %d busy siblings", len(l.Antagonists), l.BusySiblings)
	}
	for i, l := range p.Levels {
		if !(l.Slowdown > 0) || math.IsInf(l.Slowdown, 0) {
			return fmt.Errorf("profile: level %d: slow-down: want a positive number, got %v", i, l.Slowdown)
		}
	}
	return nil
}

// Validate says what is inconsistent in the set of a profile with so many levels.
func (s *Set) Validate(levels int) error {
	if err := s.checkShape(); err != nil {
		return err
	}
	return errors.Join(
		s.checkSwitch(),
		s.checkHalf("calibration", &s.Calibration, levels),
		s.checkHalf("truth", &s.Truth, levels))
}

// Check refuses a set that was measured of another network, of other tables or at
// other operating points than the caller's technique has.
func (s *Set) Check(hash string, points []Point) error {
	if s.Hash != hash {
		return fmt.Errorf("profile: set %q: want weights and tables %s, got %s", s.Technique, short(hash), short(s.Hash))
	}
	if want, got := names(points), names(s.Points); !slices.Equal(want, got) {
		return fmt.Errorf("profile: set %q: want points %q, got %q", s.Technique, want, got)
	}
	return nil
}

// short keeps messages readable: the start of a hash tells hashes apart.
func short(hash string) string {
	if len(hash) > 16 {
		return hash[:16] + "..."
	}
	return fmt.Sprintf("%q", hash)
}

func names(points []Point) []string {
	out := make([]string, 0, len(points))
	for _, p := range points {
		out = append(out, p.Name)
	}
	return out
}

func (s *Set) errorf(format string, args ...any) error {
	return fmt.Errorf("profile: set %q: %w", s.Technique, fmt.Errorf(format, args...))
}

// checkShape checks points and groups, on which all other checks index.
func (s *Set) checkShape() error {
	if len(s.Points) == 0 {
		return s.errorf("want at least one operating point, got none")
	}
	seen := map[string]bool{}
	for i, p := range s.Points {
		switch {
		case p.Name == "" || seen[p.Name]:
			return s.errorf("point %d: want a name of its own, got %q", i, p.Name)
		case p.Group < 0 || p.Group >= max(1, len(s.Groups)):
			return s.errorf("point %q: want group 0..%d, got %d", p.Name, len(s.Groups)-1, p.Group)
		case !(p.Density >= 0) || math.IsInf(p.Density, 0):
			return s.errorf("point %q: density: want at least 0, got %v", p.Name, p.Density)
		}
		seen[p.Name] = true
	}
	return nil
}

// checkSwitch checks the costs of changing the resident weights; they may be missing.
func (s *Set) checkSwitch() error {
	for i, g := range s.Groups {
		if !slices.IsSorted(g.Load) {
			return s.errorf("group %d: load times: want ascending, got unsorted", i)
		}
	}
	if len(s.Switch) != 0 && len(s.Switch) != len(s.Groups) {
		return s.errorf("switch times: want %d groups, got %d", len(s.Groups), len(s.Switch))
	}
	for i, row := range s.Switch {
		if len(row) != len(s.Groups) {
			return s.errorf("switch times from group %d: want %d groups, got %d", i, len(s.Groups), len(row))
		}
		for j, d := range row {
			if !slices.IsSorted(d) {
				return s.errorf("switch times from group %d to %d: want ascending, got unsorted", i, j)
			}
		}
	}
	return nil
}

// checkHalf checks everything that a look-up in the half relies on.
func (s *Set) checkHalf(name string, h *Half, levels int) error {
	if err := s.checkSizes(name, h, levels); err != nil {
		return err
	}
	for p := range s.Points {
		if err := s.checkPoint(name, h, p, levels); err != nil {
			return err
		}
	}
	if err := s.checkBatches(name, h, levels); err != nil {
		return err
	}
	for l, d := range h.Activate {
		if len(d) == 0 || !slices.IsSorted(d) {
			return s.errorf("%s: activation at level %d: want ascending samples, got %d", name, l, len(d))
		}
	}
	for l, stalls := range h.Stalls {
		if len(stalls) == 0 {
			continue
		}
		if _, err := NewTimeline(stalls); err != nil {
			return s.errorf("%s: level %d: %w", name, l, err)
		}
	}
	return nil
}

// checkBatches checks the times of batches; there may be none.
func (s *Set) checkBatches(name string, h *Half, levels int) error {
	for i, n := range s.Batches {
		if n < 2 || (i > 0 && n <= s.Batches[i-1]) {
			return s.errorf("batches: want sizes of 2 or more, ascending, got %v", s.Batches)
		}
	}
	if len(s.Batches) == 0 && len(h.Batched) == 0 {
		return nil
	}
	if len(h.Batched) != len(s.Points) || len(s.Batches) == 0 {
		return s.errorf("%s: batches: want times of %d points at 1 or more sizes, got %d at %d", name, len(s.Points), len(h.Batched), len(s.Batches))
	}
	for p, rows := range h.Batched {
		if len(rows) != levels {
			return s.errorf("%s: point %q: batches: want %d levels, got %d", name, s.Points[p].Name, levels, len(rows))
		}
		for l, sizes := range rows {
			if len(sizes) != len(s.Batches) || slices.ContainsFunc(sizes, func(d Dist) bool { return !slices.IsSorted(d) }) {
				return s.errorf("%s: point %q, level %d: batches: want ascending times of %d sizes, got %d", name, s.Points[p].Name, l, len(s.Batches), len(sizes))
			}
		}
	}
	return nil
}

// checkSizes checks the outer lengths of a half.
func (s *Set) checkSizes(name string, h *Half, levels int) error {
	activate := 0
	if s.Activates {
		activate = levels
	}
	switch {
	case levels < 1 || len(s.Points) < 1:
		return s.errorf("%s: want at least one level and one point, got %d and %d", name, levels, len(s.Points))
	case h.Samples < 1 || len(h.Outcomes) != h.Samples*len(s.Points):
		return s.errorf("%s: want outcomes of 1 or more samples at %d points, got %d outcomes of %d samples", name, len(s.Points), len(h.Outcomes), h.Samples)
	case len(h.Execute) != len(s.Points):
		return s.errorf("%s: execution times: want %d points, got %d", name, len(s.Points), len(h.Execute))
	case len(h.Activate) != activate:
		return s.errorf("%s: activation times: want %d levels, got %d", name, activate, len(h.Activate))
	case len(h.Spread) != 0 && len(h.Spread) != len(s.Points):
		return s.errorf("%s: spread: want none or %d points, got %d", name, len(s.Points), len(h.Spread))
	case len(h.Stalls) != 0 && len(h.Stalls) != levels:
		return s.errorf("%s: stalls: want none or %d levels, got %d", name, levels, len(h.Stalls))
	}
	return nil
}

// checkPoint checks a point's times at every level and for every work class that occurs.
func (s *Set) checkPoint(name string, h *Half, point, levels int) error {
	rows := h.Execute[point]
	if len(rows) != levels {
		return s.errorf("%s: point %q: execution times: want %d levels, got %d", name, s.Points[point].Name, levels, len(rows))
	}
	used := [256]bool{}
	most := 0
	for _, o := range h.point(point) {
		used[o.Class] = true
		most = max(most, int(o.Class))
	}
	for l, classes := range rows {
		if len(classes) != len(rows[0]) || len(classes) <= most || len(classes) > len(used) {
			return s.errorf("%s: point %q, level %d: want %d work classes, got %d", name, s.Points[point].Name, l, max(len(rows[0]), most+1), len(classes))
		}
		for c, d := range classes {
			if (used[c] && len(d) == 0) || !slices.IsSorted(d) {
				return s.errorf("%s: point %q, level %d, work class %d: want ascending execution times, got %d samples", name, s.Points[point].Name, l, c, len(d))
			}
		}
	}
	return nil
}
