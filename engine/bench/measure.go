package bench

import (
	"context"
	"slices"
	"time"
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
	// MedianUS and P99US are microseconds a call; P99US is 0 with fewer than 100 calls.
	MedianUS float64 `json:"median_us"`
	P99US    float64 `json:"p99_us,omitempty"`
	Calls    int     `json:"calls"`
	// ShareOfLimit is the bytes of active rows a second over what a core reads from a buffer
	// as large as the table, measured beside it; rows from a nearer cache may exceed 1. Rounds
	// is 0 if the bytes are not known.
	ShareOfLimit Ratio `json:"share_of_limit"`
	// ShareOfLoads is the time that the loads take without the arithmetic, over the kernel's:
	// near 1, only the memory bounds it, in the order in which it is read. Rounds is 0 if it
	// was not measured.
	ShareOfLoads Ratio `json:"share_of_loads"`
	// Speedup is the time of our own dense float32 kernel over this one's.
	Speedup Ratio `json:"speedup"`
}

// Measure runs all cases of a group, interleaved in rounds, and returns a row each. It
// stops with the error of ctx.
func Measure(ctx context.Context, g *Group, o Options) ([]Row, error) {
	dense := &sampler{call: g.Cases[0].Call}
	read := &sampler{call: g.reader.Read}
	runs := make([]run, len(g.Cases))
	for i := range runs {
		runs[i].own = &sampler{call: g.Cases[i].Call}
		if i == 0 {
			runs[i].own = dense
		}
		if bare := g.Cases[i].Bare; bare != nil {
			runs[i].bare = &sampler{call: bare}
		}
	}
	for range max(1, o.Rounds) {
		for i := range runs {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			share := runs[i].round(read, dense, g, g.Cases[i].Bytes)
			runs[0].shares = append(runs[0].shares, share) // it is measured beside every case
			if o.Progress != nil {
				o.Progress()
			}
		}
	}
	var rows []Row
	for i := range runs {
		rows = append(rows, runs[i].row(g, i))
	}
	return rows, nil
}

// run collects the samples of one case.
type run struct {
	own, bare               *sampler // bare may be nil
	shares, speedups, loads []float64
}

// round takes the samples of a round and returns the dense kernel's share of the limit.
func (r *run) round(read, dense *sampler, g *Group, bytes int) float64 {
	limit := read.sample() / float64(g.reader.Bytes())
	reference := dense.sample()
	took := reference
	if r.own != dense {
		took = r.own.sample()
		if bytes > 0 {
			r.shares = append(r.shares, limit*float64(bytes)/took)
		}
	}
	if r.bare != nil {
		r.loads = append(r.loads, r.bare.sample()/took)
	}
	r.speedups = append(r.speedups, reference/took)
	return limit * float64(g.Bytes) / reference
}

func (r *run) row(g *Group, i int) Row {
	c := g.Cases[i]
	calls := slices.Sorted(slices.Values(r.own.calls))
	row := Row{
		Group: g.Name, Kernel: c.Kernel, Type: c.Type, Density: c.Density, State: c.State, Variant: c.Variant,
		Library: c.Library, Figure: c.Figure,
		MedianUS: 1e6 * quantile(calls, 0.5), Calls: len(calls),
		ShareOfLimit: RatioOf(r.shares), ShareOfLoads: RatioOf(r.loads), Speedup: RatioOf(r.speedups),
	}
	if len(calls) >= leastP99 {
		row.P99US = 1e6 * quantile(calls, 0.99)
	}
	return row
}

// sampler times the calls of one function.
type sampler struct {
	call  func()
	batch int       // calls that are timed together
	calls []float64 // seconds a call, of all samples
}

// sample warms up, runs calls for a while and returns the median of their seconds.
func (s *sampler) sample() float64 {
	s.warm()
	from := len(s.calls)
	for begin := time.Now(); ; {
		start := time.Now()
		for range s.batch {
			s.call()
		}
		end := time.Now()
		s.calls = append(s.calls, end.Sub(start).Seconds()/float64(s.batch))
		if end.Sub(begin) >= sampleTime {
			break
		}
	}
	return quantile(slices.Sorted(slices.Values(s.calls[from:])), 0.5)
}

// warm brings the tables into the caches that can hold them, and finds out how short calls are.
func (s *sampler) warm() {
	begin, calls := time.Now(), 0
	for time.Since(begin) < warmUp || calls < 2 {
		s.call()
		calls++
	}
	if s.batch == 0 {
		s.batch = 1
		if time.Since(begin)/time.Duration(calls) < shortCall {
			s.batch = together
		}
	}
}
