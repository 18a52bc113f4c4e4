package result

import (
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"math"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"
)

const someHash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func sweepPlan() *SweepPlan {
	return &SweepPlan{
		Schema: 1, Scenario: "s", ScenarioFile: "s.toml", ScenarioText: "x = 1\n", Sets: []string{}, Profile: "profile", Files: []SweepFile{},
		Axes: []SweepAxis{
			{Name: "load", Key: "arrivals.load", Values: []string{"0.5", "1.0"}, Labels: []string{"0.5", "1.0"}, Numbers: []float64{0.5, 1}},
			{Name: "a", Key: "contender[0].params.a", Values: []string{"1", "2", "3"}, Labels: []string{"1", "2", "3"}, Group: 1, Choice: true},
			{Name: "b", Key: "contender[0].params.b", Values: []string{"4", "5", "6"}, Labels: []string{"4", "5", "6"}, Group: 1, Choice: true},
			{Name: "kind", Key: "arrivals.kind", Values: []string{`"x"`, `"y"`}, Labels: []string{"x", "y"}},
		},
		Identity: someHash, ProfileHash: someHash, ExecutableHash: someHash, Cells: 12,
	}
}

func sweepCell() *SweepCell {
	return &SweepCell{
		Set: map[string]string{"load": "0.5"}, ScenarioHash: someHash, Queries: 12,
		Cells: []Cell{{Contender: "x", Technique: "t", Policy: "p", Class: "all", Window: "all", Replications: 2, Queries: 12,
			Metrics: map[string]Metric{"attainment": {Mean: number(0.5), Lo: number(0.4), Hi: number(0.6)}, "p99_ms": {Missing: Infinite}}}},
		Values: []SweepValues{{Contender: "x", Window: "all", Metrics: map[string]CellValues{
			"attainment": {0.25, 0.75}, "p99_ms": {math.Inf(1), 3}, "accuracy": {math.NaN(), 1}}}},
		Notes: []string{},
	}
}

func TestSweepPlanRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), SweepPlanFile)
	want := sweepPlan()
	made, err := ExclusiveFile(path, func(w io.Writer) error { return EncodeJSON(w, want) })
	if err != nil || !made {
		t.Fatalf("want the file made, got %t, %v", made, err)
	}
	made, err = ExclusiveFile(path, func(w io.Writer) error { return EncodeJSON(w, &SweepPlan{}) })
	if err != nil || made {
		t.Fatalf("want the former file to stay, got %t, %v", made, err)
	}
	got, err := ReadSweepPlan(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), temporary+"*")); len(left) > 0 {
		t.Errorf("want no temporary files, got %v", left)
	}
}

func TestSweepPlanRejects(t *testing.T) {
	path := filepath.Join(t.TempDir(), SweepPlanFile)
	for name, change := range map[string]func(*SweepPlan){
		"schema":     func(p *SweepPlan) { p.Schema = 2 },
		"identity":   func(p *SweepPlan) { p.Identity = "x" },
		"axes":       func(p *SweepPlan) { p.Axes = nil },
		"cells":      func(p *SweepPlan) { p.Cells = 13 },
		"labels":     func(p *SweepPlan) { p.Axes[0].Labels = nil },
		"group":      func(p *SweepPlan) { p.Axes[2].Values, p.Axes[2].Labels = p.Axes[2].Values[:2], p.Axes[2].Labels[:2] },
		"values":     func(p *SweepPlan) { p.Axes[0].Values = nil },
		"executable": func(p *SweepPlan) { p.ExecutableHash = strings.Repeat("g", 64) },
	} {
		p := sweepPlan()
		change(p)
		if err := WriteFile(path, func(w io.Writer) error { return EncodeJSON(w, p) }); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadSweepPlan(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: want an error that names the file, got %v", name, err)
		}
	}
}

// TestSweepPoints compares points with counting.
func TestSweepPoints(t *testing.T) {
	p := sweepPlan()
	cell := 0
	for load := range 2 {
		for sample := range 3 {
			for kind := range 2 {
				if got, want := p.Point(cell), []int{load, sample, sample, kind}; !slices.Equal(got, want) {
					t.Errorf("cell %d: want %v, got %v", cell, want, got)
				}
				cell++
			}
		}
	}
}

