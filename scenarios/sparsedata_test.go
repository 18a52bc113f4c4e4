package scenarios

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slosim/engine"
	"slosim/engine/activator"
	"slosim/engine/kernel"
	"slosim/workloads"
)

// xmcText is a set of samples whose label follows from their features.
func xmcText(samples, features, classes int) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d %d %d\n", samples, features, classes)
	for i := range samples {
		fmt.Fprintf(&text, "%d %d:1 %d:0.5\n", i%classes, i%classes, classes+i%(features-classes))
	}
	return text.String()
}

// xmcFolder makes a folder of files.
func xmcFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFamilyOfUsersFiles(t *testing.T) {
	for _, names := range [][2]string{
		{"train.txt", "test.txt"}, {"toy_train.txt", "toy_test.txt"}, {"Toy/train_data.txt", "Toy/test_data.txt"}, {"trn.txt", "tst.txt"},
	} {
		dir := xmcFolder(t, map[string]string{names[0]: xmcText(100, 30, 20), names[1]: xmcText(40, 30, 20), "readme.txt": "x"})
		family, err := FindFamily(xmcPrefix + dir)
		if err != nil {
			t.Error(err)
			continue
		}
		app := &App{}
		fit, confidence, calibration, test, err := app.sparseData(family)
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff([]int{70, 10, 20, 40}, []int{fit.Len(), confidence.Len(), calibration.Len(), test.Len()}); diff != "" {
			t.Errorf("%v: sizes of parts (-want +got): %s", names, diff)
		}
		if _, values := fit.Sparse(0); values[0] < 0.8 || values[0] > 0.9 || test.Name != family.Truth || calibration.Name != family.Calibration {
			t.Errorf("%v: want names of the family and values of norm 1, got %q, %q, %v", names, test.Name, calibration.Name, values)
		}
		if strings.ContainsAny(weightsFile(family.Reference), `/:\`) {
			t.Errorf("want a plain file name, got %q", weightsFile(family.Reference))
		}
	}
}

func TestDigestFollowsBothFiles(t *testing.T) {
	files := map[string]string{"train.txt": xmcText(100, 30, 20), "test.txt": xmcText(40, 30, 20)}
	digest := func() string {
		family, err := FindFamily(xmcPrefix + xmcFolder(t, files))
		if err != nil {
			t.Fatal(err)
		}
		sum, err := (&App{}).sparseDigest(family)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	first := digest()
	if again := digest(); again != first {
		t.Errorf("another folder with the same bytes: want the same digest, got %s and %s", first, again)
	}
	files["test.txt"] = xmcText(41, 30, 20)
	second := digest()
	files["train.txt"] = xmcText(101, 30, 20)
	if third := digest(); second == first || third == second {
		t.Errorf("want a digest of its own for each, got %s, %s, %s", first, second, third)
	}
}

func TestUsersFilesThatDoNotDo(t *testing.T) {
	good := xmcText(100, 30, 20)
	for name, test := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"nothing":    {nil, []string{"want a file train.txt", "want a file test.txt"}},
		"no test":    {map[string]string{"train.txt": good}, []string{"want a file test.txt"}},
		"two":        {map[string]string{"train.txt": good, "a_train.txt": good, "test.txt": good}, []string{"want one file of train samples, got", "a_train.txt"}},
		"mismatch":   {map[string]string{"train.txt": good, "test.txt": xmcText(40, 31, 19)}, []string{"test.txt:1: features: want 30, as", "test.txt:1: labels: want 20, as"}},
		"few":        {map[string]string{"train.txt": xmcText(9, 30, 20), "test.txt": good}, []string{"train.txt:1: samples: want 10 or more, got 9"}},
		"one label":  {map[string]string{"train.txt": xmcText(20, 30, 1), "test.txt": xmcText(20, 30, 1)}, []string{"train.txt:1: labels: want 2 or more, got 1"}},
		"not a file": {map[string]string{"train.txt": "hello\n", "test.txt": "a b c\n"}, []string{"train.txt:1: header: want", "test.txt:1: samples: want"}},
	} {
		_, err := FindFamily(xmcPrefix + xmcFolder(t, test.files))
		if ExitCode(err) != ExitUsage {
			t.Errorf("%s: want a usage error, got %v", name, err)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: want %q in the error, got %v", name, want, err)
			}
		}
	}
	if _, err := FindFamily(xmcPrefix); ExitCode(err) != ExitUsage {
		t.Errorf("no folder: want a usage error, got %v", err)
	}
}

// TestBadLineOfUsersFiles: what only reading shows is a usage error with file and line too.
func TestBadLineOfUsersFiles(t *testing.T) {
	bad := strings.Replace(xmcText(100, 30, 20), "\n5 ", "\n77 ", 1)
	family, err := FindFamily(xmcPrefix + xmcFolder(t, map[string]string{"train.txt": bad, "test.txt": xmcText(40, 30, 20)}))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, _, err := (&App{}).sparseData(family); ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), "train.txt:7: label: want 0..19") {
		t.Errorf("want a usage error with file and line, got %v", err)
	}
}

func TestNextWordWantsItsDataMade(t *testing.T) {
	family, err := FindFamily(workloads.GlossesNextWord)
	if err != nil {
		t.Fatal(err)
	}
	for _, app := range []*App{{}, {CacheDir: t.TempDir()}} {
		_, _, _, _, err := app.sparseData(family)
		if ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), "slosim data glosses-next-word") {
			t.Errorf("want a usage error that says how to make the data, got %v", err)
		}
		if _, err := app.sparseDigest(family); ExitCode(err) != ExitUsage {
			t.Errorf("digest: want a usage error, got %v", err)
		}
	}
}

func TestSyntheticFamiliesAreBounded(t *testing.T) {
	seen := map[string]bool{}
	for _, family := range Families() {
		preset, ok := family.source.(syntheticSource)
		if !ok {
			continue
		}
		spec, err := preset.spec()
		if err != nil {
			t.Error(err)
		}
		digest, err := (&App{}).sparseDigest(family)
		if spec.Train > syntheticTrain || spec.Test > syntheticTest || err != nil || seen[digest] {
			t.Errorf("%s: want bounded samples and a digest of its own, got %d, %d, %s, %v", family.Name, spec.Train, spec.Test, digest, err)
		}
		seen[digest] = true
	}
	if len(seen) != 3 {
		t.Errorf("want three synthetic families, got %d", len(seen))
	}
	if _, _, _, _, err := synthetic("x").open(nil, "x"); err == nil {
		t.Error("want an error for a preset that there is none of")
	}
}

// TestTestSamplesAreBounded: of a large test set, samples by a lot that is always the same.
// TestNoiseIsPartOfTheName: another share of noise is another family with other data.
func TestNoiseIsPartOfTheName(t *testing.T) {
	plain, err := FindFamily("synthetic-wiki10-31k")
	if err != nil {
		t.Fatal(err)
	}
	noisy, err := FindFamily("synthetic-wiki10-31k:noise=0.5")
	if err != nil {
		t.Fatal(err)
	}
	spec, err := noisy.source.(syntheticSource).spec()
	first, second := must(t, func() (string, error) { return (&App{}).sparseDigest(plain) }), must(t, func() (string, error) { return (&App{}).sparseDigest(noisy) })
	if err != nil || spec.Spec.Noise != 0.5 || first == second || noisy.recipe.Name == plain.recipe.Name || strings.ContainsAny(weightsFile(noisy.Reference), `/:\=`) {
		t.Errorf("want noise of 0.5, data and files of its own, got %+v, %v", spec, err)
	}
	for _, name := range []string{"synthetic-wiki10-31k:noise=2", "synthetic-wiki10-31k:noise=x", "wordnet-13k:noise=0.5", "fashion-mnist:noise=0.1", "a:noise=0.5"} {
		if _, err := FindFamily(name); ExitCode(err) != ExitUsage {
			t.Errorf("%s: want a usage error, got %v", name, err)
		}
	}
}

func must[T any](t *testing.T, f func() (T, error)) T {
	t.Helper()
	v, err := f()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTestSamplesAreBounded(t *testing.T) {
	large, err := workloads.ReadXMC("large", strings.NewReader(xmcText(sparseTest+5, 30, 20)))
	if err != nil {
		t.Fatal(err)
	}
	first, second := bounded(large, "a"), bounded(large, "b")
	if first.Len() != sparseTest || !cmp.Equal(first.Labels(77), second.Labels(77)) || first.Name != "a" {
		t.Errorf("want %d samples, the same each time, got %d of %q", sparseTest, first.Len(), first.Name)
	}
}

// TestUsersFilesTrain trains, keeps and opens the network of a small folder.
func TestUsersFilesTrain(t *testing.T) {
	dir := xmcFolder(t, map[string]string{"train.txt": xmcText(2000, 90, 60), "test.txt": xmcText(400, 90, 60)})
	family, err := FindFamily(xmcPrefix + dir)
	if err != nil {
		t.Fatal(err)
	}
	app := &App{CacheDir: t.TempDir(), Kernels: kernel.Best()}
	var techniques []Technique
	for _, name := range family.Techniques {
		techniques = append(techniques, Technique{Name: name})
	}
	var told bytes.Buffer
	if err := app.ready(context.Background(), family, techniques, Console{Out: io.Discard, Err: &told}); err != nil {
		t.Fatal(err)
	}
	for _, name := range family.Techniques {
		if _, err := app.build(family, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !strings.Contains(told.String(), "held-out P@1 1.0000") {
		t.Errorf("want a network that learned what is easy, got %s", &told)
	}
	before := told.Len()
	if err := app.ready(context.Background(), family, techniques, Console{Out: io.Discard, Err: &told}); err != nil || told.Len() != before {
		t.Errorf("want the network found again, got %v, %s", err, told.String()[before:])
	}
}

// TestLabelsBeyond16Bits: such a network is trained, written, read and asked like others.
func TestLabelsBeyond16Bits(t *testing.T) {
	text := strings.ReplaceAll(strings.Replace(xmcText(200, 30, 20), " 20\n", " 70000\n", 1), "\n3 3:1", "\n69999 3:1")
	family, err := FindFamily(xmcPrefix + xmcFolder(t, map[string]string{"train.txt": text, "test.txt": text}))
	if err != nil {
		t.Fatal(err)
	}
	app := &App{CacheDir: t.TempDir(), Kernels: kernel.Best()}
	if err := app.ready(context.Background(), family, []Technique{{Name: "slo-nn"}}, Console{Out: io.Discard, Err: io.Discard}); err != nil {
		t.Fatal(err)
	}
	network, _, err := app.wideNetwork(family, wholeVariant)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := network.WideTables()
	if err != nil || slices.Max(tables.Likely) != 69_999 {
		t.Errorf("want an order of all labels, got %d, error %v", len(tables.Likely), err)
	}
	path, err := app.outputsPath(family, engine.DefaultOutputActivator)
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := openOutputs(path)
	if err != nil {
		t.Fatal(err)
	}
	if lists := outputs.Tables.(*activator.FeatureLists); !slices.Contains(lists.Of(3, 1), 69_999) {
		t.Errorf("want the last label first in the list of its feature, got %v", lists.Of(3, 5))
	}
}
