package activator

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// A rotation keeps lengths and angles, up to its common factor, before the offset.
func TestRotationKeepsAngles(t *testing.T) {
	for _, set := range kernel.All() {
		for _, inputs := range []int{1, 50, 64, 300} {
			r := NewRotation(inputs, 8, rng.Key{Seed: 3})
			if r.Size() < 64 || r.Size() < inputs || bits.OnesCount(uint(r.Size())) != 1 {
				t.Fatalf("%d inputs: size %d", inputs, r.Size())
			}
			images := newTestImages(1, 2, inputs, 1)
			a, b := make([]float32, r.Size()), make([]float32, r.Size())
			r.Project(set, a, images.x.Row(0))
			r.Project(set, b, images.x.Row(1))
			factor := math.Pow(float64(r.Size()), rotationRounds)
			want, got := dot64(images.x.Row(0), images.x.Row(1)), dot64(a, b)/factor
			if math.Abs(got-want) > 1e-4*(1+math.Abs(want)) {
				t.Errorf("%s, %d inputs: product %v after, %v before", set.Name, inputs, got, want)
			}
		}
	}
}

// The chance that a plane lies between two inputs is their angle over pi: the property
// that makes hashing by signs local (Charikar, 2002). 4,096 planes tell it to a point.
func TestRotationCollidesAsTheAngleSays(t *testing.T) {
	const inputs, planes = 40, 4096
	r := NewRotation(inputs, planes, rng.Key{Seed: 9})
	a, b := make([]float32, r.Size()), make([]float32, r.Size())
	for _, angle := range []float64{0.2, 0.8, 1.5} {
		x, y := make([]float32, inputs), make([]float32, inputs)
		for i := range inputs / 2 {
			x[2*i] = 1
			y[2*i], y[2*i+1] = float32(math.Cos(angle)), float32(math.Sin(angle))
		}
		r.Project(kernel.Best(), a, x)
		r.Project(kernel.Best(), b, y)
		differ := 0
		for i := range planes {
			if (a[i] > 0) != (b[i] > 0) {
				differ++
			}
		}
		if got, want := float64(differ)/planes, angle/math.Pi; math.Abs(got-want) > 0.03 {
			t.Errorf("angle %v: %.3f of the planes lie between, want %.3f", angle, got, want)
		}
	}
}

func TestRotationIsCentred(t *testing.T) {
	r := NewRotation(20, 30, rng.Key{Seed: 1})
	mean := newTestImages(1, 1, 20, 1).x.Row(0)
	r.centre(kernel.Best(), mean)
	at := make([]float32, r.Size())
	r.Project(kernel.Best(), at, mean)
	for i := range 30 {
		if at[i] != 0 {
			t.Fatalf("plane %d is %v from the mean", i, at[i])
		}
	}
}

func TestRotationValidate(t *testing.T) {
	good := func() *Rotation { return NewRotation(20, 30, rng.Key{}) }
	if err := good().validate(20, 30); err != nil {
		t.Fatal(err)
	}
	for what, spoil := range map[string]func(r *Rotation){
		"inputs":     func(r *Rotation) { r.Inputs = 65 },
		"offset":     func(r *Rotation) { r.Offset = r.Offset[1:] },
		"rounds":     func(r *Rotation) { r.Flips = nil },
		"size":       func(r *Rotation) { r.Flips[0] = r.Flips[0][1:] },
		"one round":  func(r *Rotation) { r.Flips[2] = r.Flips[2][1:] },
		"other size": func(r *Rotation) { r.Flips[1] = append(r.Flips[1], r.Flips[1]...) },
	} {
		r := good()
		spoil(r)
		if err := r.validate(20, 30); err == nil {
			t.Errorf("%s: want an error, got none", what)
		}
	}
}

// bucketsOf against the loop over planes that defines it, fields across words included.
func TestBucketsOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width, tables := rapid.IntRange(1, 15).Draw(t, "bits"), rapid.IntRange(1, 64).Draw(t, "tables")
		projected := rapid.SliceOfN(rapid.Float32Range(-1, 1), width*tables, width*tables).Draw(t, "projected")
		want := make([]int32, tables)
		for table := range want {
			for _, v := range projected[table*width:][:width] {
				want[table] <<= 1
				if v > 0 {
					want[table] |= 1
				}
			}
		}
		for _, set := range kernel.All() {
			got := make([]int32, tables)
			bucketsOf(set, got, make([]uint64, (width*tables+63)/64), projected, width)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", set.Name, diff)
			}
		}
	})
}

