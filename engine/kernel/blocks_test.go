package kernel_test

import (
	"bytes"
	"math"
	"testing"

	"pgregory.net/rapid"

	"slosim/engine/kernel"
)

// blockTable is a table in blocks behind one face.
type blockTable struct {
	kind    string
	dense   *kernel.Matrix
	count   int
	product func(s *kernel.Set, y []float32, blocks, ids []int32, x, b []float32)
}

// blockTables returns the same random weights in all types, at odd alignments.
func blockTables(d *draws, rows, cols int) []blockTable { return blocksOf(d, d.matrix(rows, cols)) }

func blocksOf(d *draws, m *kernel.Matrix) []blockTable {
	f, h, w := kernel.NewBlocks(m), kernel.NewBlocksBF16(m), kernel.NewBlocksInt8(m)
	f.Data, h.Data, w.Data, w.Scale = shifted(d, f.Data), shifted(d, h.Data), shifted(d, w.Data), shifted(d, w.Scale)
	return []blockTable{
		{"float32", f.Dense(), f.Count(), func(s *kernel.Set, y []float32, blocks, ids []int32, x, b []float32) {
			s.BlockMatVec(y, f, blocks, ids, x, b)
		}},
		{"bf16", h.Dense(), h.Count(), func(s *kernel.Set, y []float32, blocks, ids []int32, x, b []float32) {
			s.BlockMatVecBF16(y, h, blocks, ids, x, b)
		}},
		{"int8", w.Dense(), w.Count(), func(s *kernel.Set, y []float32, blocks, ids []int32, x, b []float32) {
			s.BlockMatVecInt8(y, w, blocks, ids, x, b)
		}},
	}
}

// naiveBlocks is the definition of BlockMatVec, in float64.
func naiveBlocks(w *kernel.Matrix, blocks, ids []int32, x, b []float32) []float32 {
	y := make([]float32, 16*len(blocks))
	for i := range y {
		node := int(blocks[i/16])*16 + i%16
		if node >= w.Rows {
			continue
		}
		var sum float64
		for k, id := range ids {
			sum += float64(x[k]) * float64(w.Row(node)[id])
		}
		if b != nil {
			sum += float64(b[node])
		}
		y[i] = float32(sum)
	}
	return y
}

// checkBlocks compares with the definition, and each block with the block alone, to the bit.
func checkBlocks(t rapid.TB, s *kernel.Set, d *draws, w blockTable, blocks, ids []int32, x, b []float32, scale float64) {
	t.Helper()
	got, alone := guard(16*len(blocks), d.intn(5), float32(7)), make([]float32, 16)
	w.product(s, got.slice(), blocks, ids, x, b)
	near(t, w.kind, got.slice(), naiveBlocks(w.dense, blocks, ids, x, b), scale)
	got.check(t, w.kind)
	for i := range blocks {
		w.product(s, alone, blocks[i:i+1], ids, x, b)
		sameBits(t, w.kind+" alone", alone, got.slice()[16*i:16*i+16])
	}
}

func TestBlockMatVec(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			rows, cols := rapid.IntRange(1, 600).Draw(t, "rows"), rapid.IntRange(1, 100).Draw(t, "cols")
			d := drawsOf(t)
			b := drawBias(t, d, rows)
			ids := d.ids(rapid.IntRange(0, 50).Draw(t, "ids"), cols)
			x := offset(d, len(ids))
			blocks := d.ids(rapid.IntRange(0, 14).Draw(t, "blocks"), (rows+15)/16)
			for _, w := range blockTables(d, rows, cols) {
				checkBlocks(t, s, d, w, blocks, ids, x, b, 1+float64(len(ids)))
			}
		})
	})
}

func TestBlocksHoldTheirMatrix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, cols := rapid.IntRange(0, 50).Draw(t, "rows"), rapid.IntRange(0, 40).Draw(t, "cols")
		d := drawsOf(t)
		m := d.matrix(rows, cols)
		f, h, w := kernel.NewBlocks(m), kernel.NewBlocksBF16(m), kernel.NewBlocksInt8(m)
		sameBits(t, "float32", f.Dense().Data, m.Data)
		sameBits(t, "bf16", h.Dense().Data, kernel.NewBF16(m).Dense().Data)
		sameBits(t, "int8", w.Dense().Data, kernel.NewInt8(m).Dense().Data)
		for i := range rows {
			for j, v := range m.Row(i) {
				if f.Data[(i/16*cols+j)*16+i%16] != v {
					t.Fatalf("weight %d of node %d is not in its place", j, i)
				}
			}
		}
		weights := int64((rows + 15) / 16 * 16 * cols)
		if f.Bytes() != 4*weights || h.Bytes() != 2*weights || w.Bytes() != weights+4*int64((rows+15)/16*16) {
			t.Fatalf("got %d, %d and %d bytes for %d weights", f.Bytes(), h.Bytes(), w.Bytes(), weights)
		}
	})
}

