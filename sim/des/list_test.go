package des_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slosim/sim/des"
)

// seen is an event as tests compare it.
type seen struct {
	At   time.Duration
	Kind uint8
	Data uint64
}

func drain(l *des.List) []seen {
	var all []seen
	for e, ok := l.Next(); ok; e, ok = l.Next() {
		all = append(all, seen{e.At(), e.Kind(), e.Data()})
	}
	return all
}

// TestTies inserts the same events in many orders: time and kind decide whatever
// the order, and only events alike in both leave as they came.
func TestTies(t *testing.T) {
	want := []seen{
		{1, 2, 0}, {2, 0, 1}, {2, 1, 2}, {2, 1, 3}, {2, 1, 4}, {2, 200, 5}, {3, 0, 6},
	}
	shuffle := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		events := slices.Clone(want)
		shuffle.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		var l des.List
		var alike []seen
		for _, e := range events {
			l.Push(e.At, e.Kind, e.Data)
			if e.At == 2 && e.Kind == 1 {
				alike = append(alike, e)
			}
		}
		expect := slices.Concat(want[:2], alike, want[5:])
		if diff := cmp.Diff(expect, drain(&l)); diff != "" {
			t.Fatalf("inserted as %v (-want +got):\n%s", events, diff)
		}
	}
}

// TestHeldBreaksTies holds the same event that is otherwise pushed: no rule differs.
func TestHeldBreaksTies(t *testing.T) {
	var l des.List
	l.Push(5, 1, 1)
	l.Hold(5, 1, 2)
	l.Push(5, 1, 3)
	l.Push(5, 0, 4)
	want := []seen{{5, 0, 4}, {5, 1, 1}, {5, 1, 2}, {5, 1, 3}}
	if got := l.Len(); got != len(want) {
		t.Errorf("len: want %d, got %d", len(want), got)
	}
	if diff := cmp.Diff(want, drain(&l)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// reference is the deliberately dumb list: a slice, sorted at every look.
type reference struct {
	events []seen
	seqs   []uint64
	seq    uint64
}

func (r *reference) push(e seen) {
	r.seq++
	r.events, r.seqs = append(r.events, e), append(r.seqs, r.seq)
}

func (r *reference) next() seen {
	least := 0
	for i, e := range r.events {
		l := r.events[least]
		if e.At < l.At || e.At == l.At && (e.Kind < l.Kind || e.Kind == l.Kind && r.seqs[i] < r.seqs[least]) {
			least = i
		}
	}
	e := r.events[least]
	r.events, r.seqs = slices.Delete(r.events, least, least+1), slices.Delete(r.seqs, least, least+1)
	return e
}

// TestHeapIsSortedSlice interleaves pushes, holds and pops at random.
func TestHeapIsSortedSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l des.List
		var r reference
		const streamed = 9
		holding := false
		data := uint64(0)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			e := seen{l.Now() + time.Duration(rapid.IntRange(0, 5).Draw(t, "delay")), uint8(rapid.IntRange(0, 2).Draw(t, "kind")), data}
			data++
			switch action := rapid.IntRange(0, 3).Draw(t, "action"); {
			case action == 0 && !holding:
				e.Kind, holding = streamed, true
				l.Hold(e.At, e.Kind, e.Data)
				r.push(e)
			case action <= 1 || len(r.events) == 0:
				l.Push(e.At, e.Kind, e.Data)
				r.push(e)
			default:
				want := r.next()
				if at, ok := l.PeekAt(); !ok || at != want.At {
					t.Fatalf("peek: want %v, got %v, %v", want.At, at, ok)
				}
				got, _ := l.Next()
				holding = holding && got.Kind() != streamed
				if diff := cmp.Diff(want, seen{got.At(), got.Kind(), got.Data()}); diff != "" {
					t.Fatalf("-want +got:\n%s", diff)
				}
				if l.Now() != want.At {
					t.Fatalf("clock: want %v, got %v", want.At, l.Now())
				}
			}
			if l.Len() != len(r.events) {
				t.Fatalf("len: want %d, got %d", len(r.events), l.Len())
			}
		}
	})
}

func TestEmpty(t *testing.T) {
	var l des.List
	if _, ok := l.Next(); ok {
		t.Error("an empty list has a next event")
	}
	if _, ok := l.PeekAt(); ok {
		t.Error("an empty list has a next instant")
	}
}

func TestPanics(t *testing.T) {
	mustPanic := func(name string, f func()) {
		defer func() {
			if recover() == nil {
				t.Errorf("%s: want a panic", name)
			}
		}()
		f()
	}
	var l des.List
	l.Push(10, 0, 0)
	l.Next()
	l.Push(10, 0, 0) // now is not the past
	mustPanic("push into the past", func() { l.Push(9, 0, 0) })
	l.Hold(11, 0, 0)
	mustPanic("hold two", func() { l.Hold(12, 0, 0) })
}

// TestSteadyStateAllocatesNothing pops and pushes with 1,000 events pending.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	var l des.List
	draw := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		l.Push(time.Duration(draw.IntN(1000)), 0, 0)
	}
	allocs := testing.AllocsPerRun(1000, func() {
		l.Hold(l.Now()+time.Duration(draw.IntN(1000)), 1, 0)
		for e, _ := l.Next(); e.Kind() != 1; e, _ = l.Next() {
			l.Push(e.At()+time.Duration(draw.IntN(1000)), 0, 0)
		}
	})
	if allocs != 0 {
		t.Errorf("allocations: want 0, got %v", allocs)
	}
}
