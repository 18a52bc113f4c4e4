package scenarios

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"slosim/engine"
	"slosim/engine/antagonist"
	"slosim/engine/kernel"
	"slosim/engine/measure"
	"slosim/engine/profile"
	"slosim/engine/train"
	"slosim/scheduler"
	"slosim/workloads"
)

// App does what the verbs of the command ask for. Its fields are what it is composed
// of; NewApp fills them with what ships, and researchers add their own.
type App struct {
	Policies scheduler.Registry
	Source   engine.Source // of networks
	Kernels  *kernel.Set
	Launcher antagonist.Launcher
	CacheDir string // for profiles and networks that were made here; empty: nothing is kept
}

// NewApp returns the App with everything that ships. In a process that a campaign started
// to disturb it, it becomes that antagonist and does not return: call it first in main.
func NewApp() (*App, error) {
	antagonist.Become()
	launcher, err := antagonist.Self()
	if err != nil {
		return nil, err
	}
	app := &App{
		Policies: scheduler.Builtin(),
		Source:   engine.Shipped(),
		Kernels:  kernel.Best(),
		Launcher: launcher,
	}
	// Without a cache folder (no HOME) everything works, only nothing is kept.
	if cache, err := os.UserCacheDir(); err == nil {
		app.CacheDir = filepath.Join(cache, "slosim")
	}
	return app, nil
}

// machine is the fingerprint of this machine with the kernels in use.
func (a *App) machine() profile.Machine { return measure.ThisMachine(a.Kernels.Name) }

// technique builds a technique of a scenario over the networks of a family.
func (a *App) technique(family Family, t Technique) (engine.Technique, error) {
	if name := t.plain().Name; !family.allows(name) {
		return nil, Usagef("technique %s: want one that network %s has: %s; got %s", name, family.Name, strings.Join(family.Techniques, ", "), name)
	}
	built, err := a.build(family, t.plain().Name)
	if err != nil {
		return nil, err
	}
	return named{built, t.Key()}, nil
}

// techniques builds techniques of a scenario over the networks of a family.
func (a *App) techniques(family Family, all []Technique) (list []engine.Technique, err error) {
	for _, t := range all {
		built, err := a.technique(family, t)
		if err != nil {
			return nil, err
		}
		list = append(list, built)
	}
	return list, nil
}

// build builds a technique over the networks of a family.
func (a *App) build(family Family, name string) (engine.Technique, error) {
	if family.Sparse {
		return a.wideTechnique(family, name)
	}
	return a.Source.Technique(family.spec(name), a.Kernels)
}

// reference returns the dense network of a family as a technique, its nodes and its
// features; 0 of those where inputs are sparse.
func (a *App) reference(family Family) (dense engine.Technique, nodes, features int, err error) {
	if family.Sparse {
		_, wide, err := a.wideNetwork(family, wholeVariant)
		if err != nil {
			return nil, 0, 0, err
		}
		dense, err = engine.NewWideTechnique("dense", wide, nil, nil, a.Kernels)
		return dense, wide.Nodes(), 0, err
	}
	net, err := a.Source.Open(family.Reference)
	if err != nil {
		return nil, 0, 0, err
	}
	dense, err = engine.NewDense(net, a.Kernels)
	return dense, net.Nodes(), net.Inputs(), err
}

// named is a technique under the name that the scenario gives it.
type named struct {
	engine.Technique
	name string
}

// Name returns the scenario's name for the technique.
func (n named) Name() string { return n.name }

// Family is a set of networks for the same inputs, with the data that calibrates and
// judges them. Scenarios and commands name it as their network.
type Family struct {
	Name        string
	About       string
	Smaller     string // family of the zoo's smaller networks; "": this one
	Reference   string // the dense network: loads, densities and slow-downs refer to it
	Calibration string // data set
	Truth       string // data set
	// Techniques are those that its networks allow.
	Techniques []string
	// Sparse says that samples have few of very many features and networks very many
	// outputs. Such networks do not ship: see App.ready.
	Sparse bool

	recipe train.WideRecipe // of a sparse family
	source sparseSource     // of a sparse family
}

// allows says whether the family has the networks of a technique.
func (f Family) allows(technique string) bool {
	return slices.Contains(f.Techniques, technique)
}

