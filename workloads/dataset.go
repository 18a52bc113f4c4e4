package workloads

import (
	"embed"
	"fmt"
	"io"
	"strings"
)

//go:embed data/*.gz
var embedded embed.FS // read only

// Dataset is a labelled set of samples, kept as raw bytes: 8 bits a feature.
type Dataset struct {
	Name     string
	Features int     // numbers a sample, e.g. 784 pixels
	Classes  int     // labels are 0 to Classes-1
	X        []uint8 // Features bytes a sample, one sample after the other
	Labels   []uint8
}

// Len returns the number of samples.
func (d *Dataset) Len() int { return len(d.Labels) }

// Input writes sample i into dst, which holds at least Features numbers, as
// byte/255: float32 between 0 and 1, without centring. It allocates nothing.
func (d *Dataset) Input(i int, dst []float32) {
	raw := d.X[i*d.Features : (i+1)*d.Features]
	dst = dst[:len(raw)]
	for j, pixel := range raw {
		dst[j] = float32(pixel) / 255
	}
}

// Label returns the right answer of sample i.
func (d *Dataset) Label(i int) int { return int(d.Labels[i]) }

// Right says whether an answer is sample i's label.
func (d *Dataset) Right(i, answer int) bool { return d.Label(i) == answer }

// Subset returns a copy of the samples at the given indexes, in that order.
func (d *Dataset) Subset(name string, indexes []int) *Dataset {
	subset := &Dataset{Name: name, Features: d.Features, Classes: d.Classes}
	subset.X = make([]uint8, 0, len(indexes)*d.Features)
	subset.Labels = make([]uint8, 0, len(indexes))
	for _, i := range indexes {
		subset.X = append(subset.X, d.X[i*d.Features:(i+1)*d.Features]...)
		subset.Labels = append(subset.Labels, d.Labels[i])
	}
	return subset
}

// DatasetInfo describes an embedded data set.
type DatasetInfo struct {
	Name        string
	Description string
	Samples     int
	Features    int
	Classes     int
	Licence     string // SPDX identifier
	Copyright   string
	Source      string

	images, labels string // embedded files
}

// Names of the embedded data sets.
const (
	FashionMNISTTest        = "fashion-mnist"
	FashionMNISTCalibration = "fashion-mnist-calibration"
)

// Datasets lists the embedded data sets, sorted by name.
func Datasets() []DatasetInfo {
	base := DatasetInfo{
		Samples: 10_000, Features: 784, Classes: 10,
		Licence: "MIT", Copyright: "2017 Zalando SE, https://tech.zalando.com",
		Source: "https://github.com/zalandoresearch/fashion-mnist",
	}
	test, calibration := base, base
	test.Name = FashionMNISTTest
	test.Description = "Fashion-MNIST test set: 10,000 grey pictures of 28x28 pixels, 10 kinds of clothing"
	test.images, test.labels = "fashion-mnist-test-images.idx.gz", "fashion-mnist-test-labels.idx.gz"
	calibration.Name = FashionMNISTCalibration
	calibration.Description = "Fashion-MNIST calibration set: 10,000 of the 60,000 training pictures, held out of training"
	calibration.images, calibration.labels = "fashion-mnist-calibration-images.idx.gz", "fashion-mnist-calibration-labels.idx.gz"
	return []DatasetInfo{test, calibration}
}

// OpenDataset returns an embedded data set by name; the names are those of Datasets.
func OpenDataset(name string) (*Dataset, error) {
	known := []string{}
	for _, info := range Datasets() {
		if info.Name == name {
			return openEmbedded(info)
		}
		known = append(known, info.Name)
	}
	return nil, fmt.Errorf("data set: want one of %s, got %q", strings.Join(known, ", "), name)
}

func openEmbedded(info DatasetInfo) (*Dataset, error) {
	images, err := readEmbedded(info.images, DecodeIDXImages)
	if err != nil {
		return nil, err
	}
	labels, err := readEmbedded(info.labels, func(name string, r io.Reader) ([]uint8, error) {
		return DecodeIDXLabels(name, r, info.Classes)
	})
	if err != nil {
		return nil, err
	}
	return NewDataset(info.Name, images, labels, info.Classes)
}

// NewDataset joins images and labels. It is an error when their numbers differ.
func NewDataset(name string, images Images, labels []uint8, classes int) (*Dataset, error) {
	if images.Count != len(labels) {
		return nil, fmt.Errorf("%s: want as many labels as images (%d), got %d", name, images.Count, len(labels))
	}
	return &Dataset{
		Name:     name,
		Features: images.Rows * images.Columns,
		Classes:  classes,
		X:        images.Pixels,
		Labels:   labels,
	}, nil
}

// readEmbedded opens a file of the data folder and hands it to decode.
func readEmbedded[T any](file string, decode func(name string, r io.Reader) (T, error)) (T, error) {
	opened, err := embedded.Open("data/" + file)
	if err != nil {
		var zero T
		return zero, err
	}
	defer opened.Close()
	return decode("embedded "+file, opened)
}
