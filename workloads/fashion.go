package workloads

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// The sizes of the three parts of Fashion-MNIST's 60,000 training images.
const (
	FitSamples         = 45_000
	ConfidenceSamples  = 5_000
	CalibrationSamples = 10_000

	trainingSamples = FitSamples + ConfidenceSamples + CalibrationSamples
	splitSeed       = 20170828 // the day Fashion-MNIST appeared; any fixed number would do
)

// FashionMNISTSplit divides the indexes of the 60,000 training images into the
// part that networks and activator lists are fitted on (45,000), the part that
// builds confidences (5,000) and the part for thresholds and calibration
// (10,000). It is one seeded permutation (Fisher-Yates, draws of rng) cut in
// three, each part then sorted; it is the same in every version of slosim,
// because the embedded calibration set is its third part.
func FashionMNISTSplit() (fit, confidence, calibration []int) {
	parts := seededSplit(splitSeed, FitSamples, ConfidenceSamples, CalibrationSamples)
	return parts[0], parts[1], parts[2]
}

// LoadTraining reads Fashion-MNIST's training files from dir
// (train-images-idx3-ubyte and train-labels-idx1-ubyte, plain or .gz; Debian's
// package dataset-fashion-mnist has them in /usr/share/datasets/fashion-mnist)
// and returns the parts for fitting and for confidences. The third part must
// equal the embedded calibration set: otherwise the files are other ones, and a
// network trained on them could have seen the images that judge it.
func LoadTraining(dir string) (fit, confidence *Dataset, err error) {
	all, err := loadFashionMNIST(dir)
	if err != nil {
		return nil, nil, err
	}
	embeddedSet, err := OpenDataset(FashionMNISTCalibration)
	if err != nil {
		return nil, nil, err
	}
	fitIndexes, confidenceIndexes, calibrationIndexes := FashionMNISTSplit()
	calibration := all.Subset(FashionMNISTCalibration, calibrationIndexes)
	if !bytes.Equal(calibration.X, embeddedSet.X) || !bytes.Equal(calibration.Labels, embeddedSet.Labels) {
		return nil, nil, fmt.Errorf("%s: want the training images of Fashion-MNIST, got others: the calibration part differs from the embedded one", dir)
	}
	return all.Subset("fashion-mnist-fit", fitIndexes), all.Subset("fashion-mnist-confidence", confidenceIndexes), nil
}

// WriteCalibration reads the training files of dir and writes the calibration
// part into out as two gzip IDX files, named as the embedded ones. It is how
// the embedded set was made (see internal/gendata).
func WriteCalibration(dir, out string) error {
	all, err := loadFashionMNIST(dir)
	if err != nil {
		return err
	}
	_, _, indexes := FashionMNISTSplit()
	part := all.Subset(FashionMNISTCalibration, indexes)
	images := Images{Count: part.Len(), Rows: 28, Columns: 28, Pixels: part.X}
	var imageFile, labelFile bytes.Buffer
	if err := errors.Join(EncodeIDXImages(&imageFile, images), EncodeIDXLabels(&labelFile, part.Labels)); err != nil {
		return err
	}
	base := filepath.Join(out, FashionMNISTCalibration)
	return errors.Join(
		os.WriteFile(base+"-images.idx.gz", imageFile.Bytes(), 0o644),
		os.WriteFile(base+"-labels.idx.gz", labelFile.Bytes(), 0o644),
	)
}

// loadFashionMNIST reads all 60,000 training images of a folder.
func loadFashionMNIST(dir string) (*Dataset, error) {
	imageFile, imageErr := plainOrCompressed(dir, "train-images-idx3-ubyte")
	labelFile, labelErr := plainOrCompressed(dir, "train-labels-idx1-ubyte")
	if err := errors.Join(imageErr, labelErr); err != nil {
		return nil, err
	}
	images, err := ReadIDXImages(imageFile)
	if err != nil {
		return nil, err
	}
	if images.Count != trainingSamples || images.Rows != 28 || images.Columns != 28 {
		return nil, fmt.Errorf("%s: want %d images of 28x28, got %d of %dx%d",
			imageFile, trainingSamples, images.Count, images.Rows, images.Columns)
	}
	labels, err := ReadIDXLabels(labelFile, 10)
	if err != nil {
		return nil, err
	}
	return NewDataset(labelFile, images, labels, 10)
}

// plainOrCompressed returns the path of the file, or of the file with .gz added.
func plainOrCompressed(dir, name string) (string, error) {
	plain := filepath.Join(dir, name)
	for _, path := range []string{plain, plain + ".gz"} {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s: want the file or %s.gz, got neither", plain, name)
}
