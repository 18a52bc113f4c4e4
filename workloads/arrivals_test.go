package workloads

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"

	"slosim/workloads/rng"
)

// processes is one spec of every transform and kind.
func processes() map[string]ArrivalSpec {
	const code, conv = "azure-llm-2023-code", "azure-llm-2023-conv"
	return map[string]ArrivalSpec{
		"none start":       {Trace: code, Transform: "none", Duration: 3000 * time.Second},
		"none random":      {Trace: code, Transform: "none", Window: "random", Duration: 3000 * time.Second},
		"compress start":   {Trace: conv, Transform: "compress", Rate: 900, Duration: 5 * time.Second},
		"compress random":  {Trace: conv, Transform: "compress", Window: "random", Rate: 900, Duration: 5 * time.Second},
		"modulate start":   {Trace: conv, Transform: "modulate", Speed: 30, Rate: 100, Duration: 20 * time.Second},
		"modulate random":  {Trace: conv, Transform: "modulate", Window: "random", Speed: 30, Rate: 100, Duration: 20 * time.Second},
		"modulate bursty":  {Trace: code, Transform: "modulate", Window: "random", Bin: 300 * time.Second, Speed: 100, Rate: 500, Duration: 10 * time.Second},
		"thin start":       {Trace: conv, Transform: "thin", Rate: 2, Duration: 1000 * time.Second},
		"thin random":      {Trace: conv, Transform: "thin", Window: "random", Speed: 10, Rate: 20, Duration: 100 * time.Second},
		"superpose start":  {Trace: code, Transform: "superpose", Copies: 7, Rate: 30, Duration: 50 * time.Second},
		"superpose random": {Trace: code, Transform: "superpose", Window: "random", Rate: 30, Duration: 50 * time.Second},
		"poisson":          {Kind: "poisson", Rate: 200, Duration: 10 * time.Second},
		"mlperf-server":    {Kind: "mlperf-server", Rate: 200, Duration: 10 * time.Second},
		"constant":         {Kind: "constant", Rate: 200.3, Duration: 10 * time.Second},
		"gamma regular":    {Kind: "gamma", CV: 0.3, Rate: 200, Duration: 10 * time.Second},
		"gamma bursty":     {Kind: "gamma", CV: 6, Rate: 200, Duration: 10 * time.Second},
		"mmpp":             {Kind: "mmpp", Factor: 8, BusyShare: 0.2, BusyLength: 400 * time.Millisecond, Rate: 200, Duration: 10 * time.Second},
		"spike":            {Kind: "spike", Factor: 5, From: 2 * time.Second, To: 3 * time.Second, Rate: 200, Duration: 10 * time.Second},
		"diurnal":          {Kind: "diurnal", Amplitude: 0.8, Period: 4 * time.Second, Rate: 200, Duration: 9 * time.Second},
	}
}

func TestEveryKindAndTransformIsTested(t *testing.T) {
	tested := map[string]bool{}
	for _, specs := range []map[string]ArrivalSpec{processes(), loops()} {
		for _, spec := range specs {
			tested[spec.Kind] = true
			tested[spec.Transform] = true
		}
	}
	for _, name := range append(Kinds(), Transforms()...) {
		if !tested[name] {
			t.Errorf("%s: want a spec in processes or loops, got none", name)
		}
	}
}

// The mean over replications is the process's rate, within four standard
// errors; and that interval is narrow enough to mean something.
func TestRateInExpectation(t *testing.T) {
	const replications = 150
	for name, spec := range processes() {
		t.Run(name, func(t *testing.T) {
			process := newProcess(t, spec)
			rates := make([]float64, replications)
			for r := range rates {
				rates[r] = float64(len(drain(process.Start(rng.Key{Seed: 11, Replication: uint32(r)})))) / spec.Duration.Seconds()
			}
			mean, deviation := stat.MeanStdDev(rates, nil)
			margin := 4*deviation/math.Sqrt(replications) + 1/spec.Duration.Seconds()/replications
			if math.Abs(mean-process.Rate()) > margin {
				t.Errorf("want %.5g within %.2g, got %.5g", process.Rate(), margin, mean)
			}
			if margin > 0.25*mean {
				t.Errorf("the interval is too wide to say anything: %.3g of %.3g", margin, mean)
			}
		})
	}
}

// Process.Rate is the wanted rate, except where it says that it is not.
func TestRateIsTheWantedOne(t *testing.T) {
	for name, spec := range processes() {
		process := newProcess(t, spec)
		want := spec.Rate
		switch {
		case spec.Transform == "none":
			want = process.trace.Rate()
		case name == "spike":
			want = 200 * (9 + 5) / 10.0
		case name == "diurnal": // a quarter of a day after two whole ones: the quiet part
			want = 200 * (1 - 0.8*math.Sin(4.5*math.Pi)/(4.5*math.Pi))
		}
		if spec.Trace != "" && spec.Window != "random" {
			continue // as busy as its window: TestStartWindow
		}
		if got := process.Rate(); math.Abs(got-want) > 1e-9*want {
			t.Errorf("%s: want %v, got %v", name, want, got)
		}
	}
}

