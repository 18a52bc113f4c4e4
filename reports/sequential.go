package reports

import (
	"cmp"
	"slices"

	"slosim/reports/result"
)

// Plan says when a sequential check looks at its replications, and how sure it is.
type Plan struct {
	Looks    []int    // replications that there are at each look, 2 or more, rising; the last is the cap
	Alpha    float64  // share of runs that may be red though every assertion is true, or green though one is not
	Spending Spending // of Alpha over the looks
}

// Doubling returns looks at ever twice as many replications, from first to most.
func Doubling(first, most int) (looks []int) {
	for n := first; n < most; n *= 2 {
		looks = append(looks, n)
	}
	return append(looks, most)
}

// Sequence decides assertions over a growing number of replications: a group-sequential test.
//
// At each look an assertion is red if the data contradict it, green if they confirm it (the test of its
// opposite), and otherwise waits for the next; what is undecided at the last look does not hold. Both
// tests are held against the nominal levels of the spending function, so that looking often costs
// nothing of what Alpha promises; neither counts on the other's stopping, which makes both errors only
// rarer.
//
//   - Red: of runs in which all assertions are true at most a share Alpha is red. Assertions share Alpha
//     as Holm's do: each starts with an equal part, a red one leaves its part to the others, and their
//     levels at this and later looks are those of the larger part (Maurer and Bretz, Statistics in
//     Biopharmaceutical Research 2013).
//   - Green: a run is green only if every assertion is confirmed, each at Alpha. So of runs in which one
//     of them is false at most a share Alpha is green, however many there are, without a correction
//     (Berger, Technometrics 1982).
//
// An assertion with EarlyStopping has its binomial p-values looked at in the same way, and is confirmed at
// the bound's own confidence.
//
// Values that do not vary at all have no spread to test by. They decide at the first look, as in Check, and
// what Alpha promises is not about them: of an attainment that rounds to 1 in every replication, EarlyStopping
// says how many queries that rests on.
//
// Intervals are those of a fixed number of replications: a run that stops early stops, by chance, a
// little on the far side of the truth.
type Sequence struct {
	plan    Plan
	asserts []Assertion
	seen    []seen
	found   []result.Checked
	decided []bool
	red     int // assertions that left their part of alpha to the others
	look    int // how many there were
	levels  map[float64][]float64
}

// NewSequence returns a sequence before its first look.
func NewSequence(asserts []Assertion, plan Plan) *Sequence {
	s := &Sequence{plan: plan, asserts: asserts, seen: make([]seen, len(asserts)),
		found: make([]result.Checked, len(asserts)), decided: make([]bool, len(asserts)), levels: map[float64][]float64{}}
	for i := range asserts {
		s.found[i] = result.Checked{What: asserts[i].String(), P: 1}
	}
	return s
}

// Wants lists the contenders whose further replications would decide something, none if all is decided.
func (s *Sequence) Wants() (names []string) {
	for i := range s.asserts {
		if s.decided[i] {
			continue
		}
		for _, name := range []string{s.asserts[i].Contender, s.asserts[i].NotWorseThan} {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// Fail decides the assertions about a contender that failed: they do not hold.
func (s *Sequence) Fail(contender, why string) {
	for i := range s.asserts {
		if a := &s.asserts[i]; !s.decided[i] && (a.Contender == contender || a.NotWorseThan == contender) {
			s.decided[i], s.found[i].Why = true, why
		}
	}
}

// Look decides what the replications since the last look allow to decide, together with all before.
// Contenders are at least those of Wants, with those replications and no others.
func (s *Sequence) Look(contenders []Contender) error {
	runs, err := sortRuns(contenders)
	if err != nil {
		return err
	}
	for i := range s.asserts {
		if s.decided[i] {
			continue
		}
		more, err := s.asserts[i].see(runs)
		if err != nil {
			return err
		}
		s.seen[i].add(more)
	}
	s.weigh()
	return nil
}

// weigh is a look at what was seen.
func (s *Sequence) weigh() {
	confirmed := make([]float64, len(s.asserts))
	for i := range s.asserts {
		if !s.decided[i] {
			e := s.asserts[i].test(&s.seen[i])
			s.found[i], confirmed[i] = e.Checked, e.confirmed
		}
	}
	s.look++
	s.contradict()
	s.confirm(confirmed)
}

// contradict makes assertions red, those of the smallest p-values first, as long as there are any.
func (s *Sequence) contradict() {
	for {
		i := s.leastLikely()
		if i < 0 {
			return
		}
		level := s.level(s.plan.Alpha / float64(len(s.asserts)-s.red))
		if s.found[i].P > level {
			return
		}
		s.decide(i, result.Contradicted, level, s.found[i].P)
		s.red++
	}
}

// leastLikely returns the undecided assertion of the smallest p-value, -1 without one.
func (s *Sequence) leastLikely() int {
	least := -1
	for i := range s.asserts {
		if !s.decided[i] && (least < 0 || cmp.Less(s.found[i].P, s.found[least].P)) {
			least = i
		}
	}
	return least
}

// confirm makes assertions green, and after the last look says which were left undecided.
func (s *Sequence) confirm(confirmed []float64) {
	for i := range s.asserts {
		level := s.level(s.confirmingAlpha(i))
		switch {
		case s.decided[i]:
		case confirmed[i] <= level:
			s.decide(i, result.Confirmed, level, confirmed[i])
			s.found[i].Holds = true
		case s.look == len(s.plan.Looks):
			s.decide(i, result.Undecided, level, confirmed[i])
		}
	}
}

// confirmingAlpha is the level at which an assertion is confirmed.
func (s *Sequence) confirmingAlpha(i int) float64 {
	if s.asserts[i].EarlyStopping {
		return 1 - earlyConfidence
	}
	return s.plan.Alpha
}

func (s *Sequence) decide(i int, verdict string, level, p float64) {
	s.decided[i] = true
	s.found[i].Sequential = &result.Sequential{Verdict: verdict, Look: s.look, Looks: len(s.plan.Looks),
		Most: s.plan.Looks[len(s.plan.Looks)-1], Level: level, P: p}
	if bound := s.found[i].EarlyStopping; bound != nil {
		bound.Contradicted, bound.Met = verdict == result.Contradicted, verdict == result.Confirmed
		bound.Level = level
	}
}

// level is the nominal level of the present look for a test that has so much of alpha.
func (s *Sequence) level(alpha float64) float64 {
	if s.levels[alpha] == nil {
		shares := make([]float64, len(s.plan.Looks))
		for k, n := range s.plan.Looks {
			shares[k] = float64(n) / float64(s.plan.Looks[len(s.plan.Looks)-1])
		}
		s.levels[alpha] = nominalLevels(s.plan.Spending, alpha, shares)
	}
	return s.levels[alpha][s.look-1]
}

// Found returns what was found of each assertion so far, in their order.
func (s *Sequence) Found() []result.Checked { return slices.Clone(s.found) }
