package workloads

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Where Debian's package dataset-fashion-mnist puts the published files.
const publishedFiles = "/usr/share/datasets/fashion-mnist"

func TestEmbeddedDatasetsAreWhatTheCatalogueSays(t *testing.T) {
	for _, info := range Datasets() {
		set, err := OpenDataset(info.Name)
		if err != nil {
			t.Fatal(err)
		}
		if set.Len() != info.Samples || set.Features != info.Features || set.Classes != info.Classes || len(set.X) != info.Samples*info.Features {
			t.Errorf("%s: want %d samples, %d features, %d classes, got %d, %d, %d (%d bytes)", info.Name,
				info.Samples, info.Features, info.Classes, set.Len(), set.Features, set.Classes, len(set.X))
		}
		if info.Licence != "MIT" || info.Copyright == "" || info.Source == "" || info.Description == "" {
			t.Errorf("%s: want licence, copyright, source and description, got %+v", info.Name, info)
		}
	}
}

// The published test set has 1,000 pictures of each kind; pictures 0 and 1 are
// an ankle boot and a pullover. A random tenth of a balanced set stays within
// four deviations of balance.
func TestFashionMNISTFacts(t *testing.T) {
	test := openDataset(t, FashionMNISTTest)
	for class, n := range classCounts(test) {
		if n != 1000 {
			t.Errorf("test, class %d: want 1000 samples, got %d", class, n)
		}
	}
	if test.Label(0) != 9 || test.Label(1) != 2 {
		t.Errorf("labels of samples 0 and 1: want 9 and 2, got %d and %d", test.Label(0), test.Label(1))
	}
	for class, n := range classCounts(openDataset(t, FashionMNISTCalibration)) {
		if n < 890 || n > 1110 {
			t.Errorf("calibration, class %d: want 890 to 1110 samples, got %d", class, n)
		}
	}
}

func TestInputIsByteOver255(t *testing.T) {
	set, err := NewDataset("small", smallImages(), []uint8{1, 0}, 2)
	if err != nil {
		t.Fatal(err)
	}
	dst := []float32{7, 7, 7, 7, 7, 7, 7}
	set.Input(1, dst)
	want := []float32{250. / 255, 251. / 255, 252. / 255, 253. / 255, 254. / 255, 1, 7}
	if diff := cmp.Diff(want, dst, cmpopts.EquateApprox(1e-6, 0)); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
	if got := testing.AllocsPerRun(10, func() { set.Input(0, dst) }); got != 0 {
		t.Errorf("want 0 allocations, got %v", got)
	}
}

