package workloads

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func openWordNet(t testing.TB) (fit, confidence, calibration, test *SparseSet) {
	t.Helper()
	fit, confidence, calibration, test, err := OpenSparseTraining(WordNet13K)
	if err != nil {
		t.Fatal(err)
	}
	return fit, confidence, calibration, test
}

func TestSparseDatasetsAreWhatTheCatalogueSays(t *testing.T) {
	for _, info := range SparseDatasets() {
		fit, confidence, calibration, test, err := OpenSparseTraining(info.Name)
		if err != nil {
			t.Fatal(err)
		}
		got := []int{fit.Len(), confidence.Len(), calibration.Len(), fit.Len() + confidence.Len() + calibration.Len(), test.Len()}
		if diff := cmp.Diff(append(slices.Clone(info.parts), info.Samples, info.TestSamples), got); diff != "" {
			t.Errorf("%s: sizes (-want +got): %s", info.Name, diff)
		}
		for _, set := range []*SparseSet{fit, confidence, calibration, test} {
			if set.Features != info.Features || set.Classes != info.Classes || set.Name == "" {
				t.Errorf("%s: want %d features and %d classes, got %d and %d", info.Name, info.Features, info.Classes, set.Features, set.Classes)
			}
			checkSet(t, set)
			checkUnit(t, set)
		}
		if info.Description == "" || info.Licence == "" || info.Copyright == "" || info.Source == "" || info.Changes == "" {
			t.Errorf("%s: want description, licence, copyright, source and changes, got %+v", info.Name, info)
		}
		if names, err := SparseLabelNames(info.Name); err != nil || len(names) != info.Classes {
			t.Errorf("%s: want %d names of labels, got %d, error %v", info.Name, info.Classes, len(names), err)
		}
	}
}

// checkUnit fails unless every sample with features has norm 1.
func checkUnit(t *testing.T, set *SparseSet) {
	t.Helper()
	for i := range set.Len() {
		_, values := set.Sparse(i)
		squares := 0.0
		for _, v := range values {
			squares += float64(v) * float64(v)
		}
		if len(values) > 0 && math.Abs(squares-1) > 1e-5 {
			t.Fatalf("%s, sample %d: want norm 1, got %v", set.Name, i, math.Sqrt(squares))
		}
	}
}

// The means were counted on the files by another program.
func TestWordNetFacts(t *testing.T) {
	fit, confidence, calibration, test := openWordNet(t)
	features, labels := 0, 0
	for _, part := range []*SparseSet{fit, confidence, calibration} {
		features, labels = features+len(part.ids), labels+len(part.labels)
	}
	got := []float64{float64(features) / 76_136, float64(labels) / 76_136, float64(len(test.ids)) / 19_106, float64(len(test.labels)) / 19_106}
	for i, want := range []float64{10.0835, 2.8195, 10.0935, 2.8267} {
		if math.Abs(got[i]-want) > 5e-5 {
			t.Errorf("features and labels a sample, training then test: place %d: want %v, got %v", i, want, got[i])
		}
	}
	names, err := SparseLabelNames(WordNet13K)
	if err != nil || names[0] != "n00001740 entity" || names[test.Labels(0)[0]] != names[0] {
		t.Errorf("want the first label and test sample 0 to be an entity, got %q, error %v", names[0], err)
	}
}

// The parts are disjoint, cover all training samples, and never change.
func TestWordNetSplitIsAFixedPartition(t *testing.T) {
	info := SparseDatasets()[0]
	parts := seededSplit(info.seed, info.parts...)
	all := slices.Concat(parts...)
	slices.Sort(all)
	if len(all) != info.Samples {
		t.Fatalf("want %d indexes, got %d", info.Samples, len(all))
	}
	for i, index := range all {
		if i != index {
			t.Fatalf("want every index once, got %d at place %d", index, i)
		}
	}
	got := [][]int{}
	for _, part := range parts {
		if !slices.IsSorted(part) {
			t.Error("want sorted parts")
		}
		got = append(got, part[:3])
	}
	if diff := cmp.Diff([][]int{{0, 1, 2}, {32, 55, 57}, {3, 8, 14}}, got); diff != "" {
		t.Errorf("first members (-want +got): %s", diff)
	}
}

func TestSparseDatasetErrors(t *testing.T) {
	_, _, _, _, err := OpenSparseTraining("amazoncat")
	wantError(t, err, `sparse data set: want one of wordnet-13k, got "amazoncat"`)
	_, err = SparseLabelNames("")
	wantError(t, err, `want one of wordnet-13k, got ""`)
}

// BenchmarkReadXMC measures reading text that is already in memory and not compressed:
// ids alone, and ids with values.
func BenchmarkReadXMC(b *testing.B) {
	fit, _, _, _ := openWordNet(b)
	benchmarkRead(b, "values=9digits", fit)
	for i := range fit.values {
		fit.values[i] = 1
	}
	benchmarkRead(b, "values=1", fit)
}
