package scenarios

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Sweep is [sweep]: the axes over which `slosim sweep` varies a scenario. A cell is one point of
// them, the scenario with a value of each axis in the place of its own; the other verbs run the
// scenario as it stands. All cells have the same seed unless an axis is over it, so that they see
// the same draws.
type Sweep struct {
	// Samples is the number of points of the axes that have from and to but no steps: a Latin
	// hypercube (McKay, Beckman and Conover, Technometrics 1979), in which each axis has one
	// sample in each of as many equal parts. Those of other axes are crossed with them.
	Samples int    `toml:"samples,omitzero"`
	Seed    int64  `toml:"seed"` // of the samples; default 1
	Axes    []Axis `toml:"axis"`
}

// Axis is one axis of a sweep, over any key of the scenario: a list of values, a range in steps, or
// a range to sample from. The first axis varies slowest.
type Axis struct {
	Key    string     `toml:"key"`              // as --set has it: "arrivals.load", "class[0].latency"
	Name   string     `toml:"name"`             // in results; default: the key
	Values AxisValues `toml:"values,omitempty"` // of any form that the key takes: tables and lists too
	Labels []string   `toml:"labels,omitempty"` // of the values, in results; default: the values
	From   *Bound     `toml:"from"`             // or a range: numbers, or texts with a unit
	To     *Bound     `toml:"to"`
	Steps  int        `toml:"steps,omitzero"`  // values of the range, its ends included
	Scale  string     `toml:"scale,omitempty"` // "linear" (default) or "log": equal ratios
}

// The scales of a range.
const (
	linearScale = "linear"
	logScale    = "log"
)

// sampled says whether the axis is one of a Latin hypercube.
func (a *Axis) sampled() bool { return a.From != nil && a.Steps == 0 }

// AxisValues are values as TOML has them.
type AxisValues []any

// setGeneric takes a list of TOML.
func (v *AxisValues) setGeneric(list any) *Complaint {
	elements, ok := elementsOf(list)
	if !ok {
		return &Complaint{Want: "a list", Got: show(list)}
	}
	for i, element := range elements {
		if _, err := literal(element); err != nil {
			return &Complaint{Want: "values that a scenario can have", Got: fmt.Sprintf("%s at %d", show(element), i)}
		}
	}
	*v = elements
	return nil
}

// MarshalTOML writes them on one line.
func (v AxisValues) MarshalTOML() ([]byte, error) {
	text, err := literal([]any(v))
	return []byte(text), err
}

// literal writes a value as TOML on one line, as --set takes it.
func literal(v any) (string, error) {
	if table, ok := v.(map[string]any); ok {
		return literalTable(table)
	}
	if elements, ok := elementsOf(v); ok {
		parts := make([]string, len(elements))
		for i, element := range elements {
			var err error
			if parts[i], err = literal(element); err != nil {
				return "", err
			}
		}
		return "[" + strings.Join(parts, ", ") + "]", nil
	}
	switch v := v.(type) {
	case string:
		return quotedTOML(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return showFloat(v), nil
	}
	return "", fmt.Errorf("no literal of a %T", v)
}

func literalTable(table map[string]any) (string, error) {
	var parts []string
	for _, key := range sortedKeys(table) {
		text, err := literal(table[key])
		if err != nil {
			return "", err
		}
		parts = append(parts, quotedTOML(key)+" = "+text)
	}
	return "{ " + strings.Join(parts, ", ") + " }", nil
}

// quotedTOML quotes a text: what JSON escapes TOML's basic strings know too, and DEL besides.
func quotedTOML(text string) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		panic("scenarios: " + err.Error()) // texts always encode
	}
	return strings.ReplaceAll(strings.TrimSuffix(out.String(), "\n"), "\x7f", `\u007f`)
}

// Bound is an end of a range: a number, or a duration or size as text.
type Bound struct {
	number float64 // in the unit: nanoseconds, bytes
	kind   boundKind
}

