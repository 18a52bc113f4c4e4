package bench

import "slosim/engine/kernel"

// Densities that other layouts and storage types are shown at.
var fewDensities = []float64{0.01, 0.10, 0.50}

// addNarrow adds the dense and the picking kernels for narrower weights. The times of
// int8 include making its 7-bit inputs.
func (t *table) addNarrow() {
	half, byte8, q := kernel.NewBF16(t.w), kernel.NewInt8(t.w), kernel.NewQuantised(t.w.Cols)
	t.set.Tune(half)
	t.set.Tune(byte8)
	t.addRows("bf16", half, 2,
		func() { t.set.MatVecBF16(t.y, half, t.x, t.b) },
		func(ids []int32) { t.set.PickBF16(t.y, t.all, half, ids, t.x, t.b) })
	t.addRows("int8", byte8, 1,
		func() {
			t.set.Quantise(q, t.x)
			t.set.MatVecInt8(t.y, byte8, q, t.b)
		},
		func(ids []int32) {
			t.set.Quantise(q, t.x)
			t.set.PickInt8(t.y, t.all, byte8, ids, q, t.b)
		})
}

// addRows adds the kernels of one storage type, whose elements have some bytes.
func (t *table) addRows(storage string, w kernel.Table, bytes int, dense func(), gather func(ids []int32)) {
	forms, reader := t.set.Forms(w), t.set.NewTableReader(w)
	t.add(Case{Kernel: "dense", Type: storage, Density: 1, reader: reader, State: t.state(), Variant: forms.Dense.String(),
		Bytes: bytes * t.w.Rows * t.w.Cols, Call: dense})
	for _, density := range fewDensities {
		sets, variant := newRowSets(t.w.Rows, density, 0), forms.Picked.String()
		if density > forms.BreakEven {
			variant = "dense above " + percent(forms.BreakEven)
		}
		t.add(Case{Kernel: "gather", Type: storage, Density: density, State: t.state(), Variant: variant,
			Bytes: bytes * sets.size() * t.w.Cols, Call: func() { gather(t.pick(sets)) }, reader: reader})
	}
}

// addInputSparse adds the kernels that read the weights of some inputs only: feature-major
// ones, and blocks of nodes that are chosen too, with as many blocks as inputs.
func (t *table) addInputSparse() {
	if t.cold { // a table for many inputs or many nodes, hardly for both
		return
	}
	wide, blocks := t.w.Transposed(), kernel.NewBlocks(t.w)
	for _, density := range fewDensities {
		inputs := newRowSets(t.w.Cols, density, 0)
		values := fill(make([]float32, inputs.size()))
		t.add(Case{Kernel: "input-sparse", Type: "float32", Density: density, State: Warm, Variant: "feature-major",
			Bytes: 4 * inputs.size() * t.w.Rows, Call: func() {
				copy(t.y, t.b)
				t.set.Axpy(t.y, wide, inputs.next(), values)
			}})
		chosen := newRowSets(blocks.Count(), density, 0)
		y := kernel.Aligned(chosen.size() * kernel.BlockNodes)
		t.add(Case{Kernel: "both-sided", Type: "float32", Density: density, State: Warm, Variant: "blocks of 16",
			Bytes: 4 * chosen.size() * kernel.BlockNodes * inputs.size(), Call: func() {
				t.set.BlockMatVec(y, blocks, chosen.next(), inputs.next(), values, t.b)
			}})
	}
}
