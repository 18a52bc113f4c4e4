package engine

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"slosim/engine/activator"
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

// surveyed is a random network with all that techniques over it need.
type surveyedWide struct {
	net    *Wide
	set    *kernel.Set
	inputs *wordy
	survey *Survey
	tables *WideTables
}

func surveyWide(t testing.TB, seed uint64, samples, features, hidden, outputs int) *surveyedWide {
	t.Helper()
	w := &surveyedWide{net: newTestWide(t, features, hidden, outputs), set: kernel.Best(), inputs: newWordy(seed, samples, features)}
	w.survey = must2(NewSurvey(context.Background(), w.net, w.set, w.inputs))(t)
	order := w.survey.Likely()
	frequent := slices.Clone(order)
	slices.Reverse(frequent)
	w.tables = &WideTables{Likely: order, Frequent: frequent}
	return w
}

// outputs builds those of an activator.
func (w *surveyedWide) outputs(t testing.TB, activator string) *Outputs {
	t.Helper()
	return must2(BuildOutputs(context.Background(), activator, w.survey, w.set, rng.Key{Seed: 1}))(t)
}

// technique builds a technique; "slo-nn features" is slo-nn by that activator.
func (w *surveyedWide) technique(t testing.TB, name string) *wideTechnique {
	t.Helper()
	name, activator, ok := strings.Cut(name, " ")
	var o *Outputs
	if ok {
		o = w.outputs(t, activator)
	}
	return must2(NewWideTechnique(name, w.net, w.tables, o, w.set))(t).(*wideTechnique)
}

// everyWide lists all techniques, slo-nn by each activator.
func everyWide() []string {
	list := slices.DeleteFunc(WideTechniques(), func(name string) bool { return name == "slo-nn" })
	for _, name := range OutputActivators() {
		list = append(list, "slo-nn "+name)
	}
	return list
}

func TestWideTechniquesAreTheirDefinition(t *testing.T) {
	w := surveyWide(t, 1, 400, 60, 16, 300)
	everything := make([]int32, 300)
	for i := range everything {
		everything[i] = int32(i)
	}
	for _, name := range everyWide() {
		technique := w.technique(t, name)
		session := technique.newSession()
		for point := range technique.Points() {
			plan := technique.plans[technique.routes[point].stages[0]]
			wrong := 0
			for i := range w.inputs.Len() {
				ids, values := w.inputs.Sparse(i)
				in := Input{IDs: ids, Values: values}
				session.Activate(in)
				among := everything
				switch plan.way {
				case ordered:
					among = technique.order[:plan.n]
				case proposed:
					if among = slices.Clone(session.proposer.Propose(plan.n)); len(among) == 0 {
						among = w.tables.Likely[:1]
					}
				}
				want, near := bestOf(logitsOf(w.net, ids, values), among)
				got := session.Execute(point, in)
				if got.Answer != want && !near {
					wrong++
				}
				if computed := got.Nodes - w.net.Embed.Cols; plan.way != screened && computed != len(among) {
					t.Fatalf("%s at %s, sample %d: want %d outputs computed, got %d", name, plan.name, i, len(among), computed)
				}
				best := make([]int32, 3)
				if k := session.Rank(point, in, best); k != min(3, len(among)) || int(best[0]) != got.Answer {
					t.Fatalf("%s at %s, sample %d: want %d answers from %d on, got %v", name, plan.name, i, min(3, len(among)), got.Answer, best[:k])
				}
			}
			if allowed := map[wideWay]int{screened: 8}[plan.way]; wrong > allowed {
				t.Errorf("%s at %s: want %d other answers at most, got %d of %d", name, plan.name, allowed, wrong, w.inputs.Len())
			}
		}
	}
}

// The lists are the definition: for each feature the largest sums of value x probability.
func TestFeatureListsAreTheirDefinition(t *testing.T) {
	w := surveyWide(t, 2, 200, 30, 8, 40)
	lists := w.outputs(t, "features").Tables.(*activator.FeatureLists)
	for feature := range int32(30) {
		sums := make([]float64, 40)
		for i := range w.inputs.Len() {
			ids, values := w.inputs.Sparse(i)
			k, found := slices.BinarySearch(ids, feature)
			if !found {
				continue
			}
			y := logitsOf(w.net, ids, values)
			total := 0.0
			for _, v := range y {
				total += math.Exp(v)
			}
			likely := descending(y)[:10] // a quarter of the outputs counts
			for _, node := range likely {
				sums[node] += float64(values[k]) * math.Exp(y[node]) / total
			}
		}
		for k, node := range lists.Of(feature, 5) {
			better := 0
			for _, sum := range sums {
				if sum > sums[node]*(1+1e-4) {
					better++
				}
			}
			if better > k {
				t.Errorf("feature %d: output %d stands at place %d, but %d have larger sums", feature, node, k, better)
			}
		}
	}
}