func TestSubsetKeepsPairs(t *testing.T) {
	set, err := NewDataset("small", smallImages(), []uint8{1, 0}, 2)
	if err != nil {
		t.Fatal(err)
	}
	got := set.Subset("part", []int{1})
	want := &Dataset{Name: "part", Features: 6, Classes: 2, X: []uint8{250, 251, 252, 253, 254, 255}, Labels: []uint8{0}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
}

func TestDatasetErrors(t *testing.T) {
	_, err := NewDataset("small", smallImages(), []uint8{1}, 2)
	wantError(t, err, "small: want as many labels as images (2), got 1")
	_, err = OpenDataset("mnist")
	wantError(t, err, "want one of fashion-mnist, fashion-mnist-calibration", `got "mnist"`)
	_, _, err = LoadTraining(t.TempDir())
	wantError(t, err, "train-images-idx3-ubyte: want the file or", "train-labels-idx1-ubyte: want the file or")
}

// The split is a partition of the sizes that the design states, and it never
// changes: a golden digest would be opaque, a few members are not.
func TestSplitIsAFixedPartition(t *testing.T) {
	fit, confidence, calibration := FashionMNISTSplit()
	if len(fit) != 45_000 || len(confidence) != 5_000 || len(calibration) != 10_000 {
		t.Fatalf("want 45000, 5000, 10000, got %d, %d, %d", len(fit), len(confidence), len(calibration))
	}
	all := slices.Concat(fit, confidence, calibration)
	slices.Sort(all)
	for i, index := range all {
		if i != index {
			t.Fatalf("want every index from 0 to 59999 once, got %d at place %d", index, i)
		}
	}
	fit[0] = -1 // the parts do not share memory with later calls
	again, _, _ := FashionMNISTSplit()
	got := [][]int{again[:3], confidence[:3], calibration[:3]}
	if diff := cmp.Diff([][]int{{0, 2, 4}, {11, 22, 32}, {1, 3, 20}}, got); diff != "" {
		t.Errorf("first members (-want +got): %s", diff)
	}
}

func TestCalibrationIsThePublishedTrainingData(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 60,000 images")
	}
	if _, err := os.Stat(publishedFiles); err != nil {
		t.Skipf("the published files are not here: %v", err)
	}
	fit, confidence, err := LoadTraining(publishedFiles) // compares the calibration part with the embedded one
	if err != nil {
		t.Fatal(err)
	}
	if fit.Len() != FitSamples || confidence.Len() != ConfidenceSamples {
		t.Errorf("want %d and %d samples, got %d and %d", FitSamples, ConfidenceSamples, fit.Len(), confidence.Len())
	}
	// Sample 0 of the published training set is an ankle boot; the split says where it went.
	indexes, _, _ := FashionMNISTSplit()
	if at := slices.Index(indexes, 0); at >= 0 && fit.Label(at) != 9 {
		t.Errorf("label of training image 0: want 9, got %d", fit.Label(at))
	}
}

// Other files of the same shape are refused: a network trained on them could
// have seen the calibration images.
func TestLoadTrainingRefusesOtherData(t *testing.T) {
	dir := t.TempDir()
	images := append([]byte{0, 0, 8, 3, 0, 0, 0xea, 0x60, 0, 0, 0, 28, 0, 0, 0, 28}, make([]byte, 60_000*28*28)...)
	labels := append([]byte{0, 0, 8, 1, 0, 0, 0xea, 0x60}, make([]byte, 60_000)...)
	writeFile(t, filepath.Join(dir, "train-images-idx3-ubyte"), images)
	writeFile(t, filepath.Join(dir, "train-labels-idx1-ubyte"), labels)
	_, _, err := LoadTraining(dir)
	wantError(t, err, dir, "want the training images of Fashion-MNIST, got others")

	out := t.TempDir()
	if err := WriteCalibration(dir, out); err != nil {
		t.Fatal(err)
	}
	got, err := ReadIDXImages(filepath.Join(out, "fashion-mnist-calibration-images.idx.gz"))
	if err != nil || got.Count != CalibrationSamples {
		t.Errorf("want %d images, got %d, error %v", CalibrationSamples, got.Count, err)
	}
}

func TestLoadTrainingRefusesOtherShapes(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "train-images-idx3-ubyte"), plainImages())
	writeFile(t, filepath.Join(dir, "train-labels-idx1-ubyte"), plainLabels(1, 2))
	_, _, err := LoadTraining(dir)
	wantError(t, err, "want 60000 images of 28x28, got 2 of 2x3")
}

// The embedded files are gzip: a checkout that changed line ends would break them.
func TestEmbeddedFilesAreWholeGzip(t *testing.T) {
	entries, err := embedded.ReadDir("data")
	if err != nil || len(entries) != 10 {
		t.Fatalf("want 10 files, got %d, error %v", len(entries), err)
	}
	for _, entry := range entries {
		raw, err := embedded.ReadFile("data/" + entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		plain, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatalf("%s: %v", entry.Name(), err)
		}
		if _, err := io.Copy(io.Discard, plain); err != nil {
			t.Errorf("%s: %v", entry.Name(), err)
		}
	}
}

func openDataset(t *testing.T, name string) *Dataset {
	t.Helper()
	set, err := OpenDataset(name)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func classCounts(set *Dataset) []int {
	counts := make([]int, set.Classes)
	for i := range set.Len() {
		counts[set.Label(i)]++
	}
	return counts
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
