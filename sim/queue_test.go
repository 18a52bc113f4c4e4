package sim

import (
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
		keys := rapid.SampledFrom([]int{0, 2, 50}).Draw(t, "keys")
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			if rapid.IntRange(0, 2).Draw(t, "insert") > 0 {
				ref := scheduler.QueryRef(len(slots))
				slots = append(slots, slot{key: int64(rapid.IntRange(0, keys).Draw(t, "key")), seq: uint64(ref), state: waiting})
				q.insert(scheduler.Waiting{Ref: ref}, slots)
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
		q.insert(scheduler.Waiting{Ref: ref}, slots)
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