// Lanes that stand for no node give 0, even with inputs that would make 0 times them NaN.
func TestBlocksOfInputsThatAreNotFinite(t *testing.T) {
	d := draws(4)
	const rows = 21
	ones := kernel.NewMatrix(rows, 3)
	for i := range rows {
		copy(ones.Row(i), []float32{1, 1, 1})
	}
	b := d.fill(make([]float32, rows))
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		for _, special := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			for _, w := range blocksOf(&d, ones) {
				y := make([]float32, 32)
				w.product(s, y, []int32{0, 1}, []int32{2, 0}, []float32{1, float32(special)}, b)
				for i, got := range y {
					g := float64(got)
					switch {
					case i >= rows && math.Float32bits(got) != 0:
						t.Errorf("%s, %v: lane %d: got %v, want 0", w.kind, special, i, got)
					case i < rows && g != special && !(math.IsNaN(g) && math.IsNaN(special)):
						t.Errorf("%s, %v: node %d: got %v", w.kind, special, i, got)
					}
				}
			}
		}
	})
}

func TestBlockMatVecPanics(t *testing.T) {
	d, clean := draws(1), make([]float32, 64)
	v := func(n int) []float32 { return make([]float32, n) }
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		for _, w := range blockTables(&d, 37, 9) {
			blocks, ids, x := []int32{2, 0, 1, 2}, []int32{8, 0, 3}, []float32{1, 2, 3}
			mustPanicWith(t, "too short", func() { w.product(s, v(63), blocks, ids, x, nil) })
			mustPanicWith(t, "too short", func() { w.product(s, v(64), blocks, ids, x[:2], nil) })
			mustPanicWith(t, "too short", func() { w.product(s, v(64), blocks, ids, x, v(36)) })
			for _, bad := range []int32{-1, 9, math.MaxInt32, math.MinInt32} {
				y := v(64)
				mustPanicWith(t, "want 0..8", func() { w.product(s, y, blocks, []int32{0, 1, bad}, x, nil) })
				mustPanicWith(t, "want 0..2", func() { w.product(s, y, []int32{0, 1, bad, 2}, ids, x, nil) })
				sameBits(t, w.kind+" that panics", y, clean)
			}
		}
		y := v(64)
		mustPanicWith(t, "whole: false", func() {
			s.BlockMatVec(y, &kernel.Blocks{Rows: 17, Cols: 2, Data: v(63)}, nil, nil, nil, nil)
		})
		mustPanicWith(t, "whole: false", func() {
			s.BlockMatVecBF16(y, &kernel.BlocksBF16{Rows: -1, Cols: 2}, nil, nil, nil, nil)
		})
		mustPanicWith(t, "whole: false", func() {
			s.BlockMatVecInt8(y, &kernel.BlocksInt8{Rows: 17, Cols: 2, Data: make([]int8, 64), Scale: v(17)}, nil, nil, nil, nil)
		})
	})
}

// FuzzBlockMatVec makes lists of blocks and inputs of bytes, some of them out of range.
func FuzzBlockMatVec(f *testing.F) {
	f.Add(uint8(37), uint8(9), []byte{0, 2, 1}, []byte{0, 8, 3, 3}, uint64(1))
	f.Add(uint8(255), uint8(1), []byte{15, 15, 3, 2, 1}, bytes.Repeat([]byte{0}, 9), uint64(2))
	f.Fuzz(func(t *testing.T, rows, cols uint8, blockBytes, idBytes []byte, seed uint64) {
		d, inRange := draws(seed), true
		list := func(data []byte, n int) []int32 {
			ids := make([]int32, len(data))
			for i, v := range data {
				ids[i] = int32(v)
				inRange = inRange && int(v) < n
			}
			return ids
		}
		blocks, ids := list(blockBytes, (int(rows)+15)/16), list(idBytes, int(cols))
		x, b := offset(&d, len(ids)), offset(&d, int(rows))
		for _, s := range kernel.All() {
			for _, w := range blockTables(&d, int(rows), int(cols)) {
				if !inRange {
					mustPanicWith(t, "want 0..", func() { w.product(s, make([]float32, 16*len(blocks)), blocks, ids, x, b) })
					continue
				}
				checkBlocks(t, s, &d, w, blocks, ids, x, b, 1+float64(len(ids)))
			}
		}
	})
}
