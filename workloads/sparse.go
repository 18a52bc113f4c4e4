package workloads

import (
	"math"
	"slices"
)

// SparseSet is a set of samples of which each has few of very many features, and some of
// very many labels: extreme classification. It is read only, but for [SparseSet.Normalise].
type SparseSet struct {
	Name     string
	Features int // ids of features are 0 to Features-1
	Classes  int // labels are 0 to Classes-1

	starts []int64   // [sample], and the end: where its features begin in ids and values
	ids    []int32   // ascending within a sample
	values []float32 // not 0
	firsts []int64   // [sample], and the end: where its labels begin in labels
	labels []int32   // ascending within a sample; a sample may have none
}

// Len returns the number of samples.
func (s *SparseSet) Len() int { return max(len(s.starts)-1, 0) }

// Sparse returns the features of sample i that are not zero, by ascending id, and their
// values. Both are the set's own memory.
func (s *SparseSet) Sparse(i int) (ids []int32, values []float32) {
	from, to := s.starts[i], s.starts[i+1]
	return s.ids[from:to:to], s.values[from:to:to]
}

// Labels returns the labels of sample i, ascending. They are the set's own memory.
func (s *SparseSet) Labels(i int) []int32 {
	from, to := s.firsts[i], s.firsts[i+1]
	return s.labels[from:to:to]
}

// Right says whether an answer is one of sample i's labels: what P@1 counts.
func (s *SparseSet) Right(i, answer int) bool {
	_, found := slices.BinarySearch(s.Labels(i), int32(answer))
	return found
}

// add appends a sample whose ids and labels ascend.
func (s *SparseSet) add(ids []int32, values []float32, labels []int32) {
	if len(s.starts) == 0 {
		s.starts, s.firsts = []int64{0}, []int64{0}
	}
	s.ids, s.values = append(s.ids, ids...), append(s.values, values...)
	s.labels = append(s.labels, labels...)
	s.starts, s.firsts = append(s.starts, int64(len(s.ids))), append(s.firsts, int64(len(s.labels)))
}

// Subset returns a copy of the samples at the given indexes, in that order.
func (s *SparseSet) Subset(name string, indexes []int) *SparseSet {
	out := &SparseSet{Name: name, Features: s.Features, Classes: s.Classes}
	for _, i := range indexes {
		ids, values := s.Sparse(i)
		out.add(ids, values, s.Labels(i))
	}
	return out
}

// Normalise scales the values of each sample to Euclidean norm 1. Call it on a set fresh
// from a reader or a generator, before anyone else has it: it changes the set's memory.
// A value too small for float32 becomes the smallest there is, since none is 0.
func (s *SparseSet) Normalise() {
	for i := range s.Len() {
		_, values := s.Sparse(i)
		squares := 0.0
		for _, v := range values {
			squares += float64(v) * float64(v)
		}
		norm := math.Sqrt(squares)
		for j, v := range values {
			if values[j] = float32(float64(v) / norm); values[j] == 0 {
				values[j] = math.Float32frombits(math.Float32bits(v)&(1<<31) | 1)
			}
		}
	}
}
