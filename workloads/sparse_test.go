package workloads

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestSparseSet(t *testing.T) {
	var s SparseSet
	if s.Len() != 0 {
		t.Errorf("want no samples, got %d", s.Len())
	}
	s.Features, s.Classes = 10, 5
	s.add([]int32{1, 4}, []float32{0.5, 2}, []int32{0, 3})
	s.add(nil, nil, nil)
	s.add([]int32{9}, []float32{1}, []int32{4})
	part := s.Subset("part", []int{2, 0})
	ids, values := part.Sparse(1)
	if part.Len() != 2 || !slices.Equal(ids, []int32{1, 4}) || !slices.Equal(values, []float32{0.5, 2}) || !slices.Equal(part.Labels(1), []int32{0, 3}) {
		t.Errorf("want sample 0 behind sample 2, got %v %v %v", ids, values, part.Labels(1))
	}
	for answer, want := range []bool{true, false, false, true, false} {
		if s.Right(0, answer) != want || s.Right(1, answer) {
			t.Errorf("answer %d: want right %v for sample 0, and never for one without labels", answer, want)
		}
	}
}

func TestNormalise(t *testing.T) {
	s := SparseSet{Features: 10, Classes: 5}
	s.add([]int32{1, 4}, []float32{-3, 4}, nil)
	s.add(nil, nil, []int32{1})
	s.add([]int32{0, 1, 2}, []float32{3e38, 1e-45, -1e-45}, nil)
	s.Normalise()
	_, values := s.Sparse(0)
	if diff := cmp.Diff([]float32{-0.6, 0.8}, values, cmpopts.EquateApprox(1e-6, 0)); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
	_, values = s.Sparse(2)
	if values[0] != 1 || !(values[1] > 0) || !(values[2] < 0) {
		t.Errorf("want 1 and, beside it, values that keep their signs, got %v", values)
	}
}