// Families lists the families of networks that have a name; see [FindFamily] for others.
func Families() []Family {
	return []Family{{
		Name:        "fashion-mnist",
		About:       "784-1024-1024-10 ReLU networks for Fashion-MNIST: plain, winner-take-all, slimmable and pruned, and a zoo of smaller ones",
		Reference:   "fashion-mnist.full",
		Calibration: workloads.FashionMNISTCalibration,
		Truth:       workloads.FashionMNISTTest,
		Techniques:  engine.Techniques(),
	}, {
		Name:        "fashion-mnist-wide",
		About:       "a 784-1728-1728-10 winner-take-all network for Fashion-MNIST (17 MB of float32), and a zoo of smaller plain ones",
		Smaller:     "fashion-mnist",
		Reference:   "fashion-mnist-wide.wta",
		Calibration: workloads.FashionMNISTCalibration,
		Truth:       workloads.FashionMNISTTest,
		Techniques:  []string{"dense", "relu-skip", "slo-nn", "slo-nn-probe", "zoo"},
	}, shippedWide(workloads.WordNet13K,
		"a network of 56,892 features, 128 hidden nodes and 13,723 outputs that finds the hypernyms of WordNet's glosses; trained in some minutes when first used",
		embeddedSource(workloads.WordNet13K),
	), shippedWide(workloads.GlossesNextWord,
		"a network that finds the next word of WordNet's glosses; wants its data made first (slosim data glosses-next-word); trained when first used",
		nextWordSource{},
	), shippedWide("synthetic-amazoncat-13k",
		"a network for made-up data of AmazonCat-13K's sizes, 13,330 outputs; made and trained when first used",
		synthetic("synthetic-amazoncat-13k-like"),
	), shippedWide("synthetic-delicious-200k",
		"a network for made-up data of Delicious-200K's sizes, 205,443 outputs; made and trained when first used",
		synthetic("synthetic-delicious-200k-like"),
	), shippedWide("synthetic-wiki10-31k",
		"a network for made-up data of Wiki10-31K's sizes, 30,938 outputs; made and trained when first used",
		synthetic("synthetic-wiki10-31k-like"),
	)}
}

// shippedWide is a wide family whose recipe ships under its name.
func shippedWide(name, about string, source sparseSource) Family {
	recipe, err := train.MatchWide(name)
	if err != nil {
		panic(err) // a name of Families without a recipe
	}
	return wideFamily(name, recipe, about, source)
}

// spec names a technique over the family's networks.
func (f Family) spec(technique string) engine.TechniqueSpec {
	return engine.TechniqueSpec{Name: technique, Network: f.Name, Smaller: f.Smaller}
}

// FindFamily returns the family of a name: one of Families, a synthetic one of them with
// another share of noise (NAME:noise=0.5), or xmc: and a folder with files of the extreme
// classification repository, whose first lines are read.
func FindFamily(name string) (Family, error) {
	if strings.HasPrefix(name, xmcPrefix) {
		return xmcFamily(name)
	}
	var known []string
	stem, noise, noisy := strings.Cut(name, noisePrefix)
	for _, f := range Families() {
		if f.Name == name {
			return f, nil
		}
		if noisy && f.Name == stem {
			return f.withNoise(noise)
		}
		known = append(known, f.Name)
	}
	return Family{}, Usagef("network: want one of %v, or %sFOLDER, got %q", known, xmcPrefix, name)
}

// data opens both data sets of a family.
func (a *App) data(f Family) (calibration, truth engine.Judged, err error) {
	if f.Sparse {
		_, _, calibration, truth, err := a.sparseData(f)
		if err != nil {
			return nil, nil, err
		}
		return affordable(calibration), affordable(truth), nil
	}
	if calibration, err = workloads.OpenDataset(f.Calibration); err != nil {
		return nil, nil, err
	}
	truth, err = workloads.OpenDataset(f.Truth)
	return calibration, truth, err
}

// version returns the module's version and the commit that it was built from, as far
// as the build knows them.
func version() (version, commit string) {
	version, commit = "(devel)", "unknown"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version, commit
	}
	if info.Main.Version != "" {
		version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			commit += " (modified)"
		}
	}
	return version, commit
}

// machineFacts are the lines about the machine in reports.
func machineFacts(m profile.Machine) map[string]string {
	facts := map[string]string{
		"CPU":            m.CPU,
		"cores":          fmt.Sprint(m.Cores),
		"kernel variant": m.Variant,
		"platform":       m.OS,
		"Go":             runtime.Version(),
	}
	if m.L2 > 0 {
		facts["L2 cache"] = Size(m.L2).String()
	}
	if m.L3 > 0 {
		facts["L3 cache"] = Size(m.L3).String()
	}
	return facts
}