// A sparse input hashes as the same input written out does.
func TestSparseHasher(t *testing.T) {
	const inputs = 200
	size := LSHSize{Bits: 9, Tables: 11}
	planes := randomPlanes(size.Bits*size.Tables, inputs, rng.Key{Seed: 4})
	for _, set := range kernel.All() {
		h := NewSparseHasher(set, inputs, size, rng.Key{Seed: 4})
		ids, values, x := []int32{3, 17, 90, 199}, []float32{1, -2, 0.5, 3}, make([]float32, inputs)
		for i, id := range ids {
			x[id] = values[i]
		}
		projected, words := make([]float32, planes.Rows), make([]uint64, 2)
		set.MatVec(projected, planes, x, nil)
		want, got := make([]int32, size.Tables), make([]int32, size.Tables)
		bucketsOf(set, want, words, projected, size.Bits)
		allocations := testing.AllocsPerRun(3, func() { h.Hash(got, projected, words, ids, values) })
		if diff := cmp.Diff(want, got); diff != "" || allocations > 0 {
			t.Errorf("%s: %v allocations (-want +got):\n%s", set.Name, allocations, diff)
		}
	}
}

// Probes against all buckets, sorted by their scores.
func TestProbes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 9).Draw(t, "bits")
		distances := rapid.SliceOfN(rapid.Float32Range(-2, 2), width, width).Draw(t, "distances")
		own := int32(rapid.IntRange(0, 1<<width-1).Draw(t, "own"))
		score := func(bucket int32) float64 {
			sum := 0.0
			for i, d := range distances {
				if (bucket^own)>>(width-1-i)&1 != 0 {
					sum += float64(d) * float64(d)
				}
			}
			return sum
		}
		all := make([]int32, 1<<width)
		for i := range all {
			all[i] = int32(i)
		}
		slices.SortFunc(all, func(a, b int32) int {
			switch sa, sb := score(a), score(b); {
			case a == own || sa < sb && b != own:
				return -1
			default:
				return 1
			}
		})
		most := rapid.IntRange(0, 1<<width+2).Draw(t, "buckets")
		p, got := NewProbes(width, most), make([]int32, most)
		n := p.List(got, own, distances)
		if want := min(most, len(all)); n != want {
			t.Fatalf("got %d buckets, want %d", n, want)
		}
		seen := map[int32]bool{}
		for i, bucket := range got[:n] {
			if seen[bucket] {
				t.Fatalf("bucket %d twice in %v", bucket, got[:n])
			}
			seen[bucket] = true
			if math.Abs(score(bucket)-score(all[i])) > 1e-4 {
				t.Fatalf("probe %d: bucket %d of score %v, want a score of %v", i, bucket, score(bucket), score(all[i]))
			}
		}
		if n > 0 && got[0] != own {
			t.Fatalf("the first is %d, want its own, %d", got[0], own)
		}
	})
}

func TestRotatedLSHScoresAreSumsOfImportances(t *testing.T) {
	images := newTestImages(2, 200, inputs, 6)
	size := LSHSize{Bits: 5, Tables: 4, Rotated: true}
	var first *LSHTables
	for _, set := range kernel.All() {
		tables := must(BuildLSH(set, newTestNetwork(1, kernel.Pure(), inputs, nodes, 20), images, inputs, size, rng.Key{Seed: 1}))(t)
		if first == nil {
			first = tables
		}
		if diff := cmp.Diff(first, tables); diff != "" {
			t.Fatalf("%s builds other tables (-go +%s):\n%s", set.Name, set.Name, diff)
		}
		for _, probes := range []int{1, 3, 1 << 10} {
			checkProbedScores(t, NewMultiProbeLSH(set, tables, probes), images)
		}
	}
}

// checkProbedScores finds the buckets by listing them anew.
func checkProbedScores(t *testing.T, l *LSH, images *testImages) {
	t.Helper()
	s := l.NewScratch()
	probes := NewProbes(l.tables.Bits, l.probes)
	buckets := make([]int32, l.probes)
	for i := range 20 {
		l.Score(s, images.x.Row(i))
		want := make([]int, l.tables.Nodes())
		for table, own := range s.buckets {
			n := probes.List(buckets, own, s.projected[table*l.tables.Bits:][:l.tables.Bits])
			for _, bucket := range buckets[:n] {
				for node, v := range l.tables.Importance[l.row(table, bucket)*len(want):][:len(want)] {
					want[node] += int(v)
				}
			}
		}
		for node, v := range want {
			if int(s.scores[node]) != v {
				t.Fatalf("%d probes, image %d, node %d: got %v, want %d", l.probes, i, node, s.scores[node], v)
			}
		}
	}
}

