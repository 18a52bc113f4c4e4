package train

import "slosim/engine/kernel"

// groups holds (id, row, value) triples by id: the entries of a sparse matrix of which
// the rows of a batch brought the rows, by column. Then each id can be worked on alone, by
// whatever goroutine, and its entries are in the order of the batch.
type groups struct {
	counts []int32 // by id; 0 between calls
	ids    []int32 // the different ones, in the order they came
	starts []int32 // where those of ids[i] begin in rows and values, and the end
	rows   []int32
	values []float32
}

// newGroups returns groups of ids below n.
func newGroups(n int) *groups { return &groups{counts: make([]int32, n)} }

// fill replaces the triples by those of n rows.
func (g *groups) fill(n int, row func(i int) (ids []int32, values []float32)) {
	g.ids = g.ids[:0]
	for i := range n {
		ids, _ := row(i)
		for _, id := range ids {
			if g.counts[id] == 0 {
				g.ids = append(g.ids, id)
			}
			g.counts[id]++
		}
	}
	total := g.begin()
	g.rows, g.values = grown(g.rows, total), grown(g.values, total)
	for i := range n {
		ids, values := row(i)
		for k, id := range ids {
			at := g.counts[id]
			g.rows[at], g.values[at] = int32(i), values[k]
			g.counts[id]++
		}
	}
	for _, id := range g.ids {
		g.counts[id] = 0
	}
}

// begin turns counts into the positions where ids begin, and returns the sum of them.
func (g *groups) begin() int {
	g.starts = append(g.starts[:0], 0)
	total := int32(0)
	for _, id := range g.ids {
		count := g.counts[id]
		g.counts[id] = total
		total += count
		g.starts = append(g.starts, total)
	}
	return int(total)
}

// sum writes the sum over the entries of ids[i], value times the entry's row of a table.
func (g *groups) sum(set *kernel.Set, out []float32, table *kernel.Matrix, i int) {
	lo, hi := g.starts[i], g.starts[i+1]
	clear(out)
	set.Axpy(out, table, g.rows[lo:hi], g.values[lo:hi])
}

// grown returns a slice of n elements, in v's memory if there is room. Its content is
// anything.
func grown[T any](v []T, n int) []T {
	if cap(v) < n {
		return make([]T, n, n+n/4)
	}
	return v[:n]
}
