package activator

import (
	"fmt"
	"slices"

	"slosim/engine/kernel"
)

// TwoLevel scores leaves by two products: the rows of Supers first, then, of the Beam that
// score best, the rows of their leaves. With as many supers as leaves in each it reads 1+Beam
// times the square root of the leaves there are. What scores mean is up to who built it.
type TwoLevel struct {
	Supers    *kernel.Matrix // supers x hidden
	SuperBias []float32      // [super]
	Leaves    *kernel.Matrix // leaves x hidden; those of a super are adjacent
	LeafBias  []float32      // [leaf]
	First     []int32        // [super+1]: leaves First[s]..First[s+1]-1 are super s's
	Beam      int            // supers whose leaves are scored
}

func (l *TwoLevel) validate() error {
	if err := validateScorer("supers", l.Supers, l.SuperBias); err != nil {
		return err
	}
	if err := validateScorer("leaves", l.Leaves, l.LeafBias); err != nil {
		return err
	}
	if l.Supers.Cols != l.Leaves.Cols {
		return fmt.Errorf("leaves: want %d numbers each, as supers have, got %d", l.Supers.Cols, l.Leaves.Cols)
	}
	if l.Beam < 1 || l.Beam > l.Supers.Rows {
		return fmt.Errorf("beam: want 1..%d supers, got %d", l.Supers.Rows, l.Beam)
	}
	return validateParts("leaves of supers", l.First, l.Supers.Rows, l.Leaves.Rows)
}

// bytes returns the size of the tables.
func (l *TwoLevel) bytes() int64 {
	return matrixBytes(l.Supers) + matrixBytes(l.Leaves) + 4*int64(len(l.SuperBias)+len(l.LeafBias)+len(l.First))
}

// parts returns how many leaves each super has, ascending.
func (l *TwoLevel) parts() []int {
	parts := make([]int, l.Supers.Rows)
	for s := range parts {
		parts[s] = int(l.First[s+1] - l.First[s])
	}
	slices.Sort(parts)
	return parts
}

// search is one worker's memory of a search in two levels.
type search struct {
	tables *TwoLevel
	set    *kernel.Set
	supers []float32 // scores
	best   []int32   // supers in the beam, ascending
	scores []float32 // of found
	found  []int32   // leaves of the beam, ascending
	some   kernel.Matrix
}

func newSearch(t *TwoLevel, set *kernel.Set) search {
	most := 0
	parts := t.parts()
	for _, leaves := range parts[len(parts)-t.Beam:] {
		most += leaves
	}
	return search{
		tables: t, set: set,
		supers: kernel.Aligned(t.Supers.Rows), best: make([]int32, t.Beam),
		scores: kernel.Aligned(most), found: make([]int32, 0, most),
	}
}

// run scores the leaves of the supers that score best.
func (s *search) run(hidden []float32) {
	t := s.tables
	s.set.MatVec(s.supers, t.Supers, hidden, t.SuperBias)
	s.found = s.found[:0]
	for _, super := range s.best[:s.set.TopK(s.best, s.supers, t.Beam)] {
		from, to := int(t.First[super]), int(t.First[super+1])
		s.show(from, to)
		s.set.MatVec(s.scores[len(s.found):], &s.some, hidden, t.LeafBias[from:to])
		for leaf := from; leaf < to; leaf++ {
			s.found = append(s.found, int32(leaf))
		}
	}
}

// show makes some the leaves from..to-1: a matrix made for each query would be allocated.
func (s *search) show(from, to int) {
	m := s.tables.Leaves
	s.some.Rows, s.some.Cols, s.some.Stride = to-from, m.Cols, m.Stride
	s.some.Data = m.Data[from*m.Stride : to*m.Stride]
}
