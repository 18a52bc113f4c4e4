package profile

// Ask asks the memory for what Quantile(u) will read, 0 <= u < 1, and waits for nothing. A
// campaign's distribution may be larger than the near caches, and a draw looks at a random
// place of it; who knows u some 100 ns ahead need not wait then.
func (d Dist) Ask(u float64) {
	if n := len(d); n > 0 {
		ask(&d[int(u*float64(n-1))])
	}
}
