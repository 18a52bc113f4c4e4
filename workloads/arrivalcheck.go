package workloads

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// FieldError is one thing that is wrong with a scenario's table: the key, what
// was wanted and what was given. The caller knows the file and the line.
type FieldError struct {
	Key, Want, Got string
}

// Error returns "key: want ..., got ...".
func (e FieldError) Error() string { return fmt.Sprintf("%s: want %s, got %s", e.Key, e.Want, e.Got) }

// FieldErrors is everything that is wrong, in the order of the checks.
type FieldErrors []FieldError

// Error returns one line a field.
func (e FieldErrors) Error() string {
	lines := make([]string, len(e))
	for i, wrong := range e {
		lines[i] = "arrivals." + wrong.Error()
	}
	return strings.Join(lines, "\n")
}

const (
	maxRate   = 1e8 // queries a second: the clock has nanoseconds
	maxSpeed  = 1e6
	maxCV     = 100.0
	minCV     = 0.01
	maxCopies = 1 << 16
)

// Validate returns everything that is wrong with the spec, nothing if it is
// fine. It reads the trace. With Load instead of Rate, what depends on the rate
// is left for NewProcess.
func (s ArrivalSpec) Validate() []FieldError {
	_, wrong := compile(s)
	return wrong
}

// checker collects errors.
type checker struct {
	spec  ArrivalSpec
	wrong []FieldError
}

func (c *checker) fail(key, want string, got any) {
	c.wrong = append(c.wrong, FieldError{key, want, fmt.Sprint(got)})
}

// within fails unless low <= value <= high; NaN fails.
func (c *checker) within(key string, value, low, high float64) {
	if !(value >= low && value <= high) {
		c.fail(key, fmt.Sprintf("%g to %g", low, high), value)
	}
}

// compile checks the spec and makes the process. Process.process stays nil when
// the rate is not known yet.
func compile(spec ArrivalSpec) (*Process, []FieldError) {
	c := &checker{spec: spec}
	c.common()
	process := &Process{}
	switch {
	case (spec.Trace == "") == (spec.Kind == ""):
		c.fail("trace", "either trace or kind", fmt.Sprintf("trace = %q, kind = %q", spec.Trace, spec.Kind))
	case spec.Kind != "":
		process.process = c.generator()
	default:
		process.trace, process.process = c.replay()
	}
	process.spec = c.spec
	if len(c.wrong) > 0 {
		return nil, c.wrong
	}
	return process, nil
}

// common checks what every process has.
func (c *checker) common() {
	s := c.spec
	if s.Duration <= 0 {
		c.fail("duration", "above 0", s.Duration)
	}
	replayed := s.Trace != "" && s.Transform == "none"
	switch {
	case s.Kind != "" && !HasRate(s.Kind):
		if s.Rate != 0 || s.Load != 0 {
			c.fail("rate", fmt.Sprintf("neither rate nor load with kind = %q", s.Kind), fmt.Sprintf("rate = %v, load = %v", s.Rate, s.Load))
		}
	case replayed && (s.Rate != 0 || s.Load != 0):
		c.fail("rate", `neither rate nor load with transform = "none"`, fmt.Sprintf("rate = %v, load = %v", s.Rate, s.Load))
	case replayed:
	case (s.Rate == 0) == (s.Load == 0):
		c.fail("rate", "either rate or load", fmt.Sprintf("rate = %v, load = %v", s.Rate, s.Load))
	case s.Load != 0:
		c.within("load", s.Load, 1e-6, 1000)
	default:
		c.within("rate", s.Rate, 1e-9, maxRate)
	}
}

// rateKnown says whether what depends on the rate can be checked and made.
func (c *checker) rateKnown() bool { return c.spec.Load == 0 && len(c.wrong) == 0 }

// unused fails for every key that is given but not among the used ones.
func (c *checker) unused(of string, used ...string) {
	s := c.spec
	given := []struct {
		key   string
		given bool
		value any
	}{
		{"trace_bin", s.TraceBin != 0, s.TraceBin},
		{"transform", s.Transform != "", s.Transform},
		{"window", s.Window != "", s.Window},
		{"bin", s.Bin != 0, s.Bin},
		{"speed", s.Speed != 0, s.Speed},
		{"copies", s.Copies != 0, s.Copies},
		{"cv", s.CV != 0, s.CV},
		{"factor", s.Factor != 0, s.Factor},
		{"busy_share", s.BusyShare != 0, s.BusyShare},
		{"busy_length", s.BusyLength != 0, s.BusyLength},
		{"from", s.From != 0, s.From},
		{"to", s.To != 0, s.To},
		{"amplitude", s.Amplitude != 0, s.Amplitude},
		{"period", s.Period != 0, s.Period},
		{"clients", s.Clients != 0, s.Clients},
		{"think", s.Think != 0, s.Think},
		{"queries", s.Queries != 0, s.Queries},
	}
	for _, field := range given {
		if field.given && !slices.Contains(used, field.key) {
			c.fail(field.key, "nothing: "+of+" has no such key", field.value)
		}
	}
}

