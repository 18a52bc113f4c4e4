package activator

import (
	"math"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

func rowOptions() map[string]RowBucketOptions {
	key := rng.Key{Seed: 5}
	return map[string]RowBucketOptions{
		"simhash":         {Hash: RowSimHash, Bits: 3, Tables: 6, Key: key},
		"simhash, probes": {Hash: RowSimHash, Bits: 4, Tables: 5, Probes: 3, Key: key},
		"simhash, cap":    {Hash: RowSimHash, Bits: 2, Tables: 5, Cap: 4, Key: key},
		"mips":            {Hash: RowMIPS, Bits: 3, Tables: 6, Key: key},
		"learned":         {Hash: RowLearned, Bits: 3, Tables: 4, Key: key},
		"learned, probes": {Hash: RowLearned, Bits: 5, Tables: 13, Probes: 2, Key: key},
	}
}

func TestRowBucketsPropose(t *testing.T) {
	e := newWideExamples(1, 100, 24, 10, 77)
	for name, o := range rowOptions() {
		t.Run(name, func(t *testing.T) {
			b := must(BuildRowBuckets(kernel.Best(), e, o))(t)
			checkProposer(t, b, e)
			if diff := gocmp.Diff(b, must(BuildRowBuckets(kernel.Best(), e, o))(t)); diff != "" {
				t.Errorf("two builds differ:\n%s", diff)
			}
			if o.Key.Seed++; gocmp.Equal(b, must(BuildRowBuckets(kernel.Best(), e, o))(t)) {
				t.Error("the key does not change the planes")
			}
		})
	}
}

// dumbRows are the rows and the query of an example in the space of row buckets, by their
// definitions.
func dumbRows(e *Examples, hash RowHash) (rows [][]float64, query func(i int) []float64) {
	hidden := e.Hidden.Cols
	mean, squares := make([]float64, hidden), 0.0
	for i := range e.Hidden.Rows {
		for j, v := range e.Hidden.Row(i) {
			mean[j] += float64(v) / float64(e.Hidden.Rows)
		}
	}
	centred := func(i int) []float64 {
		q := make([]float64, hidden+2)
		for j, v := range e.Hidden.Row(i) {
			q[j] = float64(v) - mean[j]
		}
		return q
	}
	for i := range e.Hidden.Rows {
		q := centred(i)
		squares += product(q, q) / float64(e.Hidden.Rows)
	}
	bias := biasShare * math.Sqrt(squares)
	overall := make([]float64, hidden+2)
	for node := range e.Nodes() {
		row := make([]float64, hidden+2)
		for j, v := range e.Rows.Row(node) {
			row[j] = float64(v)
		}
		row[hidden] = (float64(e.Bias[node]) + product(row[:hidden], mean)) / bias
		rows = append(rows, row)
		for j, v := range row {
			overall[j] += v / float64(e.Nodes())
		}
	}
	longest := 0.0
	for _, row := range rows {
		for j := range row {
			row[j] -= overall[j]
		}
		longest = max(longest, math.Sqrt(product(row, row)))
	}
	if hash == RowMIPS {
		for _, row := range rows {
			for j := range row {
				row[j] /= longest
			}
			row[hidden+1] = math.Sqrt(max(0, 1-product(row, row)))
		}
	}
	return rows, func(i int) []float64 {
		q := centred(i)
		q[hidden] = bias
		return q
	}
}

func product(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// The nodes proposed are those on the query's side of all planes of a table.
func TestRowBucketsAreTheirDefinition(t *testing.T) {
	e := newWideExamples(2, 60, 24, 10, 77)
	for _, hash := range []RowHash{RowSimHash, RowMIPS} {
		o := RowBucketOptions{Hash: hash, Bits: 3, Tables: 4, Key: rng.Key{Seed: 8}}
		b := must(BuildRowBuckets(kernel.Best(), e, o))(t)
		planes, p := randomPlanes(12, 12, o.Key), b.NewProposer(kernel.Best())
		rows, query := dumbRows(e, hash)
		side := func(v []float64, plane int) bool {
			wide := make([]float64, len(v))
			for j, f := range planes.Row(plane) {
				wide[j] = float64(f)
			}
			return product(wide, v) > 0
		}
		for i := range e.Inputs.Len() {
			var want []int32
			for node, row := range rows {
				for table := range 3 {
					alike := true
					for plane := 3 * table; plane < 3*table+3; plane++ {
						alike = alike && side(row, plane) == side(query(i), plane)
					}
					if alike {
						want = append(want, int32(node))
						break
					}
				}
			}
			if got := slices.Sorted(slices.Values(ask(p, e.query(i), 3))); !slices.Equal(got, want) {
				t.Fatalf("%s, example %d: want %v, got %v", hash, i, want, got)
			}
		}
	}
}

// A query's product with a row is the logit, up to what all nodes have in common.
func TestRowSpaceKeepsLogits(t *testing.T) {
	e := newWideExamples(3, 40, 24, 10, 77)
	s, q := newRowSpace(e), make([]float32, 12)
	for i := range e.Inputs.Len() {
		s.query(q, e.Hidden.Row(i))
		common := 0.0
		for node := range e.Nodes() {
			logit := dot64(e.Rows.Row(node), e.Hidden.Row(i)) + float64(e.Bias[node])
			rest := logit - dot64(s.rows.Row(node), q)
			if node == 0 {
				common = rest
			}
			if math.Abs(rest-common) > 1e-4*(1+math.Abs(logit)) {
				t.Fatalf("example %d, node %d: want %v from the logit, got %v", i, node, common, rest)
			}
		}
	}
}

func TestFullBucketsKeepTheLikeliest(t *testing.T) {
	e := newWideExamples(4, 100, 24, 10, 77)
	o := RowBucketOptions{Hash: RowSimHash, Bits: 1, Tables: 1, Cap: 1000, Key: rng.Key{Seed: 1}}
	all := must(BuildRowBuckets(kernel.Best(), e, o))(t)
	o.Cap = 5
	few := must(BuildRowBuckets(kernel.Best(), e, o))(t)
	place := make([]int, e.Nodes())
	for at, node := range likelyOverall(e) {
		place[node] = at
	}
	for bucket := range int32(2) {
		want := slices.Clone(all.in(0, bucket))
		slices.SortFunc(want, func(a, b int32) int { return place[a] - place[b] })
		if got := few.in(0, bucket); !slices.Equal(got, want[:5]) {
			t.Errorf("bucket %d: want %v, got %v", bucket, want[:5], got)
		}
	}
}

// Training must beat the planes that it starts from at as many nodes.
func TestLearnedPlanesFindMore(t *testing.T) {
	e := newWideExamples(5, 600, 24, 10, 300)
	found := map[RowHash]float64{}
	for _, hash := range []RowHash{RowSimHash, RowLearned} {
		b := must(BuildRowBuckets(kernel.Best(), e, RowBucketOptions{Hash: hash, Bits: 4, Tables: 4, Key: rng.Key{Seed: 3}}))(t)
		found[hash] = agreement(b, e, 4) / (1 + b.Steps()[2].Nodes/300)
	}
	if found[RowLearned] < found[RowSimHash]+0.1 {
		t.Errorf("want learned planes to find a tenth more, got %v", found)
	}
}

func TestRowBucketsValidate(t *testing.T) {
	e := newWideExamples(1, 100, 24, 10, 77)
	for name, damage := range map[string]func(*RowBuckets){
		"bits":    func(b *RowBuckets) { b.Bits = 17 },
		"other":   func(b *RowBuckets) { b.Bits-- },
		"tables":  func(b *RowBuckets) { b.Tables++ },
		"none":    func(b *RowBuckets) { b.Tables = 0 },
		"probes":  func(b *RowBuckets) { b.Probes = 9 },
		"width":   func(b *RowBuckets) { b.Width++ },
		"nodes":   func(b *RowBuckets) { b.Nodes-- },
		"planes":  func(b *RowBuckets) { b.Planes = nil },
		"data":    func(b *RowBuckets) { b.Planes.Data = nil },
		"offset":  func(b *RowBuckets) { b.Offset = b.Offset[1:] },
		"starts":  func(b *RowBuckets) { b.Starts = b.Starts[1:] },
		"order":   func(b *RowBuckets) { b.Starts[3] = b.Starts[2] - 1 },
		"id":      func(b *RowBuckets) { b.IDs[0] = -1 },
		"twice":   func(b *RowBuckets) { b.IDs[1] = b.IDs[0] },
		"sizes":   func(b *RowBuckets) { b.Sizes[len(b.Sizes)-1] = 7 },
		"means":   func(b *RowBuckets) { b.Means[0] = float32(math.Inf(1)) },
		"no node": func(b *RowBuckets) { b.Nodes = 0 },
	} {
		b := must(BuildRowBuckets(kernel.Best(), e, rowOptions()["simhash"]))(t)
		if damage(b); b.Validate() == nil {
			t.Errorf("%s: want an error, got none", name)
		}
	}
}

func TestBadRowBuckets(t *testing.T) {
	for name, change := range map[string]func(*RowBucketOptions, *Examples){
		"hash":   func(o *RowBucketOptions, _ *Examples) { o.Hash = "best" },
		"bits":   func(o *RowBucketOptions, _ *Examples) { o.Bits = 0 },
		"tables": func(o *RowBucketOptions, _ *Examples) { o.Tables = 65 },
		"probes": func(o *RowBucketOptions, _ *Examples) { o.Probes = 9 },
		"cap":    func(o *RowBucketOptions, _ *Examples) { o.Cap = -1 },
		"hidden": func(_ *RowBucketOptions, e *Examples) { e.Hidden = nil },
		"pairs":  func(_ *RowBucketOptions, e *Examples) { e.Inputs.(*wideExamples).likely = make([][]Scored, 50) },
	} {
		o, e := RowBucketOptions{Hash: RowLearned, Bits: 3, Tables: 2}, newWideExamples(1, 50, 24, 10, 40)
		change(&o, e)
		if _, err := BuildRowBuckets(kernel.Best(), e, o); err == nil {
			t.Errorf("%s: want an error, got none", name)
		}
	}
}
