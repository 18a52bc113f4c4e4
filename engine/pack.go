package engine

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// A packed file is a .slonn file made smaller: after a magic of its own and the size of
// the file (uint64, little-endian) comes a raw DEFLATE stream of all its bytes at even
// offsets, then all at odd ones. Of a bfloat16, the one byte is nearly random and the
// other, sign and exponent, is not; apart, they shrink to about 70 %.
const (
	packMagic  = "slonz\r\n\x1a"
	packPrefix = len(packMagic) + 8
	maxFile    = 1 << 31
)

// WritePacked writes the network as a packed .slonn file, which [Open] and [ReadBytes]
// read as they read a plain one. The bytes depend on the version of Go's compress/flate;
// what they stand for does not.
func WritePacked(w io.Writer, n *Network) error {
	var plain bytes.Buffer
	if err := Write(&plain, n); err != nil {
		return err
	}
	prefix := binary.LittleEndian.AppendUint64([]byte(packMagic), uint64(plain.Len()))
	if _, err := w.Write(prefix); err != nil {
		return fmt.Errorf("writing a network: %w", err)
	}
	deflate, err := flate.NewWriter(w, flate.BestCompression)
	if err != nil {
		panic("engine: " + err.Error()) // the level is a constant
	}
	if _, err := deflate.Write(apart(plain.Bytes())); err != nil {
		return fmt.Errorf("writing a network: %w", err)
	}
	if err := deflate.Close(); err != nil {
		return fmt.Errorf("writing a network: %w", err)
	}
	return nil
}

// apart returns the bytes at even offsets, then those at odd ones.
func apart(data []byte) []byte {
	half := (len(data) + 1) / 2
	out := make([]byte, len(data))
	for i, b := range data {
		out[i/2+i%2*half] = b
	}
	return out
}

// together undoes apart.
func together(data []byte) []byte {
	half := (len(data) + 1) / 2
	out := make([]byte, len(data))
	for i := range out {
		out[i] = data[i/2+i%2*half]
	}
	return out
}

// isPacked says whether data begins as a packed file does.
func isPacked(data []byte) bool { return bytes.HasPrefix(data, []byte(packMagic)) }

// unpack returns the plain file of a packed one. The size that the file claims is not
// believed before that many bytes are there.
func unpack(data []byte) ([]byte, error) {
	if len(data) < packPrefix {
		return nil, formatError("packed: want at least %d bytes, got %d", packPrefix, len(data))
	}
	size := binary.LittleEndian.Uint64(data[len(packMagic):])
	if size > min(maxFile, math.MaxInt) {
		return nil, formatError("packed: want a size of at most %d bytes, got %d", maxFile, size)
	}
	var plain bytes.Buffer
	source := bytes.NewReader(data[packPrefix:])
	if _, err := io.Copy(&plain, io.LimitReader(flate.NewReader(source), int64(size)+1)); err != nil {
		return nil, formatError("packed: %v", err)
	}
	if uint64(plain.Len()) != size || source.Len() > 0 {
		return nil, formatError("packed: want %d bytes and nothing after, got %d and %d", size, plain.Len(), source.Len())
	}
	return together(plain.Bytes()), nil
}
