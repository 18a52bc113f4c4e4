package kernel_test

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"unsafe"

	"slosim/engine/kernel"
)

// edgeCase calls a kernel with slices that all come from e, and compares the result with
// that of the plain variant. Its size is rows and cols, what these mean is its own. A
// kernel that no Set has goes to eachEdge without an entry here.
type edgeCase struct {
	name string
	run  func(e *edges, s *kernel.Set, rows, cols int)
}

var edgeCases = []edgeCase{
	{"MatVec", eachLayout(edgeMatVec)},
	{"GatherMatVec", eachLayout(edgeGather)},
	{"MatMat", eachLayout(edgeMatMat)},
	{"Axpy", eachLayout(edgeAxpy)},
	{"MatVecCSR", edgeCSR},
	{"CompressPositive", edgeCompress(func(s *kernel.Set) compressor { return s.CompressPositive })},
	{"Compress", edgeCompress(func(s *kernel.Set) compressor { return s.Compress })},
	{"TopK", edgeTopK},
	{"AddBytes", edgeAddBytes},
	{"Gemm", edgeGemm},
	{"narrow rows", edgeNarrow},
	{"Quantise", edgeQuantise},
	{"BlockMatVec", edgeBlocks},
	{"Hadamard", edgeHadamard},
	{"Signs", edgeSigns},
	{"Widen", edgeWiden},
	{"Union", edgeUnion},
}

func TestKernelsStayInTheirSlices(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		for _, c := range edgeCases {
			t.Run(c.name, func(t *testing.T) {
				eachEdge(t, func(e *edges, rows, cols int) { c.run(e, s, rows, cols) })
			})
		}
	})
}

// eachEdge runs a test of many sizes, at both ends of memory: all remainders of all
// registers and groups of rows.
func eachEdge(t *testing.T, f func(e *edges, rows, cols int)) {
	t.Helper()
	cols := []int{96, 127, 128, 129, 200, 255, 257, 400}
	for n := range 71 {
		cols = append(cols, n)
	}
	for _, atEnd := range []bool{true, false} {
		e := &edges{t: t, atEnd: atEnd}
		for _, n := range cols {
			for _, m := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13} {
				e.run(fmt.Sprintf("%dx%d", m, n), func() { f(e, m, n) })
			}
		}
	}
}

// eachLayout runs a case for matrices of each layout.
func eachLayout(f func(e *edges, s *kernel.Set, w *kernel.Matrix)) func(e *edges, s *kernel.Set, rows, cols int) {
	return func(e *edges, s *kernel.Set, rows, cols int) {
		for _, layout := range layouts {
			f(e, s, e.matrix(layout, rows, cols))
		}
	}
}

func edgeMatVec(e *edges, s *kernel.Set, w *kernel.Matrix) {
	y, x, b := e.floats(w.Rows), e.floats(w.Cols), e.bias(w.Rows, w.Cols)
	want := make([]float32, w.Rows)
	kernel.Pure().MatVec(want, w, x, b)
	eachForm(s, w, func() {
		s.MatVec(y, w, x, b)
		near(e.t, "MatVec", y, want, float64(w.Cols))
	})
}

// someIDs returns up to 40 ids of rows, at the edge, duplicates among them.
func (e *edges) someIDs(rows int) []int32 {
	if rows == 0 {
		return placed[int32](e, nil)
	}
	return placed(e, e.ids(e.intn(41), rows))
}

func edgeGather(e *edges, s *kernel.Set, w *kernel.Matrix) {
	ids, x, b := e.someIDs(w.Rows), e.floats(w.Cols), e.bias(w.Rows, w.Cols)
	y, want := e.floats(len(ids)), make([]float32, len(ids))
	kernel.Pure().GatherMatVec(want, w, ids, x, b)
	eachForm(s, w, func() {
		s.GatherMatVec(y, w, ids, x, b)
		near(e.t, "GatherMatVec", y, want, float64(w.Cols))
		s.ReadRows(y, w, ids, x)
	})
}

func edgeMatMat(e *edges, s *kernel.Set, w *kernel.Matrix) {
	b := e.bias(w.Rows, w.Cols)
	var xs, ys, want [][]float32
	for i := range w.Cols%5 + 2 { // two to six inputs: tiles of each width
		xs, ys, want = append(xs, e.floats(w.Cols)), append(ys, e.floats(w.Rows)), append(want, make([]float32, w.Rows))
		kernel.Pure().MatVec(want[i], w, xs[i], b)
	}
	s.MatMat(ys, w, xs, b)
	for i := range ys {
		near(e.t, "MatMat", ys[i], want[i], float64(w.Cols))
	}
}

