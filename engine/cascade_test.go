package engine

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"slosim/engine/activator"
	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

func TestCascadeAnswersAreThoseOfTheirStages(t *testing.T) {
	set := kernel.Best()
	net := newTestNetwork(t, 5, WinnerTakeAll, 40, 48, 30, 10)
	linear, _ := newTestTables(t, net, set)
	opt := SLONNOptions{Activator: activator.NewLinear(set, linear)}
	plain := must2(NewSLONN(net, set, opt))(t)
	last := len(plain.Points()) - 1
	opt.Cascades = []CascadeSpec{
		{Stages: []int{0, 3}, Thresholds: []float32{0.4}, Reach: []float64{1, 0.5}},
		{Stages: []int{1, 4, last}, Thresholds: []float32{0.6, 0.5}, Reach: []float64{1, 0.5, 0.2}},
	}
	technique := must2(NewSLONN(net, set, opt))(t).(*sloNN)
	samples, base, session := newTestSamples(20, 200, 40, 10), plain.NewSession(), technique.NewSession()
	ends := map[int]int{}
	for point, r := range technique.routes {
		if len(r.stages) == 1 {
			continue
		}
		for i := range samples.Len() {
			x, stage := samples.x.Row(i), 0
			want := base.Execute(r.stages[0], Dense(x))
			for ; stage < len(r.thresholds) && want.Margin < r.thresholds[stage]; stage++ {
				want = base.Execute(r.stages[stage+1], Dense(x))
			}
			got := session.Execute(point, Dense(x))
			if got.Answer != want.Answer || math.Abs(float64(got.Margin-want.Margin)) > 1e-4 || int(got.Class) != stage {
				t.Fatalf("%s, sample %d: want %+v in stage %d, got %+v", r.name, i, want, stage, got)
			}
			ends[stage]++
		}
	}
	if len(ends) != 3 {
		t.Errorf("want queries that end in each of 3 stages, got %v", ends)
	}
}

func TestCascadeReusesCandidates(t *testing.T) {
	set := kernel.Best()
	net := newTestNetwork(t, 5, WinnerTakeAll, 40, 48, 30, 10)
	proposer := fixed{set, newTestSamples(1, 1, 48, 2).x.Row(0)}
	technique := must2(NewSLONN(net, set, SLONNOptions{
		Activator: proposer,
		Points:    []SparsePoint{{0.25, 0.1}, {0.5, 0.25}},
		Cascades:  []CascadeSpec{{Stages: []int{0, 1}, Thresholds: []float32{1e30}, Reach: []float64{1, 1}}},
	}))(t)
	for point, p := range technique.Points() {
		if p.Cascade {
			// half of layer 1 once, and the other layers in both stages
			want := 24 + 2*(30+10)
			if got := technique.NewSession().Execute(point, Dense(newTestSamples(2, 1, 40, 3).x.Row(0))); got.Nodes != want {
				t.Errorf("want %d computed nodes, got %d", want, got.Nodes)
			}
			return
		}
	}
	t.Error("no cascade among the points")
}

func TestSLONNRejectsBadOptions(t *testing.T) {
	set := kernel.Pure()
	net := newTestNetwork(t, 5, WinnerTakeAll, 12, 10, 8, 4)
	for name, opt := range map[string]SLONNOptions{
		"a share that is no level": {Points: []SparsePoint{{1, 0.3}}},
		"no activator":             {Points: []SparsePoint{{0.5, 0.1}}},
		"no candidates":            {Points: []SparsePoint{{0, 0.1}}},
		"too many candidates":      {Points: []SparsePoint{{1.5, 0.1}}},
		"a stage out of range":     {Cascades: []CascadeSpec{{Stages: []int{0, 9}, Thresholds: []float32{1}, Reach: []float64{1, 1}}}},
		"an infinite threshold":    {Cascades: []CascadeSpec{{Stages: []int{0, 1}, Thresholds: []float32{float32(math.Inf(1))}, Reach: []float64{1, 1}}}},
		"one stage":                {Cascades: []CascadeSpec{{Stages: []int{0}, Reach: []float64{1}}}},
		"too few thresholds":       {Cascades: []CascadeSpec{{Stages: []int{0, 1}, Reach: []float64{1, 1}}}},
	} {
		if _, err := NewSLONN(net, set, opt); err == nil {
			t.Errorf("%s passed", name)
		}
	}
	if _, err := NewSLONN(newTestNetwork(t, 1, Plain, 4, 2), set, SLONNOptions{}); err == nil {
		t.Error("a network without hidden layers passed")
	}
}

