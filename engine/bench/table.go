package bench

import (
	"fmt"

	"slosim/engine/kernel"
)

// inDRAM is from which size on a table is measured with cold rows, and with warm ones too:
// twice the largest L3 cache that one core usually reaches.
const inDRAM = 64 << 20

// table is a group of one table with the vectors that products need.
type table struct {
	*Group
	set     *kernel.Set
	w       *kernel.Matrix
	x, y, b []float32
	all     []float32 // results of all rows, where a dense pass takes over
	picked  []int32   // the rows of the last call that picks some
	cold    bool
}

// Table returns the group of a rows x cols table of float32 weights and its copies in
// other layouts and storage types.
func Table(set *kernel.Set, rows, cols int) *Group {
	t := newTable(set, rows, cols)
	t.addDense()
	t.addGathers()
	t.addNarrow()
	t.addInputSparse()
	return t.Group
}

// newTable returns the group without cases.
func newTable(set *kernel.Set, rows, cols int) *table {
	w := kernel.NewMatrix(rows, cols)
	for i := range rows {
		fill(w.Row(i))
	}
	set.Tune(w)
	return &table{
		Group: newGroup(fmt.Sprintf("%dx%d", rows, cols), 4*rows*cols, set.NewTableReader(w)), set: set, w: w,
		x: fill(kernel.Aligned(cols)), y: kernel.Aligned(rows), b: fill(kernel.Aligned(rows)), all: kernel.Aligned(rows),
		cold: 4*rows*cols >= inDRAM,
	}
}

// state is that of a table which is read from end to end, or in turn.
func (t *table) state() string {
	if t.cold {
		return Cold
	}
	return Warm
}

func (t *table) addDense() {
	form := t.set.Forms(t.w).Dense.String()
	c := Case{Kernel: "dense", Type: "float32", Density: 1, State: t.state(), Variant: form, Bytes: t.Bytes}
	c.Call = func() { t.set.MatVec(t.y, t.w, t.x, t.b) }
	t.add(c)
	for _, other := range baselines() {
		c.Kernel, c.Variant, c.Library = other.name, "", true
		c.Call = func() { other.product(t.y, t.w, t.x, t.b) }
		t.add(c)
	}
}

// addGathers adds the kernel that reads chosen rows, and above the break-even density the
// one that lets a dense pass take over. Rows are in random order, as ranked lists have
// them, and then in ascending order, as Set.TopK does.
func (t *table) addGathers() {
	for _, density := range Densities {
		t.addGather("gather", density, newRowSets(t.w.Rows, density, 0), t.state())
	}
	for _, density := range fewDensities {
		t.addGather("gather ascending", density, newRowSets(t.w.Rows, density, 0).ascending(), t.state())
	}
	if t.cold {
		for _, density := range Densities[:4] {
			t.addGather("gather", density, newRowSets(t.w.Rows, density, fewSets), Warm)
		}
	}
}

func (t *table) addGather(name string, density float64, sets *rowSets, state string) {
	forms := t.set.Forms(t.w)
	c := Case{Kernel: name, Type: "float32", Density: density, State: state,
		Variant: forms.Picked.String(), Bytes: 4 * sets.size() * t.w.Cols}
	if density > forms.BreakEven {
		c.Variant = "dense above " + percent(forms.BreakEven)
		c.Call = func() { t.set.PickMatVec(t.y, t.all, t.w, t.pick(sets), t.x, t.b) }
	} else {
		c.Call = func() { t.set.GatherMatVec(t.y, t.w, t.pick(sets), t.x, t.b) }
		c.Bare = func() { t.set.ReadRows(t.y, t.w, t.pick(sets), t.x) }
	}
	t.add(c)
}

// pick takes the next set of rows.
func (t *table) pick(sets *rowSets) []int32 {
	t.picked = sets.next()
	return t.picked
}

func percent(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }
