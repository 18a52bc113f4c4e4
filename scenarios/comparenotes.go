package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"slosim/reports"
	"slosim/reports/result"
)

// notes are the caveats of a comparison: what is not in it, and what differs between those
// that are.
func (c *comparison) notes(pairs []reports.Pair) (notes []string) {
	for _, pair := range pairs {
		notes = append(notes, c.changes(pair)...)
	}
	if len(c.options.Contenders) == 0 {
		notes = append(notes, onlyIn("A", c.a, c.b)...)
		notes = append(notes, onlyIn("B", c.b, c.a)...)
	}
	notes = append(notes, c.fewer()...)
	if a, b := buildOf(c.a.manifest), buildOf(c.b.manifest); a != b {
		notes = append(notes, fmt.Sprintf("made by different builds of slosim: A by %s, B by %s", a, b))
	}
	if c.a.manifest.Service == KernelService {
		notes = append(notes, "kernel service: queries are the same, but their service times were measured anew, not drawn alike")
	}
	if c.waits() {
		notes = append(notes, "arrivals wait for answers: contenders saw the same queries in the same order, not at the same instants")
	}
	return notes
}

// buildOf names the program that made a result.
func buildOf(m *result.Manifest) string { return strings.TrimSpace(m.Version + " " + m.Commit) }

// onlyIn names the contenders that only one of the results has, and why if it is known.
func onlyIn(side string, has, lacks *comparedResult) (notes []string) {
	for _, name := range has.names() {
		if lacks.values.Of(name) != nil {
			continue
		}
		why := ""
		for _, failed := range lacks.manifest.Failed {
			if reason, ok := strings.CutPrefix(failed, name+": "); ok {
				why = "; in the other one it failed: " + reason
			}
		}
		notes = append(notes, fmt.Sprintf("%s: only in %s%s", name, side, why))
	}
	return notes
}

// fewer says which result has not all of its replications, or more than the other.
func (c *comparison) fewer() (notes []string) {
	shared := 0
	for _, n := range c.a.values.Replications {
		if slices.Contains(c.b.values.Replications, n) {
			shared++
		}
	}
	for side, r := range map[string]*comparedResult{"A": c.a, "B": c.b} {
		n := len(r.values.Replications)
		if r.manifest.Interrupted {
			notes = append(notes, fmt.Sprintf("%s was interrupted after %d of %s replications", side, n, r.text["replications"]))
		}
		if shared < n {
			notes = append(notes, fmt.Sprintf("%s has %d replications, of which both have %d", side, n, shared))
		}
	}
	slices.Sort(notes)
	if shared == 1 {
		notes = append(notes, "only 1 replication in both: no intervals; run at least 2, better 10")
	}
	return notes
}

// changes lists the keys in which a contender differs between the scenarios.
func (c *comparison) changes(pair reports.Pair) (notes []string) {
	a, b := c.a.contender(pair.A), c.b.contender(pair.B)
	for _, key := range keysOfBoth(a, b) {
		x, inA := a[key]
		y, inB := b[key]
		if key != "name" && x != y {
			notes = append(notes, fmt.Sprintf("%s: %s is %s in A, %s in B", pair, key, orElseText(x, inA, "left out"), orElseText(y, inB, "left out")))
		}
	}
	return notes
}

// contender returns the keys of a contender's block; none if the scenario has no such one.
func (r *comparedResult) contender(name string) map[string]string {
	for i := range r.lists["contender"] {
		block := index("contender", i) + "."
		if r.text[block+"name"] != strconv.Quote(name) {
			continue
		}
		keys := map[string]string{}
		for path, value := range r.text {
			if key, ok := strings.CutPrefix(path, block); ok {
				keys[key] = value
			}
		}
		return keys
	}
	return nil
}
