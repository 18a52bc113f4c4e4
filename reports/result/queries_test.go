package result

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

func row(i int) Row {
	return Row{Contender: fmt.Sprintf("c%d", i/1000), Replication: int32(i % 7), ID: int64(i), Class: "a", Sample: int32(i * 3),
		ArriveNS: int64(i) * 1e6, StartNS: -1, FinishNS: int64(i)*1e6 + 5, DeadlineNS: 1 << 40, AccuracyTarget: 0.9, Worker: 1,
		Point: int32(i % 4), PointName: "k=10 %", Density: float64(i) / 7, Right: i%2 == 0, Why: "fits", BusyNS: 12, Slowdown: 1.5,
		Believed: 1.4, Queue: 3, Interference: i%3 == 0}
}

func writeQueries(t *testing.T, f *Folder, n int) {
	t.Helper()
	w, err := f.CreateQueries()
	if err != nil {
		t.Fatal(err)
	}
	buffer := make([]Row, 0, 100)
	for i := range n {
		buffer = append(buffer, row(i))
		if len(buffer) == cap(buffer) || i == n-1 {
			if err := w.Write(buffer); err != nil {
				t.Fatal(err)
			}
			buffer = buffer[:0]
		}
	}
	if f.Has(QueriesFile) {
		t.Error("want no file under its name before Close")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestQueriesRoundTrip(t *testing.T) {
	for _, n := range []int{0, 1, 5000} {
		f := create(t, t.TempDir())
		writeQueries(t, f, n)
		i := 0
		for got, err := range f.Queries() {
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(row(i), got); diff != "" {
				t.Fatalf("row %d (-want +got):\n%s", i, diff)
			}
			i++
		}
		if i != n {
			t.Errorf("want %d rows, got %d", n, i)
		}
	}
}

func TestQueriesStopEarly(t *testing.T) {
	f := create(t, t.TempDir())
	writeQueries(t, f, 3000)
	for got, err := range f.Queries() {
		if err != nil || got.ID != 0 {
			t.Errorf("want the first row, got %d, %v", got.ID, err)
		}
		break
	}
}

func TestQueriesAbort(t *testing.T) {
	f := create(t, t.TempDir())
	w, err := f.CreateQueries()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write([]Row{row(1)}); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if err := f.Discard(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, f.Dir()); len(got) > 0 {
		t.Errorf("want nothing left, got %q", got)
	}
}

// readError returns the error that reading ends with.
func readError(path string) (err error) {
	for _, e := range ReadQueries(path) {
		err = e
	}
	return err
}

func TestQueriesReject(t *testing.T) {
	f := create(t, t.TempDir())
	writeQueries(t, f, 2000)
	good, err := os.ReadFile(f.Path(QueriesFile))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "q.parquet")
	wantError(t, readError(path), path, "cannot read")
	for name, data := range map[string][]byte{"empty": nil, "text": []byte("contender,class\n"), "cut off": good[:len(good)*2/3], "no footer": good[:len(good)-9]} {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { wantError(t, readError(path), path, "want a whole parquet file") })
	}
	other, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := parquet.Write(other, []struct{ ID int64 }{{1}}); err != nil {
		t.Fatal(err)
	}
	other.Close()
	wantError(t, readError(path), path, "want a column contender")
}

// TestQueriesFlipped spoils a byte at many places: an error or other values, but
// never a panic, and never more or fewer rows without an error.
func TestQueriesFlipped(t *testing.T) {
	f := create(t, t.TempDir())
	writeQueries(t, f, 300)
	good, err := os.ReadFile(f.Path(QueriesFile))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "q.parquet")
	for at := 0; at < len(good); at += 1 + len(good)/150 {
		bad := append([]byte(nil), good...)
		bad[at] ^= 0x55
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		n := 0
		var failed error
		for _, e := range ReadQueries(path) {
			if failed = e; e == nil {
				n++
			}
		}
		if failed == nil && n != 300 {
			t.Errorf("byte %d: want 300 rows or an error, got %d rows", at, n)
		}
	}
}

// TestQueriesSpeakForThemselves reads the file as a stranger would: columns by the names
// that its own footer gives, page by page, without this package's row or reader.
func TestQueriesSpeakForThemselves(t *testing.T) {
	const n = 3000
	f := create(t, t.TempDir())
	writeQueries(t, f, n)
	columns := strangersColumns(t, f.Path(QueriesFile))
	for i := range n {
		want := row(i)
		got := map[string]parquet.Value{}
		for name, values := range columns {
			if len(values) != n {
				t.Fatalf("column %s: want %d values, got %d", name, n, len(values))
			}
			got[name] = values[i]
		}
		if got["contender"].String() != want.Contender || got["finish_ns"].Int64() != want.FinishNS || got["sample"].Int32() != want.Sample ||
			got["density"].Double() != want.Density || got["right"].Boolean() != want.Right || got["point_name"].String() != want.PointName {
			t.Fatalf("row %d: want %+v, got %v", i, want, got)
		}
	}
}

// strangersColumns decodes all columns of a Parquet file.
func strangersColumns(t *testing.T, path string) map[string][]parquet.Value {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parquet.OpenFile(file, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string][]parquet.Value{}
	for _, group := range parsed.RowGroups() {
		for c, chunk := range group.ColumnChunks() {
			name := parsed.Schema().Columns()[c][0]
			columns[name] = append(columns[name], valuesOf(t, chunk)...)
		}
	}
	return columns
}

// valuesOf decodes the pages of a column chunk.
func valuesOf(t *testing.T, chunk parquet.ColumnChunk) (all []parquet.Value) {
	t.Helper()
	pages := chunk.Pages()
	defer pages.Close()
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		values := make([]parquet.Value, page.NumValues())
		if n, err := page.Values().ReadValues(values); n != len(values) || err != nil && !errors.Is(err, io.EOF) {
			t.Fatalf("want %d values of a page, got %d, %v", len(values), n, err)
		}
		for _, v := range values {
			all = append(all, v.Clone())
		}
	}
}
