package kernel

import (
	"fmt"
	"math"
	"unsafe"
)

// maxCSRCols is how many columns 16 bits can number. Columns of 16 bits are worth the
// limit: a quarter less to read, and four of them come with one load.
const maxCSRCols = 1 << 16

// CSR is a sparse matrix in compressed rows: the elements of row i are Val[k] in column
// Col[k], for Start[i] <= k < Start[i+1], in strictly ascending columns. All others are
// zero and are not multiplied, even with an input that is infinite or not a number.
// There are at most 65,536 columns.
//
// NewCSR makes one that is known to be sound. One made by hand needs [CSR.Validate], or
// each product checks all of its tables; after that their elements must not change.
type CSR struct {
	Rows, Cols int
	Start      []int32 // Rows+1, from 0
	Col        []uint16
	Val        []float32

	checked csrTables // those that Validate found to be sound
}

// csrTables tells whether a CSR still has the sizes and slices that were checked.
type csrTables struct {
	rows, cols, starts, columns, values int

	start *int32
	col   *uint16
	val   *float32
}

func (c *CSR) tables() csrTables {
	return csrTables{c.Rows, c.Cols, len(c.Start), len(c.Col), len(c.Val),
		unsafe.SliceData(c.Start), unsafe.SliceData(c.Col), unsafe.SliceData(c.Val)}
}

// NewCSR returns the elements of m that are not zero of either sign. It panics if m has
// more than 65,536 columns.
func NewCSR(m *Matrix) *CSR {
	if !holds(m) || m.Cols > maxCSRCols {
		panic(fmt.Sprintf("kernel: CSR of a %dx%d matrix (stride %d, %d floats): want at most %d columns and whole rows",
			m.Rows, m.Cols, m.Stride, len(m.Data), maxCSRCols))
	}
	n := countNonZero(m)
	c := &CSR{Rows: m.Rows, Cols: m.Cols, Start: make([]int32, m.Rows+1), Col: make([]uint16, 0, n), Val: make([]float32, 0, n)}
	for i := range m.Rows {
		for j, v := range m.Row(i) {
			if v != 0 {
				c.Col, c.Val = append(c.Col, uint16(j)), append(c.Val, v)
			}
		}
		c.Start[i+1] = int32(len(c.Val))
	}
	c.checked = c.tables()
	return c
}

func countNonZero(m *Matrix) int {
	n := 0
	for i := range m.Rows {
		for _, v := range m.Row(i) {
			if v != 0 {
				n++
			}
		}
	}
	if n > math.MaxInt32 {
		panic(fmt.Sprintf("kernel: CSR of %d elements: want at most %d", n, math.MaxInt32))
	}
	return n
}

// Bytes returns the size of the tables.
func (c *CSR) Bytes() int64 {
	return 4*int64(len(c.Start)) + 2*int64(len(c.Col)) + 4*int64(len(c.Val))
}

// Dense returns the matrix with its zeros: the inverse of NewCSR.
func (c *CSR) Dense() *Matrix {
	c.mustBeSound()
	m := NewMatrix(c.Rows, c.Cols)
	for i := range c.Rows {
		row := m.Row(i)
		for k := c.Start[i]; k < c.Start[i+1]; k++ {
			row[c.Col[k]] = c.Val[k]
		}
	}
	return m
}

// Validate checks that the tables fit each other and that columns ascend and are in
// range. If they do, it remembers that, so that products need not look again until a
// slice or a size is replaced. Like any write, it needs the CSR to itself.
func (c *CSR) Validate() error {
	if err := c.check(); err != nil {
		return err
	}
	c.checked = c.tables()
	return nil
}

// mustBeSound panics unless the tables are sound. It does not remember that they are,
// because others may be reading.
func (c *CSR) mustBeSound() {
	if c.checked == c.tables() {
		return
	}
	if err := c.check(); err != nil {
		panic(err.Error())
	}
}

func (c *CSR) check() error {
	if c.Rows < 0 || c.Cols < 0 || c.Cols > maxCSRCols {
		return fmt.Errorf("kernel: CSR of %dx%d: want at most %d columns", c.Rows, c.Cols, maxCSRCols)
	}
	if len(c.Start) != c.Rows+1 || len(c.Col) != len(c.Val) {
		return fmt.Errorf("kernel: CSR of %d rows with %d starts, %d columns and %d values: want a start more than rows, and as many columns as values",
			c.Rows, len(c.Start), len(c.Col), len(c.Val))
	}
	if c.Start[0] != 0 || int(c.Start[c.Rows]) != len(c.Val) {
		return fmt.Errorf("kernel: CSR from %d to %d: want 0 to %d, the number of values", c.Start[0], c.Start[c.Rows], len(c.Val))
	}
	// All the starts come first: only if they ascend are those of a row in range.
	for i := range c.Rows {
		if c.Start[i] > c.Start[i+1] {
			return fmt.Errorf("kernel: CSR row %d from %d to %d: want ascending starts", i, c.Start[i], c.Start[i+1])
		}
	}
	for i := range c.Rows {
		if err := c.checkRow(i); err != nil {
			return err
		}
	}
	return nil
}

func (c *CSR) checkRow(i int) error {
	least := 0
	for k := c.Start[i]; k < c.Start[i+1]; k++ {
		j := int(c.Col[k])
		if j < least || j >= c.Cols {
			return fmt.Errorf("kernel: CSR row %d has column %d at %d: want %d..%d, ascending", i, j, k, least, c.Cols-1)
		}
		least = j + 1
	}
	return nil
}

func checkMatVecCSR(y []float32, m *CSR, x, bias []float32) {
	if len(y) < m.Rows || len(x) < m.Cols || bias != nil && len(bias) < m.Rows {
		panic(fmt.Sprintf("kernel: %dx%d CSR times %d inputs plus %d biases into %d outputs: a slice is too short",
			m.Rows, m.Cols, len(x), len(bias), len(y)))
	}
	m.mustBeSound()
}

func matVecCSRGo(y []float32, m *CSR, x, bias []float32) {
	checkMatVecCSR(y, m, x, bias)
	for i := range m.Rows {
		from, to := m.Start[i], m.Start[i+1]
		y[i] = sparseDotGo(m.Col[from:to], m.Val[from:to], x) + biasAt(bias, i)
	}
}

// sparseDotGo keeps four sums for the reason that dotGo does.
func sparseDotGo(col []uint16, val, x []float32) float32 {
	val = val[:len(col)]
	var s0, s1, s2, s3 float32
	k := 0
	for ; k+4 <= len(col); k += 4 {
		j, v := col[k:k+4:k+4], val[k:k+4:k+4]
		s0 += float32(v[0] * x[j[0]])
		s1 += float32(v[1] * x[j[1]])
		s2 += float32(v[2] * x[j[2]])
		s3 += float32(v[3] * x[j[3]])
	}
	for ; k < len(col); k++ {
		s0 += float32(val[k] * x[col[k]])
	}
	return (s0 + s1) + (s2 + s3)
}
