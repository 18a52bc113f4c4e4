package workloads

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"

	"slosim/workloads/rng"
)

// The whole trace, compressed: every arrival but the last (the window is
// half-open), each at its place in time.
func TestCompressIsTheTraceFaster(t *testing.T) {
	for _, name := range TraceNames() {
		trace := openTrace(t, name)
		spec := wholeTrace(trace, 1000)
		at := drain(newProcess(t, spec).Start(rng.Key{}))
		if len(at) < len(instants(trace))-2 || len(at) >= len(instants(trace))+1 {
			t.Fatalf("%s: want %d arrivals, got %d", name, len(instants(trace))-1, len(at))
		}
		speed := 1000 / trace.Rate()
		for i, got := range at {
			if want := seconds(instants(trace)[i].Seconds() / speed); (got - want).Abs() > 2 {
				t.Fatalf("%s, arrival %d: want %v, got %v", name, i, want, got)
			}
		}
		if got, want := gapCV(at), gapCV(instants(trace)); math.Abs(got/want-1) > 0.001 {
			t.Errorf("%s: want the trace's gap CV %v, got %v", name, want, got)
		}
	}
}

// wholeTrace compresses all of a trace to a rate.
func wholeTrace(trace *Trace, rate float64) ArrivalSpec {
	return ArrivalSpec{
		Trace: trace.Name, Transform: "compress", Rate: rate,
		Duration: seconds(float64(trace.Requests)/rate) - 1,
	}
}

// A circular window over the whole trace has every arrival, wherever it starts:
// none lost at the seam, none twice.
func TestRandomWindowOfTheWholeTraceHasItAll(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "counts.csv")
	writeFile(t, file, []byte(countsText(300)))
	for _, name := range append(TraceNames(), file) {
		trace := openTrace(t, name)
		spec := ArrivalSpec{Trace: name, Transform: "none", Window: "random", Duration: trace.Span}
		process := newProcess(t, spec)
		starts := map[time.Duration]bool{}
		for r := range uint32(20) {
			at := drain(process.Start(rng.Key{Seed: 5, Replication: r}))
			if uint64(len(at)) != trace.Requests {
				t.Errorf("%s, replication %d: want %d arrivals, got %d", name, r, trace.Requests, len(at))
			}
			starts[at[0]] = true
		}
		if len(starts) < 15 {
			t.Errorf("%s: want 20 different starts, got %d", name, len(starts))
		}
	}
}

// Counts are conserved, bin by bin, and the places inside a bin are uniform.
func TestCountsAreConserved(t *testing.T) {
	file := filepath.Join(t.TempDir(), "counts.csv")
	writeFile(t, file, []byte(countsText(2000)))
	trace := openTrace(t, file)
	process := newProcess(t, ArrivalSpec{Trace: file, Transform: "none", Duration: trace.Span})
	if !strings.Contains(process.Caveat(), "counts per 1s: places inside a bin are drawn uniformly") {
		t.Errorf("want a caveat on the places, got %q", process.Caveat())
	}
	at := drain(process.Start(rng.Key{Seed: 6}))
	counts := make([]float64, 2000)
	places := []float64{}
	for _, instant := range at {
		counts[instant/time.Second]++
		places = append(places, (instant % time.Second).Seconds())
	}
	want := make([]float64, 2000)
	for row, start := range instants(trace) {
		want[start/time.Second] = float64(trace.rows.count(new(piece), row))
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("counts per second (-want +got): %s", diff)
	}
	// Kolmogorov-Smirnov: 1.63/sqrt(n) is its 1 % point; the seed is fixed.
	slices.Sort(places)
	distance := 0.0
	for i, place := range places {
		distance = max(distance, math.Abs(place-float64(i)/float64(len(places))))
	}
	if limit := 1.63 / math.Sqrt(float64(len(places))); distance > limit {
		t.Errorf("places inside a bin: want a distance from uniform below %v, got %v", limit, distance)
	}
}

// For any trace of counts, any window and any transform that draws nothing
// else, the arrivals are those of the bins.
func TestCountsWindowMatchesWithin(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Builder{}
		text.WriteString("arrival_s,count_2s\n0,3\n")
		at := 0
		for _, step := range rapid.SliceOfN(rapid.IntRange(2, 9), 1, 20).Draw(t, "steps") {
			at += step
			fmt.Fprintf(&text, "%d,%d\n", at, rapid.IntRange(0, 5).Draw(t, "count"))
		}
		file := filepath.Join(dir, "f.csv")
		if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		whole := rapid.IntRange(1, at/2).Draw(t, "length")
		spec := ArrivalSpec{Trace: file, Transform: "none", Duration: time.Duration(2*whole) * time.Second}
		process, err := NewProcess(spec)
		if err != nil {
			t.Fatal(err)
		}
		got := len(drain(process.Start(rng.Key{Seed: rapid.Uint64().Draw(t, "seed")})))
		// A bin that the window cuts is in it by chance: at most one, of up to 5 arrivals.
		want := process.trace.within(0, spec.Duration)
		if math.Abs(float64(got)-want) > 5 {
			t.Fatalf("want %v arrivals, got %d", want, got)
		}
	})
}

