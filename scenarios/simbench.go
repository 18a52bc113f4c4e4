package scenarios

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"text/tabwriter"
	"time"

	"slosim/engine/bench"
	"slosim/reports/result"
	"slosim/sim/simbench"
	"slosim/sim/virtual"
)

// simScenario, with a duration, arrivals and the sensor's period, is what queries a second
// are counted on: two classes, a neighbour that takes the core for two seconds of every
// six, a technique with confidences.
const simScenario = `schema = 1
title = "Simulated queries a second"
seed = 1
replications = 10
duration = "%[1]s"
warmup = "2s"
[[model]]
name = "classifier"
network = "fashion-mnist"
[arrivals]
%[2]s
[[class]]
name = "interactive"
share = 0.7
latency = "15ms"
accuracy = 0.88
[[class]]
name = "relaxed"
share = 0.3
latency = "40ms"
accuracy = 0.85
[[machine]]
workers = 1
memory = "64MB"
[[interference]]
antagonist = "cpu"
from = "6s"
to = "118s"
every = "6s"
for = "2s"
[sensor]
period = "%[3]s"
lag = "100ms"
noise = 0.1
[[contender]]
name = "slo-nn-probe lcao"
technique = "slo-nn-probe"
policy = "lcao"
`

// weekQueries are what a week of per-second counts adds up to, about.
const weekQueries = 38_000_000

// SimReport is what slosim bench --sim prints.
type SimReport struct {
	Schema  int    `json:"schema"`
	Machine string `json:"machine"`
	Cores   int    `json:"cores"`
	// Figures by their keys: sim.mm4.events_per_second, sim.mm4.share_of_floor,
	// sim.lcao.queries_per_second, sim.lcao.allocs_per_query, sim.scaling.2cores,
	// sim.week.queries, sim.week.seconds, sim.week.peak_mb.
	Figures map[string]bench.Ratio `json:"figures"`
}

// BenchSim measures how fast simulations run, and prints it.
func (a *App) BenchSim(ctx context.Context, o BenchOptions) error {
	m := a.machine()
	report := &SimReport{Schema: bench.Schema, Machine: m.CPU, Cores: m.Cores, Figures: map[string]bench.Ratio{}}
	mm4(report.Figures, o.Rounds)
	for _, measure := range []func(context.Context, BenchOptions, map[string]bench.Ratio) error{a.profiledSpeed, a.simWeek} {
		if err := measure(ctx, o, report.Figures); err != nil {
			return err
		}
	}
	if o.JSON {
		return result.EncodeJSON(o.Console.Out, report)
	}
	return printSim(o.Console.Out, report)
}

func printSim(w io.Writer, r *SimReport) error {
	fmt.Fprintf(w, "%s, %d cores\n\n", r.Machine, r.Cores)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	printRatios(t, r.Figures)
	return t.Flush()
}

// mm4 compares the event list with the recursion on the same customers, side by side.
func mm4(figures map[string]bench.Ratio, rounds int) {
	const customers = 200_000
	var rates, shares []float64
	for round := range rounds {
		floor := elapsed(func() { simbench.Recursion(uint64(round), customers) })
		list := elapsed(func() { simbench.Station(uint64(round), customers) })
		rates = append(rates, simbench.EventsPerCustomer*customers/list)
		shares = append(shares, floor/list)
	}
	figures["sim.mm4.events_per_second"] = bench.RatioOf(rates)
	figures["sim.mm4.share_of_floor"] = bench.RatioOf(shares)
}

func elapsed(f func()) float64 {
	start := time.Now()
	f()
	return time.Since(start).Seconds()
}

// simContest prepares a scenario that is given as text.
func (a *App) simContest(ctx context.Context, o BenchOptions, text string) (*contest, error) {
	s, err := Parse("bench", []byte(text), a.Known())
	if err != nil {
		return nil, err
	}
	subject, err := a.subjectOf(s)
	if err != nil {
		return nil, err
	}
	m, err := a.profileOf(ctx, subject, o.Profile, o.progress())
	if err != nil {
		return nil, err
	}
	return a.newContest(s, m)
}