func TestFeaturesAreProposedByTheirLists(t *testing.T) {
	w := surveyWide(t, 2, 200, 30, 8, 40)
	lists := w.outputs(t, "features").Tables.(*activator.FeatureLists)
	p := lists.NewProposer(w.set)
	for i := range w.inputs.Len() {
		ids, values := w.inputs.Sparse(i)
		p.Look(activator.Query{IDs: ids, Values: values})
		var want []int32
		for _, id := range ids {
			want = append(want, lists.Of(id, 3)...)
		}
		if len(ids) == 0 {
			want = slices.Clone(lists.Usual[:3])
		}
		slices.Sort(want)
		got := slices.Sorted(slices.Values(p.Propose(3)))
		if !slices.Equal(got, slices.Compact(want)) {
			t.Fatalf("sample %d: want %v, got %v", i, slices.Compact(want), got)
		}
	}
}

func TestWideCascade(t *testing.T) {
	w := surveyWide(t, 3, 200, 60, 16, 300)
	base := w.technique(t, "slo-nn features")
	last := len(base.Points()) - 1
	for name, threshold := range map[string]float32{"sure at once": 0, "never sure": 2} {
		outputs := w.outputs(t, "features")
		outputs.Cascades = []CascadeSpec{{Stages: []int{1, last}, Thresholds: []float32{threshold}, Reach: []float64{1, 0.5}}}
		with := must2(NewWideTechnique("slo-nn", w.net, w.tables, outputs, w.set))(t)
		point := slices.IndexFunc(with.(*wideTechnique).routes, func(r route) bool { return len(r.stages) == 2 })
		if with.Hash() == base.Hash() || !with.Points()[point].Cascade || with.Classes(point) != 2 {
			t.Errorf("%s: want another technique with a cascade of two classes, got %+v", name, with.Points()[point])
		}
		session, plain := with.NewSession(), base.NewSession()
		stage, class := 1, uint8(0)
		if threshold > 1 {
			stage, class = last, 1
		}
		eachInput(w.inputs, 0, func(i int, in Input) {
			session.Activate(in)
			plain.Activate(in)
			got, want := session.Execute(point, in), plain.Execute(stage, in)
			if got.Answer != want.Answer || got.Class != class {
				t.Fatalf("%s, sample %d: want answer %d of class %d, got %d of %d", name, i, want.Answer, class, got.Answer, got.Class)
			}
		})
	}
}

// Confidences are shares of agreement with the whole network, and of the kinds that were seen.
func TestWideConfidence(t *testing.T) {
	w := surveyWide(t, 3, 200, 60, 16, 300)
	for _, name := range OutputActivators() {
		o := w.outputs(t, name)
		others := newWordy(9, 600, 60)
		if err := o.LearnConfidence(w.net, w.tables, w.set, others); err != nil {
			t.Fatal(err)
		}
		technique := must2(NewWideTechnique("slo-nn", w.net, w.tables, o, w.set))(t).(*wideTechnique)
		session := technique.NewSession()
		agreed, expected := make([]float64, len(technique.points)), make([]float64, len(technique.points))
		eachInput(others, 0, func(_ int, in Input) {
			session.Activate(in)
			right := session.Execute(technique.whole(), in).Answer
			for point := range technique.points {
				got := session.Execute(point, in)
				expected[point] += float64(got.Confidence)
				if got.Answer == right {
					agreed[point]++
				}
			}
		})
		if !technique.HasConfidence() || agreed[technique.whole()] != 600 || expected[technique.whole()] < 599 {
			t.Errorf("%s: want the whole network to agree with itself, got %v, expected %v", name, agreed, expected)
		}
		for point := range agreed {
			if math.Abs(agreed[point]-expected[point]) > 12 { // shrinking hardly moves the mean
				t.Errorf("%s at %s: want %v agreements as expected, got %v", name, technique.points[point].Name, expected[point], agreed[point])
			}
		}
	}
}

