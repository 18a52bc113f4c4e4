package kernel_test

import (
	"testing"

	"slosim/engine/kernel"
)

// edgeTables returns tables and inputs that end where memory does.
func edgeTables(t *testing.T, d *draws, rows, cols int) []narrowTable {
	h, w, q := kernel.NewBF16(d.matrix(rows, cols)), kernel.NewInt8(d.matrix(rows, cols)), d.quantised(cols)
	h.Data, w.Data, q.Data = atEdge(t, h.Data), atEdge(t, w.Data), atEdge(t, q.Data)
	w.Scale, w.Sum = atEdge(t, w.Scale), atEdge(t, w.Sum)
	return []narrowTable{bf16Table(h, atEdge(t, d.fill(make([]float32, cols)))), int8Table(w, q)}
}

func TestNarrowKernelsStayInsideTheSlices(t *testing.T) {
	d := draws(8)
	for cols := range 70 {
		rows := 1 + cols%7
		b, a := atEdge(t, d.fill(make([]float32, rows))), atEdge(t, d.fill(make([]float32, 11)))
		y, some, sums := atEdge(t, make([]float32, rows)), atEdge(t, make([]float32, 11)), atEdge(t, make([]float32, cols))
		ids := atEdge(t, d.ids(11, rows))
		tables := edgeTables(t, &d, rows, cols)
		x, q := atEdge(t, d.fill(make([]float32, cols))), kernel.NewQuantised(cols)
		q.Data = atEdge(t, q.Data)
		eachSet(t, func(t *testing.T, s *kernel.Set) {
			for _, w := range tables {
				w.matVec(s, y, b)
				near(t, w.kind, y, naiveMatVec(w.dense, w.x, b), 70)
				w.gather(s, some, ids, b)
				w.axpy(s, sums, ids, a)
			}
			s.Quantise(q, x)
		})
	}
}

func TestBlockMatVecStaysInsideTheSlices(t *testing.T) {
	d := draws(9)
	for rows := 1; rows < 85; rows += 3 {
		cols := 1 + rows%5
		m, count := d.matrix(rows, cols), (rows+15)/16
		f, h, w := kernel.NewBlocks(m), kernel.NewBlocksBF16(m), kernel.NewBlocksInt8(m)
		f.Data, h.Data, w.Data, w.Scale = atEdge(t, f.Data), atEdge(t, h.Data), atEdge(t, w.Data), atEdge(t, w.Scale)
		blocks, ids := make([]int32, count), atEdge(t, d.ids(7, cols))
		for i := range blocks {
			blocks[i] = int32(i)
		}
		blocks = atEdge(t, blocks)
		x, b, y := atEdge(t, d.fill(make([]float32, 7))), atEdge(t, d.fill(make([]float32, rows))), atEdge(t, make([]float32, 16*count))
		eachSet(t, func(t *testing.T, s *kernel.Set) {
			s.BlockMatVec(y, f, blocks, ids, x, b)
			near(t, "float32", y, naiveBlocks(m, blocks, ids, x, b), 10)
			s.BlockMatVecBF16(y, h, blocks, ids, x, b)
			near(t, "bf16", y, naiveBlocks(h.Dense(), blocks, ids, x, b), 10)
			s.BlockMatVecInt8(y, w, blocks, ids, x, b)
			near(t, "int8", y, naiveBlocks(w.Dense(), blocks, ids, x, b), 10)
		})
	}
}
