package workloads

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gonum.org/v1/gonum/stat"
)

// The facts are those of the traces' own documentation, counted independently:
// requests, span, mean rate, CV of the gaps, peak of 60 s, and variance over
// mean of the counts per 1 s and per 60 s.
func TestEmbeddedTraceFacts(t *testing.T) {
	type facts struct {
		Requests                                     uint64
		Span, Rate, GapCV, Peak60, Index1s, Index60s float64
	}
	want := map[string]facts{
		"azure-llm-2023-code": {8819, 3435.948, 2.5667, 13.151, 10.53, 13.2, 164},
		"azure-llm-2023-conv": {19366, 3501.722, 5.5304, 1.094, 8.45, 1.39, 16.1},
	}
	for name, want := range want {
		trace := openTrace(t, name)
		got := facts{
			Requests: trace.Requests,
			Span:     trace.Span.Seconds(),
			Rate:     trace.Rate(),
			GapCV:    gapCV(instants(trace)),
			Peak60:   slices.Max(countsPer(instants(trace), time.Minute)) / 60,
			Index1s:  dispersion(instants(trace), time.Second),
			Index60s: dispersion(instants(trace), time.Minute),
		}
		// The tolerance is the rounding of the documented figures.
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0.005, 0)); diff != "" {
			t.Errorf("%s (-want +got): %s", name, diff)
		}
	}
}