// orderOf is the order in which Ranked lists nodes, by its definition.
func orderOf(r *Ranked, s *Scratch) []int32 {
	var order []int32
	seen := map[int32]bool{}
	take := func(list []int32) {
		for _, id := range list {
			if !seen[id] {
				seen[id] = true
				order = append(order, id)
			}
		}
	}
	t := r.tables
	for rank := 0; rank < t.Depth; rank += mergeRanks {
		for probe := range r.probes {
			for table := range t.Tables {
				take(t.list(table, s.probed[table*r.probes+probe])[rank:min(rank+mergeRanks, t.Depth)])
			}
		}
	}
	take(t.All)
	return order
}

func TestRanked(t *testing.T) {
	net, images := newTestNetwork(1, kernel.Pure(), inputs, nodes, 20), newTestImages(2, 200, inputs, 6)
	for _, size := range []LSHSize{{Bits: 4, Tables: 1}, {Bits: 3, Tables: 3}} {
		for _, depth := range []int{1, 20, nodes} {
			tables := must(BuildRanked(kernel.Pure(), net, images, inputs, size, depth, rng.Key{Seed: 1}))(t)
			for _, set := range kernel.All() {
				for _, probes := range []int{1, 4} {
					checkRanked(t, NewRanked(set, tables, probes), images)
				}
			}
		}
	}
}

