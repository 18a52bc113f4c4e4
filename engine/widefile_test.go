package engine

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func encodeWide(t testing.TB, n *Wide) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := WriteWide(&out, n); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWideFileRoundTrip(t *testing.T) {
	for _, encoding := range []Type{Float32, BFloat16} {
		n := newTestWide(t, 20, 17, 33)
		n.Encoding, n.Training = encoding, Training{Dataset: "words", Seed: 3, Epochs: 2, Note: "go"}
		n.Embed.Row(3)[5], n.Out.Row(2)[7] = 1.0001, -3.0003
		data := encodeWide(t, n)
		back := must2(ReadWide(bytes.NewReader(data)))(t)
		if exact := cmp.Equal(n, back); exact != (encoding == Float32) {
			t.Errorf("%s: weights came back unrounded: %v", encoding, exact)
		}
		n.Round()
		if diff := cmp.Diff(n, back); diff != "" {
			t.Errorf("%s: rounded and written (-want +got):\n%s", encoding, diff)
		}
		if !bytes.Equal(data, encodeWide(t, back)) {
			t.Errorf("%s: a network that was read is written differently", encoding)
		}
	}
}

func TestReadWideRejectsDamage(t *testing.T) {
	data := encodeWide(t, newTestWide(t, 5, 4, 3))
	for i := range data {
		damaged := slices.Clone(data)
		damaged[i] ^= 0x40
		if _, err := ReadWide(bytes.NewReader(damaged)); !errors.Is(err, ErrFormat) {
			t.Fatalf("byte %d changed: want ErrFormat, got %v", i, err)
		}
		if _, err := ReadWide(bytes.NewReader(data[:i])); !errors.Is(err, ErrFormat) {
			t.Fatalf("cut to %d bytes: want ErrFormat, got %v", i, err)
		}
	}
	if _, err := ReadWide(iotest.ErrReader(io.ErrClosedPipe)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("want the reader's error, got %v", err)
	}
}

func TestReadWideRejectsOtherNetworks(t *testing.T) {
	for _, n := range []*Network{newTestNetwork(t, 1, Plain, 5, 4, 4, 3), newTestNetwork(t, 1, WinnerTakeAll, 5, 4, 3)} {
		if _, err := ReadWide(bytes.NewReader(encode(t, n))); err == nil {
			t.Errorf("read a %s network of sizes %v as a wide one", n.Kind, n.Sizes())
		}
	}
}
