package engine

import (
	"math"
	"testing"

	"slosim/engine/activator"
	"slosim/engine/kernel"
)

func TestProbeIsReusedAndItsMarginIsTheConfidence(t *testing.T) {
	set := kernel.Best()
	net := newTestNetwork(t, 5, WinnerTakeAll, 40, 48, 30, 10)
	linear, _ := newTestTables(t, net, set)
	opt := SLONNOptions{
		Activator: activator.NewLinear(set, linear),
		Points:    []SparsePoint{{0.2, 0.1}, {0.4, 0.25}, {1, 0.5}},
		Cascades:  []CascadeSpec{{Stages: []int{0, 1}, Thresholds: []float32{0.4}, Reach: []float64{1, 0.5}}},
	}
	plain := must2(NewSLONN(net, set, opt))(t)
	opt.Probe = "c=0.2 k=0.1"
	probing := must2(NewSLONN(net, set, opt))(t)
	if !probing.Activates() || !probing.HasConfidence() || plain.Activates() || plain.Hash() == probing.Hash() {
		t.Fatal("want a technique of its own that activates")
	}
	samples, without, with := newTestSamples(22, 50, 40, 10), plain.NewSession(), probing.NewSession()
	for i := range samples.Len() {
		x := samples.x.Row(i)
		with.Activate(Dense(x))
		confidence := without.Execute(0, Dense(x)).Margin
		for range 2 { // a second round must not find more work done than the first
			for point := range plain.Points() {
				want, got := without.Execute(point, Dense(x)), with.Execute(point, Dense(x))
				if got.Answer != want.Answer || math.Abs(float64(got.Margin-want.Margin)) > 1e-4 || got.Class != want.Class {
					t.Fatalf("sample %d, point %s: want %+v, got %+v", i, plain.Points()[point].Name, want, got)
				}
				if math.Abs(float64(got.Confidence-confidence)) > 1e-4 {
					t.Fatalf("sample %d: want the probe's margin %g as confidence, got %g", i, confidence, got.Confidence)
				}
				if most := want.Nodes + 10 + 30 + 40; got.Nodes < want.Nodes || got.Nodes > most {
					t.Fatalf("sample %d, point %s: want %d to %d nodes, got %d", i, plain.Points()[point].Name, want.Nodes, most, got.Nodes)
				}
			}
		}
	}
	opt.Probe = "nothing"
	if _, err := NewSLONN(net, set, opt); err == nil {
		t.Error("a probe that is no point passed")
	}
}

func TestSharedProductsSurviveTheCounter(t *testing.T) {
	w := shared{probe: 7, stamp: noStamp - 1, stamps: []uint32{7, noStamp - 1, 3}, missing: make([]int32, 3)}
	w.next() // the counter ends: everything is forgotten
	if got := w.lacking([]int32{0, 1, 2}); len(got) != 3 {
		t.Errorf("want no valid product, got %d", 3-len(got))
	}
	w.probe = w.stamp
	w.next()
	if got := w.lacking([]int32{2, 1}); len(got) != 0 {
		t.Errorf("want the probe's products to stay valid, got %v lacking", got)
	}
}
