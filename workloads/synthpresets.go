package workloads

import "fmt"

// SyntheticPreset is a synthetic set with the size of a published one.
type SyntheticPreset struct {
	Name        string // synthetic-...-like
	Description string
	Train, Test int          // samples
	Spec        SyntheticXMC // Samples is Train
}

// SyntheticPresets lists the presets, sorted by name. The numbers of samples, features and
// labels, and the means a sample, are those reported for the published sets, whose files we
// have not counted. Topics, tail and noise are our choice: with them, networks of 128 hidden
// nodes come near the P@1 that are published for the real sets, 0.93 (AmazonCat-13K), 0.85
// (Wiki10-31K) and 0.47 (Delicious-200K).
func SyntheticPresets() []SyntheticPreset {
	return []SyntheticPreset{
		preset("synthetic-amazoncat-13k-like", "AmazonCat-13K", 306_782, SyntheticXMC{
			Samples: 1_186_239, Features: 203_882, Classes: 13_330, Active: 71, LabelsPerSample: 5.04,
			Topics: 500, PerSample: 2, Tail: 1, Noise: 0, Seed: 13_330,
		}),
		preset("synthetic-delicious-200k-like", "Delicious-200K", 100_095, SyntheticXMC{
			Samples: 196_606, Features: 782_585, Classes: 205_443, Active: 302, LabelsPerSample: 75.5,
			Topics: 2000, PerSample: 6, Tail: 0.8, Noise: 0.3, Seed: 205_443,
		}),
		preset("synthetic-wiki10-31k-like", "Wiki10-31K", 6_616, SyntheticXMC{
			Samples: 14_146, Features: 101_938, Classes: 30_938, Active: 673, LabelsPerSample: 18.6,
			Topics: 600, PerSample: 3, Tail: 1, Noise: 0, Seed: 30_938,
		}),
	}
}

func preset(name, of string, test int, spec SyntheticXMC) SyntheticPreset {
	return SyntheticPreset{
		Name:        name,
		Description: fmt.Sprintf("synthetic: planted topics; sizes and means a sample as %s has, not its content", of),
		Train:       spec.Samples,
		Test:        test,
		Spec:        spec,
	}
}

// Generate makes the part "train" or "test", see [SyntheticXMC.Generate]. The
// large ones take some 15 s and 2 GB; Spec with fewer Samples gives the first of them.
func (p SyntheticPreset) Generate(part string) (*SparseSet, error) {
	spec := p.Spec
	switch part {
	case "train":
		spec.Samples = p.Train
	case "test":
		spec.Samples = p.Test
	default:
		return nil, fmt.Errorf("%s: part: want train or test, got %q", p.Name, part)
	}
	set, err := spec.Generate(part)
	if err != nil {
		return nil, err
	}
	set.Name = p.Name + "-" + part
	return set, nil
}
