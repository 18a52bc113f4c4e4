package kernel

// transposeBlock is the side of the squares that Transposed copies: both of them stay
// in the first-level cache.
const transposeBlock = 32

// Transposed returns a copy with rows and columns exchanged: of a node-major table the
// feature-major one.
func (m *Matrix) Transposed() *Matrix {
	t := NewMatrix(m.Cols, m.Rows)
	for top := 0; top < m.Rows; top += transposeBlock {
		for left := 0; left < m.Cols; left += transposeBlock {
			for i := top; i < min(top+transposeBlock, m.Rows); i++ {
				for j := left; j < min(left+transposeBlock, m.Cols); j++ {
					t.Data[j*t.Stride+i] = m.Data[i*m.Stride+j]
				}
			}
		}
	}
	return t
}
