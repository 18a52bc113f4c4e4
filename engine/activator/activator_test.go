package activator

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

const (
	inputs = 30
	nodes  = 50
)

var exact = cmp.AllowUnexported(Linear{}, Clustered{})

// activators builds one of each kind over the same network and images.
func activators(t testing.TB, set *kernel.Set, seed uint64) map[string]Activator {
	t.Helper()
	net, images := newTestNetwork(1, set, inputs, nodes, 20), newTestImages(2, 400, inputs, 6)
	key := rng.Key{Seed: seed}
	space := must(PCA(images, inputs, 8))(t)
	return map[string]Activator{
		"linear":    NewLinear(set, must(BuildLinear(space, net.first, net.bias))(t)),
		"reduced":   NewLinear(set, must(BuildReducedRank(images, 8, net.first, net.bias))(t)),
		"clustered": NewClustered(set, must(BuildClustered(set, net, images, space, 10, key))(t)),
		"lsh":       NewLSH(set, must(BuildLSH(set, net, images, inputs, LSHSize{Bits: 5, Tables: 4}, key))(t)),
	}
}

func TestSetsAreNested(t *testing.T) {
	images := newTestImages(3, 20, inputs, 6)
	for _, set := range kernel.All() {
		for name, a := range activators(t, set, 1) {
			s := a.NewScratch()
			for i := range images.Len() {
				a.Score(s, images.x.Row(i))
				before := map[int32]bool{}
				for k := 1; k <= nodes; k++ {
					ids := make([]int32, nodes)
					now := map[int32]bool{}
					for _, id := range ids[:a.Top(ids, s, k)] {
						now[id] = true
					}
					for id := range before {
						if !now[id] {
							t.Fatalf("%s %s: node %d is among the best %d but not the best %d", set.Name, name, id, k-1, k)
						}
					}
					if len(now) != k {
						t.Fatalf("%s %s: want %d different nodes, got %d", set.Name, name, k, len(now))
					}
					before = now
				}
				if n := a.Top(make([]int32, 2*nodes), s, 2*nodes); n != nodes {
					t.Fatalf("%s %s: want all %d nodes, got %d", set.Name, name, nodes, n)
				}
			}
		}
	}
}

func TestActivatorsDoNotAllocate(t *testing.T) {
	x, ids := newTestImages(3, 1, inputs, 6).x.Row(0), make([]int32, nodes)
	for name, a := range activators(t, kernel.Best(), 1) {
		s := a.NewScratch()
		if allocs := testing.AllocsPerRun(50, func() { a.Score(s, x); a.Top(ids, s, 7) }); allocs != 0 {
			t.Errorf("%s: want no allocation, got %g", name, allocs)
		}
	}
}

func TestBuildersAreDeterministic(t *testing.T) {
	set := kernel.Best()
	first, again, other := activators(t, set, 1), activators(t, set, 1), activators(t, set, 2)
	tables := func(a Activator) any {
		switch a := a.(type) {
		case *Linear:
			return a.tables
		case *Clustered:
			return a.tables
		case *LSH:
			return a.tables
		}
		return nil
	}
	for name := range first {
		if diff := cmp.Diff(tables(first[name]), tables(again[name]), exact); diff != "" {
			t.Errorf("%s: two builds differ:\n%s", name, diff)
		}
	}
	if cmp.Equal(tables(first["lsh"]), tables(other["lsh"]), exact) {
		t.Error("the seed does not change the planes")
	}
}

// recall is the share of the true best k nodes among those proposed.
func recall(a Activator, net *testNetwork, images *testImages, k int) float64 {
	s, hits := a.NewScratch(), 0
	ids := make([]int32, nodes)
	for i := range images.Len() {
		x := images.x.Row(i)
		a.Score(s, x)
		proposed := ids[:a.Top(ids, s, k)]
		for _, id := range ranking(net.Hidden(x)[0])[:k] {
			if slices.Contains(proposed, id) {
				hits++
			}
		}
	}
	return float64(hits) / float64(k*images.Len())
}

func TestActivatorsFindActiveNodes(t *testing.T) {
	set := kernel.Best()
	net, fresh := newTestNetwork(1, set, inputs, nodes, 20), newTestImages(2, 400, inputs, 6)
	const k = 10 // of 50 nodes: chance gives 0.2
	for name, a := range activators(t, set, 1) {
		if got := recall(a, net, fresh, k); got < 0.6 {
			t.Errorf("%s: want to find 0.6 of the most active nodes, got %.2f", name, got)
		}
	}
}

