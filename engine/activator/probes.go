package activator

import "fmt"

// Probes lists the buckets of one table in the order in which a near neighbour of the
// input is likely to be in them: multi-probe hashing (Lv et al., "Multi-Probe LSH", VLDB
// 2007). The score of a bucket is the sum of the squared distances of the planes that
// lie between it and the input. It allocates nothing after its construction.
type Probes struct {
	order []int     // planes by distance, nearest first
	score []float32 // of them: squared distances
	heap  []probe   // perturbations to look at, the best at the top
}

// probe is a set of planes to cross, by their places in order. last is the farthest.
type probe struct {
	planes uint32
	last   int
	score  float32
}

// NewProbes returns the memory to list so many buckets of tables with at most bits planes,
// which are at most 31.
func NewProbes(bits, buckets int) *Probes {
	if bits < 0 || bits > 31 || buckets < 0 {
		panic(fmt.Sprintf("activator: probes of %d planes and %d buckets: want 0..31 planes", bits, buckets))
	}
	return &Probes{order: make([]int, bits), score: make([]float32, bits), heap: make([]probe, 0, 2*buckets+2)}
}

// List writes buckets to dst, its own first, as many as there are or fit, and returns
// their number. distances are those of the table's planes, signed; own is the bucket
// that their signs give, the first plane being the highest bit.
func (p *Probes) List(dst []int32, own int32, distances []float32) int {
	if len(dst) == 0 {
		return 0
	}
	dst[0] = own
	p.sort(distances)
	p.heap = p.heap[:0]
	if len(distances) > 0 {
		p.push(probe{1, 0, p.score[0]})
	}
	n := 1
	for ; n < len(dst) && len(p.heap) > 0; n++ {
		best := p.pop()
		dst[n] = own ^ p.mask(best.planes, len(distances))
		if next := best.last + 1; next < len(distances) {
			// Either the farthest plane gives way to the next one, or that is crossed too: every
			// set of planes has one way to come about.
			p.push(probe{best.planes&^(1<<best.last) | 1<<next, next, best.score - p.score[best.last] + p.score[next]})
			p.push(probe{best.planes | 1<<next, next, best.score + p.score[next]})
		}
	}
	return n
}

// sort orders the planes by distance; there are few.
func (p *Probes) sort(distances []float32) {
	for i, d := range distances {
		score, at := float32(d*d), i
		for ; at > 0 && p.score[at-1] > score; at-- {
			p.score[at], p.order[at] = p.score[at-1], p.order[at-1]
		}
		p.score[at], p.order[at] = score, i
	}
}

// mask returns the bits of a bucket's number that planes decide.
func (p *Probes) mask(planes uint32, bits int) int32 {
	mask := int32(0)
	for at := 0; planes != 0; at, planes = at+1, planes>>1 {
		if planes&1 != 0 {
			mask |= 1 << (bits - 1 - p.order[at])
		}
	}
	return mask
}

func (p *Probes) push(e probe) {
	p.heap = append(p.heap, e)
	for at := len(p.heap) - 1; at > 0; {
		up := (at - 1) / 2
		if p.heap[up].score <= p.heap[at].score {
			return
		}
		p.heap[up], p.heap[at] = p.heap[at], p.heap[up]
		at = up
	}
}

func (p *Probes) pop() probe {
	top, last := p.heap[0], len(p.heap)-1
	p.heap[0] = p.heap[last]
	p.heap = p.heap[:last]
	for at := 0; ; {
		down := 2*at + 1
		if down >= last {
			return top
		}
		if down+1 < last && p.heap[down+1].score < p.heap[down].score {
			down++
		}
		if p.heap[at].score <= p.heap[down].score {
			return top
		}
		p.heap[at], p.heap[down] = p.heap[down], p.heap[at]
		at = down
	}
}
