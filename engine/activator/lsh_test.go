package activator

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

func TestLSHSizes(t *testing.T) {
	want := []LSHSize{{Bits: 8, Tables: 8, Rotated: true}, {Bits: 9, Tables: 4, Rotated: true}}
	if diff := cmp.Diff(want, LSHSizes(2048, 4<<20)); diff != "" {
		t.Errorf("2,048 nodes in 4 MiB (-want +got):\n%s", diff)
	}
	if got := LSHSizes(2048, 1<<20); got != nil {
		t.Errorf("want no shape in 1 MiB, got %v", got)
	}
}

func TestLSHScoresAreSumsOfImportances(t *testing.T) {
	net, images := newTestNetwork(1, kernel.Pure(), inputs, nodes, 20), newTestImages(2, 200, inputs, 6)
	tables := must(BuildLSH(kernel.Pure(), net, images, inputs, LSHSize{Bits: 5, Tables: 4}, rng.Key{Seed: 1}))(t)
	for _, set := range kernel.All() {
		l := NewLSH(set, tables)
		s := l.NewScratch()
		for i := range images.Len() {
			l.Score(s, images.x.Row(i))
			for node, got := range s.scores {
				want := 0
				for table, bucket := range s.buckets {
					want += int(tables.Importance[l.row(table, bucket)*70+node])
				}
				if int(got) != want {
					t.Fatalf("%s, image %d, node %d: want %d, got %g", set.Name, i, node, want, got)
				}
			}
		}
	}
}

// TestLSHImportancesAreScaledMeans compares a table with sums over the images that
// fall into each bucket, found image by image.
func TestLSHImportancesAreScaledMeans(t *testing.T) {
	set := kernel.Pure()
	net, images := newTestNetwork(1, set, inputs, nodes, 20), newTestImages(2, 100, inputs, 6)
	tables := must(BuildLSH(set, net, images, inputs, LSHSize{Bits: 3, Tables: 2}, rng.Key{Seed: 1}))(t)
	l := NewLSH(set, tables)
	s := l.NewScratch()
	sums := map[[2]int][]float64{}
	for i := range images.Len() {
		l.hash(s, images.x.Row(i))
		for table, bucket := range s.buckets {
			at := [2]int{table, int(bucket)}
			if sums[at] == nil {
				sums[at] = make([]float64, nodes)
			}
			for j, v := range net.Hidden(images.x.Row(i))[0] {
				sums[at][j] += float64(v)
			}
		}
	}
	for at, sum := range sums {
		highest := 0.0
		for _, v := range sum {
			highest = max(highest, v)
		}
		row := tables.Importance[l.row(at[0], int32(at[1]))*70:]
		for j, v := range sum {
			if want := importanceSteps * v / highest; math.Abs(want-float64(row[j])) > 0.51 {
				t.Fatalf("table %d, bucket %d, node %d: want %.2f, got %d", at[0], at[1], j, want, row[j])
			}
		}
	}
}

func TestEmptyBucketsFallBack(t *testing.T) {
	set := kernel.Pure()
	net, images := newTestNetwork(1, set, inputs, nodes, 20), newTestImages(2, 10, inputs, 1)
	tables := must(BuildLSH(set, net, images, inputs, LSHSize{Bits: 10, Tables: 1}, rng.Key{Seed: 1}))(t)
	l := NewLSH(set, tables)
	s := l.NewScratch()
	used := map[int32]bool{}
	for i := range images.Len() {
		l.hash(s, images.x.Row(i))
		used[s.buckets[0]] = true
	}
	var reference []uint8
	for bucket := range tables.Buckets() {
		if used[int32(bucket)] {
			continue
		}
		row := tables.Importance[bucket*70:][:70]
		if reference == nil {
			reference = row
		}
		if diff := cmp.Diff(reference, row); diff != "" {
			t.Fatalf("two empty buckets differ:\n%s", diff)
		}
	}
	highest := uint8(0)
	for _, v := range reference {
		highest = max(highest, v)
	}
	if highest != importanceSteps {
		t.Errorf("want the overall importances in an empty bucket, got at most %d", highest)
	}
}

func TestConfidenceMergesTables(t *testing.T) {
	set := kernel.Pure()
	net, images := newTestNetwork(1, set, inputs, nodes, 20), newTestImages(2, 200, inputs, 6)
	tables := must(BuildLSH(set, net, images, inputs, LSHSize{Bits: 4, Tables: 3}, rng.Key{Seed: 1}))(t)
	held := newTestImages(6, 150, inputs, 6)
	agreed := func(x []float32) []bool { return []bool{x[0] > 0, true} }
	tables.FitConfidence(set, held, []float64{0.1, 1}, agreed)
	if err := tables.Validate(); err != nil {
		t.Fatal(err)
	}
	l := NewLSH(set, tables)
	s, other := l.NewScratch(), l.NewScratch()
	for q := range 30 {
		x := images.x.Row(q)
		l.Score(s, x)
		hits, count := 0, 0
		for i := range held.Len() { // all held images that share a bucket, once per table
			l.hash(other, held.x.Row(i))
			for table := range s.buckets {
				if s.buckets[table] == other.buckets[table] {
					count++
					if held.x.Row(i)[0] > 0 {
						hits++
					}
				}
			}
		}
		want := float64(hits) / float64(count)
		if count == 0 {
			want = float64(tables.Agreement.Row(tables.Agreement.Rows - 1)[0])
		}
		if got := float64(l.Confidence(s, 0)); math.Abs(got-want) > 1e-5 {
			t.Errorf("query %d: want %g, got %g", q, want, got)
		}
		if got := l.Confidence(s, 1); math.Abs(float64(got)-1) > 1e-6 {
			t.Errorf("query %d: want certainty where all agree, got %g", q, got)
		}
	}
}

func TestLSHValidate(t *testing.T) {
	set := kernel.Pure()
	net, images := newTestNetwork(1, set, inputs, nodes, 20), newTestImages(2, 20, inputs, 2)
	for name, breakIt := range map[string]func(*LSHTables){
		"bits":       func(l *LSHTables) { l.Bits = 16 },
		"layers":     func(l *LSHTables) { l.Layers = nil },
		"planes":     func(l *LSHTables) { l.Offset = nil },
		"importance": func(l *LSHTables) { l.Importance = l.Importance[1:] },
		"confidence": func(l *LSHTables) { l.Shares = []float64{1} },
	} {
		tables := must(BuildLSH(set, net, images, inputs, LSHSize{Bits: 4, Tables: 2}, rng.Key{}))(t)
		breakIt(tables)
		if tables.Validate() == nil {
			t.Errorf("broken %s passed", name)
		}
	}
	if _, err := BuildLSH(set, net, newTestImages(1, 0, inputs, 1), inputs, LSHSize{Bits: 4, Tables: 2}, rng.Key{}); err == nil {
		t.Error("tables of no images passed")
	}
}
