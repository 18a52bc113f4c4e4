package scenarios

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"slosim/workloads"
)

// Arrivals is the traffic: a trace with the transform that brings it to the wanted
// rate, or a kind of process. The keys are those of workloads.ArrivalSpec, which
// says what goes with what.
type Arrivals struct {
	Trace     string   `toml:"trace,omitempty"` // one that ships, or a file
	TraceBin  Duration `toml:"trace_bin,omitzero"`
	Transform string   `toml:"transform,omitempty"` // with a trace; no default: it has to be stated
	Window    string   `toml:"window,omitempty"`    // "start" (default) or "random"
	Bin       Duration `toml:"bin,omitzero"`        // default 60s of trace time
	Speed     float64  `toml:"speed,omitzero"`      // seconds of trace a second; default 1
	Copies    int      `toml:"copies,omitzero"`

	Kind       string   `toml:"kind,omitempty"`
	CV         float64  `toml:"cv,omitzero"`
	Factor     float64  `toml:"factor,omitzero"`
	BusyShare  float64  `toml:"busy_share,omitzero"`
	BusyLength Duration `toml:"busy_length,omitzero"`
	From       Duration `toml:"from,omitzero"`
	To         Duration `toml:"to,omitzero"`
	Amplitude  float64  `toml:"amplitude,omitzero"`
	Period     Duration `toml:"period,omitzero"`

	Clients int      `toml:"clients,omitzero"`
	Think   Duration `toml:"think,omitzero"` // mean; default 0s
	Queries int      `toml:"queries,omitzero"`

	Load float64 `toml:"load,omitzero"` // offered load of the dense network on all workers
	Rate float64 `toml:"rate,omitzero"` // or queries a second of virtual time
}

// Spec returns the arrivals of a run of the given length as the workloads package
// has them. A Load stays one: only a profile turns it into a rate.
func (a *Arrivals) Spec(duration time.Duration) workloads.ArrivalSpec {
	return workloads.ArrivalSpec{
		Trace: a.Trace, TraceBin: a.TraceBin.Std(), Transform: a.Transform, Window: a.Window,
		Bin: a.Bin.Std(), Speed: a.Speed, Copies: a.Copies,
		Kind: a.Kind, CV: a.CV, Factor: a.Factor,
		BusyShare: a.BusyShare, BusyLength: a.BusyLength.Std(),
		From: a.From.Std(), To: a.To.Std(), Amplitude: a.Amplitude, Period: a.Period.Std(),
		Clients: a.Clients, Think: a.Think.Std(), Queries: a.Queries,
		Load: a.Load, Rate: a.Rate, Duration: duration,
	}
}

// defaultBin is the width of modulate's bins in trace time.
const defaultBin = Duration(time.Minute)

// resolveArrivals fills in what a transform takes when it is not told otherwise.
func (c *checker) resolveArrivals(a *Arrivals) {
	if a.Trace != "" {
		orElse(c, "arrivals.window", &a.Window, "start")
	}
	if a.Transform == "modulate" {
		orElse(c, "arrivals.bin", &a.Bin, defaultBin)
	}
	if a.Transform == "modulate" || a.Transform == "thin" {
		orElse(c, "arrivals.speed", &a.Speed, 1)
	}
}

// checkArrivals checks names and what is given, then lets Known.CheckArrivals judge
// the rest.
func (c *checker) checkArrivals(a *Arrivals, warmup, duration Duration) {
	c.source(a)
	c.amount(a)
	c.notZero(a)
	c.offline(a, warmup)
	judge := c.known.CheckArrivals
	if judge == nil || !c.fine("duration", "arrivals", "arrivals.trace", "arrivals.kind", "arrivals.transform",
		"arrivals.load", "arrivals.rate") {
		return // its verdict would only repeat these
	}
	c.complain("arrivals", judge(a.Spec(duration.Std())))
}

// source checks that there is a trace or a kind, and what it is called.
func (c *checker) source(a *Arrivals) {
	trace, kind := c.given["arrivals.trace"], c.given["arrivals.kind"]
	switch {
	case trace && kind:
		c.add("arrivals.kind", "either trace or kind", "both")
	case trace:
		c.trace(a.Trace)
		c.require("arrivals.transform", "how the trace is brought to the wanted rate, such as \"modulate\"")
		c.oneOf("arrivals.transform", "transforms", a.Transform, workloads.Transforms())
	case kind:
		c.oneOf("arrivals.kind", "kinds of arrivals", a.Kind, workloads.Kinds())
	default:
		c.add("arrivals", "trace or kind", "neither")
	}
}

// trace accepts a known trace or a file.
func (c *checker) trace(name string) {
	if c.known.IsFile != nil && c.known.IsFile(name) {
		return
	}
	if strings.ContainsAny(name, "./\\") { // no trace that ships has such a name
		c.add("arrivals.trace", wantName("traces", names(c.known.Traces))+", or a file", fmt.Sprintf("%q, which is no regular file", name))
		return
	}
	c.oneOf("arrivals.trace", "traces", name, names(c.known.Traces))
}

// offline checks that the queries of mlperf-offline are measured: all arrive at 0.
func (c *checker) offline(a *Arrivals, warmup Duration) {
	if a.Kind == "mlperf-offline" && warmup > 0 {
		c.add("warmup", "0s with mlperf-offline, whose queries all arrive at 0s", warmup.String())
	}
}

// amount checks that either load or rate says how much traffic there is, where
// anything but completions does.
func (c *checker) amount(a *Arrivals) {
	load, rate := c.given["arrivals.load"], c.given["arrivals.rate"]
	replayed := a.Trace != "" && a.Transform == "none"
	switch {
	case a.Kind != "" && !workloads.HasRate(a.Kind):
		for _, key := range []string{"arrivals.load", "arrivals.rate"} {
			if c.given[key] {
				c.add(key, fmt.Sprintf("nothing: kind = %q has neither load nor rate", a.Kind), "one")
			}
		}
	case load && rate:
		c.add("arrivals.rate", "either load or rate", "both")
	case !load && !rate && !replayed:
		c.add("arrivals", "load or rate", "neither")
	}
}

// notZero notes numbers that are given as 0 or less: to the workloads package 0
// means that a key was not given.
func (c *checker) notZero(a *Arrivals) {
	for _, number := range []struct {
		key   string
		value float64
	}{
		{"load", a.Load}, {"rate", a.Rate}, {"speed", a.Speed}, {"cv", a.CV},
		{"factor", a.Factor}, {"busy_share", a.BusyShare}, {"copies", float64(a.Copies)},
		{"clients", float64(a.Clients)}, {"queries", float64(a.Queries)},
	} {
		if path := "arrivals." + number.key; c.given[path] && number.value <= 0 {
			c.add(path, "above 0", strconv.FormatFloat(number.value, 'g', -1, 64))
		}
	}
	for _, length := range []struct {
		key   string
		value Duration
	}{
		{"bin", a.Bin}, {"trace_bin", a.TraceBin}, {"busy_length", a.BusyLength}, {"period", a.Period},
	} {
		if path := "arrivals." + length.key; c.given[path] {
			c.longer0(path, length.value)
		}
	}
}
