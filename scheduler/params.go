package scheduler

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Params hands a policy its parameters from the scenario and collects what is
// wrong with them. A factory reads every parameter that it knows, with a default
// and a range; what nobody read is unknown and reported as such.
type Params struct {
	values   map[string]any
	known    []ParamInfo
	problems []Problem
}

// ParamInfo describes one parameter, as a policy's factory reads it.
type ParamInfo struct {
	Key      string
	Kind     string   // "number", "whole number", "true or false", "duration" or "text"
	Default  string   // as a scenario writes it, without quotes; empty for one that is required
	Range    string   // what is allowed, like "0..1"; empty: anything of the kind
	Choices  []string // of a text; nil: any
	Required bool
}

// Problem is one wrong parameter.
type Problem struct {
	Key, Want, Got string
}

// Error returns "key: want ..., got ...".
func (p Problem) Error() string { return fmt.Sprintf("%s: want %s, got %s", p.Key, p.Want, p.Got) }

// NewParams wraps parameters as a TOML decoder yields them: int64 or float64, bool,
// string. nil means defaults.
func NewParams(values map[string]any) *Params { return &Params{values: values} }

// Float returns a number within lo..hi, def when it is not given or wrong.
func (p *Params) Float(key string, def, lo, hi float64) float64 {
	raw, given := p.read(ParamInfo{Key: key, Kind: "number", Default: fmt.Sprint(def), Range: boundsText(lo, hi)})
	if !given {
		return def
	}
	v, isNumber := number(raw)
	if !isNumber || !(v >= lo && v <= hi) {
		p.complain(key, rangeText(lo, hi), raw)
		return def
	}
	return v
}

// Int returns a whole number within lo..hi, def when it is not given or wrong.
func (p *Params) Int(key string, def, lo, hi int) int {
	raw, given := p.read(ParamInfo{Key: key, Kind: "whole number", Default: fmt.Sprint(def), Range: fmt.Sprintf("%d..%d", lo, hi)})
	if !given {
		return def
	}
	v, isNumber := number(raw)
	if !isNumber || v != math.Trunc(v) || v < float64(lo) || v > float64(hi) {
		p.complain(key, fmt.Sprintf("a whole number in %d..%d", lo, hi), raw)
		return def
	}
	return int(v)
}

// Bool returns true or false, def when it is not given or wrong.
func (p *Params) Bool(key string, def bool) bool {
	raw, given := p.read(ParamInfo{Key: key, Kind: "true or false", Default: fmt.Sprint(def)})
	if !given {
		return def
	}
	v, ok := raw.(bool)
	if !ok {
		p.complain(key, "true or false", raw)
		return def
	}
	return v
}

// Duration returns a time like "50ms" within lo..hi, def when it is not given or wrong.
func (p *Params) Duration(key string, def, lo, hi time.Duration) time.Duration {
	raw, given := p.read(ParamInfo{Key: key, Kind: "duration", Default: def.String(), Range: fmt.Sprintf("%v..%v", lo, hi)})
	if !given {
		return def
	}
	text, _ := raw.(string)
	v, err := time.ParseDuration(text)
	if err != nil || v < lo || v > hi {
		p.complain(key, fmt.Sprintf("a duration in quotes in %v..%v", lo, hi), raw)
		return def
	}
	return v
}

// String returns a text, one of the choices if there are any; def when it is not
// given or wrong.
func (p *Params) String(key, def string, choices ...string) string {
	raw, given := p.read(ParamInfo{Key: key, Kind: "text", Default: def, Choices: choices})
	if !given {
		return def
	}
	v, ok := raw.(string)
	if !ok || (len(choices) > 0 && !slices.Contains(choices, v)) {
		want := "a string"
		if len(choices) > 0 {
			want = "one of " + strings.Join(choices, ", ") + didYouMean(v, choices)
		}
		p.complain(key, want, raw)
		return def
	}
	return v
}

// Required is a String without a default: what says what is wanted when it is missing.
func (p *Params) Required(key, what string) string {
	if _, given := p.read(ParamInfo{Key: key, Kind: "text", Range: what, Required: true}); !given {
		p.problems = append(p.problems, Problem{Key: key, Want: what, Got: "nothing"})
		return ""
	}
	return p.String(key, "")
}

// Problems returns everything that is wrong, unknown parameters included, sorted by
// key. Call it after the factory has read what it knows.
func (p *Params) Problems() []Problem {
	out := slices.Clone(p.problems)
	for key, raw := range p.values {
		if !slices.ContainsFunc(p.known, func(i ParamInfo) bool { return i.Key == key }) {
			out = append(out, Problem{Key: key, Want: p.knownText(key), Got: show(raw)})
		}
	}
	slices.SortFunc(out, func(a, b Problem) int {
		return strings.Compare(a.Key+"\x00"+a.Want, b.Key+"\x00"+b.Want)
	})
	return out
}

// Err joins the problems, nil without any.
func (p *Params) Err() error {
	var errs []error
	for _, problem := range p.Problems() {
		errs = append(errs, problem)
	}
	return errors.Join(errs...)
}

// knownText says which parameters exist.
func (p *Params) knownText(key string) string {
	if len(p.known) == 0 {
		return "no parameters"
	}
	var known []string
	for _, info := range p.Infos() {
		known = append(known, info.Key)
	}
	return "a known parameter (" + strings.Join(known, ", ") + ")" + didYouMean(key, known)
}

// Infos describes every parameter that was read so far, sorted by key: after a factory
// has run, those that it knows. Of a key that was read twice the first reading counts.
func (p *Params) Infos() []ParamInfo {
	infos := slices.Clone(p.known)
	slices.SortStableFunc(infos, func(a, b ParamInfo) int { return strings.Compare(a.Key, b.Key) })
	return slices.CompactFunc(infos, func(a, b ParamInfo) bool { return a.Key == b.Key })
}

// read notes that a parameter exists and returns what was given for it.
func (p *Params) read(info ParamInfo) (raw any, given bool) {
	p.known = append(p.known, info)
	raw, given = p.values[info.Key]
	return raw, given
}

func (p *Params) complain(key, want string, raw any) {
	p.problems = append(p.problems, Problem{Key: key, Want: want, Got: show(raw)})
}

// number accepts what TOML decoders and Go callers write for a number.
func number(raw any) (float64, bool) {
	switch v := raw.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case int:
		return float64(v), true
	}
	return 0, false
}

func show(raw any) string {
	if s, ok := raw.(string); ok {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprint(raw)
}

// boundsText is a range alone.
func boundsText(lo, hi float64) string {
	if math.IsInf(hi, 1) {
		return fmt.Sprintf("at least %v", lo)
	}
	return fmt.Sprintf("%v..%v", lo, hi)
}

func rangeText(lo, hi float64) string {
	if math.IsInf(hi, 1) {
		return fmt.Sprintf("a number of at least %v", lo)
	}
	return fmt.Sprintf("a number in %v..%v", lo, hi)
}

// didYouMean returns a hint when one of the names is close to what was written.
func didYouMean(written string, names []string) string {
	best, bestDistance := "", 1+len(written)/3
	for _, name := range names {
		if d := editDistance(written, name); d <= bestDistance && (best == "" || d < bestDistance) {
			best, bestDistance = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// editDistance is Levenshtein's, in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
