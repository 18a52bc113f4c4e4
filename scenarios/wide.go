package scenarios

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"slosim/engine"
	"slosim/engine/train"
	"slosim/reports/result"
	"slosim/workloads"
	"slosim/workloads/rng"
)

// wideSeed is the training seed of wide networks, which do not ship.
const wideSeed = 1

// wideVersion is the version of how tables are built and cascades frozen.
const wideVersion = 2

// ready makes sure that what techniques over a family need exists. Networks of wide outputs
// are larger than what a program can carry: they are trained where they are first needed, and
// cached, and so are the tables of activators. No techniques: the network alone.
func (a *App) ready(ctx context.Context, family Family, techniques []Technique, o Console) error {
	if !family.Sparse {
		return nil
	}
	w := &wideMaker{app: a, family: family, console: o}
	for _, variant := range wideVariants(techniques) {
		if err := w.network(ctx, variant); err != nil {
			return err
		}
	}
	for _, t := range techniques {
		if err := w.technique(ctx, t.plain().Name); err != nil {
			return err
		}
	}
	return nil
}

// technique makes what a technique needs beside networks.
func (w *wideMaker) technique(ctx context.Context, name string) error {
	if activator, ok := outputActivator(name); ok {
		return w.outputs(ctx, activator)
	}
	if len(sizedVariants(name)) > 0 {
		return w.cascades(name)
	}
	return nil
}

// outputActivator names the activator of a slo-nn over wide outputs.
func outputActivator(technique string) (name string, ok bool) {
	if technique == "slo-nn" {
		return engine.DefaultOutputActivator, true
	}
	name, ok = strings.CutPrefix(technique, "slo-nn-")
	return name, ok && slices.Contains(engine.OutputActivators(), name)
}

// wideMaker makes the networks and tables of a wide family that are not cached yet.
type wideMaker struct {
	app     *App
	family  Family
	console Console
	parts   *sparseParts   // read when something is made
	survey  *engine.Survey // made when tables are
}

// sparseParts are the parts of a sparse data set.
type sparseParts struct{ fit, confidence, calibration *workloads.SparseSet }

// data reads the parts once. The test samples are not among them.
func (w *wideMaker) data() (*sparseParts, error) {
	if w.parts == nil {
		fit, confidence, calibration, _, err := w.app.sparseData(w.family)
		if err != nil {
			return nil, err
		}
		w.parts = &sparseParts{fit, confidence, calibration}
	}
	return w.parts, nil
}

// cached says whether something was opened, by the error that opening it gave. Of what is there
// but of no use, it tells that it is made again.
func (w *wideMaker) cached(what, made string, err error) bool {
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(w.console.Err, "%s: %s again: %v\n", what, made, err)
	}
	return err == nil
}

// network trains a variant of the family's network unless it is cached.
func (w *wideMaker) network(ctx context.Context, variant string) error {
	path, err := w.app.widePath(w.family, variant)
	if err != nil {
		return err
	}
	_, err = engine.Open(path)
	if w.cached("network "+w.family.Name, "trained", err) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	network, err := w.resumed(ctx, variant, path+checkpointSuffix)
	if err != nil {
		return err
	}
	return errors.Join(keepNetwork(path, network), os.Remove(path+checkpointSuffix))
}

// checkpointSuffix is what the state of training is kept under, beside the network's file.
const checkpointSuffix = ".checkpoint"

// resumed trains from a checkpoint, or from the start where that is of no use: of an older
// version, say, or damaged.
func (w *wideMaker) resumed(ctx context.Context, variant, checkpoint string) (*engine.Network, error) {
	network, err := w.train(ctx, variant, checkpoint, TrainOptions{Seed: wideSeed})
	if !errors.Is(err, train.ErrCheckpoint) {
		return network, err
	}
	fmt.Fprintf(w.console.Err, "network %s: trained from the start: %v\n", w.family.Name, err)
	if err := os.Remove(checkpoint); err != nil {
		return nil, err
	}
	return w.train(ctx, variant, checkpoint, TrainOptions{Seed: wideSeed})
}

// train trains a variant with orders of its outputs. It goes on from the checkpoint, if
// training was cut off, and keeps its state there.
func (w *wideMaker) train(ctx context.Context, variant, checkpoint string, o TrainOptions) (*engine.Network, error) {
	recipe, err := wideRecipe(w.family, variant)
	if err != nil {
		return nil, err
	}
	parts, err := w.data()
	if err != nil {
		return nil, err
	}
	began, progress, out := time.Now(), w.console.progress(), w.console.Err
	progress.Start("training "+recipe.Name, recipe.Hyper.Epochs)
	wide, report, err := train.TrainWideRecipe(ctx, recipe,
		train.WideData{Name: w.family.Name, Fit: parts.fit, Confidence: parts.confidence, Features: parts.fit.Features, Classes: parts.fit.Classes},
		train.WideOptions{Seed: uint64(o.Seed), Sampler: o.Sampler, Samples: o.Samples, Set: w.app.Kernels, Checkpoint: checkpoint, Resume: true, Progress: func(e train.Event) {
			progress.Add(1)
			fmt.Fprintf(out, "%s: epoch %d of %d: loss %.4f, held-out P@1 %.4f\n", recipe.Name, e.Epoch, e.Epochs, e.Loss, e.HeldOut)
		}})
	progress.Done()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "%s: trained in %v, held-out P@1 %.4f, P@5 %.4f\n", recipe.Name, time.Since(began).Round(time.Second), report.P1, report.P5)
	return w.ordered(ctx, variant, wide)
}

