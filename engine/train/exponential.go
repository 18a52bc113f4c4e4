package train

import "math"

// exponentials turns logits into exponentials of what they are above highest, which none
// exceeds by much, and returns their sum.
func exponentials(y []float32, highest float32) float64 {
	var even, odd float64 // two sums, because one would wait for each addition to finish
	i := 0
	for ; i+2 <= len(y); i += 2 {
		a, b := exponential(y[i]-highest), exponential(y[i+1]-highest)
		y[i], y[i+1] = a, b
		even, odd = even+float64(a), odd+float64(b)
	}
	if i < len(y) {
		y[i] = exponential(y[i] - highest)
		even += float64(y[i])
	}
	return even + odd
}

// peak returns the largest of highest and y.
func peak(highest float32, y []float32) float32 {
	for _, v := range y {
		if v > highest {
			highest = v
		}
	}
	return highest
}

// exponential is e to the power of x with a relative error below 2e-7, 0 for x below -87
// and NaN for NaN; x is below 88. math.Exp takes four times as long, which was a third of
// the time of full softmax. It splits x into n log 2 + r and takes Taylor's polynomial of r,
// at most log(2)/2. The conversions keep the compiler from fusing multiply and add, whose
// bits differ between architectures.
func exponential(x float32) float32 {
	const (
		shift = 3 << 22 // added, it leaves the nearest whole number in a float's low bits
		high  = 0x1.62ep-1
		low   = math.Ln2 - high // the product of n and high is exact
	)
	if x < -87 {
		return 0
	}
	t := float32(x*math.Log2E) + shift
	n := t - shift
	r := x - float32(n*high) - float32(n*low)
	p := float32(1.0 / 5040)
	p = float32(p*r) + 1.0/720
	p = float32(p*r) + 1.0/120
	p = float32(p*r) + 1.0/24
	p = float32(p*r) + 1.0/6
	p = float32(p*r) + 0.5
	p = float32(p*r) + 1
	p = float32(p*r) + 1
	return p * math.Float32frombits(math.Float32bits(t)<<23+0x3f800000)
}
