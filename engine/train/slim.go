package train

import "slosim/workloads/rng"

// learnNarrower adds the gradients of narrower levels to those of the widest, which the
// batch has just been through: the narrowest and two drawn ones, which learn what the
// widest answered (the sandwich rule with in-place distillation; Yu and Huang,
// "Universally Slimmable Networks", ICCV 2019).
func (f *fitting) learnNarrower() {
	b, last := f.batch, len(f.net.Layers)
	for row := range b.size {
		softmax(b.wanted[row], b.values[last].Row(row))
	}
	b.distil = true
	for _, level := range f.narrower() {
		for row := range b.size {
			b.levels[row] = level
		}
		f.derive(false)
	}
}

// narrower draws the levels of this step, besides the widest: the narrowest, and two of
// those between (the same one twice if the draws say so).
func (f *fitting) narrower() []int {
	between := len(f.net.Levels) - 2
	levels := []int{0}
	for i := range min(2, between) {
		u := draw(f.key, drawLevel).Float(rng.Training, uint64(2*f.step+i))
		levels = append(levels, 1+int(u*float64(between)))
	}
	return levels
}
