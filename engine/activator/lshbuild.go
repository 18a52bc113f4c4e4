package activator

import (
	"fmt"
	"math"
	"math/rand/v2"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// LSHSize is the shape of LSH tables.
type LSHSize struct {
	Bits, Tables int
	// Rotated makes the planes those of a [Rotation], which costs a fraction of what as many
	// independent planes do.
	Rotated bool
}

// LSHSizes lists the shapes, with rotated planes, with 8 to 10 bits and 4 to 8 tables whose importances
// take at most budget bytes for the given hidden nodes, those with the most tables
// for their bits only: more tables never hurt but for their size.
func LSHSizes(nodes int, budget int64) []LSHSize {
	var sizes []LSHSize
	for bits := 8; bits <= 10; bits++ {
		if tables := min(8, budget/(int64(nodes)<<bits)); tables >= 4 {
			sizes = append(sizes, LSHSize{Bits: bits, Tables: int(tables), Rotated: true})
		}
	}
	return sizes
}

// BuildLSH hashes the images and accumulates, per bucket, the activations of the
// network's hidden nodes. No label is read. The key fixes the planes. Buckets
// without images get the importances over all images.
func BuildLSH(set *kernel.Set, net Network, images Images, inputs int, size LSHSize, key rng.Key) (*LSHTables, error) {
	if images.Len() == 0 {
		return nil, fmt.Errorf("lsh activator: want images, got none")
	}
	t := &LSHTables{Bits: size.Bits, Tables: size.Tables}
	if mean := narrow(imageMean(images, inputs)); size.Rotated {
		t.Rotation = NewRotation(inputs, size.Bits*size.Tables, key)
		t.Rotation.centre(set, mean)
	} else {
		t.Planes = randomPlanes(size.Bits*size.Tables, inputs, key)
		t.Offset = centredBias(t.Planes, mean)
	}
	for _, layer := range net.Hidden(make([]float32, inputs)) {
		t.Layers = append(t.Layers, len(layer))
	}
	t.Importance = make([]uint8, t.Tables*t.Buckets()*t.Nodes())
	if err := t.Validate(); err != nil {
		return nil, err
	}
	t.accumulate(set, net, images)
	return t, nil
}

// randomPlanes draws normal directions of length 1.
func randomPlanes(n, inputs int, key rng.Key) *kernel.Matrix {
	planes := kernel.NewMatrix(n, inputs)
	for i := range n {
		random := rand.New(key.Source(rng.Hashing, uint64(i)))
		row := planes.Row(i)
		for j := range row {
			row[j] = float32(random.NormFloat64())
		}
		length := float32(math.Sqrt(dot64(row, row)))
		for j := range row {
			row[j] /= length
		}
	}
	return planes
}

// accumulate fills Importance.
func (t *LSHTables) accumulate(set *kernel.Set, net Network, images Images) {
	nodes, rows := t.Nodes(), t.Tables*t.Buckets()
	sums := make([]float32, (rows+1)*nodes) // the last row is over all images
	counts := make([]int, rows+1)
	counts[rows] = images.Len()
	l := NewLSH(set, t)
	s := l.NewScratch()
	each(images, t.Inputs(), func(_ int, x []float32) {
		l.hash(s, x)
		hidden := net.Hidden(x)
		for table, bucket := range s.buckets {
			row := l.row(table, bucket)
			addLayers(sums[row*nodes:], hidden)
			counts[row]++
		}
		addLayers(sums[rows*nodes:], hidden)
	})
	for row := range rows {
		from := row
		if counts[row] == 0 {
			from = rows
		}
		t.quantise(t.Importance[row*nodes:][:nodes], sums[from*nodes:])
	}
}

func addLayers(sums []float32, hidden [][]float32) {
	for _, layer := range hidden {
		add(sums, layer)
		sums = sums[len(layer):]
	}
}

// importanceSteps is the largest importance: finer steps do not rank better, once summed
// over the tables, and would only make files larger.
const importanceSteps = 63

// quantise scales each layer's sums so that its largest becomes importanceSteps: a bucket
// with many images then weighs no more in the sum over tables than one with few.
func (t *LSHTables) quantise(dst []uint8, sums []float32) {
	for _, n := range t.Layers {
		highest := float32(0)
		for _, v := range sums[:n] {
			highest = max(highest, v)
		}
		for i, v := range sums[:n] {
			if highest > 0 {
				dst[i] = uint8(v/highest*importanceSteps + 0.5)
			}
		}
		dst, sums = dst[n:], sums[n:]
	}
}

// FitConfidence counts per bucket how often answers survive dropping. The images must
// not be those that built the tables: on them, agreement is far too high. Its
// arguments are the densities, and for an input whether the answer at each of them is
// the full network's; the slice may be reused by the callee.
func (t *LSHTables) FitConfidence(set *kernel.Set, images Images, shares []float64, agrees func(x []float32) []bool) {
	rows := t.Tables * t.Buckets()
	t.Shares = shares
	t.Images = make([]uint16, rows)
	t.Agreement = kernel.NewMatrix(rows+1, len(shares))
	l := NewLSH(set, t)
	s := l.NewScratch()
	each(images, t.Inputs(), func(_ int, x []float32) {
		agreed := agrees(x)
		l.hash(s, x)
		for table, bucket := range s.buckets {
			row := l.row(table, bucket)
			if t.Images[row] < math.MaxUint16 {
				t.Images[row]++
				countAgreed(t.Agreement.Row(row), agreed)
			}
		}
		countAgreed(t.Agreement.Row(rows), agreed)
	})
	for row := range rows {
		divide(t.Agreement.Row(row), float32(t.Images[row]))
	}
	divide(t.Agreement.Row(rows), float32(images.Len()))
}

func countAgreed(counts []float32, agreed []bool) {
	for i, yes := range agreed {
		if yes {
			counts[i]++
		}
	}
}

func divide(v []float32, by float32) {
	if by == 0 {
		return
	}
	for i := range v {
		v[i] /= by
	}
}
