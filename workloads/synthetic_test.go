package workloads

import (
	"bytes"
	"compress/gzip"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"
)

func smallSynthetic() SyntheticXMC {
	return SyntheticXMC{Samples: 300, Features: 2000, Classes: 200, Topics: 20, PerSample: 2,
		Active: 20, LabelsPerSample: 3, Tail: 1, Noise: 0.1, Seed: 7}
}

func generate(t testing.TB, s SyntheticXMC, part string) *SparseSet {
	t.Helper()
	set, err := s.Generate(part)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// The means of 2,000 samples stray by 1.2 % for CVs of 0.5, hence the 4 %.
func TestSyntheticPresetsHaveTheStatistics(t *testing.T) {
	for _, preset := range SyntheticPresets() {
		if !strings.HasPrefix(preset.Name, "synthetic-") || !strings.HasSuffix(preset.Name, "-like") || preset.Description == "" || preset.Train != preset.Spec.Samples {
			t.Errorf("want a synthetic-...-like set with a description, got %+v", preset)
		}
		spec := preset.Spec
		spec.Samples = 2000
		set := generate(t, spec, "train")
		checkSet(t, set)
		checkUnit(t, set)
		got := []float64{float64(len(set.ids)) / 2000, float64(len(set.labels)) / 2000}
		t.Logf("%s: %.1f features and %.2f labels a sample", preset.Name, got[0], got[1])
		if diff := cmp.Diff([]float64{spec.Active, spec.LabelsPerSample}, got, cmpopts.EquateApprox(0.04, 0)); diff != "" {
			t.Errorf("%s: features and labels a sample (-want +got): %s", preset.Name, diff)
		}
		if set.Len() != 2000 || set.Features != spec.Features || set.Classes != spec.Classes {
			t.Errorf("%s: want 2000 samples and the sizes of the spec, got %d, %d, %d", preset.Name, set.Len(), set.Features, set.Classes)
		}
	}
}

// The slope of log frequency by log rank, where the counts are not small. Drawing labels
// until enough differ flattens the law, hence the wide interval.
func TestSyntheticLabelsFollowThePowerLaw(t *testing.T) {
	for _, tail := range []float64{0.5, 0.8, 1.2} {
		spec := SyntheticXMC{Samples: 20_000, Features: 1000, Classes: 1000, Topics: 20, PerSample: 2,
			Active: 5, LabelsPerSample: 3, Tail: tail, Seed: 3}
		set := generate(t, spec, "train")
		counts := make([]float64, spec.Classes)
		for _, label := range set.labels {
			counts[label]++
		}
		slices.Sort(counts)
		slices.Reverse(counts)
		var ranks, frequencies []float64
		for rank := 5; rank <= 200; rank++ {
			ranks = append(ranks, math.Log(float64(rank)))
			frequencies = append(frequencies, math.Log(counts[rank-1]))
		}
		_, slope := stat.LinearRegression(ranks, frequencies, nil, false)
		t.Logf("tail %v: slope %.3f", tail, slope)
		if math.Abs(slope+tail) > 0.15 {
			t.Errorf("tail %v: want a slope of -tail within 0.15, got %.3f", tail, slope)
		}
	}
}

// Two parts have the same topics and other samples; one part is always the same, however
// many samples are made of it.
func TestSyntheticPartsAreFunctionsOfTheSeed(t *testing.T) {
	spec := smallSynthetic()
	set := generate(t, spec, "train")
	if diff := sameSet(set, generate(t, spec, "train")); diff != "" {
		t.Errorf("again (-want +got): %s", diff)
	}
	fewer := spec
	fewer.Samples = 10
	first := set.Subset(set.Name, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	if diff := sameSet(first, generate(t, fewer, "train")); diff != "" {
		t.Errorf("the first ten alone (-want +got): %s", diff)
	}
	other := spec
	other.Seed++
	for name, set := range map[string]*SparseSet{"test": generate(t, spec, "test"), "other seed": generate(t, other, "train")} {
		same := 0
		for i := range first.Len() {
			ids, _ := first.Sparse(i)
			others, _ := set.Sparse(i)
			if slices.Equal(ids, others) {
				same++
			}
		}
		if same > 0 {
			t.Errorf("%s: want other samples, got %d alike", name, same)
		}
	}
}

// A sample of a part is found by its features in another part: what is planted is the same
// in both, so that a network can learn it. The nearest neighbour shares a label far more
// often than a sample taken at random.
func TestSyntheticTopicsAreLearnable(t *testing.T) {
	spec := smallSynthetic()
	spec.Samples, spec.Tail = 1000, 0.5
	train, test := generate(t, spec, "train"), generate(t, spec, "test")
	nearest, random := 0, 0
	for i := range 200 {
		if shareLabel(train, neighbour(train, test, i), test, i) {
			nearest++
		}
		if shareLabel(train, i, test, i) {
			random++
		}
	}
	t.Logf("of 200, %d share a label with their neighbour, %d with a random sample", nearest, random)
	if nearest < 100 || nearest < 3*random {
		t.Errorf("want labels that features tell: of 200, %d share one with their neighbour, %d with a random sample", nearest, random)
	}
}

// neighbour returns the sample of train with the highest inner product with sample i of test.
func neighbour(train, test *SparseSet, i int) int {
	dense := make([]float32, test.Features)
	ids, values := test.Sparse(i)
	for j, id := range ids {
		dense[id] = values[j]
	}
	best, highest := 0, float32(-1)
	for n := range train.Len() {
		sum := float32(0)
		ids, values := train.Sparse(n)
		for j, id := range ids {
			sum += values[j] * dense[id]
		}
		if sum > highest {
			best, highest = n, sum
		}
	}
	return best
}

func shareLabel(a *SparseSet, i int, b *SparseSet, j int) bool {
	return slices.ContainsFunc(a.Labels(i), func(label int32) bool { return b.Right(j, int(label)) })
}

// A generated set comes back from its file.
func TestSyntheticFixture(t *testing.T) {
	want := generate(t, smallSynthetic(), "test")
	path := filepath.Join(t.TempDir(), "synthetic.txt.gz")
	var file bytes.Buffer
	out := gzip.NewWriter(&file)
	if err := errors.Join(WriteXMC(out, want), out.Close()); err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, file.Bytes())
	got, err := OpenXMC(path)
	if err != nil {
		t.Fatal(err)
	}
	want.Name = path
	if diff := sameSet(want, got); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
}

func TestSyntheticBadSpecs(t *testing.T) {
	_, err := SyntheticXMC{Active: math.NaN(), LabelsPerSample: 1, Tail: -1, Noise: 2}.Generate("train")
	wantError(t, err, "synthetic-xmc: samples: want 1..1e+08, got 0", "features: want", "classes: want", "topics: want 1..1, got 0",
		"per_sample: want 1..1000, got 0", "active: want 1..1, got NaN", "tail: want 0..4, got -1", "noise: want 0..1, got 2")
	huge := smallSynthetic()
	huge.Samples, huge.Active = maxXMC, 500
	wantError(t, errors.Join(FieldErrors(huge.Validate())), "samples: want at most 4000000000 features and labels in all")
	_, err = SyntheticPresets()[0].Generate("middle")
	wantError(t, err, `synthetic-amazoncat-13k-like: part: want train or test, got "middle"`)
}

func TestSyntheticPresetGenerates(t *testing.T) {
	preset := SyntheticPreset{Name: "synthetic-small-like", Train: 30, Test: 20, Spec: smallSynthetic()}
	for part, samples := range map[string]int{"train": 30, "test": 20} {
		set, err := preset.Generate(part)
		if err != nil || set.Len() != samples || set.Name != "synthetic-small-like-"+part {
			t.Errorf("%s: want %d samples, got %+v, error %v", part, samples, set, err)
		}
	}
}

// Any spec that passes the checks gives a set that keeps its promises, the smallest ones
// and those with more wanted than the topics have included.
func TestSyntheticSwarm(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := SyntheticXMC{
			Samples:  rapid.IntRange(1, 20).Draw(r, "samples"),
			Features: rapid.IntRange(1, 100).Draw(r, "features"),
			Classes:  rapid.IntRange(1, 50).Draw(r, "classes"),
			Tail:     rapid.Float64Range(0, 4).Draw(r, "tail"),
			Noise:    rapid.Float64Range(0, 1).Draw(r, "noise"),
			Seed:     rapid.Uint64().Draw(r, "seed"),
		}
		s.Topics = rapid.IntRange(1, s.Classes).Draw(r, "topics")
		s.PerSample = rapid.IntRange(1, 5).Draw(r, "per sample")
		s.Active = rapid.Float64Range(1, max(1, float64(s.Features)/2)).Draw(r, "active")
		s.LabelsPerSample = rapid.Float64Range(1, max(1, float64(s.Classes)/2)).Draw(r, "labels")
		set, err := s.Generate("part")
		if err != nil {
			r.Fatal(err)
		}
		checkSet(t, set)
		checkUnit(t, set)
	})
}

// BenchmarkSynthetic measures making 1,000 samples and the tables they need.
func BenchmarkSynthetic(b *testing.B) {
	for _, preset := range SyntheticPresets() {
		spec := preset.Spec
		spec.Samples = 1000
		b.Run("set="+preset.Name, func(b *testing.B) {
			for b.Loop() {
				generate(b, spec, "train")
			}
		})
	}
}