func TestWideTablesSurviveTheirFiles(t *testing.T) {
	w := surveyWide(t, 4, 100, 60, 16, 300)
	network := w.net.Network()
	network.PutWideTables(w.tables)
	var file bytes.Buffer
	if err := Write(&file, network); err != nil {
		t.Fatal(err)
	}
	read := must2(ReadBytes(file.Bytes()))(t)
	tables := must2(read.WideTables())(t)
	if !slices.Equal(tables.Likely, w.tables.Likely) || !slices.Equal(tables.Frequent, w.tables.Frequent) {
		t.Error("want the orders that were written, got others")
	}
	for _, name := range OutputActivators() {
		o := w.outputs(t, name)
		if err := o.LearnConfidence(w.net, w.tables, w.set, w.inputs); err != nil {
			t.Fatal(err)
		}
		want := must2(NewWideTechnique("slo-nn", w.net, w.tables, o, w.set))(t)
		var stored bytes.Buffer
		if err := WriteOutputs(&stored, o); err != nil {
			t.Fatal(err)
		}
		got := must2(ReadOutputs(stored.Bytes()))(t)
		again := must2(NewWideTechnique("slo-nn", must2(WideOf(read))(t), tables, got, w.set))(t)
		if want.Hash() != again.Hash() {
			t.Errorf("%s: want the same hash after a file, got another", name)
		}
		if err := again.Load(0); err != nil {
			t.Error(err)
		}
		if err := again.Load(1); err == nil {
			t.Error("want an error for a group that is not there")
		}
		for i := 0; i < stored.Len(); i += 1 + stored.Len()/50 {
			damaged := slices.Clone(stored.Bytes())
			damaged[i] ^= 4
			if _, err := ReadOutputs(damaged); err == nil {
				t.Fatalf("%s: want an error for byte %d damaged", name, i)
			}
			if _, err := ReadOutputs(damaged[:i]); err == nil {
				t.Fatalf("%s: want an error for a file cut at %d", name, i)
			}
		}
	}
}

func TestWideExecuteAllocatesNothing(t *testing.T) {
	w := surveyWide(t, 5, 50, 60, 16, 300)
	for _, name := range everyWide() {
		technique := w.technique(t, name)
		session := technique.NewSession()
		for point, p := range technique.Points() {
			i := 0
			allocs := testing.AllocsPerRun(200, func() {
				ids, values := w.inputs.Sparse(i % w.inputs.Len())
				in := Input{IDs: ids, Values: values}
				session.Activate(in)
				session.Execute(point, in)
				i++
			})
			if allocs != 0 {
				t.Errorf("%s at %s: want 0 allocations, got %v", name, p.Name, allocs)
			}
		}
	}
}

func TestBadWideNetworks(t *testing.T) {
	if _, err := NewWide("x", 0, 1, 2); err == nil {
		t.Error("want an error for no features")
	}
	w, other := surveyWide(t, 1, 50, 20, 8, 30), surveyWide(t, 1, 50, 21, 8, 31)
	wrong := &WideTables{Likely: []int32{1, 1}, Frequent: []int32{0}}
	bad := func(name string, tables *WideTables, o *Outputs) func() error {
		return func() error { _, err := NewWideTechnique(name, w.net, tables, o, w.set); return err }
	}
	short := w.outputs(t, "features")
	short.Confidence = [][]float32{{1}}
	cases := map[string]func() error{
		"no tables":       bad("slo-nn", nil, nil),
		"no orders":       bad("prune-outputs", nil, nil),
		"wrong orders":    bad("prune-frequent", wrong, nil),
		"few confidences": bad("slo-nn", w.tables, short),
		"unknown":         bad("zoo", w.tables, nil),
		"unknown activator": func() error {
			_, err := BuildOutputs(context.Background(), "zoo", w.survey, w.set, rng.Key{})
			return err
		},
		"a deep network": func() error { _, err := WideOf(must2(NewNetwork("x", Plain, []int{3, 4, 5, 6}, 1))(t)); return err },
	}
	for _, name := range OutputActivators() {
		cases[name+" of another network"] = bad("slo-nn", w.tables, other.outputs(t, name))
	}
	for name, make := range cases {
		if make() == nil {
			t.Errorf("%s: want an error, got none", name)
		}
	}
}
