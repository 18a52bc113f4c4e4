package script

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"go.starlark.net/starlark"
)

// whole returns a whole number. Floats are taken where they are whole.
func whole(v starlark.Value) (int64, error) {
	switch n := v.(type) {
	case starlark.Int:
		if i, ok := n.Int64(); ok {
			return i, nil
		}
	case starlark.Float:
		if f := float64(n); f == math.Trunc(f) && math.Abs(f) < 1<<63 {
			return int64(f), nil
		}
	}
	return 0, fmt.Errorf("want a whole number, got %s", describe(v))
}

// real returns a number that is neither infinite nor NaN.
func real(v starlark.Value) (float64, error) {
	switch n := v.(type) {
	case starlark.Int:
		if f := float64(n.Float()); !math.IsInf(f, 0) {
			return f, nil
		}
	case starlark.Float:
		if f := float64(n); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f, nil
		}
	}
	return 0, fmt.Errorf("want a number, got %s", describe(v))
}

// describe shows a value and its type, shortened.
func describe(v starlark.Value) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case starlark.NoneType, starlark.Float, starlark.Int, starlark.Bool:
		return short(v.String())
	}
	return fmt.Sprintf("%s (%s)", short(v.String()), v.Type())
}

func short(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), 400)], "?")
	if runes := []rune(text); len(runes) > 60 {
		return string(runes[:60]) + "..."
	}
	return text
}

// mostArguments is how many a function of ours has at most.
const mostArguments = 5

// arguments are those of one call, by place. The first error is kept.
type arguments struct {
	policy *policy
	names  []string
	values [mostArguments]starlark.Value // nil: not given
	err    error
}

// arguments sorts the values of a call by the names of the parameters, the first of which are required.
// They are valid until the next call.
func (p *policy) arguments(names []string, required int, args starlark.Tuple, kwargs []starlark.Tuple) *arguments {
	p.call = arguments{policy: p, names: names}
	return p.call.fill(required, args, kwargs)
}

func (a *arguments) fill(required int, args starlark.Tuple, kwargs []starlark.Tuple) *arguments {
	names := a.names
	if len(args) > len(names) {
		a.err = fmt.Errorf("want at most %d arguments, got %d", len(names), len(args))
		return a
	}
	copy(a.values[:], args)
	for _, pair := range kwargs {
		a.name(string(pair[0].(starlark.String)), pair[1])
	}
	for i := range required {
		if a.values[i] == nil && a.err == nil {
			a.err = fmt.Errorf("%s: want a value, got none", names[i])
		}
	}
	return a
}

// name puts a value at the place of its name.
func (a *arguments) name(name string, v starlark.Value) {
	for i, known := range a.names {
		if known == name && a.values[i] == nil {
			a.values[i] = v
			return
		}
	}
	a.complain(-1, fmt.Errorf("want %v once each, got %s", a.names, name))
}

func (a *arguments) complain(i int, err error) {
	switch {
	case err == nil || a.err != nil:
	case i < 0:
		a.err = err
	default:
		a.err = fmt.Errorf("%s: %w", a.names[i], err)
	}
}

func (a *arguments) whole(i int) int64 {
	if a.err != nil {
		return 0
	}
	n, err := whole(a.values[i])
	a.complain(i, err)
	return n
}

// within returns a whole number in 0..n-1.
func (a *arguments) within(i, n int) int {
	v := a.whole(i)
	if a.err == nil && (v < 0 || v >= int64(n)) {
		a.complain(i, fmt.Errorf("want 0..%d, got %d", n-1, v))
	}
	return int(v)
}

// small returns a whole number that fits an int32; what it means is checked elsewhere.
func (a *arguments) small(i int) int {
	v := a.whole(i)
	if a.err == nil && int64(int32(v)) != v {
		a.complain(i, fmt.Errorf("want a number below 2147483648, got %d", v))
	}
	return int(v)
}

// share returns a number in 0..1.
func (a *arguments) share(i int) float64 {
	if a.err != nil {
		return 0
	}
	q, err := real(a.values[i])
	if err == nil && (q < 0 || q > 1) {
		err = fmt.Errorf("want 0..1, got %v", q)
	}
	a.complain(i, err)
	return q
}

// text returns a string, empty when none is given.
func (a *arguments) text(i int) string {
	if a.err != nil || a.values[i] == nil {
		return ""
	}
	text, ok := starlark.AsString(a.values[i])
	if !ok {
		a.complain(i, fmt.Errorf("want a string, got %s", describe(a.values[i])))
	}
	return text
}

// outside is the error of what may be used inside decide alone.
func (a *arguments) outside() {
	if a.err == nil && a.policy.view == nil {
		a.err = errors.New("want it used inside decide")
	}
}
