package train

import (
	"context"
	"fmt"
	"time"

	"slosim/engine"
	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// Options are the choices of [Train]; the zero value is complete.
type Options struct {
	Seed   uint64
	Epochs int         // instead of the recipe's; 0: the recipe's
	Set    *kernel.Set // nil: the fastest; the bits of the weights depend on it
	// Memory shares the whole networks that pruned ones are cut from between calls; nil:
	// each call trains its own. It does not change the result.
	Memory *Memory
	// Progress is called after each epoch and before the tables are built, from the
	// goroutine that called Train. May be nil.
	Progress func(Event)
	// Clock tells the time for Event.Elapsed and Event.Left, usually time.Now; nil: both
	// stay 0. It changes nothing else.
	Clock func() time.Time
}

// Event says how far training is.
type Event struct {
	Network string
	Stage   string        // "epoch" or "tables"
	Epoch   int           // epochs done
	Epochs  int           // in all
	Loss    float64       // mean of the epoch, while learning
	HeldOut float64       // accuracy of the last level on the confidence samples, 0 to 1
	Elapsed time.Duration // since Train began
	Left    time.Duration // estimated, of the epochs
}

// Report says what came out. Accuracies are those of the rounded weights, 0 to 1, a
// number per level.
type Report struct {
	Network     string
	Loss        float64   // of the last epoch, while learning
	Confidence  []float64 // on the samples held out for confidences
	Calibration []float64 // on the calibration samples; nil without them
}

// Train trains the network of a recipe from nothing and builds its activators' tables.
// The result depends on the name, the data, the seed, the epochs and the kernel
// variant only. It ends early with the context's error when ctx is cancelled.
func Train(ctx context.Context, name string, data Data, opt Options) (*engine.Network, Report, error) {
	matched, err := Match(name)
	if err != nil {
		return nil, Report{}, err
	}
	if len(matched) != 1 {
		return nil, Report{}, fmt.Errorf("network %q: want one network, got a name for %d", name, len(matched))
	}
	return TrainRecipe(ctx, matched[0], data, opt)
}

// TrainRecipe is [Train] for a recipe of one's own.
func TrainRecipe(ctx context.Context, r Recipe, data Data, opt Options) (*engine.Network, Report, error) {
	if opt.Set == nil {
		opt.Set = kernel.Best()
	}
	if opt.Epochs > 0 {
		r.Hyper.Epochs = opt.Epochs
	}
	n, err := r.network()
	if err != nil {
		return nil, Report{}, err
	}
	if err := checkData(n, &data); err != nil {
		return nil, Report{}, err
	}
	if err := r.validate(n); err != nil {
		return nil, Report{}, err
	}
	key := rng.Key{Seed: opt.Seed}
	tell := opt.teller(r)
	loss, err := r.fit(ctx, n, data, opt, tell)
	if err != nil {
		return nil, Report{}, err
	}
	tell(Event{Stage: "tables", Epoch: r.Hyper.Epochs, Loss: loss})
	if err := buildTables(ctx, n, r.Tables, data, draw(key, drawTables), opt.Set); err != nil {
		return nil, Report{}, err
	}
	report := judge(n, data, opt.Set)
	report.Loss = loss
	n.Training = engine.Training{Dataset: data.Name, Seed: opt.Seed, Epochs: r.Hyper.Epochs, Note: opt.Set.Name}
	if len(report.Calibration) > 0 {
		n.Training.Calibration = report.Calibration[len(report.Calibration)-1]
	}
	return n, report, nil
}

// checkData reports data that does not fit a network.
func checkData(n *engine.Network, data *Data) error {
	if data.Fit == nil || data.Confidence == nil || data.Fit.Len() == 0 || data.Confidence.Len() == 0 {
		return fmt.Errorf("training %s: want samples to fit and samples for confidences, got none", n.Name)
	}
	if data.Features != n.Inputs() || data.Classes != n.Outputs() {
		return fmt.Errorf("training %s: want samples of %d features in %d classes, got %d and %d",
			n.Name, n.Inputs(), n.Outputs(), data.Features, data.Classes)
	}
	if data.Width < 0 || data.Width > 0 && data.Features%data.Width != 0 {
		return fmt.Errorf("training %s: want images of whole lines, got %d features in lines of %d", n.Name, data.Features, data.Width)
	}
	return nil
}

// fit trains the network of zeros n and rounds it.
func (r *Recipe) fit(ctx context.Context, n *engine.Network, data Data, opt Options, tell func(Event)) (float64, error) {
	if r.Prune != nil {
		return r.fitPruned(ctx, n, data, opt, tell)
	}
	key := rng.Key{Seed: opt.Seed}
	f := newFitting(n, data, r.Hyper, key, opt.Set)
	initialise(n, draw(key, drawWeights))
	return f.finish(ctx, 0, tell)
}

// finish trains the network, after so many epochs of an earlier part, and makes it what a
// file will hold: one that takes plain inputs, rounded.
func (f *fitting) finish(ctx context.Context, after int, tell func(Event)) (float64, error) {
	loss, err := fit(ctx, f, epochsFrom(after, tell))
	if err != nil {
		return 0, err
	}
	shiftInputs(f.net, f.mean, -1)
	f.net.Round()
	return loss, nil
}

// epochsFrom tells of epochs, of which so many were done before.
func epochsFrom(after int, tell func(Event)) func(epoch int, loss, heldOut float64) {
	return func(epoch int, loss, heldOut float64) {
		tell(Event{Stage: "epoch", Epoch: after + epoch + 1, Loss: loss, HeldOut: heldOut})
	}
}

// teller completes events and passes them on.
func (opt *Options) teller(r Recipe) func(Event) {
	if opt.Progress == nil {
		return func(Event) {}
	}
	clock := opt.Clock
	if clock == nil {
		clock = func() time.Time { return time.Time{} }
	}
	start := clock()
	return func(e Event) {
		e.Network, e.Epochs = r.Name, r.Hyper.Epochs
		e.Elapsed = clock().Sub(start)
		e.Left = e.Elapsed / time.Duration(max(1, e.Epoch)) * time.Duration(e.Epochs-e.Epoch)
		opt.Progress(e)
	}
}

// judge measures the network at each of its levels and keeps the calibrated accuracy
// with the level.
func judge(n *engine.Network, data Data, set *kernel.Set) Report {
	report := Report{Network: n.Name}
	for level := range n.Levels {
		report.Confidence = append(report.Confidence, Accuracy(set, n, level, data.Confidence))
		if data.Calibration != nil {
			n.Levels[level].Accuracy = Accuracy(set, n, level, data.Calibration)
			report.Calibration = append(report.Calibration, n.Levels[level].Accuracy)
		}
	}
	return report
}
