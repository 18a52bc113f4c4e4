package workloads

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slosim/workloads/rng"
)

// instants returns the instants of all rows.
func instants(t *Trace) []time.Duration {
	var p piece
	all := make([]time.Duration, t.rows.n)
	for i := range all {
		all[i] = t.rows.instant(&p, i)
	}
	return all
}

// On disk a table answers as in memory, whatever the order in which it is asked.
func TestTableOnDiskIsTheOneInMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.Bool().Draw(t, "counts")
		memory, disk := newTable(counts, math.MaxInt), newTable(counts, rapid.IntRange(0, 3*blockRows).Draw(t, "limit"))
		n := rapid.SampledFrom([]int{1, 2, blockRows - 1, blockRows, blockRows + 1, 3 * blockRows, 3*blockRows + 7}).Draw(t, "rows")
		draws := rng.Key{Seed: rapid.Uint64().Draw(t, "seed")}
		at := time.Duration(0)
		for i := range n {
			if draws.Float(1, uint64(i)) < 0.8 { // else at the same instant
				at += time.Duration(draws.Index(2, uint64(i), 1<<40))
			}
			count := uint64(1)
			if counts {
				count = draws.Index(3, uint64(i), 1<<31)
			}
			if err := errors.Join(memory.add(at, count), disk.add(at, count)); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(memory.finish(), disk.finish()); err != nil {
			t.Fatal(err)
		}
		if n > disk.limit && disk.disk == nil {
			t.Fatalf("want %d rows on disk, they are in memory", n)
		}
		if memory.n != disk.n || memory.total != disk.total || memory.last != disk.last {
			t.Fatalf("want %d rows, %d arrivals until %v, got %d, %d, %v", memory.n, memory.total, memory.last, disk.n, disk.total, disk.last)
		}
		var p, q piece
		for range 200 {
			row := rapid.IntRange(0, n-1).Draw(t, "row")
			instant := memory.instant(&p, row)
			want := fmt.Sprint(instant, memory.count(&p, row), memory.before(&p, row), memory.before(&p, n))
			if got := fmt.Sprint(disk.instant(&q, row), disk.count(&q, row), disk.before(&q, row), disk.before(&q, n)); got != want {
				t.Fatalf("row %d: want %s, got %s", row, want, got)
			}
			for _, near := range []time.Duration{instant - 1, instant, instant + 1} {
				if want, got := memory.search(&p, near), disk.search(&q, near); got != want {
					t.Fatalf("search %v: want row %d, got %d", near, want, got)
				}
			}
		}
		if err := disk.err(); err != nil {
			t.Fatal(err)
		}
	})
}

// Every transform of a trace gives the same arrivals from disk as from memory.
func TestReplayFromDiskIsTheOneFromMemory(t *testing.T) {
	for name, spec := range processes() {
		if spec.Trace == "" {
			continue
		}
		onDisk := newProcess(t, spec)
		move(t, onDisk.trace)
		key := rng.Key{Seed: 7, Replication: 2}
		arrivals := onDisk.Start(key)
		if diff := cmp.Diff(drain(newProcess(t, spec).Start(key)), drain(arrivals)); diff != "" {
			t.Errorf("%s (-memory +disk): %s", name, diff)
		}
		if failing, ok := arrivals.(Failing); !ok || failing.Err() != nil {
			t.Errorf("%s: want arrivals that may fail and did not, got %v", name, ok)
		}
	}
}

// move puts a trace's rows on disk.
func move(t *testing.T, trace *Trace) {
	t.Helper()
	moved := newTable(trace.Kind == Counts, 0)
	var p piece
	for i := range trace.rows.n {
		if err := moved.add(trace.rows.instant(&p, i), trace.rows.count(&p, i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := moved.finish(); err != nil {
		t.Fatal(err)
	}
	trace.rows = moved
}

func TestReadTraceOnDisk(t *testing.T) {
	text := "arrival_s,count_1s\n5,2\n6,0\n8,3\n"
	trace, err := readTrace("mine", strings.NewReader(text), 0, 2)
	if err != nil {
		t.Fatal(err)
	}
	if trace.rows.disk == nil || trace.Requests != 5 || trace.Span != 4*time.Second {
		t.Errorf("want 5 arrivals in 4s on disk, got %d in %v", trace.Requests, trace.Span)
	}
	_, err = readTrace("mine", strings.NewReader(text+"8.5,1\n"), 0, 2)
	wantError(t, err, "mine:5: arrival_s: want bins at least 1s apart")
}

// A disk that fails ends the arrivals, and Err says why.
func TestDiskThatFails(t *testing.T) {
	for name, spec := range processes() {
		if spec.Trace == "" || spec.Transform == "modulate" { // which reads all before it starts
			continue
		}
		process := newProcess(t, spec)
		move(t, process.trace)
		process.trace.rows.disk.file.Close()
		stream, err := NewStream(StreamSpec{Sources: []Arrivals{process.Start(rng.Key{})}, Classes: twoClasses(0.5), Samples: 1})
		if err != nil {
			t.Fatal(err)
		}
		if stream.Next(new(Query)) {
			t.Errorf("%s: want no query from a closed file, got one", name)
		}
		if err := stream.Err(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: want %v, got %v", name, os.ErrClosed, err)
		}
	}
}

func TestNoRoomForATrace(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/none")
	t.Setenv("TMP", t.TempDir()+"/none")
	_, err := readTrace("mine", strings.NewReader("arrival_s\n1\n2\n3\n"), 0, 2)
	wantError(t, err, "mine: cannot keep more than 2 rows in ", "none")
}