// replay checks a trace with its transform, and makes it.
func (c *checker) replay() (*Trace, starter) {
	keys := map[string][]string{
		"none":      {},
		"compress":  {},
		"modulate":  {"bin", "speed"},
		"thin":      {"speed"},
		"superpose": {"copies"},
	}
	own, known := keys[c.spec.Transform]
	if !known {
		c.fail("transform", "one of "+strings.Join(Transforms(), ", "), fmt.Sprintf("%q", c.spec.Transform))
		return nil, nil
	}
	c.unused("transform = "+fmt.Sprintf("%q", c.spec.Transform), append(own, "trace_bin", "transform", "window")...)
	c.replayDefaults()
	trace, err := OpenTrace(c.spec.Trace, c.spec.TraceBin)
	if err != nil {
		c.wrong = append(c.wrong, FieldError{"trace", "a readable trace", err.Error()})
		return nil, nil
	}
	if c.spec.Transform == "modulate" {
		c.modulateBin(trace)
	}
	if !c.rateKnown() {
		c.fits(trace)
		return trace, nil
	}
	return trace, c.transformed(trace)
}

// replayDefaults fills in what was not given and checks the ranges.
func (c *checker) replayDefaults() {
	s := &c.spec
	if s.Window == "" {
		s.Window = "start"
	}
	if s.Window != "start" && s.Window != "random" {
		c.fail("window", "start or random", fmt.Sprintf("%q", s.Window))
	}
	if s.Speed == 0 {
		s.Speed = 1
	}
	c.within("speed", s.Speed, 1/maxSpeed, maxSpeed)
	if s.Copies < 0 || s.Copies > maxCopies {
		c.fail("copies", fmt.Sprintf("1 to %d", maxCopies), s.Copies)
	}
	if s.Bin == 0 {
		s.Bin = 60 * time.Second
	}
}

// fits checks the length of the trace where the speed is known without the rate.
func (c *checker) fits(trace *Trace) {
	if c.spec.Transform == "modulate" || c.spec.Transform == "thin" {
		c.window(trace, c.spec.Speed)
	}
}

// window returns the window of the trace that the run takes at a speed, and
// fails when the trace is shorter.
func (c *checker) window(trace *Trace, speed float64) window {
	length := c.spec.Duration.Seconds() * speed
	if length > trace.Span.Seconds() {
		c.fail("trace", fmt.Sprintf("at least %.6gs of it, for %v at speed %.6g (a trace is never looped)", length, c.spec.Duration, speed),
			fmt.Sprintf("%v, which allows a duration of %.6gs", trace.Span, trace.Span.Seconds()/speed))
	}
	return window{trace: trace, length: seconds(length), random: c.spec.Window == "random"}
}

// transformed makes the process of a checked transform.
func (c *checker) transformed(trace *Trace) starter {
	s := c.spec
	ratio := s.Rate / trace.Rate()
	end := s.Duration
	switch s.Transform {
	case "none":
		return &paced{window: c.window(trace, 1), speed: 1, end: end, none: true}
	case "compress":
		return &paced{window: c.window(trace, ratio), speed: ratio, end: end}
	case "modulate":
		return newModulate(c.window(trace, s.Speed), s.Bin, ratio, s.Speed, end)
	case "thin":
		keep := ratio / s.Speed
		if keep > 1 {
			c.fail("rate", fmt.Sprintf("at most %.6g, the trace's mean at speed %g, for thin", trace.Rate()*s.Speed, s.Speed), s.Rate)
		}
		return &thin{paced: paced{window: c.window(trace, s.Speed), speed: s.Speed, end: end}, keep: keep}
	default:
		copies := s.Copies
		if copies == 0 {
			copies = int(max(1, min(maxCopies, math.Round(ratio))))
		}
		speed := ratio / float64(copies)
		return &superpose{paced: paced{window: c.window(trace, speed), speed: speed, end: end}, copies: copies}
	}
}

// modulateBin checks the width of modulate's bins against the trace.
func (c *checker) modulateBin(trace *Trace) {
	bin := c.spec.Bin
	switch {
	case bin <= 0 || bin > trace.Span || trace.Span/bin > maxBins:
		c.fail("bin", fmt.Sprintf("%v to %v", max(trace.Span/maxBins, 1), trace.Span), bin)
	case trace.Kind == Counts && bin%trace.Bin != 0:
		c.fail("bin", fmt.Sprintf("a multiple of the trace's own %v", trace.Bin), bin)
	}
}
