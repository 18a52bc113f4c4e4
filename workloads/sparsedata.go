package workloads

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// The sizes of the three parts of WordNet-13k's 76,136 training samples.
const (
	WordNetFitSamples         = 61_136
	WordNetConfidenceSamples  = 5_000
	WordNetCalibrationSamples = 10_000

	wordNetSeed = 20061201 // WordNet 3.0 appeared in December 2006; any fixed number would do
)

// WordNet13K is the name of the embedded sparse data set.
const WordNet13K = "wordnet-13k"

// SparseDatasetInfo describes an embedded sparse data set.
type SparseDatasetInfo struct {
	Name        string
	Description string
	Samples     int // for training, in three parts
	TestSamples int
	Features    int
	Classes     int
	Licence     string // SPDX identifier
	Copyright   string
	Source      string
	Changes     string // what was done to the source

	seed  uint64
	parts []int // sizes of the parts for fitting, confidence and calibration
}

// SparseDatasets lists the embedded sparse data sets, sorted by name.
func SparseDatasets() []SparseDatasetInfo {
	return []SparseDatasetInfo{{
		Name:        WordNet13K,
		Description: "WordNet 3.0 glosses as bags of words; the labels are the 13,723 hypernyms",
		Samples:     WordNetFitSamples + WordNetConfidenceSamples + WordNetCalibrationSamples,
		TestSamples: 19_106,
		Features:    56_892,
		Classes:     13_723,
		Licence:     "WordNet",
		Copyright:   "2006 Princeton University",
		Source:      "https://wordnet.princeton.edu (WordNet 3.0, Debian package wordnet-base)",
		Changes:     "glosses turned into bags of words, hypernyms into labels; divided into training and test samples",
		seed:        wordNetSeed,
		parts:       []int{WordNetFitSamples, WordNetConfidenceSamples, WordNetCalibrationSamples},
	}}
}

// OpenSparseTraining reads an embedded sparse data set, by a name of SparseDatasets, and
// returns the part that networks and lists are fitted on, the part that builds
// confidences, the part for thresholds and calibration, and the test samples, which
// nothing but the final judgement may see. The first three divide the training samples by
// one seeded permutation, as FashionMNISTSplit does, and are the same in every version of
// slosim. The values of each sample have Euclidean norm 1.
func OpenSparseTraining(name string) (fit, confidence, calibration, test *SparseSet, err error) {
	info, err := sparseInfo(name)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	all, err := readEmbedded(name+"-train.txt.gz", ReadXMC)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	if test, err = readEmbedded(name+"-test.txt.gz", ReadXMC); err != nil {
		return nil, nil, nil, nil, err
	}
	all.Normalise()
	test.Normalise()
	test.Name = name
	parts := seededSplit(info.seed, info.parts...)
	fit = all.Subset(name+"-fit", parts[0])
	confidence = all.Subset(name+"-confidence", parts[1])
	calibration = all.Subset(name+"-calibration", parts[2])
	return fit, confidence, calibration, test, nil
}

// SparseDigest identifies the bytes of an embedded sparse data set, in hexadecimal.
func SparseDigest(name string) (string, error) {
	if _, err := sparseInfo(name); err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, part := range []string{"train", "test"} {
		file, err := embedded.ReadFile("data/" + name + "-" + part + ".txt.gz")
		if err != nil {
			return "", err
		}
		sum.Write(file)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// SparseLabelNames returns what the labels of an embedded sparse data set stand for, in
// their order: for wordnet-13k the synset's offset and its first word.
func SparseLabelNames(name string) ([]string, error) {
	info, err := sparseInfo(name)
	if err != nil {
		return nil, err
	}
	return readEmbedded(name+"-labels.txt.gz", func(file string, r io.Reader) ([]string, error) {
		plain, err := decompress(r)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		names, lines := make([]string, 0, info.Classes), bufio.NewScanner(plain)
		for lines.Scan() {
			names = append(names, lines.Text())
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, len(names)+1, err)
		}
		return names, nil
	})
}

func sparseInfo(name string) (SparseDatasetInfo, error) {
	known := []string{}
	for _, info := range SparseDatasets() {
		if info.Name == name {
			return info, nil
		}
		known = append(known, info.Name)
	}
	return SparseDatasetInfo{}, fmt.Errorf("sparse data set: want one of %s, got %q", strings.Join(known, ", "), name)
}
