package engine

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slosim/engine/activator"
)

// claiming makes a signed file with a header of its own and, whatever it says, a mask of a byte, a
// value and three biases.
func claiming(head string) []byte {
	file := binary.LittleEndian.AppendUint32([]byte(magic), formatVersion)
	file = binary.LittleEndian.AppendUint32(file, uint32(len(head)))
	file = append(file, head...)
	for _, tensor := range [][]byte{{1}, {0, 0, 0x80, 0x3f}, make([]byte, 12)} {
		file = append(append(file, make([]byte, padding(int64(len(file))))...), tensor...)
	}
	return sign(append(file, make([]byte, sha256.Size)...))
}

// packing makes a packed file of anything.
func packing(plain []byte, size uint64) []byte {
	out := bytes.NewBuffer(binary.LittleEndian.AppendUint64([]byte(packMagic), size))
	w, err := flate.NewWriter(out, flate.BestSpeed)
	if err != nil {
		panic(err)
	}
	w.Write(apart(plain)) // a buffer takes it
	w.Close()
	return out.Bytes()
}

// inverse returns the odd number whose product with odd is 1 in 64 bits.
func inverse(odd uint64) uint64 {
	x := odd
	for range 6 { // Newton: the right bits double
		x *= 2 - odd*x
	}
	return x
}

// A header may claim anything: it is refused before the memory is taken.
func TestReadTakesNoMemoryForClaims(t *testing.T) {
	// Of three outputs and so many inputs, the product is 8 in 64 bits.
	inputs := 8 * inverse(3)
	head := `{"Name":"x","Kind":%q,"Sizes":[%d,%d],"Levels":[{"Share":1}],"Masked":0,"Encoding":"f32","Training":{},"Tensors":[%s]}`
	dense := `{"Name":"layer0/weights","Type":"f32","Rows":%d,"Cols":%d},{"Name":"layer0/bias","Type":"f32","Rows":1,"Cols":%d}`
	masked := `{"Name":"layer0/weights/mask","Type":"u8","Rows":1,"Cols":1},{"Name":"layer0/weights","Type":"f32","Rows":1,"Cols":1},{"Name":"layer0/bias","Type":"f32","Rows":1,"Cols":3}`
	for name, file := range map[string][]byte{
		"10^12 weights":            claiming(fmt.Sprintf(head, Plain, 1_000_000, 1_000_000, fmt.Sprintf(dense, 1_000_000, 1_000_000, 1_000_000))),
		"10^18 inputs":             claiming(fmt.Sprintf(head, Plain, int64(1e18), 3, fmt.Sprintf(dense, 3, int64(1e18), 3))),
		"a product that wraps":     claiming(fmt.Sprintf(head, Pruned, int64(inputs), 3, masked)),
		"negative sizes":           claiming(fmt.Sprintf(head, Pruned, -1, -8, masked)),
		"10^12 bytes, packed":      packing(nil, 1e12),
		"2^64-1 bytes, packed":     packing(nil, math.MaxUint64),
		"2^31 bytes, packed":       packing([]byte("short"), 1<<31),
		"more than claimed,packed": packing(make([]byte, 64<<20), 100),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := ReadBytes(file)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, ErrFormat) {
				t.Errorf("want ErrFormat, got %v", err)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 16<<20 {
				t.Errorf("took %d MB", took>>20)
			}
		})
	}
}

// FuzzReadPacked feeds packed files, the sum inside made right.
func FuzzReadPacked(f *testing.F) {
	small, err := os.ReadFile("weights/fashion-mnist-n32.slonn")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(small, false)
	f.Add(encode(f, newTestNetwork(f, 2, Plain, 5, 4, 3)), true)
	f.Add(encode(f, newPruned(f, 2, 5, 4, 3)), true)
	f.Fuzz(func(t *testing.T, data []byte, plain bool) {
		if plain && len(data) >= sha256.Size {
			data = packing(sign(data), uint64(len(data)))
		}
		n, err := ReadBytes(data)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Errorf("want ErrFormat, got %v", err)
			}
			return
		}
		var again bytes.Buffer
		if err := WritePacked(&again, n); err != nil {
			t.Fatal(err)
		}
		back, err := ReadBytes(again.Bytes())
		if err != nil || back.Hash() != n.Hash() {
			t.Errorf("a network that was read is another one when written and read: %v", err)
		}
	})
}

// FuzzReadWide feeds files of wide networks, the sum made right.
func FuzzReadWide(f *testing.F) {
	f.Add(encodeWide(f, newTestWide(f, 5, 4, 3)))
	f.Add(encode(f, newTestNetwork(f, 1, Plain, 5, 4, 4, 3)))
	f.Add([]byte(packMagic + "\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= sha256.Size {
			data = sign(data)
		}
		n, err := ReadWide(bytes.NewReader(data))
		if err != nil {
			return // ErrFormat, or that it is of another kind
		}
		back, err := ReadWide(bytes.NewReader(encodeWide(t, n)))
		if err != nil || !bytes.Equal(encodeWide(t, n), encodeWide(t, back)) {
			t.Errorf("a network that was read is another one when written and read: %v", err)
		}
	})
}

// FuzzReadOutputs feeds stored activators, the sum made right: it does not panic, and what it
// accepts can be judged, written and read.
func FuzzReadOutputs(f *testing.F) {
	lists := &activator.FeatureLists{
		Features: 2, Nodes: 4, Longest: 2, IDs: []int32{0, 1, 2, 3}, Shares: make([]float32, 4), Usual: []int32{0, 3}, Rarity: make([]uint8, 2),
	}
	var out bytes.Buffer
	if err := WriteOutputs(&out, &Outputs{Activator: DefaultOutputActivator, Tables: lists}); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add([]byte(outputsMagic))
	f.Fuzz(func(t *testing.T, file []byte) {
		if head := len(outputsMagic) + sha256.Size; len(file) >= head {
			sum := sha256.Sum256(file[head:])
			file = append(append([]byte(outputsMagic), sum[:]...), file[head:]...)
		}
		o, err := ReadOutputs(file)
		if err != nil {
			return
		}
		if o.Tables.(shaped).Validate() != nil {
			return
		}
		var again bytes.Buffer
		if err := WriteOutputs(&again, o); err != nil {
			t.Fatal(err)
		}
		back, err := ReadOutputs(again.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(o.Cascades, back.Cascades); diff != "" {
			t.Errorf("written and read (-want +got):\n%s", diff)
		}
	})
}
