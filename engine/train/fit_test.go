package train

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"slosim/engine"
	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

func smallHyper(levels int) Hyper {
	h := Hyper{Epochs: 6, Batch: 32, Rate: 5e-3, Smoothing: 0.05}
	for range levels {
		h.Odds = append(h.Odds, 1/float64(levels))
	}
	return h
}

// fitClouds trains a network on the clouds.
func fitClouds(t *testing.T, seed uint64, hyper Hyper, masked int, shares ...float64) (*engine.Network, *fitting) {
	t.Helper()
	n := newNet(t, []int{12, 48, 40, 4}, masked, seed, shares...)
	f := newFitting(n, cloudData(), hyper, rng.Key{Seed: seed}, pure())
	if _, err := fit(context.Background(), f, nil); err != nil {
		t.Fatal(err)
	}
	return n, f
}

func TestLearnsClouds(t *testing.T) {
	_, f := fitClouds(t, 1, smallHyper(1), 0, 1)
	if got := accuracy(pure(), f.net, 0, f.data.Confidence, f.mean); got < 0.95 {
		t.Errorf("plain network: want 0.95, got %g", got)
	}
	_, f = fitClouds(t, 1, smallHyper(3), 1, 0.1, 0.3, 1)
	for level := range f.net.Levels {
		if got := accuracy(pure(), f.net, level, f.data.Confidence, f.mean); got < 0.95 {
			t.Errorf("winner take all, level %d: want 0.95, got %g", level, got)
		}
	}
}

// Widths beyond a tile of any kernel, batches that do not divide: the parts that the
// cores get then differ in every way.
func TestSameBitsWhateverGOMAXPROCS(t *testing.T) {
	hyper := smallHyper(3)
	hyper.Dropout, hyper.Decay, hyper.Epochs, hyper.Batch = 0.1, 0.01, 1, 90
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, set := range kernel.All() {
		var first *engine.Network
		for _, procs := range []int{1, 2, 3} {
			runtime.GOMAXPROCS(procs)
			n := newNet(t, []int{12, 150, 70, 4}, 1, 1, 0.1, 0.3, 1)
			f := newFitting(n, cloudData(), hyper, rng.Key{Seed: 1}, set)
			if _, err := fit(context.Background(), f, nil); err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = n
			} else if !sameBits(first, n) {
				t.Errorf("%s: GOMAXPROCS %d gives other weights than 1", set.Name, procs)
			}
		}
	}
}

func TestSeedDecidesEverything(t *testing.T) {
	hyper := smallHyper(1)
	hyper.Epochs = 1
	first, _ := fitClouds(t, 1, hyper, 0, 1)
	again, _ := fitClouds(t, 1, hyper, 0, 1)
	other, _ := fitClouds(t, 2, hyper, 0, 1)
	if !sameBits(first, again) {
		t.Error("the same seed gave other weights")
	}
	if sameBits(first, other) {
		t.Error("another seed gave the same weights")
	}
}

func TestCancel(t *testing.T) {
	n := newNet(t, []int{12, 8, 4}, 0, 1, 1)
	ctx, cancel := context.WithCancel(context.Background())
	hyper := smallHyper(1)
	hyper.Epochs = 1000
	f := newFitting(n, cloudData(), hyper, rng.Key{Seed: 1}, pure())
	epochs := 0
	_, err := fit(ctx, f, func(int, float64, float64) { epochs++; cancel() })
	if !errors.Is(err, context.Canceled) || epochs != 1 {
		t.Errorf("want context.Canceled after 1 epoch, got %v after %d", err, epochs)
	}
}

func TestDivergenceIsAnError(t *testing.T) {
	n := newNet(t, []int{12, 8, 4}, 0, 1, 1)
	hyper := smallHyper(1)
	hyper.Rate = 1e30
	f := newFitting(n, cloudData(), hyper, rng.Key{Seed: 1}, pure())
	if _, err := fit(context.Background(), f, nil); err == nil {
		t.Error("want an error when the loss overflows, got none")
	}
}