func checkRanked(t *testing.T, r *Ranked, images *testImages) {
	t.Helper()
	s, ids := r.NewScratch(), make([]int32, nodes)
	s.stamp = math.MaxUint32 - 3 // the stamps wrap around on the way
	for i := range 10 {
		r.Score(s, images.x.Row(i))
		want := orderOf(r, s)
		for _, k := range []int{0, 1, 5, 21, nodes, nodes + 5} {
			n := r.Top(ids, s, k)
			if diff := cmp.Diff(want[:min(k, nodes)], ids[:n], cmp.Comparer(func(a, b []int32) bool { return slices.Equal(a, b) })); diff != "" {
				t.Fatalf("%d tables, depth %d, %d probes, k = %d (-want +got):\n%s", r.tables.Tables, r.tables.Depth, r.probes, k, diff)
			}
		}
	}
	x := images.x.Row(0)
	if n := testing.AllocsPerRun(5, func() { r.Score(s, x); r.Top(ids, s, nodes/2) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// Planes go through the mean: about as many inputs lie on one side as on the other.
func TestRankedHashesCentredInputs(t *testing.T) {
	net, images := newTestNetwork(1, kernel.Pure(), inputs, nodes, 20), newTestImages(2, 300, inputs, 40)
	for i := range images.Len() {
		for j := range inputs {
			images.x.Row(i)[j] += 50 // far from the origin
		}
	}
	tables := must(BuildRanked(kernel.Pure(), net, images, inputs, LSHSize{Bits: 8, Tables: 1}, nodes, rng.Key{Seed: 1}))(t)
	r := NewRanked(kernel.Pure(), tables, 1)
	s, above := r.NewScratch(), make([]int, 8)
	for i := range images.Len() {
		r.Score(s, images.x.Row(i))
		for bit := range above {
			above[bit] += int(s.buckets[0] >> bit & 1)
		}
	}
	for bit, n := range above {
		if n < 30 || n > 270 {
			t.Errorf("plane %d: %d of 300 inputs lie above it", bit, n)
		}
	}
	if want := int64(4 * (256*nodes + nodes + 8 + 3*tables.Rotation.Size())); r.Bytes() != want {
		t.Errorf("got %d bytes, want %d", r.Bytes(), want)
	}
	if want := int64(3 * 64 * 6); tables.Rotation.Size() == 64 && r.Ops() != want {
		t.Errorf("got %d operations, want %d", r.Ops(), want)
	}
	if n := r.Top(make([]int32, 5), s, -1); n != 0 {
		t.Errorf("k = -1: got %d nodes", n)
	}
}

// A stamp of long ago must not be taken for the running one when the counter comes round.
func TestStampsComeRound(t *testing.T) {
	s := &Scratch{stamps: []uint32{0, 1, math.MaxUint32}, stamp: math.MaxUint32}
	s.nextStamp()
	for i, stamp := range s.stamps {
		if stamp == s.stamp {
			t.Errorf("node %d counts as seen", i)
		}
	}
	if s.stamp != 1 || s.stamps[1] != 0 {
		t.Errorf("got stamp %d, stamps %v", s.stamp, s.stamps)
	}
}

// Lists are by summed activation over the images of the bucket.
func TestRankedListsOfBuckets(t *testing.T) {
	set := kernel.Pure()
	net, images := newTestNetwork(1, set, inputs, nodes, 20), newTestImages(2, 100, inputs, 6)
	tables := must(BuildRanked(set, net, images, inputs, LSHSize{Bits: 3, Tables: 2}, nodes, rng.Key{Seed: 1}))(t)
	r := NewRanked(set, tables, 1)
	s := r.NewScratch()
	sums := map[[2]int32][]float32{}
	for i := range images.Len() {
		r.Score(s, images.x.Row(i))
		for table, bucket := range s.buckets {
			at := [2]int32{int32(table), bucket}
			if sums[at] == nil {
				sums[at] = make([]float32, nodes)
			}
			add(sums[at], net.Hidden(images.x.Row(i))[0])
		}
	}
	for at, sum := range sums {
		list := tables.list(int(at[0]), at[1])
		for i := range list[1:] {
			if sum[list[i]] < sum[list[i+1]] {
				t.Fatalf("table %d, bucket %d: node %d of %v before node %d of %v", at[0], at[1], list[i], sum[list[i]], list[i+1], sum[list[i+1]])
			}
		}
	}
}

func TestBuildRankedRefuses(t *testing.T) {
	net, images := newTestNetwork(1, kernel.Pure(), inputs, nodes, 20), newTestImages(2, 10, inputs, 2)
	for what, build := range map[string]func() error{
		"bits": func() error {
			_, err := BuildRanked(kernel.Pure(), net, images, inputs, LSHSize{Bits: 16, Tables: 1}, 5, rng.Key{})
			return err
		},
		"tables": func() error {
			_, err := BuildRanked(kernel.Pure(), net, images, inputs, LSHSize{Bits: 3, Tables: 0}, 5, rng.Key{})
			return err
		},
		"depth": func() error {
			_, err := BuildRanked(kernel.Pure(), net, images, inputs, LSHSize{Bits: 3, Tables: 1}, nodes+1, rng.Key{})
			return err
		},
		"images": func() error {
			_, err := BuildRanked(kernel.Pure(), net, newTestImages(1, 0, inputs, 1), inputs, LSHSize{Bits: 3, Tables: 1}, 5, rng.Key{})
			return err
		},
	} {
		if build() == nil {
			t.Errorf("%s: want an error, got none", what)
		}
	}
}

// BenchmarkHash hashes 784 inputs into 64 bits by either kind of planes, and 75 of 56,892
// inputs into 128.
func BenchmarkHash(b *testing.B) {
	images := newTestImages(1, 64, 784, 10)
	for _, set := range kernel.All() {
		net := newTestNetwork(1, set, 784, 1024, 1024)
		for _, kind := range []string{"dense", "rotation"} {
			l := NewLSH(set, must(BuildLSH(set, net, images, 784, LSHSize{Bits: 8, Tables: 8, Rotated: kind == "rotation"}, rng.Key{}))(b))
			s := l.NewScratch()
			b.Run(fmt.Sprintf("kind=%s/inputs=784/planes=64/kernel=%s", kind, set.Name), func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					l.hash(s, images.x.Row(i%64))
				}
			})
		}
		h := NewSparseHasher(set, 56_892, LSHSize{Bits: 8, Tables: 16}, rng.Key{})
		ids, values := make([]int32, 75), make([]float32, 75)
		for i := range ids {
			ids[i], values[i] = int32(i*757), 1
		}
		buckets, projected, words := make([]int32, 16), make([]float32, 128), make([]uint64, 2)
		b.Run(fmt.Sprintf("kind=sparse/inputs=75/planes=128/kernel=%s", set.Name), func(b *testing.B) {
			for b.Loop() {
				h.Hash(buckets, projected, words, ids, values)
			}
		})
		b.Run(fmt.Sprintf("kind=probes/bits=10/buckets=16/kernel=%s", set.Name), func(b *testing.B) {
			p, dst := NewProbes(10, 16), make([]int32, 16)
			distances := images.x.Row(0)[:10]
			for b.Loop() {
				p.List(dst, 5, distances)
			}
		})
		r := NewRanked(set, must(BuildRanked(set, net, images, 784, LSHSize{Bits: 8, Tables: 4}, 256, rng.Key{}))(b), 1)
		s, list := r.NewScratch(), make([]int32, 1024)
		b.Run(fmt.Sprintf("kind=ranked/tables=4/k=51/kernel=%s", set.Name), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				r.Score(s, images.x.Row(i%64))
				r.Top(list, s, 51)
			}
		})
	}
}
