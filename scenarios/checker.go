package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// checker collects what is wrong with one scenario, and where.
type checker struct {
	file     string
	known    Known
	places   map[string]place // of keys by path; tables that dotted keys imply too
	given    map[string]bool  // paths that the scenario has
	bad      map[string]bool  // paths with a problem: one problem a key is enough
	problems Problems
}

func newChecker(file string, found []keyLine, known Known) *checker {
	c := &checker{file: file, known: known,
		places: map[string]place{}, given: map[string]bool{}, bad: map[string]bool{}}
	for _, k := range found {
		for path := k.path; path != ""; path = parent(path) {
			if _, ok := c.places[path]; !ok {
				c.places[path] = place{file, k.line}
			}
		}
	}
	return c
}

// parent cuts the last part or index off a path.
func parent(path string) string {
	i := strings.LastIndexAny(path, ".[")
	return path[:max(i, 0)]
}

// at returns the place of a path, or of the nearest thing that contains it.
func (c *checker) at(path string) place {
	for ; path != ""; path = parent(path) {
		if p, ok := c.places[path]; ok {
			return p
		}
	}
	return place{file: c.file}
}

// add notes a problem, unless the key has one already.
func (c *checker) add(path, want, got string) {
	if c.bad[path] {
		return
	}
	c.bad[path] = true
	at := c.at(path)
	c.problems = append(c.problems, Problem{File: at.file, Line: at.line, Key: path, Want: want, Got: got})
}

// fine reports whether none of the paths has a problem, so that what follows from
// their values means something.
func (c *checker) fine(paths ...string) bool {
	return !slices.ContainsFunc(paths, func(path string) bool { return c.bad[path] })
}

// complain notes what a checker outside found below a path.
func (c *checker) complain(path string, complaints []Complaint) {
	for _, complaint := range complaints {
		key := path
		if complaint.Key != "" {
			key += "." + complaint.Key
		}
		c.add(key, complaint.Want, complaint.Got)
	}
}

// require notes a key that is missing.
func (c *checker) require(path, want string) {
	if !c.given[path] {
		c.add(path, want, "nothing")
	}
}

// within notes a number outside of [lo, hi].
func (c *checker) within(path string, v, lo, hi float64) {
	if !(v >= lo && v <= hi) {
		c.add(path, fmt.Sprintf("%v to %v", lo, hi), fmt.Sprint(v))
	}
}

// above0 notes a number that is not above 0 and at most hi.
func (c *checker) above0(path string, v, hi float64) {
	switch {
	case v > 0 && v <= hi:
	case math.IsInf(hi, 1):
		c.add(path, "above 0", fmt.Sprint(v))
	default:
		c.add(path, fmt.Sprintf("above 0, at most %v", hi), fmt.Sprint(v))
	}
}

// count notes a whole number outside of [lo, hi].
func (c *checker) count(path string, v, lo, hi int) {
	if v < lo || v > hi {
		c.add(path, fmt.Sprintf("%d to %d", lo, hi), strconv.Itoa(v))
	}
}

// longer0 notes a duration that is 0.
func (c *checker) longer0(path string, d Duration) {
	if d == 0 {
		c.add(path, "a duration above 0", show(d.String()))
	}
}

// oneOf notes a name that is none of the entries; what is the plural of the kind.
func (c *checker) oneOf(path, what, got string, entries []string) bool {
	if slices.Contains(entries, got) {
		return true
	}
	c.add(path, wantName(what, entries), strconv.Quote(got)+didYouMean(got, entries))
	return false
}

// label notes a name that is empty, too long or unprintable.
func (c *checker) label(path, name string) {
	const longest = 100
	unprintable := func(r rune) bool { return !strconv.IsPrint(r) }
	if name == "" || len(name) > longest || strings.ContainsFunc(name, unprintable) {
		c.add(path, fmt.Sprintf("1 to %d printable characters", longest), show(name))
	}
}

// show prints a value from TOML for a message.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case string:
		return strconv.Quote(shorten(v))
	case float64:
		return showFloat(v)
	case time.Time:
		return "a date or time"
	case map[string]any:
		return "a table"
	case []any, []map[string]any:
		return "a list"
	}
	return fmt.Sprint(v)
}

// showFloat keeps a whole number recognisable as a float.
func showFloat(v float64) string {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 0):
		return strings.ToLower(strings.TrimPrefix(text, "+"))
	case strings.ContainsAny(text, ".e"):
		return text
	}
	return text + ".0"
}

// shorten cuts a text that is too long for a line.
func shorten(text string) string {
	const longest = 60
	if len(text) <= longest {
		return text
	}
	end := longest
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