// ordered adds the orders that static pruning goes by to the whole network.
func (w *wideMaker) ordered(ctx context.Context, variant string, wide *engine.Wide) (*engine.Network, error) {
	network := wide.Network()
	if variant != wholeVariant {
		return network, nil
	}
	if err := w.surveyed(ctx, wide); err != nil {
		return nil, err
	}
	network.PutWideTables(&engine.WideTables{Likely: w.survey.Likely(), Frequent: train.ByFrequency(w.parts.fit, w.parts.fit.Classes)})
	return network, nil
}

// surveySamples is how many of the samples to fit are surveyed at most: each takes a pass
// through the whole network, and more of them change little.
const surveySamples = 200_000

// surveyed runs the whole network once over samples that it was fitted to.
func (w *wideMaker) surveyed(ctx context.Context, wide *engine.Wide) (err error) {
	if w.survey != nil {
		return nil
	}
	parts, err := w.data()
	if err != nil {
		return err
	}
	w.survey, err = engine.NewSurvey(ctx, wide, w.app.Kernels, atMost(parts.fit, surveySamples))
	return err
}

// outputs builds an activator's tables and freezes its cascades unless they are cached.
func (w *wideMaker) outputs(ctx context.Context, activator string) error {
	path, err := w.app.outputsPath(w.family, activator)
	if err != nil {
		return err
	}
	_, err = openOutputs(path)
	if w.cached("activator "+activator, "built", err) {
		return nil
	}
	progress := w.console.progress()
	progress.Start(fmt.Sprintf("building %s for %s", activator, w.family.Name), 1)
	defer progress.Done()
	o, err := w.build(ctx, activator)
	if err != nil {
		return err
	}
	progress.Add(1)
	return result.WriteFile(path, func(to io.Writer) error { return engine.WriteOutputs(to, o) })
}

// build builds tables on the samples that the network was fitted to, freezes cascades on the
// calibration samples and learns confidences on samples of their own.
func (w *wideMaker) build(ctx context.Context, activator string) (*engine.Outputs, error) {
	parts, err := w.data()
	if err != nil {
		return nil, err
	}
	network, wide, err := w.app.wideNetwork(w.family, wholeVariant)
	if err != nil {
		return nil, err
	}
	tables, err := network.WideTables()
	if err != nil {
		return nil, err
	}
	if err := w.surveyed(ctx, wide); err != nil {
		return nil, err
	}
	o, err := engine.BuildOutputs(ctx, activator, w.survey, w.app.Kernels, rng.Key{Seed: wideSeed})
	if err != nil {
		return nil, err
	}
	plain, err := engine.NewWideTechnique("slo-nn", wide, tables, o, w.app.Kernels)
	if err != nil {
		return nil, err
	}
	if o.Cascades, err = frozenCascades(plain, parts.calibration); err != nil {
		return nil, err
	}
	return o, o.LearnConfidence(wide, tables, w.app.Kernels, parts.confidence)
}

// frozenCascades chooses margin cascades on calibration samples. Costs are multiply-adds, not
// times, so that what is frozen does not depend on how busy the machine was.
func frozenCascades(plain engine.Technique, calibration engine.Judged) ([]engine.CascadeSpec, error) {
	points := plain.Points()
	// The last point is the whole network, or the widest.
	return engine.CalibrateCascades(plain, calibration, 0, engine.CascadeGoals{
		Losses: frozenLosses(), MaxStages: 2, Reference: engine.PointAccuracy(plain, len(points)-1, calibration, 0),
		Cost: func(point int) float64 { return float64(points[point].Ops) },
	})
}

// wideRecipe says how to train a variant.
func wideRecipe(family Family, variant string) (train.WideRecipe, error) {
	recipe := family.recipe
	width, narrow := strings.CutPrefix(variant, "w")
	switch {
	case variant == slimVariant:
		recipe = recipe.Slimmable()
	case narrow:
		hidden, err := strconv.Atoi(width)
		if err != nil {
			return recipe, fmt.Errorf("network %s.%s: want a width, got %q", family.Name, variant, width)
		}
		recipe.Hidden = hidden
	}
	recipe.Name += "." + variant
	return recipe, nil
}

// widePath names the cached file of a variant: what decides its weights and orders is in the
// name, the data's digest too.
func (a *App) widePath(family Family, variant string) (string, error) {
	if a.CacheDir == "" {
		return "", fmt.Errorf("network %s: want a cache folder to keep it in, got none: set HOME or XDG_CACHE_HOME", family.Name)
	}
	recipe, err := wideRecipe(family, variant)
	if err != nil {
		return "", err
	}
	digest, err := a.sparseDigest(family)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(fmt.Sprint(recipe.Settings(), wideVersion, digest)))
	return filepath.Join(a.CacheDir, "networks", fmt.Sprintf("seed%d-%s-%x", wideSeed, a.Kernels.Name, sum[:6]), weightsFile(recipe.Name)), nil
}