type boundKind int

const (
	wholeBound boundKind = iota // a whole number
	floatBound
	durationBound
	sizeBound
)

// setGeneric takes a value of TOML.
func (b *Bound) setGeneric(v any) *Complaint {
	switch v := v.(type) {
	case int64:
		*b = Bound{float64(v), wholeBound}
		return nil
	case float64:
		*b = Bound{v, floatBound}
		return nil
	case string:
		var d Duration
		if d.UnmarshalText([]byte(v)) == nil {
			*b = Bound{float64(d), durationBound}
			return nil
		}
		var s Size
		if s.UnmarshalText([]byte(v)) == nil {
			*b = Bound{float64(s), sizeBound}
			return nil
		}
	}
	return &Complaint{Want: `a number, a duration such as "15ms" or a size such as "64MB"`, Got: show(v)}
}

// MarshalTOML writes it as a scenario has it.
func (b Bound) MarshalTOML() ([]byte, error) { return []byte(b.text(b.number)), nil }

// text writes a value between two bounds: with six digits, whole where the bounds are.
func (b Bound) text(v float64) string {
	switch b.kind {
	case wholeBound:
		return strconv.FormatInt(int64(math.Round(v)), 10)
	case durationBound:
		return `"` + time.Duration(sixDigits(v)).String() + `"`
	case sizeBound:
		return `"` + Size(sixDigits(v)).String() + `"`
	}
	return showFloat(sixDigits(v))
}

// sixDigits rounds to as many.
func sixDigits(v float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
	if err != nil {
		panic("scenarios: " + err.Error()) // what was formatted can be parsed
	}
	return rounded
}

// The limits of a sweep.
const (
	maxAxes       = 16
	maxSweepCells = 1_000_000
)

// resolveSweep fills in the defaults of [sweep].
func (c *checker) resolveSweep(s *Sweep) {
	orElse(c, "sweep.seed", &s.Seed, 1)
	for i := range s.Axes {
		a, path := &s.Axes[i], index("sweep.axis", i)
		orElse(c, path+".name", &a.Name, a.Key)
		if a.From != nil {
			orElse(c, path+".scale", &a.Scale, linearScale)
		}
	}
}

// sweep checks [sweep] itself; whether the scenario takes the values shows when cells are made.
func (c *checker) sweep(of *Scenario) {
	s := of.Sweep
	if n := len(s.Axes); n < 1 || n > maxAxes {
		c.add("sweep.axis", fmt.Sprintf("1 to %d [[sweep.axis]] tables", maxAxes), strconv.Itoa(n))
	}
	if s.Seed < 0 {
		c.add("sweep.seed", "0 or more", show(s.Seed))
	}
	sampled := false
	keys, axisNames := map[string]int{}, map[string]int{}
	for i := range s.Axes {
		path := index("sweep.axis", i)
		c.fractions(of, &s.Axes[i])
		c.axis(&s.Axes[i], path)
		c.onceVaried(s, i, path+".key", keys)
		c.distinct(path+".name", s.Axes[i].Name, i, axisNames)
		sampled = sampled || c.ranged(&s.Axes[i], path) && !c.given[path+".steps"]
	}
	switch {
	case sampled:
		c.require("sweep.samples", "the number of samples of the axes that have from and to but no steps")
		c.count("sweep.samples", s.Samples, 2, maxSweepCells)
	case c.given["sweep.samples"]:
		c.add("sweep.samples", "nothing, or an axis with from and to but no steps to sample from", show(s.Samples))
	}
	if !c.badBelow("sweep") && c.fine("sweep") {
		if n := s.cells(); n > maxSweepCells {
			c.add("sweep", fmt.Sprintf("at most %d cells", maxSweepCells), fmt.Sprintf("%.6g", n))
		}
	}
}

