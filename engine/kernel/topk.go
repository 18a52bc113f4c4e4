package kernel

import "math"

// selector is what top-k needs of a variant: three passes over the scores.
type selector struct {
	extremes     func(scores []float32) (lo, hi float32)
	countAbove   func(scores []float32, t float32) int
	indicesAbove func(ids []int32, scores []float32, t float32, base int) int
}

// topK looks for a threshold that exactly k scores exceed and then collects them. When
// equal scores straddle the limit there is none: then those above the k-th score are
// taken, and as many of its equals as there is room for, lowest index first.
func (s selector) topK(ids []int32, scores []float32, k int) int {
	checkTopK(ids, scores, k)
	if k >= len(scores) {
		return firstIndices(ids, len(scores))
	}
	if k <= 0 {
		return 0
	}
	ids = ids[:k]
	t, above := s.threshold(scores, k)
	if above == k {
		return s.indicesAbove(ids, scores, t, 0)
	}
	below := value(key(t) - 1)
	cut := s.cut(scores, t, below, k-above)
	n := s.indicesAbove(ids, scores[:cut], below, 0)
	n += s.indicesAbove(ids[n:], scores[cut:], t, cut)
	if n < k {
		s.fill(ids, scores, t)
	}
	return k
}

// fill takes the scores above t, and as many of the others as there is room for, lowest
// index first. It is for those that topK cannot tell from the rest by a float just below
// them: minus infinity, and what is not a number.
func (s selector) fill(ids []int32, scores []float32, t float32) {
	others := len(ids) - s.countAbove(scores, t)
	for i, n := 0, 0; n < len(ids); i++ {
		above := scores[i] > t
		if !above && others <= 0 {
			continue
		}
		if !above {
			others--
		}
		ids[n] = int32(i)
		n++
	}
}

func firstIndices(ids []int32, n int) int {
	ids = ids[:n]
	for i := range ids {
		ids[i] = int32(i)
	}
	return n
}

// linearSteps is how often threshold halves the interval of values before it halves
// the interval of representable numbers, which ends for certain.
const linearSteps = 16

// threshold returns either a t that exactly k scores exceed, or the k-th largest score;
// and how many exceed it. Between scores that are spread over their range, halving the
// values finds a gap in about log2(n) passes; the second phase bounds the bad cases.
func (s selector) threshold(scores []float32, k int) (t float32, above int) {
	lowest, highest := s.extremes(scores)
	lo, hi, above := key(lowest)-1, key(highest), 0 // more than k exceed lo, fewer exceed hi
	for step := 0; hi-lo > 1; step++ {
		mid := lo + (hi-lo)/2
		switch {
		case step == 0 && lo < 0 && hi > 0:
			mid = 0
		case step < linearSteps:
			mid = min(max(key(value(lo)/2+value(hi)/2), lo+1), hi-1)
		}
		switch n := s.countAbove(scores, value(mid)); {
		case n == k:
			return value(mid), k
		case n > k:
			lo = mid
		default:
			hi, above = mid, n
		}
	}
	return value(hi), above
}

// cut returns the length of the shortest prefix of scores that holds want scores equal to t.
// The float before t is below.
func (s selector) cut(scores []float32, t, below float32, want int) int {
	lo, hi := 0, len(scores)
	for hi-lo > 1 {
		mid := lo + (hi-lo)/2
		part := scores[lo:mid]
		if equal := s.countAbove(part, below) - s.countAbove(part, t); equal >= want {
			hi = mid
		} else {
			lo, want = mid, want-equal
		}
	}
	return hi
}

// key numbers the floats in ascending order, both zeros being 0.
func key(f float32) int64 {
	bits := math.Float32bits(f)
	if bits>>31 != 0 {
		return -int64(bits &^ (1 << 31))
	}
	return int64(bits)
}

// value is the inverse of key.
func value(k int64) float32 {
	if k < 0 {
		return math.Float32frombits(uint32(-k) | 1<<31)
	}
	return math.Float32frombits(uint32(k))
}
