package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"slosim/workloads"
)

// How the data of a wide family are divided, unless they are embedded.
const (
	sparseSeed        = 1
	sparseCalibration = 10_000 // at most, and a fifth of the training samples
	sparseConfidence  = 5_000  // at most, and a tenth
	sparseTest        = 20_000 // of larger test sets, so many by lot: their outcomes are kept a point
	sparseFewest      = 10     // training samples, for each part to have one
)

// sparseSource is where a wide family's data come from.
type sparseSource interface {
	// open reads all parts of the data. The App says where made data are kept.
	open(a *App, name string) (fit, confidence, calibration, test *workloads.SparseSet, err error)
	// digest identifies the data: others have another one.
	digest(a *App) (string, error)
}

// sparseData returns a wide family's data: the samples that networks and lists are fitted
// on, those that build confidences, those for thresholds and calibration, and those of the
// test. All values are normalised.
func (a *App) sparseData(family Family) (fit, confidence, calibration, test *workloads.SparseSet, err error) {
	fit, confidence, calibration, test, err = family.source.open(a, family.Name)
	if err != nil {
		err = fmt.Errorf("network %s: %w", family.Name, err)
	}
	return fit, confidence, calibration, test, err
}

// sparseDigest identifies a wide family's data: by the bytes of files, which it reads, or
// by what they are made from.
func (a *App) sparseDigest(family Family) (string, error) {
	digest, err := family.source.digest(a)
	if err != nil {
		return "", fmt.Errorf("network %s: %w", family.Name, err)
	}
	return digest, nil
}

// embeddedSource is a data set that ships; its name is the family's.
type embeddedSource string

func (embeddedSource) open(_ *App, name string) (fit, confidence, calibration, test *workloads.SparseSet, err error) {
	return workloads.OpenSparseTraining(name)
}

func (name embeddedSource) digest(*App) (string, error) { return workloads.SparseDigest(string(name)) }

// Bounds of a synthetic set, so that training takes minutes and not hours.
const (
	syntheticTrain = 300_000
	syntheticTest  = 5_000
)

// syntheticSource is a synthetic preset, made anew each time: it takes less than reading.
type syntheticSource struct {
	preset string
	noise  float64 // share of features drawn at random; below 0: the preset's
}

// synthetic returns the source of a preset as it is.
func synthetic(preset string) syntheticSource { return syntheticSource{preset, -1} }

// noisePrefix stands between a synthetic family's name and its share of noise:
// synthetic-wiki10-31k:noise=0.5 is as difficult as one likes.
const noisePrefix = ":noise="

// withNoise returns a synthetic family with another share of noise.
func (f Family) withNoise(text string) (Family, error) {
	source, ok := f.source.(syntheticSource)
	noise, err := strconv.ParseFloat(text, 64)
	if !ok || err != nil || !(noise >= 0 && noise <= 1) {
		return Family{}, Usagef("network %s%s%s: want a synthetic network and a share from 0 to 1", f.Name, noisePrefix, text)
	}
	source.noise = noise
	name := f.Name + noisePrefix + text
	recipe := f.recipe
	recipe.Name = strings.NewReplacer(":", "-", "=", "").Replace(name)
	family := wideFamily(name, recipe, f.About, source)
	family.Reference = recipe.Name + ".full"
	return family, nil
}

func (s syntheticSource) spec() (workloads.SyntheticPreset, error) {
	for _, p := range workloads.SyntheticPresets() {
		if p.Name == s.preset {
			p.Train, p.Test = min(p.Train, syntheticTrain), min(p.Test, syntheticTest)
			if s.noise >= 0 {
				p.Spec.Noise = s.noise
			}
			return p, nil
		}
	}
	return workloads.SyntheticPreset{}, fmt.Errorf("no synthetic set %q", s.preset)
}

func (s syntheticSource) open(_ *App, name string) (fit, confidence, calibration, test *workloads.SparseSet, err error) {
	spec, err := s.spec()
	if err != nil {
		return nil, nil, nil, nil, err
	}
	all, err := spec.Generate("train")
	if err != nil {
		return nil, nil, nil, nil, err
	}
	if test, err = spec.Generate("test"); err != nil {
		return nil, nil, nil, nil, err
	}
	test.Name = name
	fit, confidence, calibration = divide(all, name)
	return fit, confidence, calibration, test, nil
}