// randomTrials makes points of rising accuracy and cost whose margins say something.
func randomTrials(random *rand.Rand, points, n int) []*trial {
	var trials []*trial
	for p := range points {
		t := &trial{}
		for range n {
			margin := random.Float32()
			t.margins = append(t.margins, margin)
			t.right = append(t.right, random.Float64() < 0.5+0.1*float64(p)+0.5*float64(margin))
		}
		trials = append(trials, t.withSorted())
	}
	return trials
}

func TestChosenCascadeMeetsTargetAndIsCheapest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
		trials := randomTrials(random, rapid.IntRange(2, 4).Draw(t, "points"), 300)
		cost := func(point int) float64 { return float64(1 + 2*point*point) }
		loss := rapid.Float64Range(0, 0.1).Draw(t, "loss")
		goals := CascadeGoals{Losses: []float64{loss}, Cost: cost, MaxStages: 2}
		specs := chooseCascades(trials, goals)
		best, found := bruteTwoStages(trials, cost, loss)
		if found != (len(specs) == 1) {
			t.Fatalf("brute force found a cascade: %v, the search: %v", found, len(specs) == 1)
		}
		if !found {
			return
		}
		replay(t, trials, specs[0])
		if got := specs[0].expected(cost); math.Abs(got-best) > 1e-9 {
			t.Fatalf("want a cost of %g, got %g", best, got)
		}
		goals.MaxStages = 3
		if three := chooseCascades(trials, goals); three[0].expected(cost) > best+1e-9 {
			t.Fatalf("a third stage made it dearer: %g after %g", three[0].expected(cost), best)
		} else {
			replay(t, trials, three[0])
		}
	})
}

// bruteTwoStages returns the lowest cost of a cascade that beats all points.
func bruteTwoStages(trials []*trial, cost func(int) float64, loss float64) (best float64, found bool) {
	target := 0.0
	for _, t := range trials {
		target = max(target, t.accuracy())
	}
	target -= loss + 1e-9
	best = math.Inf(1)
	for i, t := range trials {
		if t.accuracy() >= target {
			best = min(best, cost(i))
		}
	}
	for i, first := range trials {
		for j := i + 1; j < len(trials); j++ {
			for bin := range oneStageBins {
				spec := CascadeSpec{Stages: []int{i, j}, Thresholds: []float32{first.threshold(bin, oneStageBins)}}
				accuracy, reach := replayed(trials, spec)
				if total := cost(i) + reach[1]*cost(j); accuracy >= target && reach[1] > 0 && total < best {
					best, found = total, true
				}
			}
		}
	}
	return best, found
}

// replayed runs a cascade over the trials, sample by sample.
func replayed(trials []*trial, spec CascadeSpec) (accuracy float64, reach []float64) {
	n := len(trials[0].right)
	reach = make([]float64, len(spec.Stages))
	for sample := range n {
		for i, stage := range spec.Stages {
			reach[i] += 1 / float64(n)
			if i == len(spec.Thresholds) || trials[stage].margins[sample] >= spec.Thresholds[i] {
				accuracy += float64(one(trials[stage].right[sample])) / float64(n)
				break
			}
		}
	}
	return accuracy, reach
}