func TestFullRankLinearIsTheLayer(t *testing.T) {
	set := kernel.Pure()
	net, images := newTestNetwork(1, set, inputs, nodes, 20), newTestImages(2, 100, inputs, 6)
	for name, tables := range map[string]*LinearTables{
		"linear":  must(BuildLinear(must(PCA(images, inputs, inputs))(t), net.first, net.bias))(t),
		"reduced": must(BuildReducedRank(images, inputs, net.first, net.bias))(t),
	} {
		a := NewLinear(set, tables)
		s, want := a.NewScratch(), kernel.Aligned(nodes)
		for i := range images.Len() {
			a.Score(s, images.x.Row(i))
			set.MatVec(want, net.first, images.x.Row(i), net.bias)
			if diff := cmp.Diff(want, s.scores, cmpopts.EquateApprox(1e-3, 1e-2)); diff != "" {
				t.Fatalf("%s, image %d: predicted and true pre-activations differ (-want +got):\n%s", name, i, diff)
			}
		}
	}
}

func TestReducedRankBeatsPCA(t *testing.T) {
	set := kernel.Pure()
	net, images := newTestNetwork(1, set, inputs, nodes, 20), newTestImages(2, 300, inputs, 6)
	squared := func(tables *LinearTables) float64 {
		a := NewLinear(set, tables)
		s, want, sum := a.NewScratch(), kernel.Aligned(nodes), 0.0
		for i := range images.Len() {
			a.Score(s, images.x.Row(i))
			set.MatVec(want, net.first, images.x.Row(i), net.bias)
			sum += squaredDistance(want, s.scores)
		}
		return sum
	}
	pca := squared(must(BuildLinear(must(PCA(images, inputs, 8))(t), net.first, net.bias))(t))
	reduced := squared(must(BuildReducedRank(images, 8, net.first, net.bias))(t))
	if !(reduced < pca) {
		t.Errorf("want a smaller squared error than %g, got %g", pca, reduced)
	}
}

func TestPCA(t *testing.T) {
	images := newTestImages(4, 700, 12, 5) // more than one chunk
	space := must(PCA(images, 12, 4))(t)
	variances := make([]float64, 4)
	for i := range variances {
		for j := range variances {
			want := 0.0
			if i == j {
				want = 1
			}
			if got := dot64(space.Basis.Row(i), space.Basis.Row(j)); math.Abs(got-want) > 1e-5 {
				t.Errorf("product of directions %d and %d: want %g, got %g", i, j, want, got)
			}
		}
		offset := -dot64(space.Basis.Row(i), space.Mean)
		for image := range images.Len() {
			d := dot64(space.Basis.Row(i), images.x.Row(image)) + offset
			variances[i] += d * d
		}
	}
	if !slices.IsSortedFunc(variances, func(a, b float64) int { return int(b - a) }) {
		t.Errorf("want variances that fall, got %v", variances)
	}
	for _, dimensions := range []int{0, 13} {
		if _, err := PCA(images, 12, dimensions); err == nil {
			t.Errorf("%d of 12 dimensions passed", dimensions)
		}
	}
	if _, err := PCA(newTestImages(4, 1, 12, 1), 12, 2); err == nil {
		t.Error("the covariance of one image passed")
	}
}

func TestKMeansFindsClusters(t *testing.T) {
	set := kernel.Pure()
	images := newTestImages(5, 300, inputs, 6)
	net := newTestNetwork(1, set, inputs, nodes, 20)
	space := must(PCA(images, inputs, 6))(t)
	tables := must(BuildClustered(set, net, images, space, 6, rng.Key{Seed: 3}))(t)
	points, assigned := project(set, images, tables.Basis, tables.Offset), make([]int, images.Len())
	assign(set, assigned, points, tables.Centroids)
	within := 0.0
	for i, c := range assigned {
		within += squaredDistance(points.Row(i), tables.Centroids.Row(c))
	}
	// unit noise in 6 dimensions leaves about 6 a point; two merged clusters far more
	if got := within / float64(len(assigned)); got > 12 {
		t.Errorf("want a mean squared distance of about 6, got %g", got)
	}
	if _, err := BuildClustered(set, net, images, space, 301, rng.Key{}); err == nil {
		t.Error("more clusters than images passed")
	}
}
