package engine

import (
	"encoding/json"
	"fmt"

	"slosim/engine/activator"
	"slosim/engine/kernel"
)

// Names of the activators whose tables a network's file can carry.
const (
	LinearActivator    = "linear"
	ClusteredActivator = "clustered"
	LSHActivator       = "lsh"
)

// Observer shows a network's hidden activations to the builders of activators.
type Observer struct {
	net     *Network
	set     *kernel.Set
	level   int
	scratch *Scratch
}

// NewObserver watches net at a level of its densities.
func NewObserver(net *Network, set *kernel.Set, level int) *Observer {
	return &Observer{net, set, level, net.NewScratch()}
}

// Hidden implements [activator.Network].
func (o *Observer) Hidden(x []float32) [][]float32 {
	o.net.ForwardLevel(o.set, o.scratch, o.level, x)
	return o.scratch.layers[:len(o.scratch.layers)-1]
}

// PutLinear stores an activator's tables with the network, weights as Encoding says.
func (n *Network) PutLinear(t *activator.LinearTables) {
	n.put("linear/basis", Floats(t.Basis, Float32))
	n.put("linear/offset", Vector(t.Offset))
	n.put("linear/map", Floats(t.Map, Float32))
	n.put("linear/bias", Vector(t.Bias))
}

// Linear returns the tables that [Network.PutLinear] stored.
func (n *Network) Linear() (*activator.LinearTables, error) {
	r := reader{n: n}
	t := &activator.LinearTables{
		Basis: r.matrix("linear/basis"), Offset: r.vector("linear/offset"),
		Map: r.matrix("linear/map"), Bias: r.vector("linear/bias"),
	}
	if r.err != nil {
		return nil, r.err
	}
	r.want("linear/basis", t.Basis.Cols, n.Inputs())
	r.want("linear/offset", len(t.Offset), t.Basis.Rows)
	r.want("linear/map", t.Map.Cols, t.Basis.Rows)
	r.want("linear/map", t.Map.Rows, n.Layers[0].W.Rows)
	r.want("linear/bias", len(t.Bias), t.Map.Rows)
	return t, r.err
}

// PutClustered stores an activator's tables with the network.
func (n *Network) PutClustered(t *activator.ClusteredTables) {
	n.put("clustered/basis", Floats(t.Basis, Float32))
	n.put("clustered/offset", Vector(t.Offset))
	n.put("clustered/centroids", Floats(t.Centroids, Float32))
	n.put("clustered/ranked", Indices(t.Ranked, t.Centroids.Rows))
}

// Clustered returns the tables that [Network.PutClustered] stored.
func (n *Network) Clustered() (*activator.ClusteredTables, error) {
	r := reader{n: n}
	t := &activator.ClusteredTables{
		Basis: r.matrix("clustered/basis"), Offset: r.vector("clustered/offset"),
		Centroids: r.matrix("clustered/centroids"), Ranked: r.indices("clustered/ranked", n.Layers[0].W.Rows),
		Nodes: n.Layers[0].W.Rows,
	}
	if r.err != nil {
		return nil, r.err
	}
	r.want("clustered/basis", t.Basis.Cols, n.Inputs())
	r.want("clustered/offset", len(t.Offset), t.Basis.Rows)
	r.want("clustered/centroids", t.Centroids.Cols, t.Basis.Rows)
	r.want("clustered/ranked", len(t.Ranked), t.Centroids.Rows*t.Nodes)
	return t, r.err
}

// lshShape is the part of LSH tables that is no table.
type lshShape struct {
	Bits, Tables int
	Layers       []int
	Shares       []float64
}

// PutLSH stores an activator's tables with the network.
func (n *Network) PutLSH(t *activator.LSHTables) error {
	shape, err := json.Marshal(lshShape{t.Bits, t.Tables, t.Layers, t.Shares})
	if err != nil {
		return fmt.Errorf("lsh tables: %w", err)
	}
	n.put("lsh/shape", Bytes(shape, 1))
	if t.Rotation != nil {
		n.putRotation(t.Rotation)
	} else {
		n.put("lsh/planes", Floats(t.Planes, Float32))
		n.put("lsh/offset", Vector(t.Offset))
	}
	n.put("lsh/importance", Bytes(t.Importance, t.Tables*t.Buckets()))
	if len(t.Shares) > 0 {
		images := make([]int32, len(t.Images))
		for i, count := range t.Images {
			images[i] = int32(count)
		}
		n.put("lsh/images", Indices(images, 1))
		n.put("lsh/agreement", Floats(t.Agreement, Float32))
	}
	return nil
}