func edgeAxpy(e *edges, s *kernel.Set, wt *kernel.Matrix) {
	ids, y := e.someIDs(wt.Rows), e.floats(wt.Cols)
	a, want := e.floats(len(ids)), slices.Clone(y)
	kernel.Pure().Axpy(want, wt, ids, a)
	s.Axpy(y, wt, ids, a)
	near(e.t, "Axpy", y, want, float64(len(ids)))
}

func edgeCSR(e *edges, s *kernel.Set, rows, cols int) {
	for _, density := range []float64{0.1, 0.6} {
		m := kernel.NewCSR(e.sparse(rows, cols, density))
		m.Start, m.Col, m.Val = placed(e, m.Start), placed(e, m.Col), placed(e, m.Val)
		y, x, bias := e.floats(rows), e.floats(cols), e.bias(rows, cols)
		s.MatVecCSR(y, m, x, bias)
		near(e.t, "MatVecCSR", y, naiveCSR(m, x, bias), float64(cols))
	}
}

func edgeCompress(of func(s *kernel.Set) compressor) func(e *edges, s *kernel.Set, rows, cols int) {
	return func(e *edges, s *kernel.Set, _, n int) {
		y := placed(e, sparse(&e.draws, n))
		ids, vals := placed(e, make([]int32, n)), e.floats(n)
		wantIDs, wantVals := make([]int32, n), make([]float32, n)
		want, got := of(kernel.Pure())(wantIDs, wantVals, y), of(s)(ids, vals, y)
		if got != want || !slices.Equal(ids[:got], wantIDs[:want]) {
			e.t.Fatalf("got %d ids %v, want %d ids %v", got, ids[:got], want, wantIDs[:want])
		}
		sameBits(e.t, "values", vals[:got], wantVals[:want])
	}
}

func edgeTopK(e *edges, s *kernel.Set, k, n int) {
	for _, kind := range []string{"random", "few values"} {
		scores, ids := placed(e, nasty(&e.draws, kind, n)), placed(e, make([]int32, min(k, n)))
		got := s.TopK(ids, scores, k)
		if want := sortedTopK(scores, k); got != len(want) || !slices.Equal(ids, want) {
			e.t.Fatalf("TopK, k=%d: got %d ids %v, want %v", k, got, ids, want)
		}
	}
}

func edgeAddBytes(e *edges, s *kernel.Set, rows, n int) {
	table, sum := placed(e, make([]uint8, n)), placed(e, make([]uint16, n))
	want := make([]uint16, n)
	for i := range table {
		table[i], sum[i] = uint8(e.next()), uint16(e.next())
		want[i] = sum[i] + uint16(table[i])
	}
	s.AddBytes(sum, table)
	if !slices.Equal(sum, want) {
		e.t.Fatalf("AddBytes: got %v, want %v", sum, want)
	}
}

// edgeNarrow has tables of narrow types, with all that belongs to them at the edge.
func edgeNarrow(e *edges, s *kernel.Set, rows, cols int) {
	h, w, q := kernel.NewBF16(e.draws.matrix(rows, cols)), kernel.NewInt8(e.draws.matrix(rows, cols)), e.quantised(cols)
	h.Data, w.Data, q.Data = placed(e, h.Data), placed(e, w.Data), placed(e, q.Data)
	w.Scale, w.Sum = placed(e, w.Scale), placed(e, w.Sum)
	ids, b := e.someIDs(rows), e.bias(rows, cols)
	y, some, sums, a := e.floats(rows), e.floats(len(ids)), e.floats(cols), e.floats(len(ids))
	for _, n := range []narrowTable{bf16Table(h, e.floats(cols)), int8Table(w, q)} {
		want := naiveMatVec(n.dense, n.x, b)
		eachForm(s, n.table, func() {
			n.matVec(s, y, b)
			near(e.t, n.kind, y, want, float64(cols))
			n.gather(s, some, ids, b)
			for i, id := range ids {
				sameBits(e.t, n.kind, some[i:i+1], y[id:id+1])
			}
		})
		n.axpy(s, sums, ids, a)
	}
}

