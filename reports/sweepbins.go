package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"slosim/reports/result"
)

// The bounds of what a merged sweep keeps: its memory follows from these and not from the number of
// cells.
const (
	mostBins   = 32  // of an axis: more values share bins
	pooledBins = 12  // of an axis with more values, and at most of one with samples
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
	for _, members := range b.shares(order) {
		for _, i := range members {
			b.of[i] = len(b.bins)
		}
		b.bins = append(b.bins, b.bin(members))
	}
	b.label()
	return b
}

// shares parts the values in their order. Equal numbers stay together where bins hold several.
func (b *binning) shares(order []int) (list [][]int) {
	n := binsOf(b.axis)
	next := 0 // the value at which the next bin may begin
	for at, i := range order {
		same := at > 0 && n < len(order) && len(b.axis.Numbers) > 0 && b.axis.Numbers[i] == b.axis.Numbers[order[at-1]]
		if at < next || same {
			list[len(list)-1] = append(list[len(list)-1], i)
			continue
		}
		list = append(list, []int{i})
		next = ((at*n+n-1)/len(order) + 1) * len(order) / n
	}
	return list
}

// binsOf is how many bins an axis has. Those of samples hold several: with a bin each, a line along
// one sampled axis would show what the others do to single samples. Their root keeps places of maps
// over two such axes from being mostly empty.
func binsOf(axis *result.SweepAxis) int {
	n := len(axis.Values)
	switch {
	case axis.Group > 0 && n >= 4:
		return min(max(int(math.Round(math.Sqrt(float64(n)))), 2), pooledBins)
	case axis.Group == 0 && n > mostBins:
		return pooledBins
	}
	return n
}

// bin describes the bin of some neighbours.
func (b *binning) bin(members []int) result.SweepBin {
	first, last := members[0], members[len(members)-1]
	out := result.SweepBin{Label: b.axis.Labels[first]}
	if len(members) > 1 {
		out.Label = fmt.Sprintf("%s to %s", b.axis.Labels[first], b.axis.Labels[last])
	}
	if len(b.axis.Numbers) == 0 {
		return out
	}
	sum := 0.0
	for _, i := range members {
		sum += b.axis.Numbers[i]
	}
	at := sum / float64(len(members))
	if out.At = &at; b.axis.Numbers[first] < b.axis.Numbers[last] {
		out.From, out.To = &b.axis.Numbers[first], &b.axis.Numbers[last]
	}
	return out
}

// label writes the numbers of samples, and of bins that hold several values, shortly. Others keep
// what the scenario calls them.
func (b *binning) label() {
	if len(b.axis.Numbers) == 0 || b.axis.Group == 0 && len(b.bins) == len(b.of) {
		return
	}
	for i, text := range binNumbers(b.bins, b.axis.Group > 0, " to ") {
		b.bins[i].Label = strings.TrimSpace(text + " " + b.axis.Unit)
	}
}

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
