package profile

// Resampled returns the sample, 0 to n-1, that Half.Resample puts at place i of n
// with the same draw.
func Resampled(draw func(i uint64) float64, i, n int) int {
	return min(int(draw(uint64(i))*float64(n)), n-1)
}
