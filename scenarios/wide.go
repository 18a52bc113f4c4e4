package scenarios

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"slosim/engine"
	"slosim/engine/profile"
	"slosim/engine/train"
	"slosim/workloads"
)

// longestList is the length of a feature's list of outputs: longer ones were never the
// fastest within an allowed loss, and their tables outgrow the near caches.
const longestList = 20

// wideSeed is the training seed of wide networks, which do not ship.
const wideSeed = 1

// ready makes sure that a family's networks exist. Those of wide outputs are larger than
// what a program can carry: they are trained where they are first needed, and cached.
func (a *App) ready(ctx context.Context, family Family, o Console) error {
	if !family.Sparse {
		return nil
	}
	path, err := a.widePath(family)
	if err != nil {
		return err
	}
	if _, err = engine.Open(path); err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(o.Err, "network %s: trained again: %v\n", family.Name, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	checkpoint := path + ".checkpoint"
	network, err := a.trainWide(ctx, family, wideSeed, checkpoint, o)
	if errors.Is(err, train.ErrCheckpoint) { // of an older version, say, or damaged
		fmt.Fprintf(o.Err, "network %s: trained from the start: %v\n", family.Name, err)
		if err := os.Remove(checkpoint); err != nil {
			return err
		}
		network, err = a.trainWide(ctx, family, wideSeed, checkpoint, o)
	}
	if err != nil {
		return err
	}
	return errors.Join(keepNetwork(path, network), os.Remove(checkpoint))
}

// widePath names the cached file of a wide family's network: what decides its weights and
// tables is in the name, the data's digest too.
func (a *App) widePath(family Family) (string, error) {
	if a.CacheDir == "" {
		return "", fmt.Errorf("network %s: want a cache folder to keep it in, got none: set HOME or XDG_CACHE_HOME", family.Name)
	}
	digest, err := a.sparseDigest(family)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(fmt.Sprint(family.recipe.Settings(), longestList, listSamples, wideVersion, digest)))
	return filepath.Join(a.CacheDir, "networks", fmt.Sprintf("seed%d-%s-%x", wideSeed, a.Kernels.Name, sum[:6]), weightsFile(family.Reference)), nil
}

// listSamples is how many of the samples to fit lists are built on at most: each takes a
// pass through the whole network. Whether more would make better lists was not measured.
const listSamples = 100_000

// wideVersion is the version of how tables are built and cascades frozen.
const wideVersion = 1

// trainWide trains a wide family's network and builds and freezes all that techniques over
// it need: lists on the samples that it was fitted to, thresholds on the calibration
// samples. The test samples are not read. Training goes on from the checkpoint, if it was
// cut off, and keeps its state there.
func (a *App) trainWide(ctx context.Context, family Family, seed int64, checkpoint string, o Console) (*engine.Network, error) {
	fit, confidence, calibration, _, err := a.sparseData(family)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	o.progress().Start("training "+family.Reference, family.recipe.Hyper.Epochs)
	wide, report, err := train.TrainWideRecipe(ctx, family.recipe,
		train.WideData{Name: family.Name, Fit: fit, Confidence: confidence, Features: fit.Features, Classes: fit.Classes},
		train.WideOptions{Seed: uint64(seed), Set: a.Kernels, Checkpoint: checkpoint, Resume: true, Progress: func(e train.Event) {
			o.progress().Add(1)
			fmt.Fprintf(o.Err, "%s: epoch %d of %d: loss %.4f, held-out P@1 %.4f\n", family.Reference, e.Epoch, e.Epochs, e.Loss, e.HeldOut)
		}})
	o.progress().Done()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(o.Err, "%s: trained in %v, held-out P@1 %.4f, P@5 %.4f\n", family.Reference, time.Since(began).Round(time.Second), report.P1, report.P5)
	return a.finishWide(ctx, family, wide, fit, calibration)
}

// finishWide adds tables and frozen cascades to a trained network.
func (a *App) finishWide(ctx context.Context, family Family, wide *engine.Wide, fit *workloads.SparseSet, calibration engine.Judged) (*engine.Network, error) {
	wide.Name = family.Reference
	if fit.Len() > listSamples {
		fit = fit.Split(wideSeed, listSamples)[0]
	}
	tables, err := engine.BuildWideTables(ctx, wide, a.Kernels, fit, longestList)
	if err != nil {
		return nil, err
	}
	network := wide.Network()
	network.PutWideTables(tables)
	plain, err := engine.NewWideTechnique("slo-nn", wide, tables, a.Kernels, nil)
	if err != nil {
		return nil, err
	}
	points := plain.Points()
	whole := slices.IndexFunc(points, func(p profile.Point) bool { return p.Name == wholeNetwork })
	cascades, err := engine.CalibrateCascades(plain, calibration, 0, engine.CascadeGoals{
		Losses: frozenLosses(), MaxStages: 2, Reference: engine.PointAccuracy(plain, whole, calibration, 0),
		Cost: func(point int) float64 { return float64(points[point].Ops) },
	})
	if err != nil {
		return nil, err
	}
	network.Frozen = map[string]engine.Frozen{"slo-nn": {Cascades: cascades}}
	return network, nil
}

// wideNetwork opens a wide family's network, which [App.ready] made.
func (a *App) wideNetwork(family Family) (*engine.Network, *engine.Wide, error) {
	path, err := a.widePath(family)
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

// wideTechnique builds a technique over a wide family's network.
func (a *App) wideTechnique(family Family, name string) (engine.Technique, error) {
	network, wide, err := a.wideNetwork(family)
	if err != nil {
		return nil, err
	}
	tables, err := network.WideTables()
	if err != nil {
		return nil, err
	}
	return engine.NewWideTechnique(name, wide, tables, a.Kernels, network.Frozen[name].Cascades)
}

// writeWide trains a wide family's network and writes its file.
func (a *App) writeWide(ctx context.Context, family Family, o TrainOptions) error {
	if o.Data != "" && o.Data != DataDir {
		return Usagef("--data: want none for network %s, whose data have their place, got %s", family.Name, o.Data)
	}
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return fmt.Errorf("folder for the weights: %w", err)
	}
	path := filepath.Join(o.Out, weightsFile(family.Reference))
	checkpoint := path + ".checkpoint"
	network, err := a.trainWide(ctx, family, o.Seed, checkpoint, o.Console)
	if err != nil {
		return err
	}
	if err := errors.Join(keepNetwork(path, network), os.Remove(checkpoint)); err != nil {
		return err
	}
	fmt.Fprintln(o.Console.Out, path)
	return nil
}

// readyFor makes sure that a scenario's networks exist. A dry run trains none: it says what
// would run as far as that is known, and is not ready.
func (a *App) readyFor(ctx context.Context, o RunOptions) (ready bool, err error) {
	family, err := FindFamily(o.Scenario.Models[0].Network)
	if err != nil {
		return false, err
	}
	if o.DryRun && family.Sparse {
		path, err := a.widePath(family)
		if err != nil {
			return false, err
		}
		if _, err := engine.Open(path); err != nil {
			_, err = fmt.Fprintf(o.Out, "%s\n# network %s is not trained yet: rates and times are known once it is\n", o.Scenario.Text(), family.Name)
			return false, err
		}
	}
	return true, a.ready(ctx, family, o.Console)
}
