package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slosim/engine/kernel"
)

func encode(t testing.TB, n *Network) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, n); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// sign replaces the sum at the end of a file.
func sign(data []byte) []byte {
	sum := sha256.Sum256(data[:len(data)-sha256.Size])
	return append(slices.Clone(data[:len(data)-sha256.Size]), sum[:]...)
}

func TestFileRoundTrip(t *testing.T) {
	for _, encoding := range []Type{Float32, BFloat16} {
		n := newTestNetwork(t, 1, WinnerTakeAll, 20, 33, 17, 5)
		n.Encoding = encoding
		n.Extra = map[string]Tensor{"b": Bytes([]byte{1, 2, 3, 4, 5, 6}, 2), "a": Indices([]int32{0, 65535}, 1), "d": Indices([]int32{0, 65536, 205442}, 1), "c": Vector([]float32{1, 2})}
		n.Frozen = map[string]Frozen{"slo-nn": {Activator: "linear", Cascades: []CascadeSpec{{Stages: []int{0, 1}, Thresholds: []float32{0.5}, Reach: []float64{1, 0.2}}}}}
		data := encode(t, n)
		back, err := ReadBytes(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(n, back); diff != "" {
			t.Errorf("%s: written and read (-want +got):\n%s", encoding, diff)
		}
		if !bytes.Equal(data, encode(t, back)) || n.Hash() != back.Hash() {
			t.Errorf("%s: a network that was read is written differently", encoding)
		}
	}
}

func TestHashFollowsContent(t *testing.T) {
	n := newTestNetwork(t, 1, Plain, 8, 6, 4)
	before := n.Hash()
	if len(before) != 64 || before != newTestNetwork(t, 1, Plain, 8, 6, 4).Hash() {
		t.Fatalf("hash %q: want 64 hexadecimal digits, the same for the same content", before)
	}
	n.Layers[1].Bias[0][2]++
	if n.Hash() == before {
		t.Error("another bias has the same hash")
	}
}

func TestReadRejectsDamage(t *testing.T) {
	data := encode(t, newTestNetwork(t, 2, Plain, 5, 4, 3))
	for i := range data {
		damaged := slices.Clone(data)
		damaged[i] ^= 0x40
		if _, err := ReadBytes(damaged); !errors.Is(err, ErrFormat) {
			t.Fatalf("byte %d changed: want ErrFormat, got %v", i, err)
		}
		if _, err := ReadBytes(data[:i]); !errors.Is(err, ErrFormat) {
			t.Fatalf("cut to %d bytes: want ErrFormat, got %v", i, err)
		}
	}
	if _, err := ReadBytes(append(slices.Clone(data), 0)); !errors.Is(err, ErrFormat) {
		t.Errorf("a byte more: want ErrFormat, got %v", err)
	}
}

func TestReadRejectsSignedNonsense(t *testing.T) {
	data := encode(t, newTestNetwork(t, 2, Plain, 5, 4, 3))
	edits := map[string]func([]byte) []byte{
		"version: want 1, got 2": func(d []byte) []byte { d[8] = 2; return d },
		"header: want at most":   func(d []byte) []byte { binary.LittleEndian.PutUint32(d[12:], math.MaxUint32); return d },
		"unknown field":          func(d []byte) []byte { return bytes.Replace(d, []byte(`"Masked"`), []byte(`"Basked"`), 1) },
		"want the tensors": func(d []byte) []byte {
			return bytes.Replace(d, []byte(`"Sizes":[5,4,3]`), []byte(`"Sizes":[5,4,9]`), 1)
		},
		"kind":       func(d []byte) []byte { return bytes.Replace(d, []byte(`"plain"`), []byte(`"plane"`), 1) },
		"encoding":   func(d []byte) []byte { return bytes.ReplaceAll(d, []byte(`"bf16"`), []byte(`"bf17"`)) },
		"share 1":    func(d []byte) []byte { return bytes.Replace(d, []byte(`"Share":1`), []byte(`"Share":2`), 1) },
		"size: want": func(d []byte) []byte { return slices.Insert(d, len(d)-sha256.Size, 0) },
	}
	for want, edit := range edits {
		_, err := ReadBytes(sign(edit(slices.Clone(data))))
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), want) && want != "encoding" {
			t.Errorf("want an ErrFormat that says %q, got %v", want, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(encode(f, newTestNetwork(f, 2, Plain, 5, 4, 3)))
	f.Add(encode(f, newTestNetwork(f, 2, WinnerTakeAll, 5, 4, 3)))
	f.Add(encode(f, newPruned(f, 2, 5, 4, 3)))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= sha256.Size {
			data = sign(data) // else the sum keeps the fuzzer out of the header
		}
		n, err := ReadBytes(data)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Errorf("want ErrFormat, got %v", err)
			}
			return
		}
		if _, err := ReadBytes(encode(t, n)); err != nil {
			t.Errorf("a network that was read cannot be written and read again: %v", err)
		}
	})
}