func edgeQuantise(e *edges, s *kernel.Set, _, cols int) {
	got, want, x := kernel.NewQuantised(cols), kernel.NewQuantised(cols), e.floats(cols)
	got.Data = placed(e, got.Data)
	s.Quantise(got, x)
	kernel.Pure().Quantise(want, x)
	if !slices.Equal(got.Data, want.Data) {
		e.t.Fatalf("Quantise: got %v, want %v", got.Data, want.Data)
	}
}

func edgeBlocks(e *edges, s *kernel.Set, rows, cols int) {
	if rows == 0 || cols == 0 {
		return
	}
	rows *= 7 // several blocks
	m := e.draws.matrix(rows, cols)
	f, h, w := kernel.NewBlocks(m), kernel.NewBlocksBF16(m), kernel.NewBlocksInt8(m)
	f.Data, h.Data, w.Data, w.Scale = placed(e, f.Data), placed(e, h.Data), placed(e, w.Data), placed(e, w.Scale)
	blocks, ids := placed(e, e.ids(3, f.Count())), placed(e, e.ids(7, cols))
	x, b, y := e.floats(len(ids)), e.bias(rows, cols), e.floats(16*len(blocks))
	s.BlockMatVec(y, f, blocks, ids, x, b)
	near(e.t, "float32 blocks", y, naiveBlocks(m, blocks, ids, x, b), 10)
	s.BlockMatVecBF16(y, h, blocks, ids, x, b)
	near(e.t, "bf16 blocks", y, naiveBlocks(h.Dense(), blocks, ids, x, b), 10)
	s.BlockMatVecInt8(y, w, blocks, ids, x, b)
	near(e.t, "int8 blocks", y, naiveBlocks(w.Dense(), blocks, ids, x, b), 10)
}

func edgeHadamard(e *edges, s *kernel.Set, log, cols int) {
	if log > 10 || cols%16 != 0 { // sizes do not depend on cols
		return
	}
	v, flips := e.floats(1<<log), placed(e, e.signMasks(1<<log))
	want := slices.Clone(v)
	kernel.Pure().Hadamard(want, flips)
	s.Hadamard(v, flips)
	sameBits(e.t, "Hadamard", v, want)
}

func edgeSigns(e *edges, s *kernel.Set, rows, cols int) {
	v := e.floats(rows*cols/2 + cols)
	got, want := placed(e, make([]uint64, (len(v)+63)/64)), make([]uint64, (len(v)+63)/64)
	kernel.Pure().Signs(want, v)
	if s.Signs(got, v); !slices.Equal(got, want) {
		e.t.Fatalf("Signs: got %x, want %x", got, want)
	}
}

func edgeWiden(e *edges, s *kernel.Set, _, n int) {
	src, dst := placed(e, make([]uint16, n)), e.floats(n)
	for i := range src {
		src[i] = uint16(e.next())
	}
	s.Widen(dst, src)
	for i, v := range src {
		if dst[i] != float32(v) {
			e.t.Fatalf("Widen: element %d: got %v, want %v", i, dst[i], v)
		}
	}
}

func edgeUnion(e *edges, s *kernel.Set, rows, n int) {
	nodes := 1 + rows
	ids, stamps, dst := placed(e, e.ids(n, nodes)), placed(e, make([]uint32, nodes)), placed(e, make([]int32, n))
	if got := s.Union(dst, stamps, 1, ids); got > min(n, nodes) {
		e.t.Fatalf("Union: got %d of %d nodes", got, nodes)
	}
}

// edgeGemm has views that end with their last element.
func edgeGemm(e *edges, s *kernel.Set, m, n int) {
	k, tiles := 1+(7*m+n)%19, e.scratch()
	for bits := range 4 {
		a, b := e.operandAtEdge(m, k, bits&1 != 0), e.operandAtEdge(k, n, bits&2 != 0)
		cRow, accumulate := n+e.intn(3), e.intn(2) == 0
		c := e.floats(viewSize(m, n, cRow, 1))
		want := slices.Clone(c)
		tripleLoop(m, n, k, a, b, want, cRow, accumulate)
		s.Gemm(tiles, m, n, k, a.data, a.row, a.col, b.data, b.row, b.col, c, cRow, accumulate)
		near(e.t, "Gemm", c, want, float64(k))
	}
}