// profiledSpeed is simSpeed, watched by pprof if asked for.
func (a *App) profiledSpeed(ctx context.Context, o BenchOptions, figures map[string]bench.Ratio) error {
	c, err := a.simContest(ctx, o, fmt.Sprintf(simScenario, "300s", "kind = \"poisson\"\nload = 0.6", "50ms"))
	if err != nil {
		return err
	}
	if o.CPUProfile == "" {
		return simSpeed(ctx, c, o.Rounds, figures)
	}
	return result.WriteFile(o.CPUProfile, func(w io.Writer) error {
		if err := pprof.StartCPUProfile(w); err != nil {
			return fmt.Errorf("--cpuprofile: %w", err)
		}
		defer pprof.StopCPUProfile()
		return simSpeed(ctx, c, o.Rounds, figures)
	})
}

// simSpeed measures queries a second on one core, their allocations, and what a second
// core adds.
func simSpeed(ctx context.Context, c *contest, rounds int, figures map[string]bench.Ratio) error {
	var rates, scaling, allocations []float64
	for round := range rounds {
		before := mallocs()
		one, queries, err := c.replicate(ctx, 1, 2, 2*round)
		if err != nil {
			return err
		}
		rates = append(rates, float64(queries)/one)
		allocations = append(allocations, float64(mallocs()-before)/float64(queries))
		if runtime.NumCPU() < 2 {
			continue
		}
		two, _, err := c.replicate(ctx, 2, 2, 2*round)
		if err != nil {
			return err
		}
		scaling = append(scaling, one/two)
	}
	figures["sim.lcao.queries_per_second"] = bench.RatioOf(rates)
	figures["sim.lcao.allocs_per_query"] = bench.RatioOf(allocations)
	if len(scaling) > 0 {
		figures["sim.scaling.2cores"] = bench.RatioOf(scaling)
	}
	return nil
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// replicate runs some replications of the first contender and returns the seconds that
// they took and their queries.
func (c *contest) replicate(ctx context.Context, jobs, n, from int) (took float64, queries uint64, err error) {
	arrived := make([]uint64, n)
	var errs []error
	took = elapsed(func() {
		errs = virtual.RunAll(ctx, jobs, n, func(i int) error {
			out := c.run(ctx, c.entrants[0], from+i, false, nil)
			arrived[i] = out.stats.Arrived
			return out.err
		})
	})
	for i, failed := range errs {
		if failed != nil {
			return 0, 0, failed
		}
		queries += arrived[i]
	}
	return took, queries, nil
}

// simWeek runs a week of counts a second, read from a file, and watches the memory.
func (a *App) simWeek(ctx context.Context, o BenchOptions, figures map[string]bench.Ratio) (err error) {
	dir, err := os.MkdirTemp("", "slosim-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "week.csv")
	if err := writeWeek(path); err != nil {
		return err
	}
	arrivals := fmt.Sprintf("trace = %q\ntransform = \"none\"", path)
	c, err := a.simContest(ctx, o, fmt.Sprintf(simScenario, "168h", arrivals, "1s"))
	if err != nil {
		return err
	}
	peak := watchMemory()
	took, queries, err := c.replicate(ctx, 1, 1, 0)
	most := peak()
	if err != nil {
		return err
	}
	figures["sim.week.queries"] = bench.RatioOf([]float64{float64(queries)})
	figures["sim.week.seconds"] = bench.RatioOf([]float64{took})
	figures["sim.week.peak_mb"] = bench.RatioOf([]float64{float64(most) / 1e6})
	return nil
}

// writeWeek writes counts a second over a week: a day's sine, quiet at night.
func writeWeek(path string) error {
	const second, day = 7 * 24 * 3600, 24 * 3600.0
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(file)
	fmt.Fprintln(w, "arrival_s,count_1s")
	carry := 0.0
	for s := range second {
		carry += weekQueries / float64(second) * (1 - 0.8*math.Cos(2*math.Pi*float64(s)/day))
		n := math.Floor(carry)
		carry -= n
		fmt.Fprintf(w, "%d,%.0f\n", s, n)
	}
	return errors.Join(w.Flush(), file.Close())
}

// watchMemory looks at the process's memory now and then; the function that it returns
// ends that and returns the most bytes that were held.
func watchMemory() func() uint64 {
	var looks []uint64
	look := func() {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		looks = append(looks, m.Sys-m.HeapReleased)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for every := time.NewTicker(50 * time.Millisecond); ; {
			select {
			case <-stop:
				every.Stop()
				return
			case <-every.C:
				look()
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-stopped
		look()
		return slices.Max(looks)
	}
}
