package activator

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// HiddenOptions say how [BuildHiddenLists] cuts the space of hidden vectors. What is 0 is
// chosen by the number of examples.
type HiddenOptions struct {
	Super   int     // super-clusters, at most one for each example
	Leaf    int     // leaves of a super-cluster of mean size; others have more or fewer, in proportion
	Beam    int     // super-clusters whose leaves are compared
	Longest int     // nodes of each list, at most all
	Key     rng.Key // draws where clusters begin
}

// Limits of what BuildHiddenLists chooses by itself.
const (
	leafExamples = 15  // of a leaf: with half of them lists get little better, and twice as large
	mostSupers   = 64  // the search reads them all
	mostLeaves   = 128 // of a super-cluster
	hiddenBeam   = 4   // super-clusters
	longestList  = 280 // nodes
)

// withDefaults fills in what is 0.
func (o HiddenOptions) withDefaults(examples, nodes int) HiddenOptions {
	leaves := max(examples/leafExamples, 1)
	if o.Super == 0 {
		// As many super-clusters as leaves in each make the shortest search.
		o.Super = min(int(math.Ceil(math.Sqrt(float64(leaves)))), mostSupers)
	}
	if o.Leaf == 0 {
		o.Leaf = min(max(leaves/max(o.Super, 1), 1), mostLeaves)
	}
	if o.Beam == 0 {
		o.Beam = min(hiddenBeam, o.Super)
	}
	if o.Longest == 0 {
		o.Longest = min(longestList, nodes)
	}
	return o
}

func (o HiddenOptions) validate(examples, nodes int) error {
	if o.Super < 1 || o.Super > examples {
		return fmt.Errorf("want 1..%d super-clusters, got %d", examples, o.Super)
	}
	if o.Leaf < 1 || o.Leaf > examples {
		return fmt.Errorf("want 1..%d leaves of a super-cluster, got %d", examples, o.Leaf)
	}
	if o.Beam < 1 || o.Beam > o.Super {
		return fmt.Errorf("want a beam of 1..%d super-clusters, got %d", o.Super, o.Beam)
	}
	if o.Longest < 1 || o.Longest > nodes {
		return fmt.Errorf("want lists of 1..%d nodes, got %d", nodes, o.Longest)
	}
	return nil
}

// BuildHiddenLists clusters the examples' hidden vectors by k-means, each cluster again by
// k-means, and lists for each of the leaves the nodes with the largest sum of probability
// over its examples; of equal ones the lower node. A leaf whose examples have too few
// likely nodes goes on with those of its super-cluster, and then with those of all examples.
// The same examples, options and kernel variant give the same lists.
func BuildHiddenLists(set *kernel.Set, e *Examples, o HiddenOptions) (*HiddenLists, error) {
	if err := validateExamples(e); err != nil {
		return nil, fmt.Errorf("hidden lists: %w", err)
	}
	o = o.withDefaults(e.Inputs.Len(), e.Nodes())
	if err := o.validate(e.Inputs.Len(), e.Nodes()); err != nil {
		return nil, fmt.Errorf("hidden lists: %w", err)
	}
	mean := meanRow(e.Hidden)
	supers := cutHidden(set, e.Hidden, mean, o)
	l := &HiddenLists{Nodes: e.Nodes(), Longest: o.Longest}
	l.First, l.Beam = []int32{0}, min(o.Beam, len(supers))
	l.Supers, l.SuperBias = centroidsOf(supers, mean)
	var leaves []cluster
	for _, super := range supers {
		leaves = append(leaves, super.leaves...)
		l.First = append(l.First, int32(len(leaves)))
	}
	l.Leaves, l.LeafBias = centroidsOf(leaves, mean)
	l.IDs = rankLeaves(e.Inputs, supers, e.Nodes(), o.Longest)
	return l, l.Validate()
}

// cluster is a centroid with its points, at least one.
type cluster struct {
	centroid []float32
	members  []int32   // indices of points
	leaves   []cluster // of a super-cluster
}

// cutHidden clusters hidden vectors less their mean in two levels.
func cutHidden(set *kernel.Set, hidden *kernel.Matrix, mean []float32, o HiddenOptions) []cluster {
	points := kernel.NewMatrix(hidden.Rows, hidden.Cols)
	all := make([]int32, hidden.Rows)
	for i := range all {
		all[i] = int32(i)
		subtract(points.Row(i), hidden.Row(i), mean)
		shorten(points.Row(i))
	}
	supers := clustersOf(set, points, all, o.Super, rand.New(o.Key.Source(rng.Training, 1)))
	perLeaf := float64(hidden.Rows) / float64(o.Super*o.Leaf)
	for s := range supers {
		super := &supers[s]
		// A search must not take much longer where there are many examples.
		leaves := min(int(math.Round(float64(len(super.members))/perLeaf)), 2*o.Leaf, len(super.members))
		random := rand.New(o.Key.Source(rng.Training, uint64(2+s)))
		super.leaves = clustersOf(set, points, super.members, max(leaves, 1), random)
	}
	return supers
}

