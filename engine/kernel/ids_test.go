package kernel_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"slosim/engine/kernel"
)

// An id out of range, wherever it stands, is named with its place and the range, and
// nothing has been written by then: not even the results of the ids before it.
func TestIDsOutOfRangeAreRefusedBeforeAnythingIsWritten(t *testing.T) {
	var refusals []refusal
	for _, bad := range []int32{-1, 8, 9, math.MaxInt32, math.MinInt32} {
		for at := range 17 { // among the rows that go in groups, and after them
			ids := count(17)
			for i := range ids {
				ids[i] %= 8
			}
			ids[at] = bad
			want := fmt.Sprintf("kernel: ids[%d] = %d: want 0..7", at, bad)
			name := fmt.Sprintf("%d at %d", bad, at)
			refusals = append(refusals,
				refusal{"GatherMatVec/" + name, want, func(s *kernel.Set, o *outputs) {
					s.GatherMatVec(o.y(17), table(8, 70, 80, 640), ids, numbers(70), numbers(8))
				}},
				refusal{"Axpy/" + name, want, func(s *kernel.Set, o *outputs) {
					s.Axpy(o.y(70), table(8, 70, 80, 640), ids, numbers(17))
				}})
		}
	}
	refusals = append(refusals,
		refusal{"GatherMatVec/no rows", "kernel: ids[0] = 0: want", func(s *kernel.Set, o *outputs) {
			s.GatherMatVec(o.y(1), kernel.NewMatrix(0, 5), []int32{0}, numbers(5), nil)
		}},
		refusal{"Axpy/no rows", "kernel: ids[0] = 0: want", func(s *kernel.Set, o *outputs) {
			s.Axpy(o.y(5), kernel.NewMatrix(0, 5), []int32{0}, numbers(1))
		}},
		refusal{"GatherMatVec/no columns", "kernel: ids[1] = 4: want 0..3", func(s *kernel.Set, o *outputs) {
			s.GatherMatVec(o.y(2), kernel.NewMatrix(4, 0), []int32{0, 4}, nil, nil)
		}},
		refusal{"Axpy/no columns", "kernel: ids[1] = 4: want 0..3", func(s *kernel.Set, o *outputs) {
			s.Axpy(o.y(0), kernel.NewMatrix(4, 0), []int32{0, 4}, numbers(2))
		}},
		refusal{"GatherMatVec/large table", "kernel: ids[40] = 90000: want 0..89999", func(s *kernel.Set, o *outputs) {
			ids := make([]int32, 41)
			ids[40] = 90_000
			s.GatherMatVec(o.y(41), kernel.NewMatrix(90_000, 100), ids, numbers(100), nil)
		}},
	)
	checkRefusals(t, refusals)
}

// The first of several ids out of range is the one that is named.
func TestTheFirstIDOutOfRangeIsNamed(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			d := drawsOf(t)
			rows, cols := drawShape(t)
			ids := d.ids(1+d.intn(40), rows)
			first := len(ids)
			for range 1 + d.intn(3) {
				at := d.intn(len(ids))
				ids[at], first = int32(rows+d.intn(5)), min(first, at)
			}
			want := fmt.Sprintf("kernel: ids[%d] = %d: want 0..%d", first, ids[first], rows-1)
			w, x, o := d.matrix(rows, cols), d.floats(cols), new(outputs)
			if got := panicOf(func() { s.GatherMatVec(o.y(len(ids)), w, ids, x, nil) }); got != want {
				t.Fatalf("GatherMatVec: panic %q, want %q", got, want)
			}
			if got := panicOf(func() { s.Axpy(o.y(cols), w, ids, d.floats(len(ids))) }); got != want {
				t.Fatalf("Axpy: panic %q, want %q", got, want)
			}
		})
	})
}

func panicOf(f func()) (message string) {
	defer func() { message = fmt.Sprint(recover()) }()
	f()
	return ""
}