func TestTraceCatalogueAgreesWithTheFiles(t *testing.T) {
	if diff := cmp.Diff([]string{"azure-llm-2023-code", "azure-llm-2023-conv"}, TraceNames()); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
	for _, info := range Traces() {
		raw, err := embedded.ReadFile("data/" + info.file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadTrace(info.Name, bytes.NewReader(raw), 0)
		if err != nil {
			t.Fatal(err)
		}
		if got.Requests != info.Requests || got.Span != info.Span || got.Kind != info.Kind {
			t.Errorf("%s: want %d requests in %v, %s, got %d in %v, %s", info.Name,
				info.Requests, info.Span, info.Kind, got.Requests, got.Span, got.Kind)
		}
		if info.Licence != "CC-BY-4.0" || !strings.Contains(info.Attribution, "Azure") || !strings.Contains(info.Cite, "ISCA 2024") || info.Changes == "" {
			t.Errorf("%s: want licence, attribution, citation and changes, got %+v", info.Name, info)
		}
	}
}

func TestOpenTraceReadsFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.csv")
	writeFile(t, path, []byte("arrival_s\n10\n11.5\n13\n"))
	trace, err := OpenTrace(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	if trace.Requests != 3 || trace.Span != 3*time.Second || trace.Rate() != 1 {
		t.Errorf("want 3 requests in 3s at 1/s, got %d in %v at %v", trace.Requests, trace.Span, trace.Rate())
	}
	_, err = OpenTrace(path+".none", 0)
	wantError(t, err, "want a file or one of azure-llm-2023-code, azure-llm-2023-conv", "mine.csv.none")
	_, err = OpenTrace(filepath.Dir(path), 0)
	wantError(t, err, filepath.Dir(path))
}

func TestReadTraceKinds(t *testing.T) {
	for name, test := range map[string]struct {
		text     string
		bin      time.Duration
		want     TraceInfo
		wantRows []uint64
	}{
		"events with other columns": {
			"model,arrival_s,tokens\nm,5,1\nm,5,2\nm,7.25,3\n", 0,
			TraceInfo{Kind: Events, Requests: 3, Span: 2250 * time.Millisecond}, []uint64{1, 1, 1},
		},
		"counts, width in the header": {
			"arrival_s,count_10m\n0,2\n1200,0\n1800,5\n", 0,
			TraceInfo{Kind: Counts, Bin: 10 * time.Minute, Requests: 7, Span: 40 * time.Minute}, []uint64{2, 0, 5},
		},
		"counts, width given": {
			"arrival_s,count\n3,2\n4,1\n", time.Second,
			TraceInfo{Kind: Counts, Bin: time.Second, Requests: 3, Span: 2 * time.Second}, []uint64{2, 1},
		},
		"the header's width goes first": {
			"arrival_s,count_1s\n3,2\n4,1\n", time.Hour,
			TraceInfo{Kind: Counts, Bin: time.Second, Requests: 3, Span: 2 * time.Second}, []uint64{2, 1},
		},
		"count_of_tokens is no width": {
			"arrival_s,count_of_tokens\n3,2\n4,1\n", 0,
			TraceInfo{Kind: Events, Requests: 2, Span: time.Second}, []uint64{1, 1},
		},
		"blanks, CRLF, no last line end": {
			"arrival_s , count_1s\r\n 0, 1\r\n 1, 2", 0,
			TraceInfo{Kind: Counts, Bin: time.Second, Requests: 3, Span: 2 * time.Second}, []uint64{1, 2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadTrace("mine", strings.NewReader(test.text), test.bin)
			if err != nil {
				t.Fatal(err)
			}
			test.want.Name = "mine"
			if diff := cmp.Diff(test.want, got.TraceInfo, cmpopts.IgnoreUnexported(TraceInfo{})); diff != "" {
				t.Errorf("(-want +got): %s", diff)
			}
			rows := []uint64{}
			for i := range got.rows.n {
				rows = append(rows, got.rows.count(new(piece), i))
			}
			if diff := cmp.Diff(test.wantRows, rows); diff != "" {
				t.Errorf("rows (-want +got): %s", diff)
			}
		})
	}
}

func TestReadTraceBadInput(t *testing.T) {
	for name, test := range map[string]struct {
		text, want string
	}{
		"empty":          {"", "f.csv:1: want a header row with the column arrival_s, got an empty file"},
		"no column":      {"time,count\n1,2\n", `f.csv:1: want a column arrival_s, got "time,count"`},
		"no width":       {"arrival_s,count\n1,2\n", "f.csv:1: count: want the width of a bin"},
		"negative width": {"arrival_s,count_-1s\n1,2\n", "f.csv:1: count: want the width of a bin"},
		"huge width":     {"arrival_s,count_2000000h\n1,2\n", "f.csv:1: count: want the width of a bin"},
		"no rows":        {"arrival_s\n", "f.csv: want at least 2 arrivals, got 0"},
		"one row":        {"arrival_s\n1\n", "f.csv: want at least 2 arrivals, got 1"},
		"no span":        {"arrival_s\n1\n1\n", "f.csv: want arrivals at more than one instant"},
		"not a number":   {"arrival_s\n1\nx\n", `f.csv:3: arrival_s: want seconds, 0 to 9e+09, got "x"`},
		"empty cell":     {"arrival_s,n\n1,1\n,1\n", `f.csv:3: arrival_s: want seconds, 0 to 9e+09, got ""`},
		"negative":       {"arrival_s\n-1\n", `f.csv:2: arrival_s: want seconds, 0 to 9e+09, got "-1"`},
		"nan":            {"arrival_s\n1\n2\nNaN\n", `f.csv:4: arrival_s: want seconds, 0 to 9e+09, got "NaN"`},
		"infinite":       {"arrival_s\n1\n+Inf\n", `f.csv:3: arrival_s: want seconds`},
		"too late":       {"arrival_s\n1\n1e10\n", `f.csv:3: arrival_s: want seconds`},
		"out of order":   {"arrival_s\n1\n3\n2.5\n", `f.csv:4: arrival_s: want ascending, got "2.5 after 3s"`},
		"bins overlap":   {"arrival_s,count_1s\n1,1\n1.5,1\n", `f.csv:3: arrival_s: want bins at least 1s apart, got "500ms"`},
		"bad count":      {"arrival_s,count_1s\n1,1\n2,1.5\n", `f.csv:3: count: want a whole number`},
		"negative count": {"arrival_s,count_1s\n1,-1\n", `f.csv:2: count: want a whole number, 0 to 2147483648, got "-1"`},
		"missing cell":   {"arrival_s,count_1s\n1,1\n2\n", "f.csv:3: wrong number of fields"},
		"quotes":         {"arrival_s\n1\n\"2\n", "f.csv:"},
		"after a blank":  {"arrival_s\n1\n\nx\n", "f.csv:4: arrival_s"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadTrace("f.csv", strings.NewReader(test.text), 0)
			wantError(t, err, test.want)
		})
	}
}

