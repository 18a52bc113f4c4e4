package train

import (
	"cmp"
	"context"
	"errors"
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
	// Checkpoint is a file to write the whole state of training to, so that training that
	// was killed can go on; "": none. It is written every CheckpointEvery batches, or at
	// the end of each epoch if that is 0, and after the last one, and is at any time whole
	// or absent.
	Checkpoint      string
	CheckpointEvery int
	// Resume goes on from Checkpoint, to the same bits as without a break; if there is no
	// such file yet, training begins. A file of other settings or data is an error that
	// wraps ErrCheckpoint, and so is a damaged one.
	Resume bool
	// Clock tells the time for Event.Elapsed and Event.Left, usually time.Now; nil: both
	// stay 0. It changes nothing else.
	Clock func() time.Time
}

// WideReport says what came out. Precisions are those of the rounded weights, 0 to 1.
type WideReport struct {
	Network string
	Resumed int     // steps that a checkpoint had done
	Steps   int     // in all
	Loss    float64 // of the last epoch, while learning; 0 if a checkpoint had done it all
	P1, P5  float64 // on the samples held out for confidences
}

// TrainWide trains the wide network of a recipe from nothing. The result depends on the
// name, the data to fit, the seed, the epochs, the sampler and the kernel variant only.
// It ends early with the context's error when ctx is cancelled.
func TrainWide(ctx context.Context, name string, data WideData, opt WideOptions) (*engine.Wide, WideReport, error) {
	r, err := MatchWide(name)
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
	if err := errors.Join(r.validate(), data.check(r.Name)); err != nil {
		return nil, WideReport{}, err
	}
	n, err := engine.NewWide(r.Name, data.Features, r.Hidden, data.Classes)
	if err != nil {
		return nil, WideReport{}, err
	}
	f, err := newWideFitting(n, data, r.Hyper, rng.Key{Seed: opt.Seed}, opt.Set)
	if err != nil {
		return nil, WideReport{}, err
	}
	report, err := opt.fit(ctx, f)
	if err != nil {
		return nil, WideReport{}, err
	}
	n.Training = engine.Training{Dataset: data.Name, Seed: opt.Seed, Epochs: r.Hyper.Epochs, Note: opt.Set.Name}
	n.Round()
	report.P1, report.P5 = WidePrecision(opt.Set, n, data.Confidence)
	return n, report, nil
}

// fit takes all steps, or those that a checkpoint left.
func (opt *WideOptions) fit(ctx context.Context, f *wideFitting) (WideReport, error) {
	report := WideReport{Network: f.net.Name, Steps: f.steps}
	saved := newCheckpoints(f, opt.Checkpoint, opt.CheckpointEvery)
	if opt.Resume && opt.Checkpoint != "" {
		if err := saved.restore(f); err != nil {
			return report, err
		}
		report.Resumed = f.step
	}
	tell := opt.teller(f)
	err := f.run(ctx, func() error { return saved.stepped(f) }, func(epoch int, loss float64) {
		report.Loss = loss
		tell(epoch, loss)
	})
	return report, err
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
			Elapsed: elapsed, Left: elapsed / time.Duration(max(1, f.step-before)) * time.Duration(f.steps-f.step),
		})
	}
}
