package scenarios

import (
	"fmt"
	"sort"
	"strings"
)

// Problem is one thing that is wrong with a scenario.
type Problem struct {
	File string // as given; "--set key=value" for an override
	Line int    // from 1; 0 when it has none
	Key  string // path of the key, e.g. "class[0].latency"; empty for the whole file
	Want string
	Got  string
}

// Error returns "file:line: key: want X, got Y", leaving out what is not known.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	if p.Key != "" {
		b.WriteString(": " + p.Key)
	}
	b.WriteString(": want " + p.Want)
	if p.Got != "" {
		b.WriteString(", got " + p.Got)
	}
	return b.String()
}

// Problems is everything that is wrong with a scenario, in the order of its lines.
// As an error it has one line a problem.
type Problems []Problem

// Error returns one line a problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// sorted orders by line, those without one first, and keeps the order of finding
// within a line.
func (ps Problems) sorted() Problems {
	sort.SliceStable(ps, func(i, j int) bool { return ps[i].Line < ps[j].Line })
	return ps
}

// Complaint is a problem as a checker outside of this package states it: Key is
// relative to what was checked.
type Complaint struct {
	Key  string
	Want string
	Got  string
}
