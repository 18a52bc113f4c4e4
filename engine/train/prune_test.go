package train

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"slosim/engine"
)

// prunedRecipe cuts the shipped recipe of width 32 for the clouds' shape.
func prunedRecipe(p Pruning) Recipe {
	r := Recipe{Name: "test.pruned", Sizes: []int{12, 32, 32, 4}, Shares: []float64{1}, Hyper: smallHyper(0), Prune: &p}
	r.Hyper.Epochs = 8
	if p.Width > 0 {
		r.Sizes = []int{12, p.Width, p.Width, 4}
	} else {
		r.Kind = engine.Pruned
	}
	return r
}

// remembered returns a memory that holds the network that a recipe would cut.
func remembered(t *testing.T, n *engine.Network, opt Options) *Memory {
	t.Helper()
	memory := &Memory{}
	memory.put(wholeName("fashion-mnist.w32", 3, opt.Seed), n)
	return memory
}

func TestHeaviestNodesStay(t *testing.T) {
	n := newNet(t, []int{3, 4, 2}, 0, 1, 1)
	for j, v := range []float32{1, -5, 0.5, 5} {
		for i := range 3 {
			n.Layers[0].W.Row(j)[i] = v
		}
	}
	if got := heaviest(n.Layers[0].W, 3); !slices.Equal(got, []int{0, 1, 3}) {
		t.Errorf("want nodes 0, 1 and 3, got %v", got)
	}
}

// A network cut to nodes whose dropped peers did nothing must answer as the whole did.
func TestCutKeepsWhatTheNodesDid(t *testing.T) {
	whole := newNet(t, []int{6, 8, 7, 3}, 0, 2, 1)
	for _, dead := range []int{1, 4} {
		for l := range 2 {
			clear(whole.Layers[l].W.Row(dead))
			whole.Layers[l].Bias[0][dead] = -1
		}
	}
	r := Recipe{Prune: &Pruning{Width: 5}}
	n := newNet(t, []int{6, 5, 5, 3}, 0, 9, 1)
	for l := range 2 { // one dead node too many is cut from the first layer: make it harmless
		for i := range whole.Layers[l+1].W.Rows {
			for _, gone := range []int{0, 1, 4} {
				whole.Layers[l+1].W.Row(i)[gone] = 0
			}
		}
		clear(whole.Layers[l].W.Row(0))
	}
	r.cut(n, whole)
	b, small := randomBatch(whole, 9, 3), randomBatch(n, 9, 3)
	for row := range 9 {
		copy(small.values[0].Row(row), b.values[0].Row(row))
	}
	(&pass{set: pure(), net: whole}).forward(b, newScratch(whole), 0, 9)
	(&pass{set: pure(), net: n}).forward(small, newScratch(n), 0, 9)
	for row := range 9 {
		for i, want := range b.values[3].Row(row) {
			if got := small.values[3].Row(row)[i]; math.Abs(float64(want-got)) > 1e-5 {
				t.Errorf("row %d, logit %d: want %g, got %g", row, i, want, got)
			}
		}
	}
}

func TestSparsityKeepsTheLargest(t *testing.T) {
	n := newNet(t, []int{20, 30, 4}, 0, 4, 1)
	before := slices.Clone(n.Layers[0].W.Data)
	s := &sparsity{keep: 0.1, until: 64}
	if s.share(0) != 1 || math.Abs(s.share(64)-0.1) > 1e-12 || s.share(32) > 0.25 {
		t.Errorf("want shares that fall from 1 to 0.1, fast at first, got %g, %g, %g", s.share(0), s.share(32), s.share(64))
	}
	for step := 1; step <= 70; step++ {
		s.after(n, step)
	}
	count, least := 0, math.Inf(1)
	for i := range n.Layers {
		for _, v := range n.Layers[i].W.Data {
			if v != 0 {
				count, least = count+1, min(least, math.Abs(float64(v)))
			}
		}
	}
	if want := 72; count != want { // 0.1 of 20*30 + 30*4
		t.Errorf("want %d weights, got %d", want, count)
	}
	for i, v := range before {
		if n.Layers[0].W.Data[i] == 0 && math.Abs(float64(v)) > least {
			t.Errorf("weight %d of size %g is gone, while one of %g stays", i, v, least)
		}
	}
}

// What was cut stays cut through the rest of training, and the file holds no more.
func TestPrunedNetworksLearn(t *testing.T) {
	data := cloudData()
	opt := Options{Seed: 5, Set: pure()}
	whole := smallRecipe()
	whole.Kind, whole.Masked, whole.Shares, whole.Tables, whole.Hyper.Odds = engine.Plain, 0, []float64{1}, nil, nil
	whole.Sizes = []int{12, 32, 32, 4}
	base, _, err := TrainRecipe(context.Background(), whole, data, opt)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]Pruning{
		"nodes":   {Base: "fashion-mnist.w32", Epochs: 3, Rate: 0.01, Width: 8},
		"weights": {Base: "fashion-mnist.w32", Epochs: 3, Rate: 0.01, Weights: 0.2},
	} {
		opt.Memory = remembered(t, base, opt)
		n, report, err := TrainRecipe(context.Background(), prunedRecipe(p), data, opt)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if report.Confidence[0] < 0.9 {
			t.Errorf("%s: want an accuracy of 0.9 or more, got %v", name, report.Confidence)
		}
		again, _, err := TrainRecipe(context.Background(), prunedRecipe(p), data, opt)
		if err != nil {
			t.Fatal(err)
		}
		file := written(t, n)
		if !bytes.Equal(file, written(t, again)) {
			t.Errorf("%s: want the same bytes again", name)
		}
		if read, err := engine.ReadBytes(file); err != nil || !sameBits(n, read) {
			t.Errorf("%s: the file holds another network: %v", name, err)
		}
	}
}

func TestPruningIsChecked(t *testing.T) {
	for want, p := range map[string]Pruning{
		"epochs before":  {Base: "fashion-mnist.w32", Epochs: 8, Rate: 0.01, Width: 8},
		"either a width": {Base: "fashion-mnist.w32", Epochs: 3, Rate: 0.01, Width: 8, Weights: 0.5},
	} {
		_, _, err := TrainRecipe(context.Background(), prunedRecipe(p), cloudData(), Options{Set: pure()})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: want an error that says %q, got %v", p, want, err)
		}
	}
}