func TestBFloat16Rounding(t *testing.T) {
	bits := math.Float32frombits
	for _, test := range []struct{ in, want uint32 }{
		{0x3f800000, 0x3f800000}, // 1
		{0x3f808000, 0x3f800000}, // tie, to even: down
		{0x3f818000, 0x3f820000}, // tie, to even: up
		{0x3f808001, 0x3f810000}, // above the tie
		{0xbf807fff, 0xbf800000}, // below, negative
		{0x7f7fffff, 0x7f800000}, // the largest float becomes infinite
		{0x7f800000, 0x7f800000}, // infinity stays
		{0x80000000, 0x80000000}, // minus zero
	} {
		if got := math.Float32bits(RoundBFloat16(bits(test.in))); got != test.want {
			t.Errorf("round %#x: want %#x, got %#x", test.in, test.want, got)
		}
	}
	if nan := RoundBFloat16(bits(0x7f800001)); nan == nan {
		t.Errorf("a NaN with low bits only became %g", nan)
	}
}

func TestRoundIsWhatAFileHolds(t *testing.T) {
	n := newTestNetwork(t, 3, Plain, 30, 20, 10)
	n.Layers[0].W.Row(0)[0] = 1.0001
	read, err := ReadBytes(encode(t, n))
	if err != nil {
		t.Fatal(err)
	}
	n.Round()
	if diff := cmp.Diff(n, read); diff != "" {
		t.Errorf("rounded and written (-want +got):\n%s", diff)
	}
}

func TestSaveAndOpen(t *testing.T) {
	n := newTestNetwork(t, 4, Plain, 6, 5, 4)
	path := filepath.Join(t.TempDir(), "n.slonn")
	if err := Save(path, n); err != nil {
		t.Fatal(err)
	}
	back, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(n, back); diff != "" {
		t.Errorf("saved and opened (-want +got):\n%s", diff)
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if len(left) != 1 {
		t.Errorf("want one file, got %v", left)
	}
	for _, missing := range []string{"no-such-network", filepath.Join(t.TempDir(), "none.slonn")} {
		if _, err := Open(missing); err == nil {
			t.Errorf("opened %s, which is not there", missing)
		}
	}
}

func TestShippedNetworksOpen(t *testing.T) {
	for _, name := range Networks() {
		n, err := Open(name)
		if err != nil {
			t.Error(err)
		} else if n.Name != name {
			t.Errorf("network %s calls itself %s", name, n.Name)
		}
	}
	if fileName("fashion-mnist.wta") != "fashion-mnist-wta.slonn" || networkName("fashion-mnist-wta") != "fashion-mnist.wta" {
		t.Error("names of networks and files do not match")
	}
}

func TestIndicesTakeTheBytesTheyNeed(t *testing.T) {
	for _, test := range []struct {
		ids  []int32
		want Type
	}{{[]int32{0, math.MaxUint16}, Uint16}, {[]int32{0, math.MaxUint16 + 1}, Uint32}, {[]int32{math.MaxInt32, 7}, Uint32}} {
		got := Indices(test.ids, 1)
		if back, err := got.Indices(); got.Type != test.want || err != nil || !slices.Equal(back, test.ids) || got.validate("x") != nil {
			t.Errorf("%v: want them back from %s, got %v from %s, error %v", test.ids, test.want, back, got.Type, err)
		}
	}
	large := Tensor{Type: Uint32, Rows: 1, Cols: 1, Data: []byte{0, 0, 0, 0x80}}
	if ids, err := large.Indices(); err == nil {
		t.Errorf("a number beyond int32 decoded as %v", ids)
	}
}

func TestTensorErrors(t *testing.T) {
	if _, err := Bytes([]byte{1}, 1).Matrix(); err == nil {
		t.Error("bytes decoded as floats")
	}
	if _, err := Vector([]float32{1}).Indices(); err == nil {
		t.Error("floats decoded as indices")
	}
	if _, err := Floats(kernel.NewMatrix(2, 3), Float32).Vector(); err == nil {
		t.Error("two rows decoded as a vector")
	}
	n := newTestNetwork(t, 5, Plain, 3, 2)
	n.Extra = map[string]Tensor{"x": {Type: Uint8, Rows: 2, Cols: 2, Data: []byte{1}}}
	if err := Write(&bytes.Buffer{}, n); err == nil {
		t.Error("wrote a tensor that is shorter than its size")
	}
}
