package kernel

import "fmt"

// BlockNodes is how many nodes a block has: a cache line of float32 weights.
const BlockNodes = 16

// Blocks is a dense float32 table for products that choose both nodes and inputs: nodes
// in blocks of 16, and inside a block input after input, so that the weights of a chosen
// input for a chosen block are one cache line. Weight j of node i is
// Data[(i/16*Cols+j)*16+i%16]. A last block of fewer nodes is filled up with zeros.
type Blocks struct {
	Rows, Cols int       // nodes, inputs
	Data       []float32 // 64-byte aligned
}

// BlocksBF16 is Blocks of bfloat16 numbers, as [BF16] has them. The weights of an input
// are half a cache line: inputs that are next to each other share one.
type BlocksBF16 struct {
	Rows, Cols int
	Data       []uint16 // 64-byte aligned
}

// BlocksInt8 is Blocks of integers with a scale a node, as [Int8] has them. The weights of
// an input are a quarter of a cache line.
type BlocksInt8 struct {
	Rows, Cols int
	Data       []int8    // 64-byte aligned, -127..127
	Scale      []float32 // of each node, and zeros for those that fill the last block
}

// NewBlocks copies a node-major matrix. It panics if m is short of elements.
func NewBlocks(m *Matrix) *Blocks {
	mustHold("block", m)
	return &Blocks{Rows: m.Rows, Cols: m.Cols, Data: toBlocks(m.Data, m.Rows, m.Cols, m.Stride)}
}

// NewBlocksBF16 rounds a node-major matrix as [NewBF16] does.
func NewBlocksBF16(m *Matrix) *BlocksBF16 {
	w := NewBF16(m)
	return &BlocksBF16{Rows: w.Rows, Cols: w.Cols, Data: toBlocks(w.Data, w.Rows, w.Cols, w.Stride)}
}

// NewBlocksInt8 rounds a node-major matrix as [NewInt8] does, of any number of columns.
func NewBlocksInt8(m *Matrix) *BlocksInt8 {
	w := roundInt8(m)
	scale := alignedOf[float32](roundUp(w.Rows, BlockNodes))
	copy(scale, w.Scale)
	return &BlocksInt8{Rows: w.Rows, Cols: w.Cols, Data: toBlocks(w.Data, w.Rows, w.Cols, w.Stride), Scale: scale}
}

func toBlocks[T any](rows []T, count, cols, stride int) []T {
	out := alignedOf[T](roundUp(count, BlockNodes) * cols)
	if cols == 0 {
		return out
	}
	for i := range count {
		node := out[i/BlockNodes*cols*BlockNodes+i%BlockNodes:]
		for j, v := range rows[i*stride : i*stride+cols] {
			node[j*BlockNodes] = v
		}
	}
	return out
}

func fromBlocks[T any](data []T, count, cols int, number func(v T, node int) float32) *Matrix {
	m := NewMatrix(count, cols)
	if cols == 0 {
		return m
	}
	for i := range count {
		node, out := data[i/BlockNodes*cols*BlockNodes+i%BlockNodes:], m.Row(i)
		for j := range out {
			out[j] = number(node[j*BlockNodes], i)
		}
	}
	return m
}

// Count returns the number of blocks.
func (w *Blocks) Count() int { return blockCount(w.Rows) }

// Count returns the number of blocks.
func (w *BlocksBF16) Count() int { return blockCount(w.Rows) }

// Count returns the number of blocks.
func (w *BlocksInt8) Count() int { return blockCount(w.Rows) }

func blockCount(rows int) int { return (rows + BlockNodes - 1) / BlockNodes }

// Bytes returns the size of the table.
func (w *Blocks) Bytes() int64 { return 4 * int64(len(w.Data)) }

// Bytes returns the size of the table.
func (w *BlocksBF16) Bytes() int64 { return 2 * int64(len(w.Data)) }

// Bytes returns the size of the tables.
func (w *BlocksInt8) Bytes() int64 { return int64(len(w.Data)) + 4*int64(len(w.Scale)) }

// Dense returns the node-major matrix: the inverse of NewBlocks.
func (w *Blocks) Dense() *Matrix {
	return fromBlocks(w.Data, w.Rows, w.Cols, func(v float32, _ int) float32 { return v })
}

// Dense returns the numbers of the table as a node-major matrix.
func (w *BlocksBF16) Dense() *Matrix {
	return fromBlocks(w.Data, w.Rows, w.Cols, func(v uint16, _ int) float32 { return fromBF16(v) })
}

