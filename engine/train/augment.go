package train

// variation is how an image is changed before it is learned from, so that the network
// does not learn pixels by heart.
type variation struct {
	right, down int // pixels moved; what comes in from outside is 0
	mirror      bool
}

// variation draws one from 64 random bits.
func (h *Hyper) variation(bits uint64) variation {
	var v variation
	if h.Shift > 0 {
		span := uint64(2*h.Shift + 1)
		v.right = int(bits>>8&0xffff*span>>16) - h.Shift
		v.down = int(bits>>24&0xffff*span>>16) - h.Shift
	}
	v.mirror = h.Mirror && bits&1 == 1
	return v
}

// apply writes the changed sample to x. image is scratch.
func (v variation) apply(data Data, sample int, x, image []float32) {
	if data.Width == 0 || v == (variation{}) {
		data.Fit.Input(sample, x)
		return
	}
	image = image[:len(x)]
	data.Fit.Input(sample, image)
	clear(x)
	height := len(x) / data.Width
	for y := max(0, v.down); y < min(height, height+v.down); y++ {
		v.line(x[y*data.Width:(y+1)*data.Width], image[(y-v.down)*data.Width:])
	}
}

// line moves and mirrors one line of pixels. to is zero.
func (v variation) line(to, from []float32) {
	width := len(to)
	for x := max(0, v.right); x < min(width, width+v.right); x++ {
		source := x - v.right
		if v.mirror {
			source = width - 1 - source
		}
		to[x] = from[source]
	}
}
