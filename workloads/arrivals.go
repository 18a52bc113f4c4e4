package workloads

import (
	"fmt"
	"time"

	"slosim/workloads/rng"
)

// ArrivalSpec states an arrival process: the table [arrivals] of a scenario,
// plus what the scenario says elsewhere (Duration, Source). Zero means "not
// given". Exactly one of Trace and Kind is given. Which keys go with which
// process is checked: a key that would have no effect is an error.
type ArrivalSpec struct {
	Trace     string        // trace: embedded name or path of a file
	TraceBin  time.Duration // trace_bin: width of a row of counts whose header does not say it
	Transform string        // transform: one of Transforms
	Window    string        // window: "start" (default) or "random", a new start each replication
	Bin       time.Duration // bin, of modulate, in trace time; default 60 s
	Speed     float64       // speed, of modulate and thin: seconds of trace a second of virtual time; default 1
	Copies    int           // copies, of superpose: windows; default: as many as keep the speed near 1

	Kind       string        // kind: one of Kinds
	CV         float64       // cv, of gamma: coefficient of variation of the gaps
	Factor     float64       // factor, of mmpp and spike: rate of the busy state / rate of the quiet one
	BusyShare  float64       // busy_share, of mmpp: part of the time that the busy state takes
	BusyLength time.Duration // busy_length, of mmpp: mean stay in the busy state, virtual time
	From, To   time.Duration // from, to, of spike: virtual time
	Amplitude  float64       // amplitude, of diurnal: 0 to 1, (highest - lowest) / (2 x mean)
	Period     time.Duration // period, of diurnal: virtual time
	Clients    int           // clients, of closed: each has one query at a time
	Think      time.Duration // think, of closed: mean time from an answer to the client's next query; default 0
	Queries    int           // queries, of mlperf-offline: how many arrive at time 0

	Rate     float64       // rate: wanted mean, queries a second of virtual time
	Load     float64       // load: offered load instead of Rate (see HasRate); scenarios turn it into Rate, since only a profile can
	Duration time.Duration // virtual time of the run; arrivals at or after it do not happen
	Source   uint16        // index of this process in the scenario: its draws are its own
}

// Transforms lists how a trace can be brought to a wanted rate.
func Transforms() []string { return []string{"none", "compress", "modulate", "thin", "superpose"} }

// kinds lists the arrival processes that need no trace, each with a line about it.
func kinds() [][2]string {
	return [][2]string{
		{"poisson", "independent exponential gaps; rate or load"},
		{"gamma", "independent gamma gaps; rate or load, cv"},
		{"mmpp", "two states of different rates, stays exponential; rate or load, factor, busy_share, busy_length"},
		{"spike", "poisson, faster for a time; rate or load, factor, from, to"},
		{"diurnal", "poisson with a sine for a day; rate or load, amplitude, period"},
		{"constant", "even gaps; rate or load"},
		{"closed", "closed loop: each client sends its next query a think time after its answer; clients, think"},
		{"mlperf-single-stream", "MLPerf LoadGen: closed loop of one client that does not think"},
		{"mlperf-multi-stream", "MLPerf LoadGen: 8 samples at once, as 8 queries; the next when all are done"},
		{"mlperf-server", "MLPerf LoadGen: poisson; rate or load"},
		{"mlperf-offline", "MLPerf LoadGen: everything at time 0; queries"},
	}
}

// Kinds lists the arrival processes that need no trace. The names with mlperf are
// the four scenarios of MLPerf's load generator, LoadGen.
func Kinds() []string {
	var names []string
	for _, kind := range kinds() {
		names = append(names, kind[0])
	}
	return names
}

// AboutKind describes a kind of arrivals and its keys in one line; empty for an
// unknown one.
func AboutKind(name string) string {
	for _, kind := range kinds() {
		if kind[0] == name {
			return kind[1]
		}
	}
	return ""
}

// Process is a checked arrival process. It is read only: replications may be
// started from many goroutines.
type Process struct {
	spec    ArrivalSpec
	trace   *Trace // nil without one
	process starter
}

// starter is one kind of arrival process.
type starter interface {
	start(key rng.Key) Arrivals
	rate() float64  // expected arrivals a second of virtual time over the run
	caveat() string // what the user must know to read results
}

// NewProcess checks spec, reads its trace and measures what its transform
// needs. The error, if any, is a FieldErrors with everything that is wrong.
func NewProcess(spec ArrivalSpec) (*Process, error) {
	process, wrong := compile(spec)
	if len(wrong) == 0 && process.process == nil {
		wrong = append(wrong, FieldError{"rate", "load turned into a rate before arrivals are made", fmt.Sprintf("load = %v", spec.Load)})
	}
	if len(wrong) > 0 {
		return nil, FieldErrors(wrong)
	}
	return process, nil
}

// Start returns the arrivals of one replication. The same key gives the same
// arrivals; another seed, replication or Source gives independent ones. Next
// allocates nothing.
func (p *Process) Start(key rng.Key) Arrivals {
	return p.process.start(key.Child(rng.Arrival, uint64(p.spec.Source)))
}

// Rate returns the expected arrivals a second of virtual time over the run. It
// differs from the wanted rate only when the trace's window starts at the
// trace's start, which may be busier or quieter than the whole, and for spike,
// whose wanted rate is the one outside of the spike. It is 0 for a closed loop: there
// completions decide.
func (p *Process) Rate() float64 { return p.process.rate() }

// Stationary says whether the process is the same at all times, once it has begun.
func (p *Process) Stationary() bool {
	switch p.spec.Kind {
	case "", "spike", "diurnal", "mlperf-offline":
		return false // a trace, or a rate that moves
	}
	return true
}

// Caveat returns one paragraph on what the process keeps and loses of reality.
// It is printed with results.
func (p *Process) Caveat() string { return p.process.caveat() }

// Trace returns the facts of the trace; ok is false for a process without one.
func (p *Process) Trace() (info TraceInfo, ok bool) {
	if p.trace == nil {
		return TraceInfo{}, false
	}
	return p.trace.TraceInfo, true
}

// NewArrivals checks spec and starts one replication of it. Who needs many
// replications calls NewProcess once and Start for each.
func NewArrivals(spec ArrivalSpec, key rng.Key) (Arrivals, error) {
	process, err := NewProcess(spec)
	if err != nil {
		return nil, err
	}
	return process.Start(key), nil
}

// seconds turns seconds of virtual time into an instant, rounded down.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
