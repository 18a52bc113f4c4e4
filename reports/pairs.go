package reports

import "slices"

// pairLucks are the lucks of the differences between contenders, [share][contender][other]
// for other < contender. They are those of luck.go with the difference of the residuals
// of the two in the place of one's own: both saw the same queries about the same images,
// so that what the images do to both alike cancels.
type pairLucks [len(shares)][][]luck

// ofMetric returns the luck of a pair, in either order; none for metrics that are not
// shares of queries.
func (p *pairLucks) ofMetric(metric string, i, j int) luck {
	for s := range shares {
		if shares[s].metric == metric {
			return p[s][max(i, j)][min(i, j)]
		}
	}
	return luck{}
}

// newPairLucks compares the pairs of contenders in a group of cells.
func newPairLucks(runs []Contender, group cellGroup, pairs pairing) *pairLucks {
	p := &pairLucks{}
	for s := range shares {
		p[s] = make([][]luck, len(runs))
		if len(runs) == 1 {
			continue
		}
		rows := residualRows(runs, &group, &shares[s])
		for i := range runs {
			p[s][i] = make([]luck, i)
			for j := range i {
				if pairs[i][j] {
					p[s][i][j] = rows.pair(i, j)
				}
			}
		}
	}
	return p
}

// rowsOf are the residuals of every contender: a column for each image of each
// replication that asked about it, those of an image side by side.
type rowsOf struct {
	contenders [][]float64
	images     []int // [column]
	clusters   float64
}

// residualRows lays out the residuals, (hits - p*of)/total, of a share.
func residualRows(runs []Contender, group *cellGroup, s *share) *rowsOf {
	r := &rowsOf{contenders: make([][]float64, len(runs))}
	tallies := runs[0].Tallies
	for i := range tallies[0].config.Samples {
		seen := false
		for _, t := range tallies {
			if count := t.image(group, i); count.arrived > 0 {
				r.images = append(r.images, i)
				seen = true
			}
		}
		if seen {
			r.clusters++
		}
	}
	for c := range runs {
		r.contenders[c] = residualRow(runs[c].Tallies, tallies, group, s, len(r.images))
	}
	return r
}

// residualRow is one contender's row. Arrivals, and with them the columns, are those of
// the first contender's replications; one that lacks a replication has zeros there.
func residualRow(tallies, first []*Tally, group *cellGroup, s *share, columns int) []float64 {
	row := make([]float64, 0, columns)
	whole := shareTotal(tallies, group, s)
	for i := range first[0].config.Samples {
		for _, t := range first {
			if count := t.image(group, i); count.arrived == 0 {
				continue
			}
			own := replicationOf(tallies, t.config.Replication)
			if own == nil {
				row = append(row, 0)
				continue
			}
			count := own.image(group, i)
			hits, of := s.count(count)
			row = append(row, whole.residual(hits, of))
		}
	}
	return row
}

func replicationOf(tallies []*Tally, replication int) *Tally {
	i, ok := slices.BinarySearchFunc(tallies, replication, func(t *Tally, r int) int { return t.config.Replication - r })
	if !ok {
		return nil
	}
	return tallies[i]
}

// pair adds up the squares of the differences, by image and by column.
func (r *rowsOf) pair(i, j int) luck {
	a, b := r.contenders[i], r.contenders[j]
	l := luck{clusters: r.clusters}
	sum := 0.0
	for k, image := range r.images {
		d := a[k] - b[k]
		l.within += d * d
		sum += d
		if k+1 == len(r.images) || r.images[k+1] != image {
			l.squares += sum * sum
			sum = 0
		}
	}
	return l
}
