package workloads

import (
	"maps"
	"slices"

	"slosim/workloads/rng"
)

// GlossesNextWord is the name of the set that `slosim data` makes of WordNet's glosses.
const GlossesNextWord = "glosses-next-word"

// How glosses-next-word is made.
const (
	nextWordBefore = 8    // words that a sample sees
	nextWordTest   = 0.02 // share of glosses for the test
	nextWordSeed   = 1
)

// makeNextWord makes glosses-next-word of all glosses, definitions and examples, in the
// order of the files. Words are runs of the letters a to z, as lower case; all that occur
// are labels, in alphabetical order. A sample is a word that has one before it. With n words
// there are, its features are the up to eight words before it (word), the last of them
// (n+word) and the one before that (2n+word, and 3n where there is none).
//
// WordNet 3.0 has 53,946 words in 1,350,947 such places.
func makeNextWord(w *WordNet) (*MadeSet, error) {
	glosses, labels := numberedGlosses(w)
	words := int32(len(labels))
	empty := SparseSet{Features: int(3*words + 1), Classes: max(1, int(words))}
	train, test := empty, empty
	train.Name, test.Name = GlossesNextWord+"-train", GlossesNextWord+"-test"
	key := rng.Key{Seed: nextWordSeed}
	for i, gloss := range glosses {
		part := &train
		if key.Float(rng.Split, uint64(i)) < nextWordTest {
			part = &test
		}
		for at := 1; at < len(gloss); at++ {
			features := nextWordFeatures(gloss[:at], words)
			part.add(features, ones(len(features)), gloss[at:at+1])
		}
	}
	return &MadeSet{Train: &train, Test: &test, Labels: labels}, nil
}

// numberedGlosses returns the words of each gloss, as numbers, and what they stand for.
func numberedGlosses(w *WordNet) (glosses [][]int32, labels []string) {
	texts := make([][]string, len(w.Synsets))
	known := map[string]bool{}
	for i := range texts {
		texts[i] = letterRuns(w.Synsets[i].Gloss)
		for _, word := range texts[i] {
			known[word] = true
		}
	}
	labels = slices.Collect(maps.Keys(known))
	ids := numbered(labels)
	glosses = make([][]int32, len(texts))
	for i, text := range texts {
		for _, word := range text {
			glosses[i] = append(glosses[i], ids[word])
		}
	}
	return glosses, labels
}

// nextWordFeatures returns the features of what comes after a text, ascending.
func nextWordFeatures(before []int32, words int32) []int32 {
	last := len(before) - 1
	features := slices.Clone(before[max(0, len(before)-nextWordBefore):])
	slices.Sort(features)
	features = slices.Compact(features)
	features = append(features, words+before[last])
	if last == 0 {
		return append(features, 3*words)
	}
	return append(features, 2*words+before[last-1])
}

// BeginsGloss says whether a sample of glosses-next-word is the first of its gloss: it has
// the last feature there is, which says that there is one word before it.
func BeginsGloss(set *SparseSet, i int) bool {
	ids, _ := set.Sparse(i)
	return len(ids) > 0 && int(ids[len(ids)-1]) == set.Features-1
}