// scratch returns Gemm's, which is too large to make for every size.
func (e *edges) scratch() *kernel.Tiles {
	if e.tiles == nil {
		e.tiles = kernel.NewTiles()
	}
	return e.tiles
}

func (e *edges) operandAtEdge(rows, cols int, transposed bool) operand {
	o := operand{row: cols + e.intn(3), col: 1}
	if transposed {
		o = operand{row: 1, col: rows + e.intn(3)}
	}
	o.data = e.floats(viewSize(rows, cols, o.row, o.col))
	return o
}

// viewSize is how many floats a view reaches over.
func viewSize(rows, cols, rowStep, colStep int) int {
	if rows == 0 || cols == 0 {
		return 0
	}
	return (rows-1)*rowStep + (cols-1)*colStep + 1
}

// Gemm with several blocks of terms, rows and columns.
func TestLargeGemmStaysInItsSlices(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		for _, atEnd := range []bool{true, false} {
			e := &edges{t: t, atEnd: atEnd}
			for _, q := range [][2]int{{100, 70}, {199, 33}, {12, 1030}} {
				e.run(fmt.Sprint(q), func() { edgeGemm(e, s, q[0], q[1]) })
			}
		}
	})
}

// Tables beyond the caches take paths of their own, which look ahead in ids.
func TestKernelsStayInLargeTables(t *testing.T) {
	if testing.Short() {
		t.Skip("maps 33 MiB")
	}
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		for _, atEnd := range []bool{true, false} {
			table, e := &edges{t: t, atEnd: atEnd}, &edges{t: t, atEnd: atEnd}
			for _, cols := range []int{61, 80, 107} {
				rows := 8<<20/cols&^3 + 7
				data := unsafe.Slice((*float32)(table.place(4*cols*rows)), cols*rows) // hardly written, so that it takes little memory
				w := &kernel.Matrix{Rows: rows, Cols: cols, Stride: cols, Data: data}
				e.run(fmt.Sprint(cols), func() { edgeLargeTable(e, s, w) })
				table.check()
			}
		}
	})
}

func edgeLargeTable(e *edges, s *kernel.Set, w *kernel.Matrix) {
	ids := e.ids(37+e.intn(40), w.Rows)
	ids[0], ids[len(ids)-1] = 0, int32(w.Rows-1)
	ids, x := placed(e, ids), e.floats(w.Cols)
	y, all, want := e.floats(len(ids)), e.floats(w.Rows), make([]float32, len(ids))
	for _, id := range ids {
		e.fill(w.Row(int(id)))
	}
	kernel.Pure().GatherMatVec(want, w, ids, x, nil)
	s.GatherMatVec(y, w, ids, x, nil)
	near(e.t, "GatherMatVec", y, want, float64(w.Cols))
	s.MatVec(all, w, x, nil)
	for i, id := range ids {
		sameBits(e.t, "MatVec", all[id:id+1], y[i:i+1])
	}
}

// A slice must be where the other tests believe it to be.
func TestBeyondTheEdgeIsAFault(t *testing.T) {
	for _, atEnd := range []bool{true, false} {
		e := &edges{t: t, atEnd: atEnd}
		for n := range 40 {
			p := unsafe.Pointer(unsafe.SliceData(placed(e, make([]uint16, n))))
			at := -1
			if atEnd {
				at = 2 * n
			}
			if !faults((*byte)(unsafe.Add(p, at))) {
				t.Errorf("%s: byte %d of %d can be read", e.where(), at, 2*n)
			}
			e.reset()
		}
	}
}

func faults(p *byte) (fault bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { fault = recover() != nil }()
	runtime.KeepAlive(*p)
	return false
}

// The last step of a row loads whole registers, except where the tables end.
func TestMatVecCSRReadsNothingPastTheTables(t *testing.T) {
	e := &edges{t: t, atEnd: true}
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		for n := range 40 {
			w := kernel.NewMatrix(2, 40)
			e.fill(w.Row(0)[40-n:])
			e.fill(w.Row(1)[40-n/2:])
			e.run(fmt.Sprint(n), func() {
				m, x := kernel.NewCSR(w), e.floats(40)
				m.Start, m.Col, m.Val = placed(e, m.Start), placed(e, m.Col), placed(e, m.Val)
				checkCSR(t, s, m, x, nil, 0)
			})
		}
	})
}
