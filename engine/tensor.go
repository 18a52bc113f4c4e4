package engine

import (
	"encoding/binary"
	"fmt"
	"math"

	"slosim/engine/kernel"
)

// Type is how a tensor's elements are stored, little-endian.
type Type string

// The element types of a .slonn file.
const (
	Float32  Type = "f32"
	BFloat16 Type = "bf16" // the upper half of a float32, rounded to nearest, ties to even
	Uint8    Type = "u8"
	Uint16   Type = "u16"
	Uint32   Type = "u32"
)

// size returns the bytes of an element, 0 for an unknown type.
func (t Type) size() int {
	switch t {
	case Float32, Uint32:
		return 4
	case BFloat16, Uint16:
		return 2
	case Uint8:
		return 1
	}
	return 0
}

// Tensor is a table of numbers in its stored form, row-major without padding.
type Tensor struct {
	Type       Type
	Rows, Cols int
	Data       []byte // Rows*Cols elements of Type
}

// Floats stores a table as Float32 or BFloat16.
func Floats(m *kernel.Matrix, t Type) Tensor {
	out := Tensor{Type: t, Rows: m.Rows, Cols: m.Cols, Data: make([]byte, m.Rows*m.Cols*t.size())}
	for i := range m.Rows {
		encodeFloats(out.Data[i*m.Cols*t.size():], m.Row(i), t)
	}
	return out
}

// Vector stores a vector as one row of Float32.
func Vector(v []float32) Tensor {
	out := Tensor{Type: Float32, Rows: 1, Cols: len(v), Data: make([]byte, 4*len(v))}
	encodeFloats(out.Data, v, Float32)
	return out
}

// Bytes stores rows of len(data)/rows bytes. It keeps data.
func Bytes(data []uint8, rows int) Tensor {
	return Tensor{Type: Uint8, Rows: rows, Cols: len(data) / rows, Data: data}
}

// Indices stores rows of len(ids)/rows node numbers, as Uint16 if all of them fit and else
// as Uint32. It panics on a negative one.
func Indices(ids []int32, rows int) Tensor {
	t := Tensor{Type: Uint16, Rows: rows, Cols: len(ids) / rows}
	for _, id := range ids {
		if id < 0 {
			panic(fmt.Sprintf("engine: node number %d is negative", id))
		}
		if id > math.MaxUint16 {
			t.Type = Uint32
		}
	}
	t.Data = make([]byte, 0, t.Type.size()*len(ids))
	for _, id := range ids {
		if t.Type == Uint32 {
			t.Data = binary.LittleEndian.AppendUint32(t.Data, uint32(id))
		} else {
			t.Data = binary.LittleEndian.AppendUint16(t.Data, uint16(id))
		}
	}
	return t
}

// Matrix decodes a table of Float32 or BFloat16.
func (t Tensor) Matrix() (*kernel.Matrix, error) {
	if t.Type != Float32 && t.Type != BFloat16 {
		return nil, fmt.Errorf("want a tensor of %s or %s, got %s", Float32, BFloat16, t.Type)
	}
	m := kernel.NewMatrix(t.Rows, t.Cols)
	for i := range t.Rows {
		decodeFloats(m.Row(i), t.Data[i*t.Cols*t.Type.size():], t.Type)
	}
	return m, nil
}

// Vector decodes the one row of a tensor of Float32 or BFloat16.
func (t Tensor) Vector() ([]float32, error) {
	if t.Rows != 1 {
		return nil, fmt.Errorf("want one row, got %d", t.Rows)
	}
	m, err := t.Matrix()
	if err != nil {
		return nil, err
	}
	return m.Row(0), nil
}

// Indices decodes node numbers.
func (t Tensor) Indices() ([]int32, error) {
	if t.Type != Uint16 && t.Type != Uint32 {
		return nil, fmt.Errorf("want a tensor of %s or %s, got %s", Uint16, Uint32, t.Type)
	}
	ids := make([]int32, t.Rows*t.Cols)
	for i := range ids {
		if t.Type == Uint16 {
			ids[i] = int32(binary.LittleEndian.Uint16(t.Data[2*i:]))
			continue
		}
		id := binary.LittleEndian.Uint32(t.Data[4*i:])
		if id > math.MaxInt32 {
			return nil, fmt.Errorf("want node numbers up to %d, got %d", math.MaxInt32, id)
		}
		ids[i] = int32(id)
	}
	return ids, nil
}

// validate reports a size that does not match the data.
func (t Tensor) validate(name string) error {
	if t.Type.size() == 0 {
		return fmt.Errorf("tensor %s: unknown type %q", name, t.Type)
	}
	if t.Rows < 1 || t.Cols < 1 || t.Rows*t.Cols*t.Type.size() != len(t.Data) {
		return fmt.Errorf("tensor %s: want %d x %d elements of %s, got %d bytes", name, t.Rows, t.Cols, t.Type, len(t.Data))
	}
	return nil
}

// RoundBFloat16 returns the nearest number that a BFloat16 holds, of two equally
// near ones the one with an even last bit.
func RoundBFloat16(v float32) float32 {
	return math.Float32frombits(uint32(toBFloat16(v)) << 16)
}

func toBFloat16(v float32) uint16 {
	bits := math.Float32bits(v)
	if v != v {
		return uint16(bits>>16) | 0x40 // stays a NaN whatever its low bits were
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}

func encodeFloats(dst []byte, src []float32, t Type) {
	for i, v := range src {
		if t == BFloat16 {
			binary.LittleEndian.PutUint16(dst[2*i:], toBFloat16(v))
		} else {
			binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(v))
		}
	}
}

func decodeFloats(dst []float32, src []byte, t Type) {
	if t == BFloat16 {
		src = src[:2*len(dst)]
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(src[2*i:])) << 16)
		}
		return
	}
	src = src[:4*len(dst)]
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
	}
}

// Round rounds all weights to the network's Encoding, so that accuracies measured
// afterwards hold for what a file will contain.
func (n *Network) Round() {
	for i := range n.Layers {
		round(n.Layers[i].W.Data, n.Encoding)
	}
}

func round(weights []float32, t Type) {
	if t != BFloat16 {
		return
	}
	for i, v := range weights {
		weights[i] = RoundBFloat16(v)
	}
}
