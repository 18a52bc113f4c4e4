package reports

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"slosim/reports/result"
)

// The significant digits of numbers that label bins: more only where values would look the same.
const (
	fewDigits  = 3
	mostDigits = 6
)

// digitsText writes a number with so many significant digits, and without an exponent unless it is
// very large or small.
func digitsText(v float64, digits int) string {
	text := strconv.FormatFloat(v, 'g', digits, 64)
	rounded, err := strconv.ParseFloat(text, 64)
	if size := math.Abs(rounded); err != nil || size != 0 && (size < 1e-4 || size >= 1e6) {
		return text
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// binNumbers are the bins of an axis of numbers, without its unit: a value, or the least and the
// greatest with between in between.
func binNumbers(bins []result.SweepBin, sampled bool, between string) (labels []string) {
	for digits := fewDigits; digits <= mostDigits; digits++ {
		labels = labels[:0]
		clear := true
		for i := range bins {
			text, apart := binNumber(&bins[i], sampled, between, digits)
			clear = clear && apart && !slices.Contains(labels, text)
			labels = append(labels, text)
		}
		if clear {
			break
		}
	}
	return labels
}

// binNumber writes one bin; apart says whether its ends look different.
func binNumber(b *result.SweepBin, sampled bool, between string, digits int) (text string, apart bool) {
	write := func(v float64) string {
		if !sampled && v == math.Trunc(v) && math.Abs(v) < 1e6 {
			return strconv.FormatFloat(v, 'f', -1, 64) // somebody wrote this number, whole
		}
		return digitsText(v, digits)
	}
	if b.From == nil || b.To == nil {
		return write(*b.At), true
	}
	low, high := write(*b.From), write(*b.To)
	if *b.From < 0 {
		between = " to " // of which no dash looks like a sign
	}
	return low + between + high, low != high
}

// tickNames are the labels of an axis's bins in pictures. Numbers have no unit: it is in the axis's
// name (axisTitle).
func tickNames(axis *result.SweepAxis, bins []result.SweepBin) []string {
	if len(bins) > 0 && bins[0].At != nil {
		return binNumbers(bins, axis.Group > 0, "–")
	}
	names := make([]string, len(bins))
	for i := range bins {
		names[i] = cutOutsideNumbers(bins[i].Label, mostTickName)
	}
	return names
}

// mostTickName bounds the characters of a label that is no number.
const mostTickName = 14

// cutOutsideNumbers leaves out the middle of a long text, but never part of a number: another number
// would be left.
func cutOutsideNumbers(text string, width int) string {
	runes := []rune(printable(text))
	if len(runes) <= width {
		return string(runes)
	}
	left, right := width/2, len(runes)-(width-width/2-1)
	for left > 0 && ofNumber(runes[left-1]) && ofNumber(runes[left]) {
		left--
	}
	for right < len(runes) && ofNumber(runes[right-1]) && ofNumber(runes[right]) {
		right++
	}
	if left == 0 && right == len(runes) {
		return string(runes)
	}
	return string(runes[:left]) + "…" + string(runes[right:])
}

func ofNumber(r rune) bool { return unicode.IsDigit(r) || r == '.' || r == ',' }

// axisTitle names an axis, with the unit of its numbers.
func axisTitle(axis *result.SweepAxis) string {
	if axis.Unit == "" {
		return printable(axis.Name)
	}
	return printable(axis.Name) + ", " + axis.Unit
}

// axisOf finds an axis by its name; one that is not there has a name alone.
func axisOf(axes []result.SweepAxis, name string) *result.SweepAxis {
	if i := slices.IndexFunc(axes, func(a result.SweepAxis) bool { return a.Name == name }); i >= 0 {
		return &axes[i]
	}
	return &result.SweepAxis{Name: name}
}

// valueText writes a sample of an axis for people; values that are no samples are as they were written.
func valueText(axis *result.SweepAxis, value int) string {
	if axis.Group == 0 || len(axis.Numbers) == 0 {
		return axis.Labels[value]
	}
	return strings.TrimSpace(digitsText(axis.Numbers[value], fewDigits) + " " + axis.Unit)
}

// sampledAxes are the names of the axes that are sampled together.
func sampledAxes(axes []result.SweepAxis) (names []string) {
	for i := range axes {
		if axes[i].Group > 0 && len(axes[i].Values) > 1 {
			names = append(names, axes[i].Name)
		}
	}
	return names
}

// binCaveat says of averages over the bins of some axes what else differs between the bins; empty: nothing.
func binCaveat(axes []result.SweepAxis, over ...string) string {
	sampled := sampledAxes(axes)
	hidden := slices.DeleteFunc(slices.Clone(sampled), func(name string) bool { return slices.Contains(over, name) })
	switch {
	case len(sampled) < 2 || len(hidden) == len(sampled):
		return ""
	case len(hidden) == 0:
		return "bins of samples"
	}
	return "bins of samples, which differ in the other sampled axes too"
}

// samplesNote says once what averages over bins of samples do not show; empty: they show all.
func samplesNote(axes []result.SweepAxis) string {
	names := sampledAxes(axes)
	if len(names) < 2 {
		return ""
	}
	return fmt.Sprintf("%s and %s are sampled together: bins along one axis hold other values of the rest too, to which differences between bins may be due; "+
		"intervals hold the luck of replications and images, not which samples fell into a bin", strings.Join(names[:len(names)-1], ", "), names[len(names)-1])
}
