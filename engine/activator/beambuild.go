package activator

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// BeamOptions say how [BuildLabelBeam] clusters nodes and learns to predict the clusters.
// What is 0 is chosen by the number of nodes.
type BeamOptions struct {
	Super    int     // super-clusters
	Clusters int     // of each super-cluster; in all, at most as many as nodes
	Beam     int     // super-clusters whose clusters are scored
	Epochs   int     // passes over the examples
	Key      rng.Key // draws where clusters begin, and the order of examples
}

// What BuildLabelBeam chooses by itself, tuned on wordnet-13k's confidence part. Small
// clusters cost predictors, but save more nodes: of 61,136 examples and with a beam of 8, 28
// nodes proposed in clusters of 7 give a P@1 that 200 in clusters of 27 do not reach.
const (
	clusterNodes    = 7  // nodes of a cluster
	clustersOfSuper = 32 // predictors read for each super-cluster in the beam
	mostBeamSupers  = 64 // all their predictors are read; of more nodes, clusters are larger
	labelBeam       = 8  // super-clusters
	beamEpochs      = 4  // more learn the examples by heart
)

// withDefaults fills in what is 0.
func (o BeamOptions) withDefaults(nodes int) BeamOptions {
	if o.Clusters == 0 {
		o.Clusters = min(max(nodes/max(o.Super, 1)/clusterNodes, 1), clustersOfSuper)
	}
	if o.Super == 0 {
		o.Super = min(max(nodes/(clusterNodes*max(o.Clusters, 1)), 1), mostBeamSupers)
	}
	if o.Beam == 0 {
		o.Beam = min(labelBeam, o.Super)
	}
	if o.Epochs == 0 {
		o.Epochs = beamEpochs
	}
	return o
}

func (o BeamOptions) validate(nodes int) error {
	if o.Super < 1 || o.Super > nodes {
		return fmt.Errorf("want 1..%d super-clusters, got %d", nodes, o.Super)
	}
	if o.Clusters < 1 || o.Clusters > nodes/o.Super {
		return fmt.Errorf("want 1..%d clusters of each of %d super-clusters, got %d", nodes/o.Super, o.Super, o.Clusters)
	}
	if o.Beam < 1 || o.Beam > o.Super {
		return fmt.Errorf("want a beam of 1..%d super-clusters, got %d", o.Super, o.Beam)
	}
	if o.Epochs < 1 {
		return fmt.Errorf("want 1 or more epochs, got %d", o.Epochs)
	}
	return nil
}

// BuildLabelBeam cuts the output nodes into clusters of equal size, by the hidden vectors
// for which the network finds them likely, and fits by softmax regression which clusters
// and super-clusters the likely nodes of an example are in. The same examples, options and
// kernel variant give the same tables.
func BuildLabelBeam(set *kernel.Set, e *Examples, o BeamOptions) (*LabelBeam, error) {
	if err := validateExamples(e); err != nil {
		return nil, fmt.Errorf("label beam: %w", err)
	}
	o = o.withDefaults(e.Nodes())
	if err := o.validate(e.Nodes()); err != nil {
		return nil, fmt.Errorf("label beam: %w", err)
	}
	l := &LabelBeam{Nodes: e.Nodes()}
	l.Beam = o.Beam
	superOf, clusterOf := l.cluster(nodePoints(e), o)
	l.Supers, l.SuperBias = distil(set, e, superOf, o.Super, o.Epochs, o.Key.Child(rng.Training, 2))
	l.Leaves, l.LeafBias = distil(set, e, clusterOf, o.Super*o.Clusters, o.Epochs, o.Key.Child(rng.Training, 3))
	return l, l.Validate()
}

