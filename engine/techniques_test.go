package engine

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"slosim/engine/activator"
	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// fixed proposes nodes by fixed scores: an activator whose choice a test knows.
type fixed struct {
	set    *kernel.Set
	scores []float32
}

func (f fixed) NewScratch() *activator.Scratch                   { return &activator.Scratch{} }
func (f fixed) Score(*activator.Scratch, []float32)              {}
func (f fixed) Top(ids []int32, _ *activator.Scratch, k int) int { return f.set.TopK(ids, f.scores, k) }

// naiveSparse is a plan of slo-nn in float64.
func naiveSparse(n *Network, p *plan, allowed map[int]bool, x []float64) []float64 {
	last := len(n.Layers) - 1
	for i := range n.Layers {
		x = naiveLayer(&n.Layers[i], p.level, x)
		if i == last {
			return x
		}
		keep := len(x)
		if i < len(p.keep) {
			keep = p.keep[i]
		}
		if i > 0 {
			allowed = nil
		}
		naiveKeep(x, allowed, keep)
	}
	return x
}

func TestSLONNMatchesMaskedDense(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hidden := rapid.IntRange(10, 40)
		sizes := []int{rapid.IntRange(5, 60).Draw(t, "inputs"), hidden.Draw(t, "h1"), hidden.Draw(t, "h2"), rapid.IntRange(2, 20).Draw(t, "outputs")}
		n := drawNetwork(t, WinnerTakeAll, sizes...)
		n.Masked = rapid.IntRange(0, 2).Draw(t, "masked")
		samples := newTestSamples(n.Training.Seed, 3, sizes[0], 4)
		for _, set := range kernel.All() {
			proposer := fixed{set, newTestSamples(1, 1, sizes[1], 2).x.Row(0)}
			technique, err := NewSLONN(n, set, SLONNOptions{Activator: proposer})
			if err != nil {
				t.Fatal(err)
			}
			comparePlans(t, technique.(*sloNN), n, proposer, samples)
		}
	})
}

// drawNetwork is newTestNetwork for rapid.
func drawNetwork(t *rapid.T, kind Kind, sizes ...int) *Network {
	return newTestNetwork(new(testing.T), rapid.Uint64().Draw(t, "seed"), kind, sizes...)
}

// comparePlans checks every plan's logits, with and without shared work.
func comparePlans(t *rapid.T, technique *sloNN, n *Network, proposer fixed, samples *testSamples) {
	session := technique.NewSession().(*sloSession)
	for i := range technique.plans {
		p := &technique.plans[i]
		allowed := map[int]bool{}
		ids := make([]int32, n.Layers[0].W.Rows)
		for _, id := range ids[:proposer.Top(ids, nil, max(p.candidates, 1))] {
			allowed[int(id)] = true
		}
		if p.candidates == 0 {
			allowed = nil
		}
		for s := range samples.Len() {
			want := naiveSparse(n, p, allowed, widen(samples.x.Row(s)))
			for _, share := range []bool{false, true} {
				session.begin()
				got := widen(session.run(technique.slots[0].current.Load(), p, samples.x.Row(s), share))
				if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-3, 1e-3)); diff != "" {
					t.Fatalf("%s, %s, share %v (-want +got):\n%s", technique.set.Name, p.name(), share, diff)
				}
			}
		}
	}
}

func TestReLUSkipIsExact(t *testing.T) {
	n := newTestNetwork(t, 3, Plain, 64, 50, 30, 10)
	samples := newTestSamples(9, 30, 64, 10)
	for _, set := range kernel.All() {
		skip := must2(NewReLUSkip(n, set))(t)
		dense := must2(NewDense(n, set))(t).NewSession()
		session := skip.NewSession()
		for i := range samples.Len() {
			want := dense.Execute(0, Dense(samples.x.Row(i)))
			for point := range skip.Points() {
				got := session.Execute(point, Dense(samples.x.Row(i)))
				if got.Answer != want.Answer || math.Abs(float64(got.Margin-want.Margin)) > 1e-4 || got.Nodes != want.Nodes {
					t.Fatalf("%s, point %d, sample %d: want %+v, got %+v", set.Name, point, i, want, got)
				}
				if int(got.Class) >= skip.Classes(point) {
					t.Fatalf("class %d of %d", got.Class, skip.Classes(point))
				}
			}
		}
	}
}

// must2 carries a result and its error to where the test is.
func must2[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T { t.Helper(); return must(t, v, err) }
}

