package kernel

// The largest packed block of A, panel of B and tile of any variant, in floats.
const (
	maxBlockA = 256 * 384
	maxBlockB = 1024 * 384
	maxTile   = 32 * 48
)

// Tiles is the scratch of one Gemm at a time: the blocks of A and B it works on, packed
// in the order the inner loop reads them, and a tile for the edges. About 2 MB.
type Tiles struct {
	a, b, edge []float32
}

// NewTiles returns scratch for any variant's Gemm, of any size. One per thread.
func NewTiles() *Tiles {
	return &Tiles{a: Aligned(maxBlockA), b: Aligned(maxBlockB), edge: Aligned(maxTile)}
}

// blocking is a variant of Gemm: the sizes of its blocks and its inner loop.
//
// The product is cut as in Goto and van de Geijn, "Anatomy of high-performance matrix
// multiplication" (2008): nc columns and kc terms of B are packed for the outer cache,
// mc rows of A for the L2 cache, and tiles of mr x nr sums stay in registers. Terms are
// added in blocks of kc whatever m and n are, which is what keeps the bits the same
// when the rows or columns are split.
type blocking struct {
	mr, nr     int // tile
	mc, kc, nc int // blocks; mc divides by mr, nc by nr
	// micro computes an mr x nr tile from packed a (k x mr) and b (k x nr) and stores it
	// to c, or adds it.
	micro func(k int, a, b, c []float32, stride int, add bool)

	packA, packB packer
}

// view is a strided matrix.
type view struct {
	data     []float32
	row, col int
}

func (v view) at(i, j int) view { return view{v.data[i*v.row+j*v.col:], v.row, v.col} }

func (g blocking) gemm(t *Tiles, m, n, k int, a []float32, aRow, aCol int, b []float32, bRow, bCol int, c []float32, cRow int, accumulate bool) {
	if m <= 0 || n <= 0 {
		return
	}
	checkView("c", len(c), m, n, cRow, 1)
	if k <= 0 {
		clearUnless(accumulate, m, n, c, cRow)
		return
	}
	checkView("a", len(a), m, k, aRow, aCol)
	checkView("b", len(b), k, n, bRow, bCol)
	va, vb := view{a, aRow, aCol}, view{b, bRow, bCol}
	terms := evenly(k, g.kc)
	for j := 0; j < n; j += g.nc {
		width := min(g.nc, n-j)
		for p := 0; p < k; p += terms {
			depth := min(terms, k-p)
			g.packB.pack(t.b, vb.at(p, j), depth, width, g.nr, vb.col, vb.row)
			for i := 0; i < m; i += g.mc {
				height := min(g.mc, m-i)
				g.packA.pack(t.a, va.at(i, p), depth, height, g.mr, va.row, va.col)
				g.block(t, height, width, depth, c[i*cRow+j:], cRow, accumulate || p > 0)
			}
		}
	}
}

// evenly cuts n into equal blocks of at most most, but for rounding up to a multiple of
// transposed. most is such a multiple too.
func evenly(n, most int) int {
	blocks := (n + most - 1) / most
	return ((n+blocks-1)/blocks + transposed - 1) &^ (transposed - 1)
}

func clearUnless(accumulate bool, m, n int, c []float32, cRow int) {
	if accumulate {
		return
	}
	for i := range m {
		clear(c[i*cRow : i*cRow+n])
	}
}

// block multiplies the packed block of A with the packed panel of B, tile by tile.
func (g blocking) block(t *Tiles, m, n, k int, c []float32, cRow int, add bool) {
	for j := 0; j < n; j += g.nr {
		b := t.b[j*k : (j+g.nr)*k]
		for i := 0; i < m; i += g.mr {
			a := t.a[i*k : (i+g.mr)*k]
			if i+g.mr <= m && j+g.nr <= n {
				g.micro(k, a, b, c[i*cRow+j:], cRow, add)
				continue
			}
			g.micro(k, a, b, t.edge, g.nr, false)
			for r := range min(g.mr, m-i) {
				out := c[(i+r)*cRow+j:]
				storeRow(out[:min(g.nr, n-j)], t.edge[r*g.nr:(r+1)*g.nr], add)
			}
		}
	}
}

// packer copies full panels. Its functions may be nil.
type packer struct {
	// rows copies depth rows as wide as the panel, step floats apart in src.
	rows func(dst, src []float32, depth, step int)
	// columns transposes as many lines as the panel is wide, line floats apart in src.
	// The depth divides by transposed.
	columns func(dst, src []float32, depth, line int)
}

// transposed is how many terms packer.columns handles at a time.
const transposed = 8

// pack copies a view of count lines with depth terms each into panels of width lines,
// term by term, and fills the last panel up with zeros. A line is line floats after the
// one before, a term step floats after the one before.
func (f packer) pack(dst []float32, v view, depth, count, width, line, step int) {
	for i := 0; i < count; i += width {
		f.panel(dst[i*depth:(i+width)*depth], v.data[i*line:], depth, min(width, count-i), width, line, step)
	}
}

func (f packer) panel(dst, src []float32, depth, lines, width, line, step int) {
	switch full := lines == width; {
	case full && line == 1 && f.rows != nil:
		f.rows(dst, src, depth, step)
	case full && step == 1 && f.columns != nil:
		most := depth &^ (transposed - 1)
		f.columns(dst, src, most, line)
		copyTerms(dst, src, most, depth, lines, width, line, step)
	default:
		clear(dst)
		copyTerms(dst, src, 0, depth, lines, width, line, step)
	}
}

// copyTerms copies the terms from to to-1, whatever the view's steps are.
func copyTerms(dst, src []float32, from, to, lines, width, line, step int) {
	for p := from; p < to; p++ {
		out := dst[p*width : p*width+lines]
		for l := range out {
			out[l] = src[l*line+p*step]
		}
	}
}
