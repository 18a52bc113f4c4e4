package sim

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slosim/scheduler"
)

// TestQueueIsSortedSlice compares with a slice that is sorted after every change.
func TestQueueIsSortedSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		var slots []slot
		var want []scheduler.QueryRef
		keys := rapid.SampledFrom([]int{0, 2, 50, -1}).Draw(t, "keys")
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			if rapid.IntRange(0, 2).Draw(t, "insert") > 0 {
				ref := scheduler.QueryRef(len(slots))
				slots = append(slots, slot{key: drawKey(t, keys, len(slots)), seq: uint64(ref), state: waiting})
				q.insert(ref, slots)
				want = append(want, ref)
				slices.SortStableFunc(want, func(a, b scheduler.QueryRef) int { return int(slots[a].key - slots[b].key) })
			} else {
				want = removeSome(t, &q, slots, want)
			}
			var got []scheduler.QueryRef
			for _, w := range q.all() {
				got = append(got, w.Ref)
			}
			if !slices.Equal(want, got) || q.len() != len(want) {
				t.Fatalf("len %d, %s", q.len(), cmp.Diff(want, got))
			}
		}
	})
}

// drawKey draws a key of few or many, or, below 0, that of last come, first served.
func drawKey(t *rapid.T, keys, arrived int) int64 {
	if keys < 0 {
		return int64(-arrived)
	}
	return int64(rapid.IntRange(0, keys).Draw(t, "key"))
}

// removeSome takes out up to four queries at random places in one plan.
func removeSome(t *rapid.T, q *queue, slots []slot, want []scheduler.QueryRef) []scheduler.QueryRef {
	for range min(len(want), rapid.IntRange(1, 4).Draw(t, "removals")) {
		i := rapid.IntRange(0, len(want)-1).Draw(t, "at")
		if !q.remove(want[i], slots) {
			t.Fatalf("query %d was not found", want[i])
		}
		slots[want[i]].state = running
		want = slices.Delete(want, i, i+1)
	}
	q.compact(slots)
	return want
}

// TestQueueMemoryIsBounded: first come, first served over a standing queue reuses its
// memory instead of walking through it.
func TestQueueMemoryIsBounded(t *testing.T) {
	var q queue
	slots := make([]slot, 11)
	for i := range 100_000 {
		ref := scheduler.QueryRef(i % len(slots))
		slots[ref] = slot{seq: uint64(i), state: waiting}
		q.insert(ref, slots)
		if i >= 10 {
			head := q.all()[0].Ref
			q.remove(head, slots)
			slots[head].state = free
			q.compact(slots)
		}
	}
	if len(q.all()) != 10 || cap(q.entries) > 64 {
		t.Errorf("want 10 waiting in room for at most 64, got %d in %d", len(q.all()), cap(q.entries))
	}
}

// BenchmarkQueueStanding inserts into a standing queue and takes the head, under both
// orders of arrival: the cost must not depend on how many wait.
func BenchmarkQueueStanding(b *testing.B) {
	for _, order := range []string{"first", "last"} {
		for _, standing := range []int{10, 10_000} {
			b.Run(fmt.Sprintf("served=%s/standing=%d", order, standing), func(b *testing.B) {
				var q queue
				slots := make([]slot, standing+1)
				for i := range slots {
					push(&q, slots, order, i, i)
				}
				next := len(slots)
				for b.Loop() {
					head := q.all()[0].Ref
					q.remove(head, slots)
					slots[head].state = free
					q.compact(slots)
					push(&q, slots, order, int(head), next)
					next++
				}
			})
		}
	}
}

func push(q *queue, slots []slot, order string, ref, seq int) {
	key := int64(0)
	if order == "last" {
		key = int64(-seq)
	}
	slots[ref] = slot{key: key, seq: uint64(seq), state: waiting}
	q.insert(scheduler.QueryRef(ref), slots)
}
