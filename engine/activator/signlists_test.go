package activator

import (
	"cmp"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

func signOptions() map[string]SignListOptions {
	key := rng.Key{Seed: 5}
	return map[string]SignListOptions{
		"input":           {Of: HashInput, Bits: 3, Tables: 1, Longest: 12, Key: key},
		"input, 3 tables": {Of: HashInput, Bits: 4, Tables: 3, Longest: 7, Key: key},
		"hidden":          {Of: HashHidden, Bits: 3, Tables: 1, Longest: 40, Key: key},
		"pca":             {Of: HashHidden, Bits: 4, Tables: 1, Longest: 12, PCA: true, Key: key},
		"pca, 5 tables":   {Of: HashHidden, Bits: 4, Tables: 5, Longest: 12, PCA: true, Key: key},
	}
}

func TestSignListsPropose(t *testing.T) {
	e := newWideExamples(1, 200, 24, 20, 40)
	for name, o := range signOptions() {
		t.Run(name, func(t *testing.T) {
			l := must(BuildSignLists(kernel.Best(), e, o))(t)
			checkProposer(t, l, e)
			again := must(BuildSignLists(kernel.Best(), e, o))(t)
			if diff := gocmp.Diff(l, again); diff != "" {
				t.Errorf("two builds differ:\n%s", diff)
			}
			o.Key.Seed++
			if other := must(BuildSignLists(kernel.Best(), e, o))(t); (name == "pca") != gocmp.Equal(l, other) {
				t.Error("want the key to fix the planes unless they are principal components")
			}
		})
	}
}

// dumbBucket is the bucket of a table by its definition.
func dumbBucket(l *SignLists, q Query, table int) int32 {
	bucket := int32(0)
	for plane := table * l.Bits; plane < (table+1)*l.Bits; plane++ {
		sum := 0.0
		if l.Of == HashInput {
			for k, id := range q.IDs {
				sum += float64(q.Values[k]) * float64(l.Planes.Row(int(id))[plane])
			}
		} else {
			sum = dot64(l.Planes.Row(plane), q.Hidden) + float64(length(q.Hidden)*l.Offset[plane])
		}
		bucket *= 2
		if sum > 0 {
			bucket++
		}
	}
	return bucket
}

func TestSignListsAreTheirDefinition(t *testing.T) {
	e := newWideExamples(2, 150, 24, 20, 40)
	for name, o := range signOptions() {
		l := must(BuildSignLists(kernel.Best(), e, o))(t)
		p := l.NewProposer(kernel.Best())
		for i := range 20 {
			want := map[int32]bool{}
			for table := range l.Tables {
				for _, node := range dumbBucketList(l, e, table, dumbBucket(l, e.query(i), table))[:5] {
					want[node] = true
				}
			}
			got := ask(p, e.query(i), 5)
			if len(got) != len(want) || slices.ContainsFunc(got, func(node int32) bool { return !want[node] }) {
				t.Fatalf("%s, example %d: want %v, got %v", name, i, want, got)
			}
			if bucket := int(dumbBucket(l, e.query(i), 0)); p.Look(e.query(i)) != bucket {
				t.Fatalf("%s, example %d: want bucket %d, got %d", name, i, bucket, p.Look(e.query(i)))
			}
		}
	}
}

// dumbBucketList sorts all nodes by their probability in a bucket, then by that over all.
func dumbBucketList(l *SignLists, e *Examples, table int, bucket int32) []int32 {
	here, all := make([]float32, e.Nodes()), make([]float32, e.Nodes())
	for i := range e.Inputs.Len() {
		for _, n := range e.Inputs.Likely(i) {
			all[n.Node] += n.Share
			if dumbBucket(l, e.query(i), table) == bucket {
				here[n.Node] += n.Share
			}
		}
	}
	list := ranking(all)
	slices.SortStableFunc(list, func(a, b int32) int {
		return cmp.Or(cmp.Compare(here[b], here[a]), cmp.Compare(all[b], all[a]), cmp.Compare(a, b))
	})
	return list
}

func TestSignListsFindLikelyNodes(t *testing.T) {
	e := newWideExamples(3, 400, 24, 20, 200)
	for name, o := range signOptions() {
		l := must(BuildSignLists(kernel.Best(), e, o))(t)
		if got := agreement(l, e, 7); got < 0.5 {
			t.Errorf("%s: want the likeliest node for half of the queries, got %.2f", name, got)
		}
	}
}

func TestSignListsValidate(t *testing.T) {
	e := newWideExamples(1, 100, 24, 20, 40)
	for name, damage := range map[string]func(*SignLists){
		"what":     func(l *SignLists) { l.Of = "both" },
		"bits":     func(l *SignLists) { l.Bits = 0 },
		"many":     func(l *SignLists) { l.Bits = 40 },
		"tables":   func(l *SignLists) { l.Tables++ },
		"width":    func(l *SignLists) { l.Width-- },
		"nodes":    func(l *SignLists) { l.Nodes = 3 },
		"longest":  func(l *SignLists) { l.Longest = 41 },
		"shorter":  func(l *SignLists) { l.Longest-- },
		"planes":   func(l *SignLists) { l.Planes = nil },
		"data":     func(l *SignLists) { l.Planes.Data = l.Planes.Data[:3] },
		"overflow": func(l *SignLists) { l.Nodes, l.Longest, l.Lists = 1<<60, 1<<58, nil },
		"wide":     func(l *SignLists) { l.Planes.Stride = 1 << 62 },
		"stride":   func(l *SignLists) { l.Planes.Stride = 1 },
		"offset":   func(l *SignLists) { l.Offset = nil },
		"lists":    func(l *SignLists) { l.Lists = l.Lists[1:] },
		"negative": func(l *SignLists) { l.Lists[3] = -1 },
		"id":       func(l *SignLists) { l.Lists[3] = 40 },
		"sizes":    func(l *SignLists) { l.Sizes = nil },
		"order":    func(l *SignLists) { l.Sizes[1] = l.Sizes[0] },
		"size":     func(l *SignLists) { l.Sizes[len(l.Sizes)-1] = 13 },
		"means":    func(l *SignLists) { l.Means = l.Means[1:] },
		"mean":     func(l *SignLists) { l.Means[0] = -1 },
	} {
		l := must(BuildSignLists(kernel.Best(), e, signOptions()["pca, 5 tables"]))(t)
		if damage(l); l.Validate() == nil {
			t.Errorf("%s: want an error, got none", name)
		}
	}
}

func TestBadSignLists(t *testing.T) {
	good := SignListOptions{Of: HashHidden, Bits: 3, Tables: 2, Longest: 5}
	for name, change := range map[string]func(*SignListOptions, *Examples){
		"what":       func(o *SignListOptions, _ *Examples) { o.Of = "" },
		"bits":       func(o *SignListOptions, _ *Examples) { o.Bits = 17 },
		"tables":     func(o *SignListOptions, _ *Examples) { o.Tables = 0 },
		"longest":    func(o *SignListOptions, _ *Examples) { o.Longest = 41 },
		"input pca":  func(o *SignListOptions, _ *Examples) { o.Of, o.PCA = HashInput, true },
		"components": func(o *SignListOptions, _ *Examples) { o.Bits, o.PCA = 9, true },
		"hidden":     func(_ *SignListOptions, e *Examples) { e.Hidden = kernel.NewMatrix(49, 8) },
		"bias":       func(_ *SignListOptions, e *Examples) { e.Bias = e.Bias[1:] },
		"rows":       func(_ *SignListOptions, e *Examples) { e.Rows = nil },
		"none":       func(_ *SignListOptions, e *Examples) { e.Inputs = &wideExamples{} },
		"features":   func(_ *SignListOptions, e *Examples) { e.Features = 0 },
	} {
		o, e := good, newWideExamples(1, 50, 24, 8, 40)
		change(&o, e)
		if _, err := BuildSignLists(kernel.Best(), e, o); err == nil {
			t.Errorf("%s: want an error, got none", name)
		}
	}
}