func TestSweepStore(t *testing.T) {
	store, want := NewSweepStore(t.TempDir()), sweepCell()
	if _, err := store.Get(someHash); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want no cell, got %v", err)
	}
	if err := store.Put(someHash, want); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(store.Path(someHash), filepath.Join("cells", "01", someHash+".json")) {
		t.Errorf("path: got %s", store.Path(someHash))
	}
	got, err := store.Get(someHash)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !math.IsInf(want.Values[0].Metrics["p99_ms"][0], 1) {
		t.Error("want the cell that was written unchanged")
	}
	sum, err := store.Check(someHash)
	if err != nil || len(sum) != 64 {
		t.Errorf("checksum: got %q, %v", sum, err)
	}
}

// TestSweepStoreOfNoFiles: what is no file is corrupt, and nothing waits for it.
func TestSweepStoreOfNoFiles(t *testing.T) {
	for name, place := range map[string]func(path string) error{
		"folder": func(path string) error { return os.Mkdir(path, 0o755) },
		"link":   func(path string) error { return os.Symlink(path, path) },
		"socket": func(path string) error {
			listener, err := net.Listen("unix", path)
			if err == nil {
				t.Cleanup(func() { listener.Close() })
			}
			return err
		},
	} {
		folder, err := os.MkdirTemp("", "cells") // the path of a socket must be short
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(folder) })
		path := filepath.Join(folder, "c.json")
		if err := place(path); err != nil {
			t.Skipf("%s: %v", name, err)
		}
		var corrupt CorruptError
		if _, err := readCell(path); !errors.As(err, &corrupt) {
			t.Errorf("%s: want a corrupt cell, got %v", name, err)
		}
	}
}

// TestSweepStoreFindsEveryFlip changes each byte of a file, and cuts it at each.
func TestSweepStoreFindsEveryFlip(t *testing.T) {
	good, err := EncodeSweepCell(someHash, sweepCell())
	if err != nil {
		t.Fatal(err)
	}
	var corrupt CorruptError
	for at := range good {
		bad := slices.Clone(good)
		bad[at] ^= 0x20
		if _, err := DecodeSweepCell("x", someHash, bad); !errors.As(err, &corrupt) {
			t.Fatalf("byte %d: want a corrupt file, got %v", at, err)
		}
		if _, err := DecodeSweepCell("x", someHash, good[:at]); !errors.As(err, &corrupt) {
			t.Fatalf("cut at %d: want a corrupt file, got %v", at, err)
		}
	}
	if _, err := DecodeSweepCell("x", strings.Repeat("f", 64), good); !errors.As(err, &corrupt) {
		t.Errorf("want another cell's file to be corrupt, got %v", err)
	}
}

// FuzzSweepCell: no bytes make the reader panic; what it takes was written by us, and is written again
// the same.
func FuzzSweepCell(f *testing.F) {
	good, err := EncodeSweepCell(someHash, sweepCell())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, false)
	f.Add([]byte(`{"index":1,"cells":[],"values":[{"metrics":{"x":[null,-1,2]}}]}`), true)
	f.Add([]byte(`{"values":[{"metrics":{"x":["inf"]}}]}`), true)
	f.Add([]byte(cellBefore), false)
	f.Fuzz(func(t *testing.T, data []byte, signed bool) {
		if signed { // past the checksum, to the decoder
			data = []byte(cellBefore + cellChecksum(someHash, data) + cellMiddle + string(data) + cellAfter)
		}
		cell, err := DecodeSweepCell("x", someHash, data)
		var corrupt CorruptError
		if err != nil {
			if !errors.As(err, &corrupt) {
				t.Fatalf("want a CorruptError, got %v", err)
			}
			return
		}
		again, err := EncodeSweepCell(someHash, cell)
		if err != nil {
			t.Fatal(err)
		}
		second, err := DecodeSweepCell("x", someHash, again)
		if err != nil {
			t.Fatalf("what was written is refused: %v", err)
		}
		if third, err := EncodeSweepCell(someHash, second); err != nil || string(third) != string(again) {
			t.Errorf("want the same bytes again, got\n%s\n%s", again, third)
		}
	})
}

