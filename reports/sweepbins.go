package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"slosim/reports/result"
)

// The bounds of what a merged sweep keeps: its memory follows from these and not from the number of
// cells.
const (
	mostBins   = 32  // of an axis: more values share bins
	pooledBins = 12  // of an axis with more values, or with samples
	mappedAxes = 4   // whose pairs have maps
	mostKept   = 512 // combinations of choices, and kinds of notes
)

// binning puts the values of an axis into bins, in order of their numbers where there are any.
type binning struct {
	axis *result.SweepAxis
	of   []int // [value] bin
	bins []result.SweepBin
}

func newBinning(axis *result.SweepAxis) *binning {
	b := &binning{axis: axis, of: make([]int, len(axis.Values))}
	order := make([]int, len(axis.Values))
	for i := range order {
		order[i] = i
	}
	if len(axis.Numbers) > 0 {
		slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(axis.Numbers[i], axis.Numbers[j]) })
	}
	n := len(order)
	switch {
	case axis.Group > 0:
		n = min(n, pooledBins)
	case n > mostBins:
		n = pooledBins
	}
	for bin := range n {
		members := order[bin*len(order)/n : (bin+1)*len(order)/n]
		for _, i := range members {
			b.of[i] = bin
		}
		b.bins = append(b.bins, b.bin(members))
	}
	return b
}

// bin describes the bin of some neighbours.
func (b *binning) bin(members []int) result.SweepBin {
	first, last := members[0], members[len(members)-1]
	out := result.SweepBin{Label: b.axis.Labels[first]}
	if len(members) > 1 {
		out.Label = fmt.Sprintf("%s to %s", b.axis.Labels[first], b.axis.Labels[last])
	}
	if len(b.axis.Numbers) > 0 {
		sum := 0.0
		for _, i := range members {
			sum += b.axis.Numbers[i]
		}
		at := sum / float64(len(members))
		out.At = &at
		if len(members) > 1 {
			out.Label = fmt.Sprintf("%s to %s", threeDigits(b.axis.Numbers[first]), threeDigits(b.axis.Numbers[last]))
			if b.axis.Unit != "" {
				out.Label += " " + b.axis.Unit
			}
		}
	}
	return out
}

// threeDigits writes a number with three digits.
func threeDigits(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }

// varied lists the axes that maps and lines are over: those with more than one value that are no
// seed, whose values mean nothing.
func varied(axes []result.SweepAxis) (list []int) {
	for i := range axes {
		if len(axes[i].Values) > 1 && axes[i].Key != "seed" {
			list = append(list, i)
		}
	}
	return list
}