// putRotation stores a byte a flip, 1 where a sign is flipped.
func (n *Network) putRotation(r *activator.Rotation) {
	var flips []byte
	for _, round := range r.Flips {
		for _, flip := range round {
			flips = append(flips, byte(flip>>31))
		}
	}
	n.put("lsh/flips", Bytes(flips, len(r.Flips)))
	n.put("lsh/offset", Vector(r.Offset))
}

// rotation decodes what putRotation stored.
func (r *reader) rotation(inputs int) *activator.Rotation {
	t := r.get("lsh/flips")
	rotation := &activator.Rotation{Inputs: inputs, Offset: r.vector("lsh/offset")}
	if t.Type != Uint8 {
		r.fail("lsh/flips", fmt.Errorf("want bytes, got %s", t.Type))
	}
	if r.err != nil {
		return nil
	}
	for round := range t.Rows {
		flips := make([]uint32, t.Cols)
		for i, flip := range t.Data[round*t.Cols:][:t.Cols] {
			flips[i] = uint32(flip&1) << 31
		}
		rotation.Flips = append(rotation.Flips, flips)
	}
	return rotation
}

// LSH returns the tables that [Network.PutLSH] stored.
func (n *Network) LSH() (*activator.LSHTables, error) {
	r := reader{n: n}
	var shape lshShape
	if err := json.Unmarshal(r.get("lsh/shape").Data, &shape); r.err == nil && err != nil {
		return nil, fmt.Errorf("network %s: lsh/shape: %w", n.Name, err)
	}
	t := &activator.LSHTables{
		Bits: shape.Bits, Tables: shape.Tables, Layers: shape.Layers, Shares: shape.Shares,
		Importance: r.get("lsh/importance").Data,
	}
	if _, rotated := n.Extra["lsh/flips"]; rotated {
		t.Rotation = r.rotation(n.Inputs())
	} else {
		t.Planes, t.Offset = r.matrix("lsh/planes"), r.vector("lsh/offset")
	}
	if len(t.Shares) > 0 {
		for _, count := range r.indices("lsh/images", 1<<16) {
			t.Images = append(t.Images, uint16(count))
		}
		t.Agreement = r.matrix("lsh/agreement")
	}
	if r.err != nil {
		return nil, r.err
	}
	r.want("lsh/planes", t.Inputs(), n.Inputs())
	if r.err == nil && (len(t.Layers) < 1 || len(t.Layers) > len(n.Layers)-1) {
		r.fail("lsh/shape", fmt.Errorf("want 1 to %d layers, got %d", len(n.Layers)-1, len(t.Layers)))
		return nil, r.err
	}
	for i, nodes := range t.Layers {
		r.want("lsh/shape: nodes", nodes, n.Layers[i].W.Rows)
	}
	if r.err == nil {
		r.err = t.Validate()
	}
	return t, r.err
}

func (n *Network) put(name string, t Tensor) {
	if n.Extra == nil {
		n.Extra = map[string]Tensor{}
	}
	n.Extra[name] = t
}

// reader decodes extra tensors and keeps the first error.
type reader struct {
	n   *Network
	err error
}

func (r *reader) fail(name string, err error) {
	if r.err == nil && err != nil {
		r.err = fmt.Errorf("network %s: %s: %w", r.n.Name, name, err)
	}
}

func (r *reader) get(name string) Tensor {
	t, ok := r.n.Extra[name]
	if !ok {
		r.fail(name, fmt.Errorf("want a tensor of that name, got none"))
	}
	return t
}

func (r *reader) matrix(name string) *kernel.Matrix {
	t := r.get(name)
	if r.err != nil {
		return nil
	}
	m, err := t.Matrix()
	r.fail(name, err)
	return m
}

func (r *reader) vector(name string) []float32 {
	t := r.get(name)
	if r.err != nil {
		return nil
	}
	v, err := t.Vector()
	r.fail(name, err)
	return v
}

// indices decodes numbers below limit.
func (r *reader) indices(name string, limit int) []int32 {
	t := r.get(name)
	if r.err != nil {
		return nil
	}
	ids, err := t.Indices()
	r.fail(name, err)
	for _, id := range ids {
		if int(id) >= limit {
			r.fail(name, fmt.Errorf("want numbers below %d, got %d", limit, id))
		}
	}
	return ids
}

func (r *reader) want(name string, got, want int) {
	if got != want {
		r.fail(name, fmt.Errorf("want a size of %d, got %d", want, got))
	}
}
