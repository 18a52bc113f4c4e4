package result

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// again writes what was read and reads it: the two must be the same bytes.
func again[T any](t *testing.T, path string, read func(string) (*T, error)) {
	t.Helper()
	first, err := read(path)
	if err != nil {
		return
	}
	var once, twice bytes.Buffer
	if err := EncodeJSON(&once, first); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, once.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	second, err := read(path)
	if err != nil {
		t.Fatalf("want what was read and written to be readable, got %v\n%s", err, once.Bytes())
	}
	if err := EncodeJSON(&twice, second); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(once.Bytes(), twice.Bytes()) {
		t.Errorf("want the same bytes again, got\n%s\nand\n%s", once.Bytes(), twice.Bytes())
	}
}

// fuzzed feeds a reader of JSON, beginning with what a whole result has.
func fuzzed[T any](f *testing.F, whole *T, read func(string) (*T, error), more ...string) {
	var out bytes.Buffer
	if err := EncodeJSON(&out, whole); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	for _, text := range more {
		f.Add([]byte(text))
	}
	path := filepath.Join(f.TempDir(), "x.json")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		again(t, path, read)
	})
}

func FuzzReadManifest(f *testing.F) {
	fuzzed(f, &Manifest{Schema: 1, ScenarioHash: "h", ScenarioText: "a = 1\n", Command: "slosim run x", Warnings: []string{"w"}, Failed: []string{"a: b"}},
		ReadManifest, `{"schema":1,"scenario_hash":"","simulated_queries_per_second":1e999}`)
}

func FuzzReadFigures(f *testing.F) {
	fuzzed(f, &Figures{
		Schema:   1,
		Fronts:   []Front{{Technique: "t", Points: []FrontPoint{{Name: "a", MeanUS: 1, Accuracy: 0.5}}}},
		Timeline: []Timeline{{Contender: "c", BinS: 1, Arrived: []int64{1}, Met: []int64{1}, Density: []float64{-1}, Slowdown: []float64{1}, Believed: []float64{1}, Queue: []float64{0}}},
		CDFs:     []CDF{{Contender: "c", MS: []float64{1, 2}, Share: []float64{0.5, 1}}},
		Shaded:   []Interval{{ToS: 1, Kind: "cpu", Degree: 1}},
	}, ReadFigures, `{"schema":1,"fronts":[],"timeline":[{"arrived":[1]}],"cdfs":[]}`)
}

// FuzzReadQueries: whatever the bytes, reading ends, without a panic and without more memory than
// the file's pages explain.
func FuzzReadQueries(f *testing.F) {
	for _, n := range []int{0, 3} {
		folder, err := Create(f.TempDir())
		if err != nil {
			f.Fatal(err)
		}
		w, err := folder.CreateQueries()
		if err != nil {
			f.Fatal(err)
		}
		for i := range n {
			if err := w.Write([]Row{row(i)}); err != nil {
				f.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			f.Fatal(err)
		}
		data, err := os.ReadFile(folder.Path(QueriesFile))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("PAR1\xff\xff\xff\x7fPAR1"))
	path := filepath.Join(f.TempDir(), "q.parquet")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		rows := 0
		for _, err := range ReadQueries(path) {
			if rows++; err != nil || rows > 100_000 {
				break
			}
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 256<<20+uint64(rows)<<10 {
			t.Errorf("a file of %d bytes took %d MB", len(data), took>>20)
		}
	})
}

// A file that never ends, or is far too long, is not read to its end.
func TestReadBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, []byte("12345"), 0o644); err != nil {
		t.Fatal(err)
	}
	if data, err := ReadBounded(path, 5); err != nil || string(data) != "12345" {
		t.Errorf("want the five bytes, got %q, %v", data, err)
	}
	if _, err := ReadBounded(path, 4); !errors.Is(err, ErrTooLong) {
		t.Error("want a file of five bytes refused, got it")
	}
	// A sparse file: huge, and takes no disk.
	if err := os.Truncate(path, 1<<40); err != nil {
		t.Skip("no file of a terabyte here: ", err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := ReadBounded(path, 1<<20)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; err == nil || took > 16<<20 {
		t.Errorf("want it refused within 16 MB, got %v after %d MB", err, took>>20)
	}
}