// newTestLSH builds small tables with confidences.
func newTestLSH(t testing.TB, n *Network, set *kernel.Set, shares []float64) *activator.LSHTables {
	t.Helper()
	level := len(n.Levels) - 1
	images := newTestSamples(11, 300, n.Inputs(), 6)
	tables, err := activator.BuildLSH(set, NewObserver(n, set, level), images, n.Inputs(), activator.LSHSize{Bits: 4, Tables: 3}, rng.Key{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	if shares != nil {
		if err := FitLSHConfidence(n, set, tables, newTestSamples(12, 100, n.Inputs(), 6), shares); err != nil {
			t.Fatal(err)
		}
	}
	return tables
}

func TestLSHMatchesMaskedDense(t *testing.T) {
	n := newTestNetwork(t, 4, Plain, 40, 48, 30, 10)
	samples := newTestSamples(13, 20, 40, 10)
	for _, set := range kernel.All() {
		technique := must2(NewSLONNLSH(n, set, newTestLSH(t, n, set, nil)))(t).(*sloLSH)
		session := technique.NewSession().(*lshSession)
		for i := range samples.Len() {
			session.Activate(Dense(samples.x.Row(i)))
			for point := range technique.Points() {
				got := session.Execute(point, Dense(samples.x.Row(i)))
				want := naiveMasked(n, session, technique.keep[point], widen(samples.x.Row(i)))
				if answer, margin := naiveTop(want); answer != got.Answer || math.Abs(margin-float64(got.Margin)) > 1e-3 {
					t.Fatalf("%s, point %d, sample %d: want %d with margin %g, got %+v", set.Name, point, i, answer, margin, got)
				}
			}
		}
	}
}

// naiveMasked drops all nodes but the ranked ones, in float64.
func naiveMasked(n *Network, s *lshSession, keep []int, x []float64) []float64 {
	for i := range keep {
		ids, allowed := make([]int32, n.Layers[i].W.Rows), map[int]bool{}
		for _, id := range ids[:s.t.lsh.TopOf(ids, s.ranked, i, keep[i])] {
			allowed[int(id)] = true
		}
		x = naiveLayer(&n.Layers[i], 0, x)
		naiveKeep(x, allowed, len(x))
	}
	return naiveLayer(&n.Layers[len(keep)], 0, x)
}

func naiveTop(logits []float64) (answer int, margin float64) {
	for i, v := range logits {
		if v > logits[answer] {
			answer = i
		}
	}
	margin = math.Inf(1)
	for i, v := range logits {
		if i != answer {
			margin = min(margin, logits[answer]-v)
		}
	}
	return answer, margin
}

func TestFullDensityIsDenseBitForBit(t *testing.T) {
	plain := newTestNetwork(t, 5, Plain, 40, 48, 30, 10)
	wta := newTestNetwork(t, 5, WinnerTakeAll, 40, 48, 30, 10)
	samples := newTestSamples(14, 25, 40, 10)
	for _, set := range kernel.All() {
		for name, pair := range map[string][2]Technique{
			"lsh": {must2(NewDense(plain, set))(t), must2(NewSLONNLSH(plain, set, newTestLSH(t, plain, set, DefaultShares())))(t)},
			"wta": {must2(NewDense(wta, set))(t), must2(NewSLONN(wta, set, SLONNOptions{}))(t)},
			"zoo": {must2(NewDense(plain, set))(t), must2(NewZoo([]*Network{plain}, set, nil))(t)},
		} {
			dense, sparse := pair[0].NewSession(), pair[1].NewSession()
			last := len(pair[1].Points()) - 1
			for i := range samples.Len() {
				want, x := dense.Execute(0, Dense(samples.x.Row(i))), samples.x.Row(i)
				sparse.Activate(Dense(x))
				got := sparse.Execute(last, Dense(x))
				if got.Answer != want.Answer || got.Margin != want.Margin || got.Nodes != want.Nodes {
					t.Errorf("%s %s, sample %d: want %+v, got %+v", set.Name, name, i, want, got)
				}
			}
		}
	}
}

func TestOnlyChosenRowsAreComputed(t *testing.T) {
	set := kernel.Best()
	plain := newTestNetwork(t, 6, Plain, 40, 48, 30, 10)
	technique := must2(NewSLONNLSH(plain, set, newTestLSH(t, plain, set, nil)))(t).(*sloLSH)
	session := technique.NewSession().(*lshSession)
	x := newTestSamples(15, 1, 40, 10).x.Row(0)
	session.Activate(Dense(x))
	const point = 4 // a fifth of the nodes
	want := session.Execute(point, Dense(x))
	for i, keep := range technique.keep[point] {
		ids := make([]int32, plain.Layers[i].W.Rows)
		poison(plain.Layers[i].W, ids[:technique.lsh.TopOf(ids, session.ranked, i, keep)])
	}
	if got := session.Execute(point, Dense(x)); got.Answer != want.Answer || got.Margin != want.Margin {
		t.Errorf("lsh: an unchosen row was read: want %+v, got %+v", want, got)
	}

	wta := newTestNetwork(t, 6, WinnerTakeAll, 40, 48, 30, 10)
	proposer := fixed{set, newTestSamples(1, 1, 48, 2).x.Row(0)}
	slo := must2(NewSLONN(wta, set, SLONNOptions{Activator: proposer, Points: []SparsePoint{{0.2, 0.1}}}))(t)
	sloSession := slo.NewSession()
	want = sloSession.Execute(0, Dense(x))
	ids := make([]int32, 48)
	poison(wta.Layers[0].W, ids[:proposer.Top(ids, nil, shareOf(0.2, 48))])
	if got := sloSession.Execute(0, Dense(x)); got.Answer != want.Answer || got.Margin != want.Margin {
		t.Errorf("slo-nn: a row that is no candidate was read: want %+v, got %+v", want, got)
	}
	if want.Nodes != shareOf(0.2, 48)+30+10 {
		t.Errorf("want %d computed nodes, got %d", shareOf(0.2, 48)+40, want.Nodes)
	}
}

// poison sets all rows but the chosen ones to NaN.
func poison(w *kernel.Matrix, chosen []int32) {
	good := map[int32]bool{}
	for _, id := range chosen {
		good[id] = true
	}
	for i := range w.Rows {
		for j := range w.Row(i) {
			if !good[int32(i)] {
				w.Row(i)[j] = float32(math.NaN())
			}
		}
	}
}

func TestLSHConfidence(t *testing.T) {
	n := newTestNetwork(t, 4, Plain, 40, 48, 30, 10)
	set := kernel.Pure()
	shares := []float64{0.05, 0.3, 1}
	technique := must2(NewSLONNLSH(n, set, newTestLSH(t, n, set, shares)))(t)
	if !technique.HasConfidence() || !technique.Activates() || len(technique.Points()) != 3 {
		t.Fatal("want three points with confidences after an activation")
	}
	session, samples := technique.NewSession(), newTestSamples(16, 200, 40, 6)
	mean := make([]float64, 3)
	for i := range samples.Len() {
		session.Activate(Dense(samples.x.Row(i)))
		for point := range mean {
			c := float64(session.Execute(point, Dense(samples.x.Row(i))).Confidence)
			if !(c >= 0 && c <= 1) {
				t.Fatalf("confidence %g", c)
			}
			mean[point] += c / 200
		}
	}
	if !(mean[0] < mean[1] && mean[1] < mean[2] && math.Abs(mean[2]-1) < 1e-9) {
		t.Errorf("want mean confidences that rise to 1, got %v", mean)
	}
	without := must2(NewSLONNLSH(n, set, newTestLSH(t, n, set, nil)))(t)
	if without.HasConfidence() || !math.IsNaN(float64(without.NewSession().Execute(0, Dense(samples.x.Row(0))).Confidence)) {
		t.Error("tables without confidences give one")
	}
}

func TestSessionsDoNotAllocate(t *testing.T) {
	set := kernel.Best()
	for _, technique := range allTechniques(t, set) {
		x := newTestSamples(17, 1, 40, 10).x.Row(0)
		session := technique.NewSession()
		for point := range technique.Points() {
			if allocs := testing.AllocsPerRun(20, func() { session.Activate(Dense(x)); session.Execute(point, Dense(x)) }); allocs != 0 {
				t.Errorf("%s, %s: want no allocation, got %g", technique.Name(), technique.Points()[point].Name, allocs)
			}
		}
	}
}

// allTechniques returns each technique over small random networks.
func allTechniques(t testing.TB, set *kernel.Set) []Technique {
	plain := newTestNetwork(t, 5, Plain, 40, 48, 30, 10)
	small := newTestNetwork(t, 6, Plain, 40, 8, 10)
	small.Name = "test.w8"
	wta := newTestNetwork(t, 5, WinnerTakeAll, 40, 48, 30, 10)
	linear, clustered := newTestTables(t, wta, set)
	cascades := []CascadeSpec{{Stages: []int{0, 1}, Thresholds: []float32{0.1}, Reach: []float64{1, 0.3}}}
	return []Technique{
		must2(NewDense(plain, set))(t),
		must2(NewReLUSkip(plain, set))(t),
		must2(NewSLONN(wta, set, SLONNOptions{Activator: activator.NewLinear(set, linear), Cascades: cascades}))(t),
		must2(NewSLONN(wta, set, SLONNOptions{Activator: activator.NewClustered(set, clustered), Cascades: cascades}))(t),
		must2(NewSLONN(wta, set, SLONNOptions{}))(t),
		must2(NewSLONN(wta, set, SLONNOptions{Activator: activator.NewLinear(set, linear), Cascades: cascades, Probe: "c=0.2 k=0.1"}))(t),
		must2(NewSLONNLSH(plain, set, newTestLSH(t, plain, set, DefaultShares())))(t),
		must2(NewZoo([]*Network{plain, small}, set, cascades))(t),
		must2(NewStaticPruning("prune-nodes", []*Network{plain, small}, set))(t),
		must2(NewStaticPruning("prune-weights", prunedNetworks(t), set))(t),
		must2(NewSlimmable(newTestNetwork(t, 8, Slimmable, 40, 48, 30, 10), set))(t),
	}
}

func newTestTables(t testing.TB, n *Network, set *kernel.Set) (*activator.LinearTables, *activator.ClusteredTables) {
	t.Helper()
	images := newTestSamples(18, 200, n.Inputs(), 6)
	space := must2(activator.PCA(images, n.Inputs(), 8))(t)
	level := n.Level(0.1)
	linear := must2(activator.BuildLinear(space, n.Layers[0].W, n.Layers[0].Bias[level]))(t)
	clustered := must2(activator.BuildClustered(set, NewObserver(n, set, level), images, space, 12, rng.Key{Seed: 6}))(t)
	return linear, clustered
}

func TestPointsAreOrderedAndDescribed(t *testing.T) {
	for _, technique := range allTechniques(t, kernel.Best()) {
		names := map[string]bool{}
		for i, p := range technique.Points() {
			if i > 0 && p.Ops < technique.Points()[i-1].Ops {
				t.Errorf("%s: point %s comes after a dearer one", technique.Name(), p.Name)
			}
			if names[p.Name] || p.Density <= 0 || p.Ops <= 0 || p.Bytes <= 0 || p.Group >= len(technique.Groups()) || technique.Classes(i) < 1 {
				t.Errorf("%s: bad point %+v", technique.Name(), p)
			}
			names[p.Name] = true
		}
		for group, g := range technique.Groups() {
			if g.Bytes <= 0 || g.Name == "" {
				t.Errorf("%s: bad group %+v", technique.Name(), g)
			}
			if err := technique.Load(group); err != nil {
				t.Error(err)
			}
		}
		if technique.Load(len(technique.Groups())) == nil || len(technique.Hash()) != 64 {
			t.Errorf("%s: loaded a group that is not there, or no hash", technique.Name())
		}
	}
}

func TestHashesTellTechniquesApart(t *testing.T) {
	seen := map[string]string{}
	for i, technique := range allTechniques(t, kernel.Best()) {
		if other, ok := seen[technique.Hash()]; ok {
			t.Errorf("technique %d, %s, has the hash of %s", i, technique.Name(), other)
		}
		seen[technique.Hash()] = technique.Name()
	}
	for _, technique := range allTechniques(t, kernel.Best()) {
		if _, ok := seen[technique.Hash()]; !ok {
			t.Errorf("%s, built again, has another hash", technique.Name())
		}
	}
}

func TestLoadKeepsAnswers(t *testing.T) {
	samples := newTestSamples(19, 10, 40, 10)
	for _, technique := range allTechniques(t, kernel.Best()) {
		before := results(technique, samples)
		for group := range technique.Groups() {
			if err := technique.Load(group); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(before, results(technique, samples), cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s: answers changed after loading (-before +after):\n%s", technique.Name(), diff)
		}
	}
}

// results runs all samples at all points in one session.
func results(technique Technique, samples *testSamples) map[string]Result {
	session, out := technique.NewSession(), map[string]Result{}
	for i := range samples.Len() {
		session.Activate(Dense(samples.x.Row(i)))
		for point := range technique.Points() {
			out[fmt.Sprint(i, "/", point)] = session.Execute(point, Dense(samples.x.Row(i)))
		}
	}
	return out
}
