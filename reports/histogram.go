package reports

import "math/bits"

// subBits is the number of bits kept below the leading one: 128 buckets an
// octave, so that the middle of a bucket is at most 1/256 = 0.4 % off.
const subBits = 7

const (
	exactBelow  = 1 << (subBits + 1) // smaller values have a bucket of their own
	bucketCount = exactBelow + (63-subBits-1)<<subBits
)

// histogram counts durations in nanoseconds in log-linear buckets (the layout
// of HdrHistogram). Merging two adds their counts: the result is that of one
// histogram that saw both, in any order.
type histogram struct {
	counts [bucketCount]uint64
	total  uint64
}

func bucketOf(ns int64) int {
	if ns < exactBelow {
		return int(max(ns, 0))
	}
	shift := bits.Len64(uint64(ns)) - 1 - subBits
	return shift<<subBits + int(ns>>shift)
}

// bucketMiddle returns the value that stands for a bucket, ns.
func bucketMiddle(bucket int) float64 {
	if bucket < exactBelow {
		return float64(bucket)
	}
	shift := bucket>>subBits - 1
	low := int64(bucket-shift<<subBits) << shift
	return float64(low) + float64((int64(1)<<shift)-1)/2
}

func (h *histogram) add(ns int64) {
	h.counts[bucketOf(ns)]++
	h.total++
}

func (h *histogram) merge(other *histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.total += other.total
}

// rank returns the value of the r-th smallest, 1 <= r <= total.
func (h *histogram) rank(r uint64) float64 {
	var below uint64
	for i, n := range h.counts {
		below += n
		if below >= r {
			return bucketMiddle(i)
		}
	}
	panic("reports: rank beyond the samples of a histogram")
}