// replay checks what a cascade claims of itself.
func replay(t *rapid.T, trials []*trial, spec CascadeSpec) {
	accuracy, reach := replayed(trials, spec)
	if diff := cmp.Diff(append(reach, accuracy), append(spec.Reach, spec.Accuracy), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Fatalf("replayed and claimed reach and accuracy (-want +got):\n%s", diff)
	}
}

func TestCalibratedCascadeDoesWhatItClaims(t *testing.T) {
	set := kernel.Best()
	small, large := newTestNetwork(t, 6, Plain, 40, 8, 10), newTestNetwork(t, 5, Plain, 40, 48, 30, 10)
	small.Name = "small"
	samples := newTestSamples(21, 400, 40, 10)
	labelLike(samples, set, large, small)
	zoo := must2(NewZoo([]*Network{large, small}, set, nil))(t)
	goals := CascadeGoals{Cost: func(point int) float64 { return float64(zoo.Points()[point].Ops) }, Losses: []float64{0, 0.02, 0.05}}
	specs := must2(CalibrateCascades(zoo, samples, 40, goals))(t)
	if len(specs) == 0 {
		t.Fatal("want a cascade")
	}
	with := must2(NewZoo([]*Network{large, small}, set, specs))(t)
	for point, p := range with.Points() {
		if !p.Cascade {
			continue
		}
		trial := try(with, point, samples, 40)
		if !containsAccuracy(specs, trial.accuracy()) {
			t.Errorf("%s: accuracy %g is none of those claimed: %+v", p.Name, trial.accuracy(), specs)
		}
	}
	if _, err := CalibrateCascades(zoo, samples, 40, CascadeGoals{}); err == nil {
		t.Error("calibrated without costs")
	}
}

// labelLike makes the small network right where its margin is large, and the large one
// everywhere else: what a cascade hopes for.
func labelLike(samples *testSamples, set *kernel.Set, large, small *Network) {
	big, little := large.NewScratch(), small.NewScratch()
	sure := float32(0)
	for i := range samples.labels {
		_, margin := top(small.Forward(set, little, samples.x.Row(i)))
		sure = max(sure, margin)
	}
	for i := range samples.labels {
		answer, margin := top(small.Forward(set, little, samples.x.Row(i)))
		if samples.labels[i] = answer; margin < sure/3 {
			samples.labels[i], _ = top(large.Forward(set, big, samples.x.Row(i)))
		}
	}
}

func containsAccuracy(specs []CascadeSpec, accuracy float64) bool {
	for _, s := range specs {
		if math.Abs(s.Accuracy-accuracy) < 1e-9 {
			return true
		}
	}
	return false
}

func TestChooseLSH(t *testing.T) {
	set, net := kernel.Best(), newTestNetwork(t, 4, Plain, 40, 48, 30, 10)
	fit, held := newTestSamples(11, 300, 40, 6), newTestSamples(12, 100, 40, 6)
	budget := int64(78) << 11 // 8 tables of 8 bits, or 4 of 9
	chosen, err := ChooseLSH(net, set, fit, held, budget, []float64{0.1, 1}, rng.Key{Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range activator.LSHSizes(78, budget) {
		tables := must2(activator.BuildLSH(set, NewObserver(net, set, 0), fit, 40, size, rng.Key{Seed: 4}))(t)
		if err := FitLSHConfidence(net, set, tables, held, []float64{0.1, 1}); err != nil {
			t.Fatal(err)
		}
		if agreement(tables) > agreement(chosen) {
			t.Errorf("chose %d bits, %d tables; %+v agrees more", chosen.Bits, chosen.Tables, size)
		}
	}
	if _, err := ChooseLSH(net, set, fit, held, 100, []float64{1}, rng.Key{}); err == nil {
		t.Error("chose tables that fit 100 bytes")
	}
	if err := FitLSHConfidence(net, set, chosen, held, []float64{0.5}); err == nil {
		t.Error("fitted confidences without the full network")
	}
}