func TestReadTraceTruncatedGzip(t *testing.T) {
	raw, err := os.ReadFile("data/azure_llm_2023_code.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	_, err = ReadTrace("f.csv.gz", bytes.NewReader(raw[:len(raw)/2]), 0)
	wantError(t, err, "f.csv.gz:", "unexpected EOF")
	_, err = ReadTrace("f.csv.gz", bytes.NewReader(raw[:5]), 0)
	wantError(t, err, "f.csv.gz:1: gzip: unexpected EOF")
}

// The sum over the parts of a partition is the whole, for any cut.
func TestWithinAddsUp(t *testing.T) {
	for _, trace := range []*Trace{openTrace(t, "azure-llm-2023-code"), countsTrace(t, 500)} {
		for _, from := range []float64{0, 0.1, 0.5, 0.97} {
			start := time.Duration(from * float64(trace.Span))
			sum := 0.0
			for i := range 10 {
				at := start + time.Duration(i)*trace.Span/10
				next := start + time.Duration(i+1)*trace.Span/10
				sum += trace.within(at%trace.Span, next-at)
			}
			// An Events window that ends at the last arrival leaves it out: half-open.
			if diff := cmp.Diff(float64(trace.Requests), sum, cmpopts.EquateApprox(0, 1.001)); diff != "" {
				t.Errorf("%s from %v (-want +got): %s", trace.Name, from, diff)
			}
		}
	}
}

// Whatever the bytes, the reader does not panic, and what it accepts is a trace.
func FuzzReadTrace(f *testing.F) {
	for _, file := range []string{"azure_llm_2023_code.csv.gz", "azure_llm_2023_conv.csv.gz"} {
		f.Add(lines(shipped(f, file, 1000)), int64(0))
	}
	f.Add([]byte("arrival_s\n0\n1\n"), int64(0))
	f.Add([]byte("arrival_s,count_1s\n0,5\n3,1\n"), int64(0))
	f.Add([]byte("arrival_s,count\n0,5\n9e9,1\n"), int64(time.Hour))
	f.Add([]byte("arrival_s,count_8760h\n9e9,2147483648\n"), int64(0))
	f.Add([]byte("\x1f\x8b\x08\x00"), int64(1))
	var compressed bytes.Buffer
	writer := gzip.NewWriter(&compressed)
	fmt.Fprint(writer, "arrival_s\n0\n1\n")
	if err := writer.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(compressed.Bytes(), int64(0))
	f.Fuzz(func(t *testing.T, text []byte, bin int64) {
		trace, err := ReadTrace("f", bytes.NewReader(text), time.Duration(bin))
		if err != nil {
			return
		}
		total := uint64(0)
		for i := range trace.rows.n {
			total += trace.rows.count(new(piece), i)
		}
		if total != trace.Requests || trace.Requests < 2 || trace.Span <= 0 || !slices.IsSorted(instants(trace)) || instants(trace)[0] != 0 {
			t.Errorf("accepted no trace: %+v", trace)
		}
	})
}

func openTrace(t *testing.T, name string) *Trace {
	t.Helper()
	trace, err := OpenTrace(name, 0)
	if err != nil {
		t.Fatal(err)
	}
	return trace
}

// countsTrace has the given number of bins of 1 s, some left out, with counts 0 to 12.
func countsTrace(t *testing.T, bins int) *Trace {
	t.Helper()
	trace, err := ReadTrace("counts", strings.NewReader(countsText(bins)), 0)
	if err != nil {
		t.Fatal(err)
	}
	return trace
}

func countsText(bins int) string {
	text := strings.Builder{}
	text.WriteString("arrival_s,count_1s\n")
	for i := range bins {
		if i%7 != 3 {
			fmt.Fprintf(&text, "%d,%d\n", i, i*i%13)
		}
	}
	return text.String()
}

// gapCV is the coefficient of variation of the gaps.
func gapCV(at []time.Duration) float64 {
	gaps := []float64{}
	for i := 1; i < len(at); i++ {
		gaps = append(gaps, (at[i] - at[i-1]).Seconds())
	}
	mean, deviation := stat.MeanStdDev(gaps, nil)
	return deviation / mean
}

// countsPer counts arrivals in bins from time 0 to the last arrival.
func countsPer(at []time.Duration, width time.Duration) []float64 {
	counts := make([]float64, at[len(at)-1]/width+1)
	for _, instant := range at {
		counts[instant/width]++
	}
	return counts
}

// dispersion is the variance over the mean of the counts per whole bin.
func dispersion(at []time.Duration, width time.Duration) float64 {
	counts := countsPer(at, width)
	mean, variance := stat.PopMeanVariance(counts[:len(counts)-1], nil)
	return variance / mean
}