// syntheticVersion is the version of how synthetic sets are made.
const syntheticVersion = 1

func (s syntheticSource) digest(*App) (string, error) {
	spec, err := s.spec()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "synthetic %d %d %d %+v", syntheticVersion, spec.Train, spec.Test, spec.Spec))
	return hex.EncodeToString(sum[:]), nil
}

// divide divides training samples into the three parts, at random by a fixed seed.
func divide(all *workloads.SparseSet, name string) (fit, confidence, calibration *workloads.SparseSet) {
	n := all.Len()
	held, kept := min(sparseConfidence, n/10), min(sparseCalibration, n/5)
	parts := all.Split(sparseSeed, n-held-kept, held, kept)
	return named3(name, parts[0], parts[1], parts[2])
}

func named3(name string, fit, confidence, calibration *workloads.SparseSet) (_, _, _ *workloads.SparseSet) {
	fit.Name, confidence.Name, calibration.Name = name+"-fit", name+"-confidence", name+"-calibration"
	return fit, confidence, calibration
}

// bounded returns a test set, by lot so many of its samples if there are more.
func bounded(test *workloads.SparseSet, name string) *workloads.SparseSet {
	test = atMost(test, sparseTest)
	test.Name = name
	return test
}

// atMost returns a set, by lot so many of its samples if there are more.
func atMost(set *workloads.SparseSet, n int) *workloads.SparseSet {
	if set.Len() <= n {
		return set
	}
	some := set.Split(sparseSeed, n)[0]
	some.Name = set.Name
	return some
}

// Each sample that calibrates or judges runs at every point, and at the dear ones computes all
// outputs: beyond so many of them, fewer samples are measured.
const (
	manyOutputs = 100_000
	fewJudged   = 2_500
)

// affordable returns the samples that a campaign measures of a part. Thresholds and cascades
// are frozen on all of it.
func affordable(part *workloads.SparseSet) *workloads.SparseSet {
	if part.Classes <= manyOutputs {
		return part
	}
	return atMost(part, fewJudged)
}

// nextWordSource is the set that `slosim data glosses-next-word` makes.
type nextWordSource struct{}

// files are the set's files in the cache, if they are there.
func (nextWordSource) files(a *App) (xmcFiles, error) {
	dir := a.dataFolder(workloads.GlossesNextWord)
	files := xmcFiles{filepath.Join(dir, trainFile), filepath.Join(dir, testFile)}
	for _, path := range []string{files.train, files.test} {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || dir == "" {
			return files, Usagef("want its data set in the cache folder, got none: make it with `slosim data %s`", workloads.GlossesNextWord)
		}
	}
	return files, nil
}

func (s nextWordSource) digest(a *App) (string, error) {
	files, err := s.files(a)
	if err != nil {
		return "", err
	}
	return files.sum()
}

func (s nextWordSource) open(a *App, name string) (fit, confidence, calibration, test *workloads.SparseSet, err error) {
	files, err := s.files(a)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	all, test, err := files.read()
	if err != nil {
		return nil, nil, nil, nil, err
	}
	// Words of one gloss stay in one part, as they do in training and test.
	held, kept := min(sparseConfidence, all.Len()/10), min(sparseCalibration, all.Len()/5)
	fit, parts := all.SplitGroups(sparseSeed, func(i int) bool { return workloads.BeginsGloss(all, i) }, held, kept)
	fit, confidence, calibration = named3(name, fit, parts[0], parts[1])
	return fit, confidence, calibration, bounded(test, name), nil
}

// dataFolder is where a data set that was made here is kept; empty without a cache folder.
func (a *App) dataFolder(name string) string {
	if a.CacheDir == "" {
		return ""
	}
	return filepath.Join(a.CacheDir, "data", name)
}

// fileSum identifies the bytes of files, one after the other.
func fileSum(paths ...string) (string, error) {
	sum := sha256.New()
	for _, path := range paths {
		if err := copyInto(sum, path); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func copyInto(w io.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	n, err := io.Copy(w, file)
	fmt.Fprintf(w, " %d\n", n) // so that a byte cannot pass from one file to the next
	return err
}
