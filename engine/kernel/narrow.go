package kernel

import "fmt"

const (
	bf16Stride = lineBytes / 2
	int8Stride = lineBytes
)

func roundUp(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }

// holdsRows says whether n elements hold a table whose rows are padded at least to a
// multiple, as kernels that read whole registers need it.
func holdsRows(rows, cols, stride, n, multiple int) bool {
	return rows >= 0 && cols >= 0 && cols <= stride && roundUp(cols, multiple) <= stride &&
		(stride == 0 || rows <= n/stride)
}

// tableSize is what the checks need to know of a table and its product, whatever the type.
type tableSize struct {
	kind               string
	rows, cols, stride int
	holds              bool // the table has all of its elements
}

func (s tableSize) checkProduct(outputs, want, inputs int, b []float32) {
	if !s.holds || outputs < want || inputs < s.cols || b != nil && len(b) < s.rows {
		panic(fmt.Sprintf("kernel: %dx%d %s table (stride %d, whole: %t) times %d inputs plus %d biases into %d outputs: a slice is too short",
			s.rows, s.cols, s.kind, s.stride, s.holds, inputs, len(b), outputs))
	}
}

func (s tableSize) checkAxpy(y []float32, ids []int32, a []float32) {
	if !s.holds || len(y) < s.cols || len(a) < len(ids) {
		panic(fmt.Sprintf("kernel: axpy of %d ids, %d factors and a %dx%d %s table (stride %d, whole: %t) into %d sums: a slice is too short",
			len(ids), len(a), s.rows, s.cols, s.kind, s.stride, s.holds, len(y)))
	}
	checkIDs(ids, s.rows)
}

// withNarrowGo adds the kernels of this file's types in plain Go.
func withNarrowGo(s *Set) *Set {
	s.MatVecBF16, s.GatherBF16, s.AxpyBF16 = matVecBF16Go, gatherBF16Go, axpyBF16Go
	s.MatVecInt8, s.GatherInt8, s.AxpyInt8 = matVecInt8Go, gatherInt8Go, axpyInt8Go
	s.Quantise = quantiser{}.quantise
	s.BlockMatVec, s.BlockMatVecBF16, s.BlockMatVecInt8 = blockMatVecGo, blockMatVecBF16Go, blockMatVecInt8Go
	return s
}
