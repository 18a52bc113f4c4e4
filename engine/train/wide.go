package train

import (
	"cmp"
	"context"
	"time"

	"slosim/engine"
	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// WideOptions are the choices of [TrainWide]; the zero value is complete.
type WideOptions struct {
	Seed    uint64
	Epochs  int         // instead of the recipe's; 0: the recipe's
	Sampler string      // instead of the recipe's; "": the recipe's
	Samples int         // instead of the recipe's; 0: the recipe's
	Set     *kernel.Set // nil: the fastest; the bits of the weights depend on it
	// Progress is called after each epoch, from the goroutine that called TrainWide. May
	// be nil.
	Progress func(Event)
	// Clock tells the time for Event.Elapsed and Event.Left, usually time.Now; nil: both
	// stay 0. It changes nothing else.
	Clock func() time.Time
}

// WideReport says what came out. Precisions are those of the rounded weights, 0 to 1.
type WideReport struct {
	Network string
	Loss    float64 // of the last epoch, while learning
	P1, P5  float64 // on the samples held out for confidences
}

// TrainWide trains the wide network of a recipe from nothing. The result depends on the
// name, the data to fit, the seed, the epochs, the sampler and the kernel variant only.
// It ends early with the context's error when ctx is cancelled.
func TrainWide(ctx context.Context, name string, data WideData, opt WideOptions) (*engine.Wide, WideReport, error) {
	r, err := matchWide(name)
	if err != nil {
		return nil, WideReport{}, err
	}
	return TrainWideRecipe(ctx, r, data, opt)
}

// TrainWideRecipe is [TrainWide] for a recipe of one's own.
func TrainWideRecipe(ctx context.Context, r WideRecipe, data WideData, opt WideOptions) (*engine.Wide, WideReport, error) {
	opt.Set = cmp.Or(opt.Set, kernel.Best())
	r.Hyper.Epochs = cmp.Or(opt.Epochs, r.Hyper.Epochs)
	r.Hyper.Sampler = cmp.Or(opt.Sampler, r.Hyper.Sampler)
	r.Hyper.Samples = cmp.Or(opt.Samples, r.Hyper.Samples)
	if err := r.validate(); err != nil {
		return nil, WideReport{}, err
	}
	if err := data.check(r.Name); err != nil {
		return nil, WideReport{}, err
	}
	n, err := engine.NewWide(r.Name, data.Features, r.Hidden, data.Classes)
	if err != nil {
		return nil, WideReport{}, err
	}
	key := rng.Key{Seed: opt.Seed}
	initialiseWide(n, draw(key, drawWeights))
	f, err := newWideFitting(n, data, r.Hyper, key, opt.Set)
	if err != nil {
		return nil, WideReport{}, err
	}
	report := WideReport{Network: r.Name}
	tell := opt.teller(f)
	err = f.run(ctx, func() error { return nil }, func(epoch int, loss float64) {
		report.Loss = loss
		tell(epoch, loss)
	})
	if err != nil {
		return nil, WideReport{}, err
	}
	report.P1, report.P5 = WidePrecision(opt.Set, n, data.Confidence)
	return n, report, nil
}

// teller makes events of epochs that end.
func (opt *WideOptions) teller(f *wideFitting) func(epoch int, loss float64) {
	if opt.Progress == nil {
		return func(int, float64) {}
	}
	clock := opt.Clock
	if clock == nil {
		clock = func() time.Time { return time.Time{} }
	}
	start, before := clock(), f.step
	return func(epoch int, loss float64) {
		p1, _ := WidePrecision(f.set, f.net, f.data.Confidence)
		elapsed := clock().Sub(start)
		opt.Progress(Event{
			Network: f.net.Name, Stage: "epoch", Epoch: epoch + 1, Epochs: f.hyper.Epochs, Loss: loss, HeldOut: p1,
			Elapsed: elapsed, Left: elapsed / time.Duration(f.step-before) * time.Duration(f.steps-f.step),
		})
	}
}
