package engine

import (
	"fmt"

	"slosim/engine/kernel"
	"slosim/engine/profile"
)

// slimmable runs one network at several widths.
type slimmable struct{ base }

// NewSlimmable returns the technique of one network that was trained for several widths
// (Yu et al., "Slimmable Neural Networks", ICLR 2019): a point per level, which computes
// the first nodes of each hidden layer densely. Its one set of weights is resident at
// every width, so that changing the point costs nothing but the caches.
func NewSlimmable(net *Network, set *kernel.Set) (Technique, error) {
	if net.Kind != Slimmable {
		return nil, fmt.Errorf("technique slimmable: want a network of kind %s, got %s", Slimmable, net.Kind)
	}
	b, err := single("slimmable", net, set, len(net.Layers))
	if err != nil {
		return nil, err
	}
	for level := range net.Levels {
		b.addPoint(widthPoint(net, level), 1)
	}
	if err := b.seal(nil); err != nil {
		return nil, err
	}
	return &slimmable{b}, nil
}

func widthPoint(net *Network, level int) profile.Point {
	ops, nodes := net.LevelOps(level)
	name := fmt.Sprintf("width %g", net.Levels[level].Share)
	if net.Levels[level].Share == 1 {
		name = "100 %"
	}
	return profile.Point{Name: name, Density: float64(nodes) / float64(net.Nodes()), Ops: ops, Bytes: 4 * ops}
}

// NewSession implements [Technique].
func (t *slimmable) NewSession() Session {
	return newDenseSession(&t.base, 0)
}
