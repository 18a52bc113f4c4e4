package engine

import (
	"bytes"
	"context"
	"math"
	"slices"
	"testing"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// wordy is a set of sparse samples that is all a wide network needs for tests.
type wordy struct {
	ids    [][]int32
	values [][]float32
	labels []int
}

func (w *wordy) Len() int                          { return len(w.ids) }
func (w *wordy) Sparse(i int) ([]int32, []float32) { return w.ids[i], w.values[i] }
func (w *wordy) Right(i, answer int) bool          { return w.labels[i] == answer }

// newWordy draws samples of one to eight of so many features; the last has none.
func newWordy(seed uint64, n, features int) *wordy {
	w, key := &wordy{}, rng.Key{Seed: seed}
	for i := range n {
		var ids []int32
		for k := range key.Index(1, uint64(i), 8) + 1 {
			ids = append(ids, int32(key.Index(2, uint64(i)<<8|k, uint64(features))))
		}
		slices.Sort(ids)
		ids = slices.Compact(ids)
		if i == n-1 {
			ids = nil
		}
		values := make([]float32, len(ids))
		for k := range values {
			values[k] = float32(0.1 + key.Float(3, uint64(i)<<8|uint64(k)))
		}
		w.ids, w.values, w.labels = append(w.ids, ids), append(w.values, values), append(w.labels, int(key.Index(4, uint64(i), 300)))
	}
	return w
}

// newTestWide is a random network, rounded as a file rounds it.
func newTestWide(t testing.TB, features, hidden, outputs int) *Wide {
	t.Helper()
	n := must2(NewWide("test", features, hidden, outputs))(t)
	key := rng.Key{Seed: 5}
	fill := func(v []float32, cause rng.Cause, scale float64) {
		for i := range v {
			v[i] = float32(scale * (key.Float(cause, uint64(i)) - 0.5))
		}
	}
	for i := range features {
		fill(n.Embed.Row(i), rng.Cause(100+i), 2)
	}
	for i := range outputs {
		fill(n.Out.Row(i), rng.Cause(1000+i), 2)
	}
	fill(n.HiddenBias, 1, 0.5)
	fill(n.OutBias, 2, 1)
	file := must2(n.encoded())(t)
	return must2(decodedWide(file))(t)
}

// logitsOf is the definition, in float64.
func logitsOf(n *Wide, ids []int32, values []float32) []float64 {
	h := make([]float64, n.Embed.Cols)
	for j := range h {
		h[j] = float64(n.HiddenBias[j])
		for k, id := range ids {
			h[j] += float64(values[k]) * float64(n.Embed.Row(int(id))[j])
		}
		h[j] = max(h[j], 0)
	}
	y := make([]float64, n.Out.Rows)
	for i := range y {
		y[i] = float64(n.OutBias[i])
		for j, v := range h {
			y[i] += v * float64(n.Out.Row(i)[j])
		}
	}
	return y
}

// bestOf returns the largest of some outputs; near says that another one is about as large.
func bestOf(y []float64, ids []int32) (best int, near bool) {
	sorted := slices.Clone(ids)
	slices.SortFunc(sorted, func(a, b int32) int {
		if y[a] > y[b] {
			return -1
		}
		return 1
	})
	return int(sorted[0]), len(sorted) > 1 && y[sorted[0]]-y[sorted[1]] < 1e-4
}

func TestWideTechniquesAreTheirDefinition(t *testing.T) {
	n, set := newTestWide(t, 60, 16, 300), kernel.Best()
	inputs := newWordy(1, 400, 60)
	tables := must2(BuildWideTables(context.Background(), n, set, inputs, 20))(t)
	everything := make([]int32, 300)
	for i := range everything {
		everything[i] = int32(i)
	}
	for _, name := range WideTechniques() {
		technique := must2(NewWideTechnique(name, n, tables, set, nil))(t)
		session := technique.NewSession()
		wide := technique.(*wideTechnique)
		for point := range technique.Points() {
			plan := wide.plans[wide.routes[point].stages[0]]
			wrong := 0
			for i := range inputs.Len() {
				ids, values := inputs.Sparse(i)
				among := everything
				switch plan.way {
				case likeliest:
					among = tables.Order[:plan.n]
				case listed:
					among = nil
					for _, id := range ids {
						among = append(among, tables.Lists.Of(id, plan.n)...)
					}
					slices.Sort(among)
					if among = slices.Compact(among); len(ids) == 0 {
						among = tables.Order[:plan.n]
					}
				}
				want, near := bestOf(logitsOf(n, ids, values), among)
				got := session.Execute(point, Input{IDs: ids, Values: values})
				if got.Answer != want && !near {
					wrong++
				}
				if computed := got.Nodes - n.Embed.Cols; plan.way != screened && computed != len(among) {
					t.Fatalf("%s at %s, sample %d: want %d outputs computed, got %d", name, plan.name, i, len(among), computed)
				}
				best := make([]int32, 3)
				if k := session.(Ranker).Rank(point, Input{IDs: ids, Values: values}, best); k != min(3, len(among)) || int(best[0]) != got.Answer {
					t.Fatalf("%s at %s, sample %d: want %d answers from %d on, got %v", name, plan.name, i, min(3, len(among)), got.Answer, best[:k])
				}
			}
			if allowed := map[wideWay]int{screened: 8}[plan.way]; wrong > allowed {
				t.Errorf("%s at %s: want %d other answers at most, got %d of %d", name, plan.name, allowed, wrong, inputs.Len())
			}
		}
	}
}

// The lists are the definition: for each feature the largest sums of value x probability.
func TestFeatureListsAreTheirDefinition(t *testing.T) {
	n, set := newTestWide(t, 30, 8, 40), kernel.Best()
	inputs := newWordy(2, 200, 30)
	tables := must2(BuildWideTables(context.Background(), n, set, inputs, 5))(t)
	for feature := range int32(30) {
		sums := make([]float64, 40)
		for i := range inputs.Len() {
			ids, values := inputs.Sparse(i)
			k, found := slices.BinarySearch(ids, feature)
			if !found {
				continue
			}
			y := logitsOf(n, ids, values)
			total := 0.0
			for _, v := range y {
				total += math.Exp(v)
			}
			for node, v := range y {
				sums[node] += float64(values[k]) * math.Exp(v) / total
			}
		}
		list := tables.Lists.Of(feature, 5)
		for k, node := range list {
			better := 0
			for _, sum := range sums {
				if sum > sums[node]*(1+0.01) { // outputs behind the likeliest 32 of an input do not count
					better++
				}
			}
			if better > k {
				t.Errorf("feature %d: output %d stands at place %d, but %d have larger sums", feature, node, k, better)
			}
		}
	}
}

func TestWideCascade(t *testing.T) {
	n, set := newTestWide(t, 60, 16, 300), kernel.Best()
	inputs := newWordy(3, 200, 60)
	tables := must2(BuildWideTables(context.Background(), n, set, inputs, 5))(t)
	base := must2(NewWideTechnique("slo-nn", n, tables, set, nil))(t)
	last := len(base.Points()) - 1
	for name, threshold := range map[string]float32{"sure at once": 0, "never sure": 2} {
		cascades := []CascadeSpec{{Stages: []int{1, last}, Thresholds: []float32{threshold}, Reach: []float64{1, 0.5}}}
		with := must2(NewWideTechnique("slo-nn", n, tables, set, cascades))(t)
		point := slices.IndexFunc(with.(*wideTechnique).routes, func(r route) bool { return len(r.stages) == 2 })
		if with.Hash() == base.Hash() || !with.Points()[point].Cascade || with.Classes(point) != 2 {
			t.Errorf("%s: want another technique with a cascade of two classes, got %+v", name, with.Points()[point])
		}
		session, plain := with.NewSession(), base.NewSession()
		stage, class := 1, uint8(0)
		if threshold > 1 {
			stage, class = last, 1
		}
		for i := range inputs.Len() {
			ids, values := inputs.Sparse(i)
			in := Input{IDs: ids, Values: values}
			got, want := session.Execute(point, in), plain.Execute(stage, in)
			if got.Answer != want.Answer || got.Class != class {
				t.Fatalf("%s, sample %d: want answer %d of class %d, got %d of %d", name, i, want.Answer, class, got.Answer, got.Class)
			}
		}
	}
}

func TestWideTablesSurviveTheirFile(t *testing.T) {
	n, set := newTestWide(t, 60, 16, 300), kernel.Best()
	tables := must2(BuildWideTables(context.Background(), n, set, newWordy(4, 100, 60), 7))(t)
	network := n.Network()
	network.PutWideTables(tables)
	var file bytes.Buffer
	if err := Write(&file, network); err != nil {
		t.Fatal(err)
	}
	read := must2(ReadBytes(file.Bytes()))(t)
	got := must2(read.WideTables())(t)
	if !slices.Equal(got.Lists.IDs, tables.Lists.IDs) || !slices.Equal(got.Order, tables.Order) || got.Lists.Longest != 7 {
		t.Error("want the tables that were written, got others")
	}
	want := must2(NewWideTechnique("slo-nn", n, tables, set, nil))(t)
	again := must2(NewWideTechnique("slo-nn", must2(WideOf(read))(t), got, set, nil))(t)
	if want.Hash() != again.Hash() {
		t.Error("want the same hash after a file, got another")
	}
	if err := again.Load(0); err != nil {
		t.Error(err)
	}
	if err := again.Load(1); err == nil {
		t.Error("want an error for a group that is not there")
	}
}

func TestWideExecuteAllocatesNothing(t *testing.T) {
	n, set := newTestWide(t, 60, 16, 300), kernel.Best()
	inputs := newWordy(5, 50, 60)
	tables := must2(BuildWideTables(context.Background(), n, set, inputs, 20))(t)
	for _, name := range WideTechniques() {
		technique := must2(NewWideTechnique(name, n, tables, set, nil))(t)
		session := technique.NewSession()
		for point, p := range technique.Points() {
			i := 0
			allocs := testing.AllocsPerRun(200, func() {
				ids, values := inputs.Sparse(i % inputs.Len())
				session.Execute(point, Input{IDs: ids, Values: values})
				i++
			})
			if allocs != 0 {
				t.Errorf("%s at %s: want 0 allocations, got %v", name, p.Name, allocs)
			}
		}
	}
}

func TestBadWideNetworks(t *testing.T) {
	set := kernel.Best()
	if _, err := NewWide("x", 0, 1, 2); err == nil {
		t.Error("want an error for no features")
	}
	n := newTestWide(t, 20, 8, 30)
	other := newTestWide(t, 21, 8, 30)
	tables := must2(BuildWideTables(context.Background(), other, set, newWordy(1, 50, 20), 3))(t)
	for name, make := range map[string]func() error{
		"no tables":      func() error { _, err := NewWideTechnique("slo-nn", n, nil, set, nil); return err },
		"other tables":   func() error { _, err := NewWideTechnique("slo-nn", n, tables, set, nil); return err },
		"unknown":        func() error { _, err := NewWideTechnique("zoo", n, tables, set, nil); return err },
		"a deep network": func() error { _, err := WideOf(must2(NewNetwork("x", Plain, []int{3, 4, 5, 6}, 1))(t)); return err },
	} {
		if make() == nil {
			t.Errorf("%s: want an error, got none", name)
		}
	}
}