// onceVaried checks that no other axis is over a key, and that no later one replaces what it is in.
func (c *checker) onceVaried(s *Sweep, i int, path string, seen map[string]int) {
	key := s.Axes[i].Key
	if first, ok := seen[key]; ok && c.fine(path) {
		c.add(path, "a key that no other axis is over", fmt.Sprintf("%s, over which sweep.axis[%d] is", show(key), first))
		return
	}
	seen[key] = i
	for j := range i {
		if inside(s.Axes[j].Key, key) {
			c.add(path, fmt.Sprintf("an axis before that over %s, which it is to replace no more", show(s.Axes[j].Key)), show(key)+" after it")
		}
	}
}

// fractions makes the ends of a range those of fractions where the key takes fractions, however they are written.
func (c *checker) fractions(s *Scenario, a *Axis) {
	if a.From != nil && a.To != nil && a.From.kind <= floatBound && a.To.kind <= floatBound && c.takesFractions(s, a.Key) {
		a.From.kind, a.To.kind = floatBound, floatBound
	}
}

// takesFractions says whether a key is of a number that may have decimals.
func (c *checker) takesFractions(s *Scenario, key string) bool {
	t := reflect.TypeFor[Scenario]()
	parts := strings.Split(key, ".")
	for i, part := range parts {
		name, at, err := splitIndex(part)
		if err != nil || t.Kind() != reflect.Struct {
			return false
		}
		field, ok := fieldsOf(reflect.Zero(t))[name]
		if !ok {
			return false
		}
		t = field.Type()
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice && at >= 0 {
			t = t.Elem()
		}
		if t.Kind() == reflect.Map && i == len(parts)-2 && name == "params" {
			return c.fractionalParam(s, parts[0], parts[len(parts)-1])
		}
	}
	return t.Kind() == reflect.Float64
}

// fractionalParam says so of a parameter of a contender's policy.
func (c *checker) fractionalParam(s *Scenario, contender, param string) bool {
	_, at, err := splitIndex(contender)
	if err != nil || at < 0 || at >= len(s.Contenders) {
		return false
	}
	for _, policy := range c.known.Policies {
		if policy.Name == s.Contenders[at].Policy {
			return slices.ContainsFunc(policy.Params, func(p Param) bool { return p.Key == param && p.Kind == "number" })
		}
	}
	return false
}

// cells is the number of cells.
func (s *Sweep) cells() float64 {
	n := 1.0
	sampled := false
	for i := range s.Axes {
		a := &s.Axes[i]
		switch {
		case a.sampled():
			sampled = true
		case a.From != nil:
			n *= float64(a.Steps)
		default:
			n *= float64(len(a.Values))
		}
	}
	if sampled {
		n *= float64(s.Samples)
	}
	return n
}

func (c *checker) axis(a *Axis, path string) {
	c.require(path+".key", "a key, such as \"arrivals.load\"")
	c.axisKey(a.Key, path+".key")
	if c.fine(path + ".key") {
		c.label(path+".name", a.Name)
	}
	switch ranged := c.ranged(a, path); {
	case ranged && c.given[path+".values"]:
		c.add(path+".values", "either values or from and to", "both")
	case ranged:
		c.axisRange(a, path)
	default:
		c.axisValues(a, path)
	}
}

// ranged says whether an axis is a range, of whatever ends.
func (c *checker) ranged(a *Axis, path string) bool {
	return a.From != nil || a.To != nil || c.given[path+".from"] || c.given[path+".to"]
}

// axisKey checks that --set could have the key.
func (c *checker) axisKey(key, path string) {
	if !c.fine(path) {
		return
	}
	for i, part := range strings.Split(key, ".") {
		name, _, err := splitIndex(part)
		if err != nil {
			c.add(path, `a key as --set has it, such as "class[0].latency"`, show(key))
			return
		}
		if i == 0 && slices.Contains([]string{"sweep", "schema", "assert", "title", "validate"}, name) {
			c.add(path, "a key that decides what a run gives", show(key))
		}
	}
}