// clustersOf clusters some of the points and leaves out clusters that have none.
func clustersOf(set *kernel.Set, points *kernel.Matrix, members []int32, clusters int, random *rand.Rand) []cluster {
	some := kernel.NewMatrix(len(members), points.Cols)
	for i, m := range members {
		copy(some.Row(i), points.Row(int(m)))
	}
	centroids, assigned := kmeans(set, some, clusters, random)
	found := make([]cluster, clusters)
	for i, c := range assigned {
		found[c].members = append(found[c].members, members[i])
	}
	kept := found[:0]
	for c, f := range found {
		if len(f.members) > 0 {
			f.centroid = centroids.Row(c)
			kept = append(kept, f)
		}
	}
	return kept
}

// centroidsOf returns the centroids' directions as a table, and the biases that take the
// mean from the vectors they are multiplied with.
func centroidsOf(clusters []cluster, mean []float32) (*kernel.Matrix, []float32) {
	m, bias := kernel.NewMatrix(len(clusters), len(mean)), kernel.Aligned(len(clusters))
	for i, c := range clusters {
		copy(m.Row(i), c.centroid)
		shorten(m.Row(i))
		bias[i] = float32(-dot64(m.Row(i), mean))
	}
	return m, bias
}

// rankLeaves returns the lists of all leaves.
func rankLeaves(inputs Inputs, supers []cluster, nodes, longest int) []int32 {
	sums := &summed{of: make([]float32, nodes)}
	for i := range inputs.Len() {
		sums.addTempered(inputs.Likely(i))
	}
	usual := fillUp(nodesOf(nil, sums.best(nodes)), ranking(sums.of), nodes) // then any, as all sums are 0
	var ids []int32
	list := make([]int32, 0, longest)
	for _, super := range supers {
		likely := rankMembers(sums, inputs, super.members, nil, longest)
		for _, leaf := range super.leaves {
			list = rankMembers(sums, inputs, leaf.members, list[:0], longest)
			ids = append(ids, fillUp(fillUp(list, likely, longest), usual, longest)...)
		}
	}
	return ids
}

// rankMembers appends up to most nodes to list, by their summed probability for some inputs.
func rankMembers(sums *summed, inputs Inputs, members, list []int32, most int) []int32 {
	for _, i := range members {
		sums.addTempered(inputs.Likely(int(i)))
	}
	return nodesOf(list, sums.best(most))
}

// nodesOf appends nodes to list without what made them stand where they do.
func nodesOf(list []int32, nodes []Scored) []int32 {
	for _, n := range nodes {
		list = append(list, n.Node)
	}
	return list
}

// temper makes a network as unsure of the inputs that it was fitted on as it is of others:
// with the probabilities themselves the nodes that it has learnt by heart crowd the lists
// (on wordnet-13k, lists of 35 agree with the network for 86 % of other inputs, not 82 %).
const temper = 0.3

func (s *summed) addTempered(nodes []Scored) {
	for _, n := range nodes {
		if s.of[n.Node] == 0 {
			s.touched = append(s.touched, n.Node)
		}
		s.of[n.Node] += tempered(n.Share)
	}
}

// fillUp appends those of more that list has not, until it has most.
func fillUp(list, more []int32, most int) []int32 {
	for _, id := range more {
		if len(list) == most {
			break
		}
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list
}

// meanRow returns the mean of all rows.
func meanRow(m *kernel.Matrix) []float32 {
	sums := make([]float64, m.Cols)
	for i := range m.Rows {
		for j, v := range m.Row(i) {
			sums[j] += float64(v)
		}
	}
	mean := kernel.Aligned(m.Cols)
	for j, sum := range sums {
		mean[j] = float32(sum / float64(m.Rows))
	}
	return mean
}

// subtract sets dst to a - b.
func subtract(dst, a, b []float32) {
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

// shorten makes v's length 1; one without a length stays.
func shorten(v []float32) {
	length := math.Sqrt(dot64(v, v))
	if length == 0 {
		return
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / length)
	}
}