// Dense returns the weights that the table stands for as a node-major matrix.
func (w *BlocksInt8) Dense() *Matrix {
	return fromBlocks(w.Data, w.Rows, w.Cols, func(v int8, node int) float32 { return w.Scale[node] * float32(v) })
}

// wholeBlocks says whether n weights are a table of that size.
func wholeBlocks(rows, cols, n int) bool {
	return rows >= 0 && cols >= 0 && (rows == 0 || cols <= n/BlockNodes/blockCount(rows))
}

// checkBlocks panics unless the table is whole and the rest fits it.
func checkBlocks(kind string, rows, cols int, whole bool, y []float32, blocks, ids []int32, x, b []float32) {
	if !whole || len(y)/BlockNodes < len(blocks) || len(x) < len(ids) || b != nil && len(b) < rows {
		panic(fmt.Sprintf("kernel: %d blocks of a %dx%d %s block table (whole: %t) times %d values of %d inputs plus %d biases into %d outputs: a slice is too short",
			len(blocks), rows, cols, kind, whole, len(x), len(ids), len(b), len(y)))
	}
	checkIDs(blocks, blockCount(rows))
	checkIDs(ids, cols)
}

func (w *Blocks) check(y []float32, blocks, ids []int32, x, b []float32) {
	checkBlocks("float32", w.Rows, w.Cols, wholeBlocks(w.Rows, w.Cols, len(w.Data)), y, blocks, ids, x, b)
}

func (w *BlocksBF16) check(y []float32, blocks, ids []int32, x, b []float32) {
	checkBlocks("bf16", w.Rows, w.Cols, wholeBlocks(w.Rows, w.Cols, len(w.Data)), y, blocks, ids, x, b)
}

func (w *BlocksInt8) check(y []float32, blocks, ids []int32, x, b []float32) {
	whole := wholeBlocks(w.Rows, w.Cols, len(w.Data)) && len(w.Scale)/BlockNodes >= blockCount(w.Rows)
	checkBlocks("int8", w.Rows, w.Cols, whole, y, blocks, ids, x, b)
}

func blockMatVecGo(y []float32, w *Blocks, blocks, ids []int32, x, b []float32) {
	w.check(y, blocks, ids, x, b)
	for i, block := range blocks {
		out, data := y[i*BlockNodes:(i+1)*BlockNodes], w.Data[int(block)*w.Cols*BlockNodes:]
		clear(out)
		for k, id := range ids {
			weights, f := data[int(id)*BlockNodes:(int(id)+1)*BlockNodes], x[k]
			for lane, v := range weights {
				out[lane] += float32(f * v)
			}
		}
		finishBlock(out, int(block), w.Rows, b)
	}
}

func blockMatVecBF16Go(y []float32, w *BlocksBF16, blocks, ids []int32, x, b []float32) {
	w.check(y, blocks, ids, x, b)
	for i, block := range blocks {
		out, data := y[i*BlockNodes:(i+1)*BlockNodes], w.Data[int(block)*w.Cols*BlockNodes:]
		clear(out)
		for k, id := range ids {
			weights, f := data[int(id)*BlockNodes:(int(id)+1)*BlockNodes], x[k]
			for lane, h := range weights {
				out[lane] += float32(f * fromBF16(h))
			}
		}
		finishBlock(out, int(block), w.Rows, b)
	}
}

func blockMatVecInt8Go(y []float32, w *BlocksInt8, blocks, ids []int32, x, b []float32) {
	w.check(y, blocks, ids, x, b)
	for i, block := range blocks {
		out, data := y[i*BlockNodes:(i+1)*BlockNodes], w.Data[int(block)*w.Cols*BlockNodes:]
		clear(out)
		for k, id := range ids {
			weights, f := data[int(id)*BlockNodes:(int(id)+1)*BlockNodes], x[k]
			for lane, q := range weights {
				out[lane] += float32(f * float32(q))
			}
		}
		for lane, scale := range w.Scale[int(block)*BlockNodes:][:BlockNodes] {
			out[lane] = float32(scale * out[lane])
		}
		finishBlock(out, int(block), w.Rows, b)
	}
}

// finishBlock adds the biases of a block's nodes, and clears what stands for no node.
func finishBlock(out []float32, block, rows int, b []float32) {
	first := block * BlockNodes
	nodes := min(BlockNodes, rows-first)
	clear(out[nodes:])
	if b != nil {
		for lane, bias := range b[first : first+nodes] {
			out[lane] += bias
		}
	}
}