func (c *checker) axisValues(a *Axis, path string) {
	c.require(path+".values", "a list of values, or from and to")
	if c.fine(path+".values") && len(a.Values) == 0 {
		c.add(path+".values", "at least one value", "none")
	}
	for _, key := range []string{".steps", ".scale"} {
		if c.given[path+key] {
			c.add(path+key, "nothing: it goes with from and to", "a value")
		}
	}
	seen := map[any]int{}
	for i, v := range a.Values {
		text, err := literal(v)
		if err != nil {
			continue // not decoded
		}
		var same any = text
		var b Bound // 1 and 1.0, "15ms" and "0.015s" are the same value
		if b.setGeneric(v) == nil {
			b.kind = max(b.kind, floatBound)
			same = b
		}
		if first, ok := seen[same]; ok {
			c.add(path+".values", "values that differ", fmt.Sprintf("%s at %d and %d", shorten(text), first, i))
		}
		seen[same] = i
	}
	c.axisLabels(a, path)
}

func (c *checker) axisLabels(a *Axis, path string) {
	if !c.given[path+".labels"] {
		return
	}
	if len(a.Labels) != len(a.Values) {
		c.add(path+".labels", fmt.Sprintf("%d, as many as values", len(a.Values)), strconv.Itoa(len(a.Labels)))
	}
	seen := map[string]int{}
	for i, label := range a.Labels {
		c.label(index(path+".labels", i), label)
		if first, ok := seen[label]; ok {
			c.add(path+".labels", "labels that differ", fmt.Sprintf("%s at %d and %d", show(label), first, i))
		}
		seen[label] = i
	}
}

func (c *checker) axisRange(a *Axis, path string) {
	c.require(path+".from", "the range's beginning")
	c.require(path+".to", "the range's end")
	c.oneOf(path+".scale", "scales", a.Scale, []string{linearScale, logScale})
	if c.given[path+".labels"] {
		c.add(path+".labels", "nothing: they go with values", "a list")
	}
	if c.given[path+".steps"] {
		c.count(path+".steps", a.Steps, 2, maxSweepCells)
	}
	if !c.fine(path+".from", path+".to", path+".steps") {
		return
	}
	whole := a.From.kind == wholeBound && a.To.kind == wholeBound
	if a.From.kind <= floatBound && a.To.kind <= floatBound && !whole {
		a.From.kind, a.To.kind = floatBound, floatBound
	}
	switch {
	case a.From.kind != a.To.kind:
		c.add(path+".to", "the same kind of value as from", a.To.text(a.To.number))
	case !(a.From.number < a.To.number):
		c.add(path+".to", "more than from = "+a.From.text(a.From.number), a.To.text(a.To.number))
	case a.Scale == logScale && !(a.From.number > 0):
		c.add(path+".from", "more than 0, which a log scale cannot have", a.From.text(a.From.number))
	case a.Steps > 0 && a.Steps <= maxSweepCells && hasTwice(a.ticks()):
		c.add(path+".steps", "fewer steps: neighbours have the same value", strconv.Itoa(a.Steps))
	}
}

func hasTwice(texts []string) bool { return len(slices.Compact(slices.Clone(texts))) < len(texts) }

// ticks returns the values of a range in steps.
func (a *Axis) ticks() []string {
	out := make([]string, a.Steps)
	for i := range out {
		out[i] = a.between(float64(i) / float64(a.Steps-1))
	}
	out[0], out[a.Steps-1] = a.From.text(a.From.number), a.To.text(a.To.number)
	return out
}

// between returns the value at a share u of the range.
func (a *Axis) between(u float64) string {
	v := a.From.number + u*(a.To.number-a.From.number)
	if a.Scale == logScale {
		v = a.From.number * math.Pow(a.To.number/a.From.number, u)
	}
	return a.From.text(v)
}
