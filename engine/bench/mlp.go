package bench

import (
	"slosim/engine"
	"slosim/engine/kernel"
)

// mlp is the group of a whole network: its layers one after another.
type mlp struct {
	*Group
	set    *kernel.Set
	net    *engine.Network
	pass   *engine.Scratch
	layers [][]float32 // outputs
	wide   []*kernel.Matrix
	inputs []float32
	values []float32
}

// Network returns the group of a plain network: a forward pass of its layers by each
// library, with a share of the hidden nodes, and with narrower weights; and the
// activators of its sparse-trained twin. It fails if that has none.
func Network(set *kernel.Set, plain, sparse *engine.Network, samples engine.Samples) (*Group, error) {
	m, q := newNetwork(set, plain, samples)
	m.addDense()
	m.addNarrow()
	for _, density := range Densities {
		m.addSparse(density)
	}
	return m.Group, m.addActivators(sparse, samples, q)
}

// newNetwork returns the group without cases.
func newNetwork(set *kernel.Set, plain *engine.Network, samples engine.Samples) (*mlp, *queries) {
	m := &mlp{
		Group: newGroup("mlp", int(4*plain.Ops()), set.NewReader(int(4*plain.Ops()))), set: set, net: plain, pass: plain.NewScratch(),
	}
	widest := 0
	for i := range plain.Layers {
		w := plain.Layers[i].W
		set.Tune(w)
		m.layers = append(m.layers, kernel.Aligned(w.Rows))
		m.wide = append(m.wide, w.Transposed())
		widest = max(widest, w.Rows)
	}
	m.values = kernel.Aligned(widest)
	q := newQueries(samples, plain.Inputs())
	m.inputs = q.inputs[0]
	return m, q
}

func (m *mlp) addDense() {
	c := Case{Kernel: "dense", Type: "float32", Density: 1, State: Warm, Bytes: m.Bytes,
		Variant: m.set.Forms(m.net.Layers[0].W).Dense.String()}
	c.Call = func() { m.net.Forward(m.set, m.pass, m.inputs) }
	m.add(c)
	for _, other := range baselines() {
		c.Kernel, c.Variant, c.Library = other.name, "", true
		c.Call = func() { m.forward(other.product) }
		m.add(c)
	}
}

func (m *mlp) addNarrow() {
	for _, storage := range engine.Storages()[1:] {
		narrow, err := engine.NewNarrow(m.net, storage)
		if err != nil {
			continue // weights that it cannot keep; StorageOf says so
		}
		narrow.Tune(m.set)
		scratch := narrow.NewScratch()
		m.add(Case{Kernel: "dense", Type: storage, Density: 1, State: Warm, Bytes: int(narrow.Bytes()),
			reader: m.set.NewReader(int(narrow.Bytes())), Call: func() { narrow.Forward(m.set, scratch, m.inputs) }})
	}
}

// forward runs the network with another library's product.
func (m *mlp) forward(multiply product) {
	x := m.inputs
	for i := range m.net.Layers {
		l := &m.net.Layers[i]
		multiply(m.layers[i], l.W, x, l.Bias[0])
		x = m.layers[i]
		if i < len(m.layers)-1 {
			kernel.Rectify(x)
		}
	}
}

// addSparse adds a pass that computes chosen nodes of the first layer, and the others from
// the inputs that are left, feature-major: as slo-nn does once its activator has chosen.
// Above the break-even density of the first layer the dense pass takes over.
func (m *mlp) addSparse(density float64) {
	first := m.net.Layers[0].W
	sets := newRowSets(first.Rows, density, 0)
	bytes := sets.size() * first.Cols
	for _, w := range m.wide[1:] {
		bytes += sets.size() * w.Cols
	}
	c := Case{Kernel: "sparse pass", Type: "float32", Density: density, State: Warm, Bytes: 4 * bytes,
		Variant: "gather, then input-sparse"}
	c.Call = func() { m.sparse(sets.next()) }
	if limit := m.set.Forms(first).BreakEven; density > limit {
		c.Variant = "dense above " + percent(limit)
		c.Call = func() { m.net.Forward(m.set, m.pass, m.inputs) }
	}
	m.add(c)
}

// sparse reads the weights of every chosen node, whether its ReLU lets it pass or not, so
// that a density means the same for all inputs; dropped nodes of later layers are those
// that do not follow the first ones.
func (m *mlp) sparse(ids []int32) {
	l := &m.net.Layers[0]
	values := m.values[:len(ids)]
	m.set.GatherMatVec(values, l.W, ids, m.inputs, l.Bias[0])
	kernel.Rectify(values)
	for i := 1; i < len(m.layers); i++ {
		y := m.layers[i]
		copy(y, m.net.Layers[i].Bias[0])
		m.set.Axpy(y, m.wide[i], ids, values)
		kernel.Rectify(y)
		for k, id := range ids {
			if i < len(m.layers)-1 {
				values[k] = y[id]
			}
		}
	}
}
