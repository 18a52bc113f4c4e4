package scenarios

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"slosim/engine/train"
	"slosim/workloads"
)

// xmcPrefix begins the names of networks for users' own data: "xmc:" and a folder.
const xmcPrefix = "xmc:"

// openEnded says whether a network's name is of a kind that no list has all of: [FindFamily]
// judges it.
func openEnded(name string) bool {
	return strings.HasPrefix(name, xmcPrefix) || strings.Contains(name, noisePrefix)
}

// The files of a data set as slosim writes it.
const (
	trainFile  = "train.txt.gz"
	testFile   = "test.txt.gz"
	labelsFile = "labels.txt.gz"
)

// xmcFiles are the two files of a data set.
type xmcFiles struct{ train, test string }

// findXMC finds the files of a folder, by the names that the extreme classification
// repository gives them: train.txt or NAME_train.txt, train_data.txt, trn.txt or
// NAME_trn.txt, and the same with test, tst; in the folder or in one below it, plain or gzip.
func findXMC(dir string) (files xmcFiles, err error) {
	var wrong, more error
	files.train, wrong = findOne(dir, "train", "trn")
	files.test, more = findOne(dir, "test", "tst")
	return files, errors.Join(wrong, more)
}

// findOne finds the one file of a part, in the folder itself or else below it.
func findOne(dir string, parts ...string) (string, error) {
	var patterns []string
	for _, part := range parts {
		for _, name := range []string{part + ".txt", "*_" + part + ".txt", part + "_data.txt"} {
			patterns = append(patterns, name, name+".gz")
		}
	}
	for _, below := range []string{"", "*"} {
		found := matching(filepath.Join(escaped(dir), below), patterns)
		switch {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			return "", Usagef("%s: want one file of %s samples, got %s", dir, parts[0], strings.Join(found, ", "))
		}
	}
	return "", Usagef("%s: want a file %s there or in a folder below, got none", dir, strings.Join(patterns, ", "))
}

// matching lists the files that match a pattern in a folder, each once.
func matching(folder string, patterns []string) []string {
	var found []string
	for _, pattern := range patterns {
		paths, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			panic("scenarios: pattern: " + err.Error()) // the folder's name is escaped
		}
		found = append(found, slices.DeleteFunc(paths, func(path string) bool { return !isFile(path) })...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// escaped returns a path that as a pattern matches itself alone.
func escaped(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// sizes reads the files' first lines, which must agree.
func (f xmcFiles) sizes() (workloads.XMCSizes, error) {
	first, wrong := workloads.ReadXMCSizes(f.train)
	second, more := workloads.ReadXMCSizes(f.test)
	if err := errors.Join(wrong, more); err != nil {
		return first, UsageError{err}
	}
	var errs []error
	differ := func(what string, want, got int) {
		if want != got {
			errs = append(errs, fmt.Errorf("%s:1: %s: want %d, as %s has, got %d", f.test, what, want, f.train, got))
		}
	}
	differ("features", first.Features, second.Features)
	differ("labels", first.Classes, second.Classes)
	if first.Samples < sparseFewest {
		errs = append(errs, fmt.Errorf("%s:1: samples: want %d or more, got %d", f.train, sparseFewest, first.Samples))
	}
	if first.Classes < 2 {
		errs = append(errs, fmt.Errorf("%s:1: labels: want 2 or more, got %d", f.train, first.Classes))
	}
	if len(errs) > 0 {
		return first, UsageError{errors.Join(errs...)}
	}
	return first, nil
}

// read reads both files and normalises their samples.
func (f xmcFiles) read() (all, test *workloads.SparseSet, err error) {
	if _, err := f.sizes(); err != nil {
		return nil, nil, err
	}
	all, wrong := workloads.OpenXMC(f.train)
	test, more := workloads.OpenXMC(f.test)
	if err := errors.Join(wrong, more); err != nil {
		return nil, nil, UsageError{err}
	}
	all.Normalise()
	test.Normalise()
	return all, test, nil
}

func (f xmcFiles) sum() (string, error) { return fileSum(f.train, f.test) }

// open implements sparseSource: users' own files, divided at random.
func (f xmcFiles) open(_ *App, name string) (fit, confidence, calibration, test *workloads.SparseSet, err error) {
	all, test, err := f.read()
	if err != nil {
		return nil, nil, nil, nil, err
	}
	fit, confidence, calibration = divide(all, name)
	return fit, confidence, calibration, bounded(test, name), nil
}

func (f xmcFiles) digest(*App) (string, error) { return f.sum() }

// xmcFamily returns the family of users' own files, whose name is xmc: and their folder.
func xmcFamily(name string) (Family, error) {
	dir := strings.TrimPrefix(name, xmcPrefix)
	if dir == "" {
		return Family{}, Usagef("network: want a folder after %s, got none", xmcPrefix)
	}
	files, err := findXMC(dir)
	if err != nil {
		return Family{}, UsageError{fmt.Errorf("network %s: %w", name, err)}
	}
	sizes, err := files.sizes()
	if err != nil {
		return Family{}, UsageError{fmt.Errorf("network %s: %w", name, err)}
	}
	recipe := train.WideRecipeFor("xmc-"+folderName(dir), sizes.Classes, sizes.Samples)
	family := wideFamily(name, recipe, fmt.Sprintf("a network of %d features, %d hidden nodes and %d outputs for the files of a folder; trained when first used",
		sizes.Features, recipe.Hidden, sizes.Classes), files)
	family.Reference = recipe.Name + ".full"
	return family, nil
}

// folderName is a folder's own name, wherever it lies, as part of a file's name.
func folderName(dir string) string {
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	safe := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}
	return strings.Map(safe, filepath.Base(dir))
}

// wideFamily returns a family of wide outputs.
func wideFamily(name string, recipe train.WideRecipe, about string, source sparseSource) Family {
	return Family{
		Name:        name,
		About:       about,
		Reference:   name + ".full",
		Calibration: name + "-calibration",
		Truth:       name,
		Techniques:  wideTechniques(),
		Sparse:      true,
		recipe:      recipe,
		source:      source,
	}
}