// With window = "start" the rate follows the window, and is said.
func TestStartWindow(t *testing.T) {
	for name, spec := range processes() {
		if spec.Trace == "" || spec.Window == "random" {
			continue
		}
		process := newProcess(t, spec)
		n := float64(len(drain(process.Start(rng.Key{Seed: 7}))))
		want := process.Rate() * spec.Duration.Seconds()
		margin := 1e-6 * want
		if spec.Transform == "modulate" || spec.Transform == "thin" {
			margin = 5 * math.Sqrt(want) // drawn, of a CV near 1
		}
		if math.Abs(n-want) > margin+2 {
			t.Errorf("%s: want %v arrivals within %.0f, got %v", name, want, margin, n)
		}
		if !strings.Contains(process.Caveat(), "times as busy as the mean") && spec.Transform != "superpose" {
			t.Errorf("%s: want a caveat on the window, got %q", name, process.Caveat())
		}
	}
}

// Thinning keeps the stated share of the trace's own arrivals, and no others.
func TestThinKeepsSome(t *testing.T) {
	spec := ArrivalSpec{Trace: "azure-llm-2023-conv", Transform: "thin", Rate: 2, Duration: 3400 * time.Second}
	trace := openTrace(t, spec.Trace)
	at := drain(newProcess(t, spec).Start(rng.Key{Seed: 8}))
	for _, instant := range at {
		if _, found := slices.BinarySearch(instants(trace), instant); !found {
			t.Fatalf("%v is no arrival of the trace", instant)
		}
	}
	n, keep := trace.before(spec.Duration), 2/trace.Rate()
	if want := n * keep; math.Abs(float64(len(at))-want) > 4*math.Sqrt(n*keep*(1-keep)) {
		t.Errorf("want %.0f of %v arrivals, got %d", want, n, len(at))
	}
}

// Superposing tends to Poisson: the bursty trace's gap CV of 13 goes down with
// the number of windows (Palm and Khinchin). One window is the trace compressed.
func TestSuperposeTendsToPoisson(t *testing.T) {
	cv := []float64{}
	for _, copies := range []int{1, 10, 200} {
		spec := ArrivalSpec{
			Trace: "azure-llm-2023-code", Transform: "superpose", Copies: copies, Window: "random",
			Rate: 2 * float64(copies), Duration: 3000 * time.Second,
		}
		if copies == 200 {
			spec.Duration = 300 * time.Second
		}
		cv = append(cv, gapCV(drain(newProcess(t, spec).Start(rng.Key{Seed: 9}))))
	}
	if cv[0] < 8 || cv[1] > cv[0]/2 || cv[2] > 1.3 || cv[2] < 0.9 {
		t.Errorf("gap CV with 1, 10, 200 windows: want above 8, below half of it, about 1, got %v", cv)
	}
	one := ArrivalSpec{Trace: "azure-llm-2023-conv", Transform: "superpose", Copies: 1, Rate: 900, Duration: 5 * time.Second}
	same := one
	same.Transform, same.Copies = "compress", 0
	if diff := cmp.Diff(drain(newProcess(t, same).Start(rng.Key{})), drain(newProcess(t, one).Start(rng.Key{}))); diff != "" {
		t.Errorf("one window (-compress +superpose): %s", diff)
	}
}

// A random window keeps being busier or quieter than the mean: the spread of
// the rates over replications is that of the trace's own windows.
func TestRandomWindowsDiffer(t *testing.T) {
	spec := ArrivalSpec{Trace: "azure-llm-2023-conv", Transform: "modulate", Window: "random", Speed: 30, Rate: 1000, Duration: 10 * time.Second}
	process := newProcess(t, spec)
	trace, windows := process.trace, []float64{}
	for i := range 300 {
		windows = append(windows, trace.within(trace.Span/300*time.Duration(i), 300*time.Second)/300/trace.Rate())
	}
	rates := []float64{}
	for r := range uint32(100) {
		rates = append(rates, float64(len(drain(process.Start(rng.Key{Seed: 10, Replication: r}))))/1000/10)
	}
	want, got := stat.StdDev(windows, nil), stat.StdDev(rates, nil)
	// Four deviations of a deviation from 100 draws, and the gamma gaps' own part.
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(4/math.Sqrt(200), 0.015)); diff != "" {
		t.Errorf("deviation of the rate over windows (-trace +replications): %s", diff)
	}
}
