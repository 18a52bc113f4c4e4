package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"
	"gonum.org/v1/gonum/stat/sampleuv"

	"slosim/reports/result"
)

// Template is the text of a scenario with [sweep], of which each point of the axes makes a cell.
type Template struct {
	File string    // as given: what paths in it start from
	Text string    // as written
	Sets []string  // overrides of --set, which apply before those of a point
	Base *Scenario // the scenario as it stands, without a point
}

// LoadTemplate reads a scenario with [sweep], as Load does. A set of an axis's key is in force in
// all cells: the axis has that value alone.
func LoadTemplate(path string, known Known, sets ...string) (*Template, error) {
	text, err := readText(path)
	if err != nil {
		return nil, err
	}
	t, err := parseTemplate(path, string(text), known, sets)
	if err != nil {
		return nil, err
	}
	if problems := t.replaced(); len(problems) > 0 {
		return nil, problems
	}
	return t, nil
}

// replaced lists the sets of keys that an axis over a whole table or list would put something else in the place of.
func (t *Template) replaced() (problems Problems) {
	for _, set := range t.Sets {
		key, _, _ := strings.Cut(set, "=")
		for i := range t.Base.Sweep.Axes {
			if axis := t.Base.Sweep.Axes[i].Key; inside(strings.TrimSpace(key), axis) {
				problems = append(problems, Problem{File: "--set " + shorten(set), Want: fmt.Sprintf("a key that no axis replaces, or a value for all of %s, over which there is an axis", axis), Got: show(strings.TrimSpace(key))})
			}
		}
	}
	return problems
}

// inside says whether a key lies in the table or list of another one.
func inside(key, other string) bool {
	return strings.HasPrefix(key, other+".") || strings.HasPrefix(key, other+"[")
}

func parseTemplate(file, text string, known Known, sets []string) (*Template, error) {
	base, err := Parse(file, []byte(text), known, sets...)
	if err != nil {
		return nil, err
	}
	if base.Sweep == nil {
		return nil, Problems{{File: file, Key: "sweep", Want: "a table [sweep] with the axes to vary, [[sweep.axis]]", Got: "none"}}
	}
	return &Template{File: file, Text: text, Sets: sets, Base: base}, nil
}

// cell returns the scenario of one point: that of `slosim run` with the same --set.
func (t *Template) cell(known Known, point []string) (*Scenario, error) {
	sets := append(append([]string(nil), t.Sets...), point...)
	return Parse(t.File, []byte(t.Text), known, sets...)
}

// digest identifies what decides the numbers of the template whatever the point: its keys and values
// with --set applied, without those that only name or judge, and not how it is written.
func (t *Template) digest() (string, error) {
	root, problem := parseTOML(t.File, t.Text)
	if problem != nil {
		return "", Problems{*problem}
	}
	c := newChecker(t.File, nil, Known{})
	c.override(root, t.Sets)
	for _, key := range []string{"sweep", "title", "assert", "validate"} {
		delete(root, key)
	}
	text, err := literal(root)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:]), nil
}

// axes lists the values of each axis.
func (t *Template) axes() []result.SweepAxis {
	fixed := map[string]string{}
	for _, set := range t.Sets {
		if key, value, ok := strings.Cut(set, "="); ok {
			fixed[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	sweep := t.Base.Sweep
	var axes []result.SweepAxis
	for i := range sweep.Axes {
		a := &sweep.Axes[i]
		axis := result.SweepAxis{Name: a.Name, Key: a.Key, Log: a.Scale == logScale, Choice: isChoice(a.Key)}
		value, isFixed := fixed[a.Key]
		switch {
		case isFixed:
			axis.Values = []string{value}
		case a.sampled():
			axis.Values, axis.Group = a.samples(sweep.Samples, uint64(sweep.Seed), uint64(i)), 1
		case a.From != nil:
			axis.Values = a.ticks()
		default:
			axis.Values = literals(a.Values)
			axis.Labels = a.Labels
		}
		if axis.Labels == nil {
			axis.Labels = plainLabels(axis.Values)
			axis.Numbers, axis.Unit = numbersOf(axis.Values)
		}
		axes = append(axes, axis)
	}
	return axes
}

// samples draws an axis of a Latin hypercube: one value in each of n equal parts, in random order.
// Each axis has a stream of its own.
func (a *Axis) samples(n int, seed, axis uint64) []string {
	shares := make([]float64, n)
	sampleuv.LatinHypercube{Q: distuv.UnitUniform, Src: rand.NewPCG(seed, axis)}.Sample(shares)
	out := make([]string, n)
	for i, u := range shares {
		out[i] = a.between(u)
	}
	return out
}

func literals(values []any) []string {
	out := make([]string, len(values))
	for i, v := range values {
		text, err := literal(v)
		if err != nil {
			panic("scenarios: a checked axis cannot be written: " + err.Error())
		}
		out[i] = text
	}
	return out
}

// plainLabels are the values without quotes.
func plainLabels(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = v
		if text, ok := overrideValue(v).(string); ok {
			out[i] = text
		}
	}
	return out
}

// numbersOf returns the values as numbers, all of one kind; none if they are not: durations in ms, sizes in MB.
func numbersOf(values []string) (numbers []float64, unit string) {
	for i, value := range values {
		var b Bound
		if complaint := b.setGeneric(overrideValue(value)); complaint != nil {
			return nil, ""
		}
		own, scale := "", 1.0
		switch b.kind {
		case durationBound:
			own, scale = "ms", 1e-6
		case sizeBound:
			own, scale = "MB", 1e-6
		}
		if i > 0 && own != unit {
			return nil, ""
		}
		numbers, unit = append(numbers, b.number*scale), own
	}
	return numbers, unit
}

// isChoice says whether a key is of whoever serves, and not of what there is to be served: points
// of such axes compete with each other.
func isChoice(key string) bool {
	name, _, _ := strings.Cut(strings.SplitN(key, ".", 2)[0], "[")
	return name == "contender" || name == "factorial"
}

// pointSets are the overrides of a plan's cell.
func pointSets(p *result.SweepPlan, cell int) []string {
	var sets []string
	for i, at := range p.Point(cell) {
		sets = append(sets, p.Axes[i].Key+"="+p.Axes[i].Values[at])
	}
	return sets
}

// pointLabels are the labels of a plan's cell, by axis.
func pointLabels(p *result.SweepPlan, cell int) map[string]string {
	set := map[string]string{}
	for i, at := range p.Point(cell) {
		set[p.Axes[i].Name] = p.Axes[i].Labels[at]
	}
	return set
}

// cellHash identifies a cell: by the identity of the plan and the values of its point.
func cellHash(p *result.SweepPlan, cell int) string {
	sum := sha256.New()
	io.WriteString(sum, p.Identity)
	for _, set := range pointSets(p, cell) {
		fmt.Fprintf(sum, "\n%s", set)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// absolute returns a path that means the same in every folder; one that ships stays.
func absoluteScenario(path string) (string, error) {
	if !isFile(path) {
		return path, nil
	}
	return filepath.Abs(path)
}