// FuzzSweepPlan: no text makes the reader of plans panic, and the points of what it takes are in range.
func FuzzSweepPlan(f *testing.F) {
	var good strings.Builder
	if err := EncodeJSON(&good, sweepPlan()); err != nil {
		f.Fatal(err)
	}
	f.Add(good.String())
	f.Add(strings.Replace(good.String(), `"cells": 12`, `"cells": 1000000000`, 1))
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), SweepPlanFile)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		p, err := ReadSweepPlan(path)
		if err != nil {
			return
		}
		for _, cell := range []int{0, p.Cells / 2, p.Cells - 1} {
			for i, at := range p.Point(cell) {
				if at < 0 || at >= len(p.Axes[i].Values) {
					t.Fatalf("cell %d, axis %d: value %d of %d", cell, i, at, len(p.Axes[i].Values))
				}
			}
		}
	})
}

// TestSweepTable reads both files of a table as strangers would.
func TestSweepTable(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "table")
		if err != nil {
			t.Fatal(err)
		}
		columns := []Column{{"zebra", TextColumn}, {"a", NumberColumn}, {"cell", WholeColumn}, {"b", NumberColumn}}
		var rows [][]any
		for i := range rapid.IntRange(0, 50).Draw(r, "rows") {
			rows = append(rows, []any{rapid.SampledFrom([]string{"", "x,y", `q"`, "é"}).Draw(r, "text"),
				rapid.SampledFrom([]float64{0, 1.5, math.NaN(), math.Inf(1)}).Draw(r, "number"), int64(i), float64(i) / 3})
		}
		base := filepath.Join(dir, "t")
		writeTable(t, base, columns, rows)
		sameCSV(t, base+".csv", columns, rows)
		sameParquet(t, base+".parquet", columns, rows)
	})
}

func writeTable(t *testing.T, base string, columns []Column, rows [][]any) {
	t.Helper()
	w, err := CreateTable(base+".csv", base+".parquet", columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func sameCSV(t *testing.T, path string, columns []Column, rows [][]any) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil || len(lines) != len(rows)+1 {
		t.Fatalf("want %d lines, got %d (%v)", len(rows)+1, len(lines), err)
	}
	for i, row := range rows {
		for j := range columns {
			if got, want := lines[i+1][j], tableText(row[j]); got != want {
				t.Errorf("line %d, %s: want %q, got %q", i, columns[j].Name, want, got)
			}
		}
	}
}

func sameParquet(t *testing.T, path string, columns []Column, rows [][]any) {
	t.Helper()
	found := strangersColumns(t, path)
	for j, c := range columns {
		if len(found[c.Name]) != len(rows) {
			t.Fatalf("%s: want %d values, got %d", c.Name, len(rows), len(found[c.Name]))
		}
		for i, row := range rows {
			if !sameValue(row[j], found[c.Name][i]) {
				t.Errorf("row %d, %s: want %v, got %v", i, c.Name, row[j], found[c.Name][i])
			}
		}
	}
}

func sameValue(want any, got parquet.Value) bool {
	switch want := want.(type) {
	case string:
		return got.String() == want
	case int64:
		return got.Int64() == want
	case float64:
		return math.IsNaN(want) && got.IsNull() || !got.IsNull() && got.Double() == want
	}
	return false
}

func TestSweepTableAborts(t *testing.T) {
	dir := t.TempDir()
	w, err := CreateTable(filepath.Join(dir, "a.csv"), filepath.Join(dir, "a.parquet"), []Column{{"x", WholeColumn}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write([]any{int64(1)}); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if got := names(t, dir); len(got) > 0 {
		t.Errorf("want nothing left, got %q", got)
	}
	if _, err := CreateTable(filepath.Join(dir, "none", "a.csv"), "", nil); err == nil {
		t.Error("want an error of a folder that is missing")
	}
}
