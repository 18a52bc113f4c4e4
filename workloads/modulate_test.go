package workloads

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"slosim/workloads/rng"
)

// The shape over minutes stays: the counts of the run per (bin / speed) follow
// those of the trace per bin, and the mean over replications tends to them.
func TestModulateKeepsTheShape(t *testing.T) {
	const speed, replications = 30, 20
	trace := openTrace(t, "azure-llm-2023-conv")
	spec := ArrivalSpec{Trace: trace.Name, Transform: "modulate", Speed: speed, Rate: 500, Duration: 116 * time.Second}
	process := newProcess(t, spec)
	mean := make([]float64, 58)
	for r := range uint32(replications) {
		for i, n := range countsPer(drain(process.Start(rng.Key{Seed: 31, Replication: r})), 60*time.Second/speed) {
			mean[i] += n / replications
		}
	}
	bins := countsPer(instants(trace), time.Minute)
	scale := 500 / trace.Rate() / speed
	for i, got := range mean {
		want := bins[i] * scale
		cv := process.process.(*modulate).bins[i].cv
		if margin := 5 * cv * math.Sqrt(want/replications); math.Abs(got-want) > margin {
			t.Errorf("minute %d: want %.0f arrivals within %.0f, got %.0f", i, want, margin, got)
		}
	}
	if got := stat.Correlation(mean, bins[:58], nil); got < 0.99 {
		t.Errorf("want a correlation with the trace of 0.99 or more, got %v", got)
	}
}

// The dispersion inside a bin is the measured one: the bursty trace stays
// bursty, the other stays near Poisson. Compared over bins of the run of one
// tenth of a modulated bin, a gamma process has an index of CV squared.
func TestModulateKeepsTheDispersion(t *testing.T) {
	for name, bounds := range map[string][2]float64{
		"azure-llm-2023-conv": {0.9, 1.2}, // gap CV 1.09
		"azure-llm-2023-code": {3, 20},    // gap CV 13.2 over the whole trace
	} {
		trace := openTrace(t, name)
		spec := ArrivalSpec{Trace: name, Transform: "modulate", Bin: 10 * time.Minute, Rate: 300, Duration: 3000 * time.Second}
		at := drain(newProcess(t, spec).Start(rng.Key{Seed: 32}))
		index := []float64{}
		for i, bin := range measureBins(trace, spec.Bin)[:5] {
			counts := countsPer(at, 10*time.Second)[60*i : 60*(i+1)]
			mean, variance := stat.MeanVariance(counts, nil)
			index = append(index, math.Sqrt(variance/mean)/bin.cv)
			if bin.cv < bounds[0] || bin.cv > bounds[1] {
				t.Errorf("%s, bin %d: want a CV of %v, got %v", name, i, bounds, bin.cv)
			}
		}
		// Each is 1 within sqrt(1/120); their mean within four times sqrt(1/600).
		if got := stat.Mean(index, nil); math.Abs(got-1) > 4*math.Sqrt(1.0/600)+0.03 {
			t.Errorf("%s: square root of the index of dispersion over the measured CV: want 1, got %v (%v)", name, got, index)
		}
	}
}

func TestMeasureBinsOfEvents(t *testing.T) {
	// Bin 0 has gaps of exactly 1 s; bin 1 nothing; bin 2 one arrival; the last is cut short.
	text := strings.Builder{}
	text.WriteString("arrival_s\n")
	for i := range 20 {
		text.WriteString([]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19"}[i] + "\n")
	}
	text.WriteString("45\n65\n")
	trace, err := ReadTrace("t", strings.NewReader(text.String()), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []bin{
		{width: 20, rate: 1, cv: modulateMinCV}, // regular: the floor
		{width: 20, rate: 0, cv: modulateMinCV}, // too little: the pooled CV, 0, so the floor
		{width: 20, rate: 0.05, cv: modulateMinCV},
		{width: 5, rate: 0.2, cv: modulateMinCV},
	}
	got := measureBins(trace, 20*time.Second)
	for i := range want {
		if math.Abs(got[i].width-want[i].width) > 1e-9 || math.Abs(got[i].rate-want[i].rate) > 1e-9 || math.Abs(got[i].cv-want[i].cv) > 1e-9 {
			t.Errorf("bin %d: want %+v, got %+v", i, want[i], got[i])
		}
	}
}

// Nothing measured at all is Poisson, and a bin's arrivals are all counted.
func TestMeasureBinsConservesArrivals(t *testing.T) {
	for _, name := range TraceNames() {
		trace := openTrace(t, name)
		for _, width := range []time.Duration{time.Second, time.Minute, 7 * time.Minute, trace.Span} {
			sum := 0.0
			for _, b := range measureBins(trace, width) {
				sum += b.rate * b.width
				if b.cv < modulateMinCV || b.cv > modulateMaxCV {
					t.Errorf("%s, bins of %v: want a CV of %v to %v, got %v", name, width, modulateMinCV, modulateMaxCV, b.cv)
				}
			}
			if math.Abs(sum-float64(trace.Requests)) > 1e-6 {
				t.Errorf("%s, bins of %v: want %d arrivals, got %v", name, width, trace.Requests, sum)
			}
		}
	}
	sparse, err := ReadTrace("t", strings.NewReader("arrival_s\n0\n9\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := measureBins(sparse, 3*time.Second)[0].cv; math.Abs(got-1) > 1e-9 {
		t.Errorf("want the CV of Poisson for bins without data, got %v", got)
	}
}

// Counts: the CV is the square root of the index of dispersion of the rows, and
// rows that are left out are zeros.
func TestMeasureBinsOfCounts(t *testing.T) {
	trace, err := ReadTrace("t", strings.NewReader("arrival_s,count_1s\n0,4\n2,4\n4,4\n6,4\n8,4\n10,4\n19,4\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	// 10 rows of mean 2, sum of squares about it 40: variance 40/9, index 20/9.
	if got := measureBins(trace, 10*time.Second)[0].cv; math.Abs(got-math.Sqrt(20.0/9)) > 1e-9 {
		t.Errorf("want %v, got %v", math.Sqrt(20.0/9), got)
	}
}

func TestModulateCounts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "counts.csv")
	writeFile(t, file, []byte(countsText(600)))
	spec := ArrivalSpec{Trace: file, Transform: "modulate", Bin: 30 * time.Second, Speed: 20, Rate: 2000, Duration: 29 * time.Second}
	process := newProcess(t, spec)
	got := float64(len(drain(process.Start(rng.Key{Seed: 33}))))
	want := process.Rate() * 29
	if math.Abs(got-want) > 4*3*math.Sqrt(want) { // the bins' CV is below 3
		t.Errorf("want %.0f arrivals, got %.0f", want, got)
	}
	if !strings.Contains(process.Caveat(), "the dispersion is that of the trace's counts per 1s") {
		t.Errorf("want a caveat on counts, got %q", process.Caveat())
	}
}