func TestArrivalsAreOrderedAndInTheRun(t *testing.T) {
	for name, spec := range processes() {
		arrivals := newProcess(t, spec).Start(rng.Key{Seed: 3})
		at := drain(arrivals)
		if len(at) == 0 || !slices.IsSorted(at) || at[0] < 0 || at[len(at)-1] >= spec.Duration {
			t.Errorf("%s: want ascending instants in [0, %v), got %d of them", name, spec.Duration, len(at))
		}
		for range 3 {
			if _, ok := arrivals.Next(); ok {
				t.Errorf("%s: want no arrival after the end, got one", name)
			}
		}
	}
}

func TestSameKeySameArrivals(t *testing.T) {
	for name, spec := range processes() {
		first := drain(newProcess(t, spec).Start(rng.Key{Seed: 3, Replication: 4}))
		again, err := NewArrivals(spec, rng.Key{Seed: 3, Replication: 4})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first, drain(again)); diff != "" {
			t.Errorf("%s: the same key gave other arrivals: %s", name, diff)
		}
	}
}

func TestOtherKeysOtherArrivals(t *testing.T) {
	for name, spec := range processes() {
		if strings.HasSuffix(name, "start") && !strings.HasPrefix(name, "modulate") && !strings.HasPrefix(name, "thin") {
			continue // the trace itself, without a draw
		}
		process := newProcess(t, spec)
		first := drain(process.Start(rng.Key{Seed: 3, Replication: 4}))
		other := spec
		other.Source = 1
		for what, at := range map[string][]time.Duration{
			"seed":        drain(process.Start(rng.Key{Seed: 4, Replication: 4})),
			"replication": drain(process.Start(rng.Key{Seed: 3, Replication: 5})),
			"source":      drain(newProcess(t, other).Start(rng.Key{Seed: 3, Replication: 4})),
		} {
			if slices.Equal(first, at) {
				t.Errorf("%s: another %s gave the same arrivals", name, what)
			}
		}
	}
}

// Replications and sources are independent: over many keys, the counts of the
// two do not correlate.
func TestCountsOfTwoSourcesDoNotCorrelate(t *testing.T) {
	const n = 300
	for _, name := range []string{"poisson", "gamma bursty", "mmpp", "modulate random"} {
		spec := processes()[name]
		spec.Duration /= 10
		other := spec
		other.Source = 1
		a, b := make([]float64, n), make([]float64, n)
		one, two := newProcess(t, spec), newProcess(t, other)
		for r := range n {
			a[r] = float64(len(drain(one.Start(rng.Key{Seed: 8, Replication: uint32(r)}))))
			b[r] = float64(len(drain(two.Start(rng.Key{Seed: 8, Replication: uint32(r)}))))
		}
		if got := stat.Correlation(a, b, nil); math.Abs(got) > 4/math.Sqrt(n) {
			t.Errorf("%s: want a correlation of 0 within %.2g, got %.3g", name, 4/math.Sqrt(n), got)
		}
	}
}

func TestArrivalsAllocateNothing(t *testing.T) {
	for name, spec := range processes() {
		arrivals := newProcess(t, spec).Start(rng.Key{Seed: 3})
		if got := testing.AllocsPerRun(50, func() { arrivals.Next() }); got != 0 {
			t.Errorf("%s: want 0 allocations, got %v", name, got)
		}
	}
}

// Doubling the rate of a scale-free generator halves every instant.
func TestGammaScales(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cv := rapid.Float64Range(0.1, 10).Draw(t, "cv")
		key := rng.Key{Seed: rapid.Uint64().Draw(t, "seed")}
		slow := ArrivalSpec{Kind: "gamma", CV: cv, Rate: 64, Duration: 2 * time.Second}
		fast := slow
		fast.Rate, fast.Duration = 128, time.Second
		a, errA := NewArrivals(slow, key)
		b, errB := NewArrivals(fast, key)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		for {
			at, ok := a.Next()
			half, okHalf := b.Next()
			if ok != okHalf || (at/2-half).Abs() > time.Nanosecond {
				t.Fatalf("want %v (%v), got %v (%v)", at/2, ok, half, okHalf)
			}
			if !ok {
				return
			}
		}
	})
}

func newProcess(t *testing.T, spec ArrivalSpec) *Process {
	t.Helper()
	process, err := NewProcess(spec)
	if err != nil {
		t.Fatal(err)
	}
	return process
}

func drain(arrivals Arrivals) []time.Duration {
	all := []time.Duration{}
	for at, ok := arrivals.Next(); ok; at, ok = arrivals.Next() {
		all = append(all, at)
	}
	return all
}
