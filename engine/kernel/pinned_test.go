package kernel_test

import (
	"encoding/binary"
	"fmt"
	"hash"
	"hash/fnv"
	"testing"

	"slosim/engine/kernel"
)

// The plain variant gives the same bits on every machine, also on those whose compiler
// may fuse a product with a sum, such as arm64. So these sums of its results hold
// everywhere; they change only if the order in which it adds does.
func TestPureHasTheSameBitsEverywhere(t *testing.T) {
	s, tiles := kernel.Pure(), kernel.NewTiles()
	for name, q := range map[string]struct {
		want string
		run  func(d *draws, rows, cols int) any
	}{
		"MatVec": {"e61ac71f706f42e9", func(d *draws, rows, cols int) any {
			w, x, b, y := d.matrix(rows, cols), d.floats(cols), d.floats(rows), make([]float32, rows)
			s.MatVec(y, w, x, b)
			return y
		}},
		"GatherMatVec": {"21de7b3dbbf656c5", func(d *draws, rows, cols int) any {
			w, x, ids, y := d.matrix(rows, cols), d.floats(cols), d.ids(13, rows), make([]float32, 13)
			s.GatherMatVec(y, w, ids, x, nil)
			return y
		}},
		"MatVecCSR": {"56e3d007e6e752c6", func(d *draws, rows, cols int) any {
			m, x, b, y := kernel.NewCSR(d.sparse(rows, cols, 0.3)), d.floats(cols), d.floats(rows), make([]float32, rows)
			s.MatVecCSR(y, m, x, b)
			return y
		}},
		"Axpy": {"974595a0b809dcd8", func(d *draws, rows, cols int) any {
			wt, ids, a, y := d.matrix(rows, cols), d.ids(13, rows), d.floats(13), d.floats(cols)
			s.Axpy(y, wt, ids, a)
			return y
		}},
		"TopK": {"5698c251fd598232", func(d *draws, rows, cols int) any {
			ids := make([]int32, min(rows, cols))
			s.TopK(ids, d.floats(cols), len(ids))
			return ids
		}},
		"Compress": {"cd65eb0dfa739826", func(d *draws, rows, cols int) any {
			ids, vals := make([]int32, cols), make([]float32, cols)
			s.CompressPositive(ids, vals, d.floats(cols))
			return vals
		}},
		"Gemm": {"9c79a426d294a0ba", func(d *draws, rows, cols int) any {
			const n = 7
			a, b, c := d.matrix(rows, cols), d.matrix(cols, n), d.floats(rows*n)
			s.Gemm(tiles, rows, n, cols, a.Data, a.Stride, 1, b.Data, b.Stride, 1, c, n, true)
			return c
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h, d := fnv.New64a(), draws(2024)
			for rows := 1; rows < 20; rows++ {
				for _, cols := range []int{1, 2, 3, 4, 5, 7, 16, 31, 70, 300} {
					addBits(t, h, q.run(&d, rows, cols))
				}
			}
			if got := fmt.Sprintf("%016x", h.Sum64()); got != q.want {
				t.Errorf("results have the sum %s, want %s", got, q.want)
			}
		})
	}
}

func (d *draws) floats(n int) []float32 { return d.fill(make([]float32, n)) }

func addBits(t *testing.T, h hash.Hash, result any) {
	t.Helper()
	if err := binary.Write(h, binary.LittleEndian, result); err != nil {
		t.Fatal(err)
	}
}
