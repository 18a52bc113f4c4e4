package profile

import "time"

// Dist is an empirical distribution of durations: nanoseconds, ascending.
type Dist []uint32

// Quantile returns the u-quantile, 0 <= u <= 1, interpolated linearly between
// the samples. It panics on an empty distribution: who may have none asks first.
func (d Dist) Quantile(u float64) time.Duration {
	position := u * float64(len(d)-1)
	i := int(position)
	if i >= len(d)-1 {
		return time.Duration(d[len(d)-1])
	}
	fraction := position - float64(i)
	return time.Duration(float64(d[i])*(1-fraction) + float64(d[i+1])*fraction)
}

// Mean returns the arithmetic mean, 0 for an empty distribution.
func (d Dist) Mean() time.Duration {
	if len(d) == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range d {
		sum += float64(v)
	}
	return time.Duration(sum / float64(len(d)))
}