// outputsPath names the cached file of an activator's tables, beside the whole network's.
func (a *App) outputsPath(family Family, activator string) (string, error) {
	path, err := a.widePath(family, wholeVariant)
	return strings.TrimSuffix(path, filepath.Ext(path)) + "-" + activator + ".outputs", err
}

// openOutputs reads the tables of an activator.
func openOutputs(path string) (*engine.Outputs, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return engine.ReadOutputs(file)
}

// wideNetwork opens a variant of a wide family's network, which [App.ready] made.
func (a *App) wideNetwork(family Family, variant string) (*engine.Network, *engine.Wide, error) {
	path, err := a.widePath(family, variant)
	if err != nil {
		return nil, nil, err
	}
	network, err := engine.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("network %s: %w", family.Name, err)
	}
	wide, err := engine.WideOf(network)
	return network, wide, err
}

// wideTechnique builds a technique over a wide family's networks.
func (a *App) wideTechnique(family Family, name string) (engine.Technique, error) {
	if len(sizedVariants(name)) > 0 {
		return a.sizedTechnique(family, name)
	}
	network, wide, err := a.wideNetwork(family, wholeVariant)
	if err != nil {
		return nil, err
	}
	tables, err := network.WideTables()
	if err != nil {
		return nil, err
	}
	activator, proposes := outputActivator(name)
	if !proposes {
		return engine.NewWideTechnique(name, wide, tables, nil, a.Kernels)
	}
	path, err := a.outputsPath(family, activator)
	if err != nil {
		return nil, err
	}
	outputs, err := openOutputs(path)
	if err != nil {
		return nil, fmt.Errorf("activator %s: %w", activator, err)
	}
	return engine.NewWideTechnique("slo-nn", wide, tables, outputs, a.Kernels)
}

// Samplers lists how the classes are chosen that a wide network's answers are told apart
// from while it is trained.
func Samplers() []Entry {
	about := map[string]string{
		train.FullSampler:       "all classes: plain softmax",
		train.UniformSampler:    "drawn alike, once a batch",
		train.LogUniformSampler: "drawn by about Zipf's law of their frequency, once a batch",
		train.LSHSampler:        "looked up in hash tables of the weights, for each sample (SLIDE)",
		train.TreeSampler:       "drawn by a quadratic kernel of the weights, for each sample (adaptive sampled softmax)",
	}
	var list []Entry
	for _, name := range train.WideSamplers() {
		list = append(list, Entry{Name: name, About: about[name]})
	}
	return list
}

// checkSampler says what is wrong with the choice of a sampler.
func (o *TrainOptions) checkSampler(family Family) error {
	switch {
	case !family.Sparse && (o.Sampler != "" || o.Samples != 0):
		return Usagef("--sampler, --samples: want none for network %s, which is trained on all of its classes, got %q and %d", family.Name, o.Sampler, o.Samples)
	case o.Samples < 0:
		return Usagef("--samples: want 0 or more, got %d", o.Samples)
	case o.Samples == 0 && (o.Sampler == train.UniformSampler || o.Sampler == train.LogUniformSampler):
		return Usagef("--samples: want 1 or more with --sampler %s, got 0", o.Sampler)
	case o.Sampler != "":
		return OneOf("--sampler", "samplers", o.Sampler, Samplers())
	}
	return nil
}

// writeWide trains a wide family's network and writes its file.
func (a *App) writeWide(ctx context.Context, family Family, o TrainOptions) error {
	if o.Data != "" && o.Data != DataDir {
		return Usagef("--data: want none for network %s, whose data have their place, got %s", family.Name, o.Data)
	}
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return fmt.Errorf("folder for the weights: %w", err)
	}
	w := &wideMaker{app: a, family: family, console: o.Console}
	path := filepath.Join(o.Out, weightsFile(family.Reference))
	network, err := w.train(ctx, wholeVariant, path+checkpointSuffix, o)
	if err != nil {
		return err
	}
	if err := errors.Join(keepNetwork(path, network), os.Remove(path+checkpointSuffix)); err != nil {
		return err
	}
	return tellFiles(o.Console, family.Name, []string{path})
}

// readyFor makes sure that a scenario's networks exist. A dry run trains none: it says what
// would run as far as that is known, and is not ready.
func (a *App) readyFor(ctx context.Context, o RunOptions) (ready bool, err error) {
	family, err := FindFamily(o.Scenario.Models[0].Network)
	if err != nil {
		return false, err
	}
	if o.DryRun && family.Sparse {
		for _, variant := range wideVariants(o.Scenario.techniques()) {
			if _, _, err := a.wideNetwork(family, variant); errors.Is(err, fs.ErrNotExist) {
				return false, a.tellPlan(o, nil, fmt.Sprintf("network %s is not trained yet", family.Name))
			}
		}
	}
	return true, a.ready(ctx, family, o.Scenario.techniques(), o.Console)
}
