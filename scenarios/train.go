package scenarios

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"slosim/engine"
	"slosim/engine/train"
	"slosim/reports/result"
	"slosim/workloads"
)

// DataDir is where Debian's package dataset-fashion-mnist puts the training files.
const DataDir = "/usr/share/datasets/fashion-mnist"

// Train trains all networks of a family, freezes their cascades on the calibration
// images and writes the files into o.Out, packed as those that ship. Files are whole or
// absent.
func (a *App) Train(ctx context.Context, o TrainOptions) error {
	family, err := FindFamily(o.Network)
	if err != nil {
		return err
	}
	if err := o.checkSampler(family); err != nil {
		return err
	}
	if family.Sparse {
		return a.writeWide(ctx, family, o)
	}
	data, err := trainingData(family, o.Data)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return fmt.Errorf("folder for the weights: %w", err)
	}
	nets, err := a.trainFamily(ctx, family, data, o)
	if err != nil {
		return err
	}
	var paths []string
	for _, net := range nets {
		path := filepath.Join(o.Out, weightsFile(net.Name))
		if err := result.WriteFile(path, func(w io.Writer) error { return engine.WritePacked(w, net) }); err != nil {
			return err
		}
		paths = append(paths, path)
	}
	return tellFiles(o.Console, family.Name, paths)
}

// tellFiles prints the files of trained networks, a line each.
func tellFiles(o Console, network string, paths []string) error {
	if o.JSON {
		return result.EncodeJSON(o.Out, struct {
			Schema  int      `json:"schema"`
			Network string   `json:"network"`
			Files   []string `json:"files"`
		}{result.Schema, network, paths})
	}
	for _, path := range paths {
		if _, err := fmt.Fprintln(o.Out, path); err != nil {
			return err
		}
	}
	return nil
}

// weightsFile names the file of a network as the folder of shipped weights does.
func weightsFile(network string) string { return strings.ReplaceAll(network, ".", "-") + ".slonn" }

// trainFamily trains every network of a family with one seed.
func (a *App) trainFamily(ctx context.Context, family Family, data train.Data, o TrainOptions) ([]*engine.Network, error) {
	recipes, err := train.Match(family.Name)
	if err != nil {
		return nil, err
	}
	var nets []*engine.Network
	memory := &train.Memory{}
	for _, recipe := range recipes {
		net, err := a.trainOne(ctx, recipe, data, memory, o)
		if err != nil {
			return nil, err
		}
		nets = append(nets, net)
	}
	return nets, a.freeze(ctx, family, nets, slices.Collect(maps.Keys(engine.CascadeCarriers())), o.progress())
}

// trainingData opens the data set's training files and the embedded calibration set.
func trainingData(family Family, dir string) (train.Data, error) {
	if dir == "" {
		dir = DataDir
	}
	fit, confidence, err := workloads.LoadTraining(dir)
	if err != nil {
		return train.Data{}, Usagef("--data: want the data set's training files (Debian: apt install dataset-fashion-mnist): %w", err)
	}
	calibration, err := workloads.OpenDataset(family.Calibration)
	if err != nil {
		return train.Data{}, err
	}
	return train.Data{
		Name: family.Name, Fit: fit, Confidence: confidence, Calibration: calibration,
		Features: fit.Features, Classes: fit.Classes, Width: imageWidth,
	}, nil
}

// imageWidth is the pixels in a row of a Fashion-MNIST image.
const imageWidth = 28

// trainOne trains one network with progress by epochs and a line on its accuracy.
func (a *App) trainOne(ctx context.Context, recipe train.Recipe, data train.Data, memory *train.Memory, o TrainOptions) (*engine.Network, error) {
	o.progress().Start("training "+recipe.Name, recipe.Hyper.Epochs)
	began := time.Now()
	net, report, err := train.TrainRecipe(ctx, recipe, data, train.Options{
		Seed: uint64(o.Seed), Set: a.Kernels, Memory: memory, Clock: time.Now,
		Progress: func(e train.Event) {
			if e.Stage == "epoch" {
				o.progress().Add(1)
				fmt.Fprintf(o.Err, "%s: epoch %d of %d: loss %.4f, held-out accuracy %.4f\n", e.Network, e.Epoch, e.Epochs, e.Loss, e.HeldOut)
			}
		},
	})
	o.progress().Done()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(o.Err, "%s: trained in %v, calibration accuracy by level %.4f\n", recipe.Name, time.Since(began).Round(time.Second), report.Calibration)
	return net, nil
}

// freeze chooses the margin cascades of the named techniques that have some, slo-nn in
// all variants and the zoo, on the calibration images. Costs are multiply-adds, not times, so that the files do not depend on how
// busy the machine was; what a cascade really costs is measured like any other point.
func (a *App) freeze(ctx context.Context, family Family, nets []*engine.Network, techniques []string, p Progress) error {
	calibration, err := workloads.OpenDataset(family.Calibration)
	if err != nil {
		return err
	}
	source := a.over(nets)
	carriers := engine.CascadeCarriers()
	p.Start("freezing cascades", len(carriers))
	defer p.Done()
	for _, technique := range slices.Sorted(maps.Keys(carriers)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !family.allows(technique) || !slices.Contains(techniques, technique) {
			continue
		}
		if err := a.freezeOne(family, source, technique, carriers[technique], calibration); err != nil {
			return err
		}
		p.Add(1)
	}
	return nil
}

// freezeOne freezes the cascades of one technique.
func (a *App) freezeOne(family Family, source engine.Source, technique, variant string, calibration *workloads.Dataset) error {
	carrier, err := source.Open(family.Name + "." + variant)
	if technique == "zoo" {
		carrier, err = source.Whole(family.Name)
	}
	if err != nil {
		return err
	}
	t, err := source.Technique(family.spec(technique), a.Kernels)
	if err != nil {
		return err
	}
	points := t.Points()
	cascades, err := engine.CalibrateCascades(t, calibration, calibration.Features, engine.CascadeGoals{
		Losses: frozenLosses(),
		Cost:   func(point int) float64 { return float64(points[point].Ops) },
	})
	if err != nil {
		return err
	}
	if carrier.Frozen == nil {
		carrier.Frozen = map[string]engine.Frozen{}
	}
	carrier.Frozen[technique] = engine.Frozen{Cascades: cascades}
	return nil
}

// frozenLosses are the losses of accuracy on the calibration images for which a
// cascade is frozen.
func frozenLosses() []float64 {
	return []float64{0, 0.0005, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.01, 0.02}
}

// over opens networks that are in memory, and any other one as the App does.
func (a *App) over(nets []*engine.Network) engine.Source {
	memory := sourceOf(nets)
	names := slices.Clone(memory.Names)
	for _, name := range a.Source.Names {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return engine.Source{Names: names, Open: func(name string) (*engine.Network, error) {
		if slices.Contains(memory.Names, name) {
			return memory.Open(name)
		}
		return a.Source.Open(name)
	}}
}

// sourceOf opens networks that are in memory.
func sourceOf(nets []*engine.Network) engine.Source {
	byName := map[string]*engine.Network{}
	var names []string
	for _, net := range nets {
		byName[net.Name] = net
		names = append(names, net.Name)
	}
	return engine.Source{Names: names, Open: func(name string) (*engine.Network, error) {
		if net := byName[name]; net != nil {
			return net, nil
		}
		return nil, fmt.Errorf("network: want one of %s, got %q", strings.Join(names, ", "), name)
	}}
}
