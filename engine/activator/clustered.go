package activator

import "slosim/engine/kernel"

// ClusteredTables hold centroids in a small space and a ranked list of nodes each.
type ClusteredTables struct {
	Basis     *kernel.Matrix // dimensions x inputs
	Offset    []float32      // dimensions: -Basis·mean
	Centroids *kernel.Matrix // clusters x dimensions
	Ranked    []int32        // clusters x nodes: node numbers, most important first
	Nodes     int            // nodes of the layer
}

// Clustered ranks nodes by the list of the nearest centroid. The list is read, not
// sorted: it is the cheapest activator, and the only one without a selection.
type Clustered struct {
	tables *ClusteredTables
	set    *kernel.Set
	half   []float32 // -|centroid|²/2: nearest means largest centroid·z - |centroid|²/2
}

// NewClustered binds tables to kernels.
func NewClustered(set *kernel.Set, tables *ClusteredTables) *Clustered {
	return &Clustered{tables, set, halfNorms(tables.Centroids)}
}

func halfNorms(centroids *kernel.Matrix) []float32 {
	half := kernel.Aligned(centroids.Rows)
	for i := range half {
		row := centroids.Row(i)
		half[i] = float32(-dot64(row, row) / 2)
	}
	return half
}

// NewScratch implements [Activator].
func (c *Clustered) NewScratch() *Scratch {
	return &Scratch{projected: kernel.Aligned(c.tables.Basis.Rows), nearness: kernel.Aligned(c.tables.Centroids.Rows)}
}

// Score implements [Activator].
func (c *Clustered) Score(s *Scratch, x []float32) {
	c.set.MatVec(s.projected, c.tables.Basis, x, c.tables.Offset)
	c.set.MatVec(s.nearness, c.tables.Centroids, s.projected, c.half)
	nearest := argmax(s.nearness)
	s.list = c.tables.Ranked[nearest*c.tables.Nodes:][:c.tables.Nodes]
}

// Top implements [Activator].
func (c *Clustered) Top(ids []int32, s *Scratch, k int) int {
	return copy(ids, s.list[:min(k, len(s.list))])
}

// Ops returns the multiply-adds of Score.
func (c *Clustered) Ops() int64 {
	return int64(len(c.tables.Basis.Data) + len(c.tables.Centroids.Data))
}

// Tables returns what decides the ranking, a *ClusteredTables.
func (c *Clustered) Tables() any { return c.tables }

// Bytes returns the size of the tables in memory.
func (c *Clustered) Bytes() int64 { return 4 * (c.Ops() + int64(len(c.tables.Ranked))) }

// argmax returns the index of the largest element, of equal ones the first.
func argmax(v []float32) int {
	best := 0
	for i := range v {
		if v[i] > v[best] {
			best = i
		}
	}
	return best
}
