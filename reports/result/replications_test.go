package result

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func sampleReplications() *Replications {
	counts := func(n int64) [][]int64 { return [][]int64{{n, n}, {n, n}, {n, n}} }
	return &Replications{Schema: 1, Replications: []int{0, 1, 4}, Files: map[string]string{"arrivals.trace": "ab"}, Contenders: []Replicated{{
		Contender: "x",
		Cells: []ReplicatedCell{{Class: "all", Window: "all", Queries: []int64{10, 10, 10}, Metrics: map[string]Series{
			"attainment": NewSeries([]float64{0.5, 1, 0.25}),
			"p99_ms":     NewSeries([]float64{math.Inf(1), math.NaN(), 3}),
		}}},
		Images: []ImageCounts{{Class: "a", Window: "quiet", Arrived: counts(5), Answered: counts(4), Right: counts(3), Met: counts(3), RightMet: counts(2)}},
	}}}
}

func encoded(t testing.TB, v any) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := EncodeJSON(&out, v); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestReplicationsRoundTrip(t *testing.T) {
	f := create(t, t.TempDir())
	want := sampleReplications()
	if err := f.WriteReplications(want); err != nil {
		t.Fatal(err)
	}
	got, err := f.Replications()
	if err != nil {
		t.Fatal(err)
	}
	// Infinite values are NaN with a reason once read.
	want.Contenders[0].Cells[0].Metrics["p99_ms"].Values[0] = math.NaN()
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	series := got.Contenders[0].Cells[0].Metrics["p99_ms"]
	if diff := cmp.Diff([]float64{math.Inf(1), math.NaN(), 3}, series.Floats(), cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if got.Of("y") != nil || got.Of("x").Cell("all", "quiet") != nil || got.Of("x").Cell("all", "all") == nil {
		t.Error("Of, Cell: want what is there and nothing else")
	}
}

// TestReplicationsForm: lists of numbers take a line each, or the file would be as long as wide.
func TestReplicationsForm(t *testing.T) {
	text := string(encoded(t, sampleReplications()))
	for _, want := range []string{`"values": [0.5,1,0.25]`, `"values": [null,null,3]`, `"infinite": [0]`, `"few": [1]`, "    [5,5]"} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
}

func TestReplicationsThatDoNotGoTogether(t *testing.T) {
	for want, change := range map[string]func(r *Replications){
		"replications: want at least one":                   func(r *Replications) { r.Replications = nil },
		"replications[2]: want ascending":                   func(r *Replications) { r.Replications[2] = 1 },
		"contenders[1]: want a name of its own":             func(r *Replications) { r.Contenders = append(r.Contenders, r.Contenders[0]) },
		"contenders[0].cells[1]: want a class and a window": func(r *Replications) { c := &r.Contenders[0]; c.Cells = append(c.Cells, c.Cells[0]) },
		"cells[0]: want a class and a window of its own":    func(r *Replications) { r.Contenders[0].Cells[0].Window = "loud" },
		"queries: want 3 counts, got 2":                     func(r *Replications) { r.Contenders[0].Cells[0].Queries = []int64{1, 2} },
		"metrics.attainment: want 3 values, got 1": func(r *Replications) {
			r.Contenders[0].Cells[0].Metrics["attainment"] = NewSeries([]float64{1})
		},
		"values[1]: want 1 reasons for being null, got 0": func(r *Replications) {
			r.Contenders[0].Cells[0].Metrics["attainment"] = Series{Values: Values{1, math.NaN(), 1}}
		},
		"values[1]: want 0 reasons for being null, got 1": func(r *Replications) {
			r.Contenders[0].Cells[0].Metrics["attainment"] = Series{Values: Values{1, 1, 1}, Few: []int{1}}
		},
		"want places of values, 0 to 2, got 3": func(r *Replications) {
			r.Contenders[0].Cells[0].Metrics["attainment"] = Series{Values: Values{1, 1, 1}, Few: []int{3}}
		},
		"images[0]: want a class and a window":   func(r *Replications) { r.Contenders[0].Images[0].Window = "all" },
		"images[0].met: want 3 replications":     func(r *Replications) { r.Contenders[0].Images[0].Met = nil },
		"images[0].right[1]: want 2 counts":      func(r *Replications) { r.Contenders[0].Images[0].Right[1] = []int64{1} },
		"or one below 0":                         func(r *Replications) { r.Contenders[0].Images[0].Right[1][0] = -1 },
		"want right_met within right and met":    func(r *Replications) { r.Contenders[0].Images[0].RightMet[2][1] = 4 },
		"got 2, 3, 3, 6 and 5":                   func(r *Replications) { r.Contenders[0].Images[0].Answered[0][0] = 6 },
		"want schema 1, got 2: written by":       func(r *Replications) { r.Schema = 2 },
		"contenders[0].cells[0].metrics.p99_ms:": func(r *Replications) { r.Contenders[0].Cells[0].Metrics["p99_ms"] = Series{} },
	} {
		r := sampleReplications()
		change(r)
		path := filepath.Join(t.TempDir(), ReplicationsFile)
		if err := os.WriteFile(path, encoded(t, r), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := ReadReplications(path)
		wantError(t, err, path, want)
	}
}

func TestReplicationsOfAnOlderResult(t *testing.T) {
	f := create(t, t.TempDir())
	_, err := f.Replications()
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("want os.ErrNotExist, got %v", err)
	}
	wantError(t, err, "values by replication", "older slosim")
	for text, want := range map[string]string{
		"": "end early", "[]": "want JSON of a result", "{}": `want a key "schema"`, `{"schema":1,"replications":[0],"contenders":[]} x`: "behind it",
		`{"schema":1,"replications":[0],"contenders":[{"contender":"x","cells":[{"metrics":{"a":{"values":[1e999]}}}]}]}`: "want JSON of a result",
	} {
		_, err := ParseReplications([]byte(text))
		wantError(t, err, want)
	}
}

// FuzzParseReplications: what is accepted is written and read again as the same.
func FuzzParseReplications(f *testing.F) {
	real, err := os.ReadFile(filepath.Join("testdata", ReplicationsFile))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(real)
	f.Add(encoded(f, sampleReplications()))
	f.Add([]byte(`{"schema":1,"replications":[0],"contenders":[{"contender":"x","cells":[{"class":"all","window":"all","queries":[0],"metrics":{"p50_ms":{"values":[null],"few":[0]}}}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := ParseReplications(data)
		if err != nil {
			return
		}
		text := encoded(t, first)
		second, err := ParseReplications(text)
		if err != nil {
			t.Fatalf("want what was written read, got %v", err)
		}
		if again := encoded(t, second); !bytes.Equal(text, again) {
			t.Errorf("want the same again, got\n%s\nafter\n%s", again, text)
		}
	})
}
