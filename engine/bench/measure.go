package bench

import (
	"context"
	"slices"
	"time"

	"slosim/engine/kernel"
)

// How long a sample is and how it is divided.
const (
	sampleTime = 2 * time.Millisecond
	warmUp     = 300 * time.Microsecond
	// Reading the clock costs about 30 ns, so that shorter calls are timed ten together.
	shortCall = time.Microsecond
	together  = 10
	// leastP99 is how many calls a 99th percentile needs.
	leastP99 = 100
)

// Options say how much to measure.
type Options struct {
	Rounds   int    // at least 1
	Progress func() // called after each case of a round; may be nil
}

// Row is what was measured of a case.
type Row struct {
	Group   string  `json:"group"`
	Kernel  string  `json:"kernel"`
	Type    string  `json:"type"`
	Density float64 `json:"density"`
	State   string  `json:"state"`
	Variant string  `json:"variant,omitempty"`
	Library bool    `json:"library,omitempty"` // not ours
	Figure  string  `json:"figure,omitempty"`  // see [Case]
	// MedianUS and P99US are microseconds a call. P99US is left out with fewer than 100
	// timings. Calls under a microsecond are timed ten together: Together is then 10, and
	// the percentile is of means of ten.
	MedianUS float64 `json:"median_us"`
	P99US    float64 `json:"p99_us,omitempty"`
	Timings  int     `json:"timings"`
	Together int     `json:"calls_per_timing"`
	// ShareOfLimit is the bytes of active rows a second over what a core reads from the whole
	// table (for a network, from a buffer as large), measured beside it; rows from a nearer
	// cache may exceed 1. It is left out if the bytes are not known.
	ShareOfLimit Ratio `json:"share_of_limit,omitempty"`
	// ShareOfLoads is the time that the loads take without the arithmetic, over the kernel's:
	// near 1, only the memory bounds it, in the order in which it is read. It is left out if
	// that was not measured.
	ShareOfLoads Ratio `json:"share_of_loads,omitempty"`
	// Speedup is the time of our own dense float32 kernel over this one's.
	Speedup Ratio `json:"speedup"`

	speedups []float64 // of each round
}

// Measure runs all cases of a group, interleaved in rounds, and returns a row each. It
// stops with the error of ctx.
func Measure(ctx context.Context, g *Group, o Options) ([]Row, error) {
	start := time.Now()
	return newMeasurement(g, func() time.Duration { return time.Since(start) }).measure(ctx, o)
}

func (m *measurement) measure(ctx context.Context, o Options) ([]Row, error) {
	for range max(1, o.Rounds) {
		var shares []float64
		for i := range m.runs {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			shares = append(shares, m.round(i))
			if o.Progress != nil {
				o.Progress()
			}
		}
		// The dense kernel is measured beside every case. Those of one round are no
		// independent trials, so that they count once.
		slices.Sort(shares)
		m.runs[0].shares = append(m.runs[0].shares, quantile(shares, 0.5))
	}
	var rows []Row
	for i := range m.runs {
		rows = append(rows, m.runs[i].row(m.group, i))
	}
	return rows, nil
}

// clock tells the time since some instant.
type clock func() time.Duration

// measurement is a group with its samplers.
type measurement struct {
	group       *Group
	read, dense *sampler
	reads       map[*kernel.Reader]*sampler // of tables of another size
	runs        []run
}

func newMeasurement(g *Group, now clock) *measurement {
	m := &measurement{group: g, read: &sampler{call: g.reader.Read, now: now}, dense: &sampler{call: g.Cases[0].Call, now: now},
		reads: map[*kernel.Reader]*sampler{}, runs: make([]run, len(g.Cases))}
	for i := range m.runs {
		c := &g.Cases[i]
		m.runs[i].own = &sampler{call: c.Call, now: now}
		if c.Bare != nil {
			m.runs[i].bare = &sampler{call: c.Bare, now: now}
		}
		if c.reader != nil {
			m.reads[c.reader] = &sampler{call: c.reader.Read, now: now}
		}
	}
	m.runs[0].own = m.dense
	return m
}

// run collects the samples of one case.
type run struct {
	own, bare               *sampler // bare may be nil
	shares, speedups, loads []float64
}

// round samples a case, right after a read and the dense kernel, and returns the share of
// the limit that the dense kernel reached.
func (m *measurement) round(i int) float64 {
	r, c := &m.runs[i], &m.group.Cases[i]
	limit := m.read.sample() / float64(m.group.reader.Bytes()) // seconds a byte
	reference := m.dense.sample()
	took := reference
	if i > 0 {
		own := limit
		if c.reader != nil {
			own = m.reads[c.reader].sample() / float64(c.reader.Bytes())
		}
		took = r.own.sample()
		if c.Bytes > 0 {
			r.shares = append(r.shares, own*float64(c.Bytes)/took)
		}
	}
	if r.bare != nil {
		r.loads = append(r.loads, r.bare.sample()/took)
	}
	r.speedups = append(r.speedups, reference/took)
	return limit * float64(m.group.Bytes) / reference
}

func (r *run) row(g *Group, i int) Row {
	c := g.Cases[i]
	timings := slices.Sorted(slices.Values(r.own.timings))
	row := Row{
		Group: g.Name, Kernel: c.Kernel, Type: c.Type, Density: c.Density, State: c.State, Variant: c.Variant,
		Library: c.Library, Figure: c.Figure,
		MedianUS: 1e6 * quantile(timings, 0.5), Timings: len(timings), Together: r.own.batch,
		ShareOfLimit: RatioOf(r.shares), ShareOfLoads: RatioOf(r.loads), Speedup: RatioOf(r.speedups),
		speedups: r.speedups,
	}
	if len(timings) >= leastP99 {
		row.P99US = 1e6 * quantile(timings, 0.99)
	}
	return row
}

// sampler times the calls of one function.
type sampler struct {
	call    func()
	now     clock
	batch   int       // calls that are timed together
	timings []float64 // seconds a call, of all samples
}

// sample warms up, runs calls for a while and returns the median of their seconds.
func (s *sampler) sample() float64 {
	s.warm()
	from := len(s.timings)
	for begin := s.now(); ; {
		start := s.now()
		for range s.batch {
			s.call()
		}
		end := s.now()
		s.timings = append(s.timings, (end-start).Seconds()/float64(s.batch))
		if end-begin >= sampleTime {
			break
		}
	}
	return quantile(slices.Sorted(slices.Values(s.timings[from:])), 0.5)
}

// warm brings the tables into the caches that can hold them, and finds out how short calls are.
func (s *sampler) warm() {
	begin, calls := s.now(), 0
	for s.now()-begin < warmUp || calls < 2 {
		s.call()
		calls++
	}
	if s.batch == 0 {
		s.batch = 1
		if (s.now()-begin)/time.Duration(calls) < shortCall {
			s.batch = together
		}
	}
}
