package kernel

import "unsafe"

//go:generate go run -C gen . -isa avx2 -part batch -out ../matmat_avx2_amd64.s -stubs ../matmat_avx2_amd64.go -pkg kernel
//go:generate go run -C gen . -isa avx512 -part batch -out ../matmat_avx512_amd64.s -stubs ../matmat_avx512_amd64.go -pkg kernel

// batchBlock is how many bytes of rows are multiplied with all inputs before the next: they
// stay in the L2 cache. From 64 to 512 KiB make a difference of 7 % (Zen 4, 1 MiB of L2);
// blocks that stay in the L1 cache, where each reads all inputs again, are 10 % slower.
const batchBlock = 256 << 10

// batchFunc multiplies rows from to to-1 of a table with as many inputs as it is made for.
// The stride is in bytes.
type batchFunc func(ys *[]float32, w *float32, stride, from, to int, xs *[]float32, cols int, b *float32)

// batchAssembly wraps functions that trust their arguments in one that checks them.
type batchAssembly struct {
	single       func(y []float32, w *Matrix, x, b []float32)
	pair, triple batchFunc
	four         batchFunc                // nil where two pairs have to do
	read         func(p *byte, bytes int) // whole steps of 1,024 bytes
}

func withBatchAVX2(s *Set) {
	s.MatMat = (&batchAssembly{s.MatVec, matMat2AVX2, matMat3AVX2, nil, readAheadAVX2}).checkedMatMat
}

func withBatchAVX512(s *Set) {
	s.MatMat = (&batchAssembly{s.MatVec, matMat2AVX512, matMat3AVX512, matMat4AVX512, readAheadAVX512}).checkedMatMat
}

func (a *batchAssembly) checkedMatMat(ys [][]float32, w *Matrix, xs [][]float32, b []float32) {
	checkMatMat(ys, w, xs, b)
	if len(xs) < 2 {
		for i, x := range xs {
			a.single(ys[i], w, x, b)
		}
		return
	}
	rows := max(batchBlock/max(4*w.Stride, 1)/12*12, 12) // whole tiles of 3 and of 4 rows
	distant := times(w.Rows, 4*w.Stride) > largeTable
	for from := 0; from < w.Rows; from += rows {
		to := min(from+rows, w.Rows)
		if distant {
			a.fetch(w, from, to)
		}
		a.block(ys, w, from, to, xs, b)
	}
}

// fetch brings rows into the L2 cache, in order, because memory gives rows side by side
// slowly: with a table of 105 MB, 2 inputs take 0.5 times as long, 8 inputs 0.6 and 32 inputs
// 0.8 times (Zen 4). Tables in the L3 cache gain nothing.
func (a *batchAssembly) fetch(w *Matrix, from, to int) {
	block := w.Data[from*w.Stride : to*w.Stride]
	a.read((*byte)(unsafe.Pointer(unsafe.SliceData(block))), 4*len(block)&^1023)
}

// block multiplies some rows with all inputs, of which there are two or more: with three at
// a time, and the last four or two apart.
func (a *batchAssembly) block(ys [][]float32, w *Matrix, from, to int, xs [][]float32, b []float32) {
	for len(xs) > 0 {
		n, multiply := a.next(len(xs))
		multiply(&ys[0], unsafe.SliceData(w.Data), 4*w.Stride, from, to, &xs[0], w.Cols, unsafe.SliceData(b))
		ys, xs = ys[n:], xs[n:]
	}
}

// next returns how many of two or more inputs come next, so that not one is left over.
func (a *batchAssembly) next(left int) (int, batchFunc) {
	switch {
	case left == 4 && a.four != nil:
		return 4, a.four
	case left == 2 || left == 4:
		return 2, a.pair
	}
	return 3, a.triple
}
