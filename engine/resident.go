package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"

	"slosim/engine/kernel"
	"slosim/engine/profile"
)

// resident is a network in memory with the copies that a technique's kernels need.
type resident struct {
	net  *Network
	wide []*kernel.Matrix // feature-major copy of each layer, inputs x outputs; nil where not needed
	// sparse are the layers of a pruned network, whose dense tables hold no data here; nil
	// for other networks.
	sparse []*kernel.CSR
}

// ops returns the multiply-adds of a pass.
func (r *resident) ops() int64 {
	if r.sparse == nil {
		return r.net.Ops()
	}
	ops := int64(0)
	for _, m := range r.sparse {
		ops += int64(len(m.Val))
	}
	return ops
}

// density returns the share of weights that pruning left.
func (r *resident) density() float64 { return float64(r.ops()) / float64(r.net.Ops()) }

// nodes returns the nodes that a pass computes; of pruned weights, as many as would have the
// weights that are left.
func (r *resident) nodes() int { return int(r.density()*float64(r.net.Nodes()) + 0.5) }

// forward computes the logits of x, which live in scratch until the next pass.
func (r *resident) forward(set *kernel.Set, s *Scratch, x []float32) []float32 {
	if r.sparse == nil {
		return r.net.Forward(set, s, x)
	}
	for i, m := range r.sparse {
		y := s.layers[i]
		set.MatVecCSR(y, m, x, r.net.Layers[i].Bias[0])
		if i < len(r.sparse)-1 {
			kernel.Rectify(y)
		}
		x = y
	}
	return x
}

// bytes returns the size of all weights and copies.
func (r *resident) bytes() int64 {
	sum := r.net.WeightBytes()
	for _, m := range r.wide {
		if m != nil {
			sum += matrixBytes(m)
		}
	}
	for _, m := range r.sparse {
		sum += m.Bytes()
	}
	return sum
}

// slot holds a network that can be loaded again from its stored form while other
// workers still use the old copy.
type slot struct {
	stored  []byte // the network's file
	wide    []bool // which layers have a feature-major copy
	current atomic.Pointer[resident]
}

// tune measures the forms of the kernels for the node-major tables.
func (r *resident) tune(set *kernel.Set) {
	if r.sparse != nil {
		return
	}
	for i := range r.net.Layers {
		set.Tune(r.net.Layers[i].W)
	}
}

// newSlot makes net resident, with feature-major copies of the layers from first on.
func newSlot(net *Network, first int) (*slot, error) {
	var file bytes.Buffer
	if err := Write(&file, net); err != nil {
		return nil, err
	}
	s := &slot{stored: file.Bytes(), wide: make([]bool, len(net.Layers))}
	for i := first; i < len(s.wide); i++ {
		s.wide[i] = true
	}
	s.current.Store(s.prepare(net))
	return s, nil
}

func (s *slot) prepare(net *Network) *resident {
	r := &resident{net: net, wide: make([]*kernel.Matrix, len(net.Layers))}
	if net.Kind == Pruned {
		r.compress()
	}
	for i, wanted := range s.wide {
		if wanted {
			r.wide[i] = net.Layers[i].W.Transposed()
		}
	}
	return r
}

// compress replaces the dense tables by sparse ones.
func (r *resident) compress() {
	stripped := *r.net
	stripped.Layers = slices.Clone(r.net.Layers)
	for i := range stripped.Layers {
		w := *stripped.Layers[i].W
		r.sparse = append(r.sparse, kernel.NewCSR(&w))
		w.Data = nil
		stripped.Layers[i].W = &w
	}
	r.net = &stripped
}

// load decodes the stored form and makes the copies, as a server does that switches
// to this network.
func (s *slot) load() error {
	net, err := ReadBytes(s.stored)
	if err != nil {
		return err
	}
	s.current.Store(s.prepare(net))
	return nil
}

// base is the part that all techniques share.
type base struct {
	name    string
	hash    string
	set     *kernel.Set
	points  []profile.Point
	groups  []profile.Group
	classes []int // per point
	slots   []*slot
	members [][]int // slots of each group
}

// Name implements [Technique].
func (b *base) Name() string { return b.name }

// Hash implements [Technique].
func (b *base) Hash() string { return b.hash }

// Points implements [Technique].
func (b *base) Points() []profile.Point { return b.points }

// Groups implements [Technique].
func (b *base) Groups() []profile.Group { return b.groups }

// Activates implements [Technique].
func (b *base) Activates() bool { return false }

// HasConfidence implements [Technique].
func (b *base) HasConfidence() bool { return false }

// Classes implements [Technique].
func (b *base) Classes(point int) int { return b.classes[point] }

// Load implements [Technique]: it decodes the stored networks of the group again.
func (b *base) Load(group int) error {
	if group < 0 || group >= len(b.members) {
		return fmt.Errorf("technique %s: group: want 0..%d, got %d", b.name, len(b.members)-1, group)
	}
	for _, member := range b.members[group] {
		if err := b.slots[member].load(); err != nil {
			return fmt.Errorf("technique %s: loading group %s: %w", b.name, b.groups[group].Name, err)
		}
	}
	return nil
}

// addGroup makes the networks of some slots one group, which weighs extra bytes more. It
// finds out how the kernels read their tables best.
func (b *base) addGroup(name string, extra int64, members ...int) {
	bytes := extra
	for _, member := range members {
		r := b.slots[member].current.Load()
		bytes += r.bytes()
		r.tune(b.set)
	}
	b.groups = append(b.groups, profile.Group{Name: name, Bytes: bytes})
	b.members = append(b.members, members)
}

func (b *base) addPoint(p profile.Point, classes int) {
	b.points = append(b.points, p)
	b.classes = append(b.classes, classes)
}

// seal computes the hash of the technique: of its networks with their tables, and of
// whatever else decides what a point computes.
func (b *base) seal(more any) error {
	sum := sha256.New()
	text, err := json.Marshal(map[string]any{"name": b.name, "points": b.points, "more": more})
	if err != nil {
		return fmt.Errorf("technique %s: %w", b.name, err)
	}
	sum.Write(text)
	for _, s := range b.slots {
		sum.Write(s.stored[len(s.stored)-sha256.Size:])
	}
	b.hash = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// single returns the base of a technique with one network.
func single(name string, net *Network, set *kernel.Set, firstWide int) (base, error) {
	s, err := newSlot(net, firstWide)
	if err != nil {
		return base{}, fmt.Errorf("technique %s: %w", name, err)
	}
	b := base{name: name, set: set, slots: []*slot{s}}
	b.addGroup(net.Name, 0, 0)
	return b, nil
}
