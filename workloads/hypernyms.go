package workloads

import (
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
)

// How wordnet-13k is made of WordNet 3.0, as found out from the set that ships: every line
// of it comes out again.
const (
	hypernymDepth  = 3     // steps up that make labels
	fewestSamples  = 2     // of a label
	mostSamples    = 2_000 // of a label: broader ones say too little. Any number from 1,882 to 2,067 would do
	fewestUses     = 2     // samples that have a word
	hypernymTest   = 5     // every so many'th sample, by hash
	maxHypernymErr = 10    // problems reported
)

// commonWords are left out of glosses, and so are single letters.
func commonWords() []string {
	return []string{"an", "and", "for", "in", "of", "or", "that", "the", "to", "with"}
}

// makeHypernyms makes wordnet-13k. A sample is a noun's or verb's synset: its features are
// the words of its gloss, and those of its own words, which are other features (_word); its
// labels are the synsets up to three steps above it.
func makeHypernyms(w *WordNet) (*MadeSet, error) {
	synsets := slices.DeleteFunc(slices.Clone(w.Synsets), func(s Synset) bool { return s.ID.Kind != 'n' && s.ID.Kind != 'v' })
	above, err := allAbove(synsets)
	if err != nil {
		return nil, err
	}
	labels := hypernymLabels(above)
	ids := make(map[SynsetID]int32, len(labels))
	for i, label := range labels {
		ids[label] = int32(i)
	}
	samples := make([]hypernymSample, 0, len(synsets))
	for i := range synsets {
		if s := newHypernymSample(&synsets[i], above[i], ids); len(s.labels) > 0 {
			samples = append(samples, s)
		}
	}
	made := splitHypernyms(samples, len(labels))
	first := make(map[SynsetID]string, len(synsets))
	for i := range synsets {
		first[synsets[i].ID] = synsets[i].Words[0]
	}
	for _, label := range labels {
		made.Labels = append(made.Labels, label.String()+" "+first[label])
	}
	return made, nil
}

// allAbove lists for each synset those up to hypernymDepth steps above it, each once.
func allAbove(synsets []Synset) ([][]SynsetID, error) {
	place := make(map[SynsetID]*Synset, len(synsets))
	var errs []error
	for i := range synsets {
		s := &synsets[i]
		if other := place[s.ID]; other != nil && len(errs) < maxHypernymErr {
			errs = append(errs, fmt.Errorf("%s:%d: offset: want each once, got %s again, as in line %d", s.file, s.line, s.ID, other.line))
		}
		place[s.ID] = s
	}
	for i := range synsets {
		for _, to := range synsets[i].Hypernyms {
			if place[to] == nil && len(errs) < maxHypernymErr {
				errs = append(errs, fmt.Errorf("%s:%d: pointer: want a synset of the dictionary, got %s", synsets[i].file, synsets[i].line, to))
			}
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	above := make([][]SynsetID, len(synsets))
	for i := range synsets {
		above[i] = aboveOne(&synsets[i], place)
	}
	return above, nil
}

func aboveOne(s *Synset, place map[SynsetID]*Synset) []SynsetID {
	var found []SynsetID
	level := []*Synset{s}
	for range hypernymDepth {
		var next []*Synset
		for _, below := range level {
			for _, id := range below.Hypernyms {
				if id != s.ID && !slices.Contains(found, id) {
					found, next = append(found, id), append(next, place[id])
				}
			}
		}
		level = next
	}
	return found
}

// hypernymLabels lists the synsets that are above neither too few nor too many, nouns
// first, by offset.
func hypernymLabels(above [][]SynsetID) []SynsetID {
	counts := map[SynsetID]int{}
	for _, ids := range above {
		for _, id := range ids {
			counts[id]++
		}
	}
	maps.DeleteFunc(counts, func(_ SynsetID, n int) bool { return n < fewestSamples || n > mostSamples })
	return slices.SortedFunc(maps.Keys(counts), func(a, b SynsetID) int {
		if a.Kind != b.Kind {
			return int(a.Kind) - int(b.Kind)
		}
		return int(a.Offset - b.Offset)
	})
}

// hypernymSample is a synset as a sample.
type hypernymSample struct {
	id     SynsetID
	words  []string // sorted, each once
	labels []int32
}

func newHypernymSample(s *Synset, above []SynsetID, labels map[SynsetID]int32) hypernymSample {
	out := hypernymSample{id: s.ID}
	for _, id := range above {
		if label, ok := labels[id]; ok {
			out.labels = append(out.labels, label)
		}
	}
	slices.Sort(out.labels)
	for _, name := range s.Words {
		for _, word := range letterRuns(name) {
			out.words = append(out.words, "_"+word)
		}
	}
	for _, word := range letterRuns(s.Gloss) {
		if len(word) > 1 && !slices.Contains(commonWords(), word) {
			out.words = append(out.words, word)
		}
	}
	slices.Sort(out.words)
	out.words = slices.Compact(out.words)
	return out
}

// splitHypernyms numbers the words and divides the samples.
func splitHypernyms(samples []hypernymSample, classes int) *MadeSet {
	uses := map[string]int{}
	for _, s := range samples {
		for _, word := range s.words {
			uses[word]++
		}
	}
	maps.DeleteFunc(uses, func(_ string, n int) bool { return n < fewestUses })
	features := numbered(slices.Collect(maps.Keys(uses)))
	empty := SparseSet{Features: max(1, len(features)), Classes: max(1, classes)}
	train, test := empty, empty
	train.Name, test.Name = WordNet13K+"-train", WordNet13K+"-test"
	for _, s := range samples {
		var ids []int32
		for _, word := range s.words {
			if id, ok := features[word]; ok {
				ids = append(ids, id)
			}
		}
		part := &train
		if isHypernymTest(s.id) {
			part = &test
		}
		part.add(ids, ones(len(ids)), s.labels)
	}
	return &MadeSet{Train: &train, Test: &test}
}

// isHypernymTest says whether a synset is a test sample. The text whose checksum decides is
// how the set that ships was divided when it was first made.
func isHypernymTest(id SynsetID) bool {
	return crc32.ChecksumIEEE(fmt.Appendf(nil, "('%c', '%08d')", id.Kind, id.Offset))%hypernymTest == 0
}

func ones(n int) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = 1
	}
	return values
}