// nodePoints returns for each node the direction, from the mean, of the hidden vectors for
// which it is likely; for a node that never is, that of its weights.
func nodePoints(e *Examples) *kernel.Matrix {
	mean, meanWeights := meanRow(e.Hidden), meanRow(e.Rows)
	points := kernel.NewMatrix(e.Nodes(), e.Rows.Cols)
	seen := make([]bool, e.Nodes())
	centred := make([]float32, e.Rows.Cols)
	for i := range e.Inputs.Len() {
		subtract(centred, e.Hidden.Row(i), mean)
		for _, s := range e.Inputs.Likely(i) {
			seen[s.Node] = true
			addScaled(points.Row(int(s.Node)), tempered(s.Share), centred)
		}
	}
	for node, likely := range seen {
		if !likely {
			subtract(points.Row(node), e.Rows.Row(node), meanWeights)
		}
		shorten(points.Row(node))
	}
	return points
}

func addScaled(sum []float32, scale float32, v []float32) {
	for i, f := range v {
		sum[i] += float32(scale * f) // rounded, so that no compiler fuses it with the sum
	}
}

// cluster sets which nodes are in which cluster, and returns the super-cluster and the
// cluster of each node.
func (l *LabelBeam) cluster(points *kernel.Matrix, o BeamOptions) (superOf, clusterOf []int32) {
	superOf, clusterOf = make([]int32, l.Nodes), make([]int32, l.Nodes)
	all := make([]int32, l.Nodes)
	for i := range all {
		all[i] = int32(i)
	}
	l.First, l.Start = []int32{0}, []int32{0}
	h := &halver{points: points, random: rand.New(o.Key.Source(rng.Training, 1)), along: make([]float32, l.Nodes)}
	for s, super := range h.cut(all, o.Super) {
		for _, nodes := range h.cut(super, o.Clusters) {
			for _, node := range nodes {
				superOf[node], clusterOf[node] = int32(s), int32(len(l.Start)-1)
			}
			l.IDs = append(l.IDs, nodes...)
			l.Start = append(l.Start, int32(len(l.IDs)))
		}
		l.First = append(l.First, int32(len(l.Start)-1))
	}
	return superOf, clusterOf
}

// halver cuts nodes into parts of equal size by halving them again and again, so that
// parts next to each other are alike (balanced 2-means, as in Parabel, section 3).
type halver struct {
	points *kernel.Matrix
	random *rand.Rand
	along  []float32 // [node]: how much more it is like the first half
}

// halvings is enough for halves to all but stop changing.
const halvings = 12

// cut orders nodes anew and returns parts of them.
func (h *halver) cut(nodes []int32, parts int) [][]int32 {
	if parts == 1 {
		return [][]int32{nodes}
	}
	first := parts / 2
	cut := len(nodes) * first / parts
	axis := make([]float32, h.points.Cols)
	a := h.random.IntN(len(nodes))
	b := (a + 1 + h.random.IntN(len(nodes)-1)) % len(nodes)
	subtract(axis, h.points.Row(int(nodes[a])), h.points.Row(int(nodes[b])))
	for range halvings {
		h.order(nodes, axis)
		subtract(axis, h.direction(nodes[:cut]), h.direction(nodes[cut:]))
	}
	h.order(nodes, axis)
	return append(h.cut(nodes[:cut], first), h.cut(nodes[cut:], parts-first)...)
}

// order sorts nodes along an axis, falling.
func (h *halver) order(nodes []int32, axis []float32) {
	for _, n := range nodes {
		h.along[n] = float32(dot64(h.points.Row(int(n)), axis))
	}
	slices.SortFunc(nodes, func(a, b int32) int {
		return cmp.Or(cmp.Compare(h.along[b], h.along[a]), cmp.Compare(a, b))
	})
}

// direction returns the mean of some points, made as long as they are.
func (h *halver) direction(nodes []int32) []float32 {
	sum := make([]float32, h.points.Cols)
	for _, n := range nodes {
		add(sum, h.points.Row(int(n)))
	}
	shorten(sum)
	return sum
}

// tempered returns a probability as it counts for tables, see temper.
func tempered(share float32) float32 { return float32(math.Pow(float64(share), temper)) }
