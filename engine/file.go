package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"slosim/engine/kernel"
)

// A .slonn file, all numbers little-endian:
//
//	 0  8 bytes   magic
//	 8  uint32    format version
//	12  uint32    length of the header
//	16  header    JSON, fields of header below
//	    tensors   in the header's order, each padded with zeros to start at a multiple of 64
//	    32 bytes  SHA-256 of everything before
//
// The tensors are first each layer's weights and biases (a row per level), then the
// extra ones by name. A pruned network has, for a layer's weights, a mask (a bit per
// weight, row by row, the lowest bit first) and the values that it marks, in order.
const (
	magic         = "slonn\r\n\x1a" // a transfer in text mode breaks it
	formatVersion = 1
	prefixBytes   = 16
	tensorAlign   = 64
	maxHeader     = 4 << 20
	maxDimension  = 1 << 24
)

// ErrFormat is wrapped by every error of [Read] that is about the file's content.
var ErrFormat = errors.New("not a valid .slonn file")

// header is the JSON part of a file.
type header struct {
	Name     string
	Kind     Kind
	Sizes    []int // inputs first
	Levels   []Level
	Masked   int
	Encoding Type
	Training Training
	Frozen   map[string]Frozen `json:",omitempty"`
	Tensors  []entry
}

// entry describes one tensor of a file.
type entry struct {
	Name       string
	Type       Type
	Rows, Cols int
}

// bytes returns the size of an entry's data. Its dimensions are checked before.
func (e entry) bytes() int64 { return int64(e.Rows) * int64(e.Cols) * int64(e.Type.size()) }

// Write writes the network with its extra tensors as a .slonn file. Weights are
// rounded to the network's Encoding. Equal networks give equal bytes.
func Write(w io.Writer, n *Network) error {
	if err := n.Validate(); err != nil {
		return err
	}
	tensors, entries := n.tensors()
	for i, t := range tensors {
		if err := t.validate(entries[i].Name); err != nil {
			return fmt.Errorf("network %s: %w", n.Name, err)
		}
	}
	head, err := json.Marshal(header{
		Name: n.Name, Kind: n.Kind, Sizes: n.Sizes(), Levels: n.Levels, Masked: n.Masked, Encoding: n.Encoding,
		Training: n.Training, Frozen: n.Frozen, Tensors: entries,
	})
	if err != nil {
		return fmt.Errorf("network %s: %w", n.Name, err)
	}
	return writeFile(w, head, tensors)
}

func writeFile(w io.Writer, head []byte, tensors []Tensor) error {
	sum := sha256.New()
	out := &offsetWriter{w: io.MultiWriter(w, sum)}
	prefix := binary.LittleEndian.AppendUint32([]byte(magic), formatVersion)
	out.write(binary.LittleEndian.AppendUint32(prefix, uint32(len(head))))
	out.write(head)
	for _, t := range tensors {
		out.write(make([]byte, padding(out.offset)))
		out.write(t.Data)
	}
	if out.err != nil {
		return fmt.Errorf("writing a network: %w", out.err)
	}
	if _, err := w.Write(sum.Sum(nil)); err != nil {
		return fmt.Errorf("writing a network: %w", err)
	}
	return nil
}

// offsetWriter counts bytes and keeps the first error.
type offsetWriter struct {
	w      io.Writer
	offset int64
	err    error
}

func (o *offsetWriter) write(p []byte) {
	if o.err == nil {
		_, o.err = o.w.Write(p)
		o.offset += int64(len(p))
	}
}

func padding(offset int64) int64 { return -offset & (tensorAlign - 1) }

// tensors lists what a file of the network holds, in order.
func (n *Network) tensors() ([]Tensor, []entry) {
	var list []Tensor
	var entries []entry
	add := func(name string, t Tensor) {
		list = append(list, t)
		entries = append(entries, entry{Name: name, Type: t.Type, Rows: t.Rows, Cols: t.Cols})
	}
	for i := range n.Layers {
		weights, bias := layerNames(i)
		if n.Kind == Pruned {
			mask, values := sparseTensors(n.Layers[i].W, n.Encoding)
			add(weights+maskSuffix, mask)
			add(weights, values)
		} else {
			add(weights, Floats(n.Layers[i].W, n.Encoding))
		}
		add(bias, biasTensor(n.Layers[i].Bias))
	}
	for _, name := range slices.Sorted(maps.Keys(n.Extra)) {
		add(name, n.Extra[name])
	}
	return list, entries
}

func layerNames(i int) (weights, bias string) {
	return fmt.Sprintf("layer%d/weights", i), fmt.Sprintf("layer%d/bias", i)
}

func biasTensor(levels [][]float32) Tensor {
	t := Tensor{Type: Float32, Rows: len(levels), Cols: len(levels[0])}
	for _, b := range levels {
		t.Data = append(t.Data, Vector(b).Data...)
	}
	return t
}

// Hash returns the SHA-256 of the network's content, in hexadecimal: of its file
// without the trailing sum. It panics on a network that does not validate.
func (n *Network) Hash() string {
	var last tail
	if err := Write(&last, n); err != nil {
		panic("engine: hash: " + err.Error())
	}
	return hex.EncodeToString(last[:])
}

// tail keeps the last 32 bytes written to it.
type tail [sha256.Size]byte

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	all := append(t[:], p[max(0, len(p)-len(t)):]...)
	copy(t[:], all[len(all)-len(t):])
	return len(p), nil
}

// Read reads a .slonn file of size bytes. Damage of any kind is an error that wraps
// [ErrFormat] and says what was wanted; an error of r is passed on.
func Read(r io.ReaderAt, size int64) (*Network, error) {
	head, offset, err := readHeader(r, size)
	if err != nil {
		return nil, err
	}
	if err := checkLayout(head, offset, size); err != nil {
		return nil, err
	}
	n := &Network{Name: head.Name, Kind: head.Kind, Levels: head.Levels, Masked: head.Masked,
		Encoding: head.Encoding, Training: head.Training, Frozen: head.Frozen}
	if err := n.readTensors(r, head, offset); err != nil {
		return nil, err
	}
	if err := n.Validate(); err != nil {
		return nil, formatError("%v", err)
	}
	return n, nil
}

// ReadBytes reads a .slonn file, packed or not, from memory.
func ReadBytes(data []byte) (*Network, error) {
	if isPacked(data) {
		plain, err := unpack(data)
		if err != nil {
			return nil, err
		}
		data = plain
	}
	return Read(bytes.NewReader(data), int64(len(data)))
}

func formatError(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrFormat, fmt.Errorf(format, args...))
}

// readHeader checks prefix, sum and header, and returns the offset of what follows.
func readHeader(r io.ReaderAt, size int64) (*header, int64, error) {
	if size < prefixBytes+sha256.Size {
		return nil, 0, formatError("want at least %d bytes, got %d", prefixBytes+sha256.Size, size)
	}
	prefix := make([]byte, prefixBytes)
	if _, err := r.ReadAt(prefix, 0); err != nil {
		return nil, 0, fmt.Errorf("reading a network: %w", err)
	}
	if got := string(prefix[:len(magic)]); got != magic {
		return nil, 0, formatError("magic: want %q, got %q", magic, got)
	}
	if got := binary.LittleEndian.Uint32(prefix[8:]); got != formatVersion {
		return nil, 0, formatError("version: want %d, got %d", formatVersion, got)
	}
	length := int64(binary.LittleEndian.Uint32(prefix[12:]))
	if room := min(maxHeader, size-prefixBytes-sha256.Size); length > room {
		return nil, 0, formatError("header: want at most %d bytes, got %d", room, length)
	}
	if err := checkSum(r, size); err != nil {
		return nil, 0, err
	}
	head, err := decodeHeader(r, length)
	return head, prefixBytes + length, err
}

func checkSum(r io.ReaderAt, size int64) error {
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(r, 0, size-sha256.Size)); err != nil {
		return fmt.Errorf("reading a network: %w", err)
	}
	var want [sha256.Size]byte
	if _, err := r.ReadAt(want[:], size-sha256.Size); err != nil && err != io.EOF {
		return fmt.Errorf("reading a network: %w", err)
	}
	if got := sum.Sum(nil); !bytes.Equal(got, want[:]) {
		return formatError("sha-256: want %x, got %x (truncated or damaged)", want, got)
	}
	return nil
}

func decodeHeader(r io.ReaderAt, length int64) (*header, error) {
	decoder := json.NewDecoder(io.NewSectionReader(r, prefixBytes, length))
	decoder.DisallowUnknownFields()
	head := &header{}
	if err := decoder.Decode(head); err != nil {
		return nil, formatError("header: %v", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, formatError("header: want one JSON object, got more")
	}
	return head, nil
}

// checkLayout compares the tensors that the header announces with the network's
// sizes and with the bytes that are there, before anything is allocated.
func checkLayout(head *header, offset, size int64) error {
	if len(head.Sizes) < 2 || len(head.Levels) == 0 {
		return formatError("header: want at least two sizes and one level, got %v and %d", head.Sizes, len(head.Levels))
	}
	if least, most := slices.Min(head.Sizes), slices.Max(head.Sizes); least < 1 || most > maxDimension {
		return formatError("header: want sizes of 1 to %d, got %v", maxDimension, head.Sizes)
	}
	wanted := head.layers()
	if len(head.Tensors) < len(wanted) || !slices.Equal(head.Tensors[:len(wanted)], wanted) {
		return formatError("header: want the tensors %v first, got %v", wanted, head.Tensors)
	}
	seen := map[string]bool{}
	for _, e := range head.Tensors {
		if e.Type.size() == 0 || min(e.Rows, e.Cols) < 1 || max(e.Rows, e.Cols) > maxDimension || seen[e.Name] {
			return formatError("header: bad or repeated tensor %+v", e)
		}
		seen[e.Name] = true
		offset += padding(offset) + e.bytes()
		if offset > size {
			return formatError("tensor %s: want %d bytes up to its end, got a file of %d", e.Name, offset, size)
		}
	}
	if offset+sha256.Size != size {
		return formatError("size: want %d bytes, got %d", offset+sha256.Size, size)
	}
	return nil
}

// layers lists the tensors that a network of the header's sizes has.
func (h *header) layers() []entry {
	var list []entry
	for i, outputs := range h.Sizes[1:] {
		weights, bias := layerNames(i)
		if h.Kind == Pruned {
			values := 0 // as many as the file says; the mask is checked against it
			if at := len(list) + 1; at < len(h.Tensors) {
				values = h.Tensors[at].Cols
			}
			list = append(list, entry{weights + maskSuffix, Uint8, 1, (outputs*h.Sizes[i] + 7) / 8}, entry{weights, h.Encoding, 1, values})
		} else {
			list = append(list, entry{weights, h.Encoding, outputs, h.Sizes[i]})
		}
		list = append(list, entry{bias, Float32, len(h.Levels), outputs})
	}
	return list
}

func (n *Network) readTensors(r io.ReaderAt, head *header, offset int64) error {
	layers := len(head.layers())
	n.Layers = make([]Layer, len(head.Sizes)-1)
	for i, e := range head.Tensors {
		offset += padding(offset)
		t := Tensor{Type: e.Type, Rows: e.Rows, Cols: e.Cols, Data: make([]byte, e.bytes())}
		if _, err := r.ReadAt(t.Data, offset); err != nil {
			return fmt.Errorf("reading tensor %s: %w", e.Name, err)
		}
		offset += e.bytes()
		if err := n.take(i, layers, head.Sizes, e.Name, t); err != nil {
			return formatError("tensor %s: %v", e.Name, err)
		}
	}
	return nil
}

// take puts the i-th tensor of a file where it belongs.
func (n *Network) take(i, layerTensors int, sizes []int, name string, t Tensor) error {
	if i >= layerTensors {
		if n.Extra == nil {
			n.Extra = map[string]Tensor{}
		}
		n.Extra[name] = t
		return nil
	}
	each := layerTensors / len(n.Layers)
	layer, part := i/each, i%each
	if part == 0 && each == 3 {
		n.Layers[layer].W = kernel.NewMatrix(sizes[layer+1], sizes[layer])
		return unmask(n.Layers[layer].W, t.Data)
	}
	m, err := t.Matrix()
	if err != nil {
		return err
	}
	switch {
	case part == each-1:
		n.Layers[layer].Bias = rows(m)
	case each == 3:
		return fillMasked(n.Layers[layer].W, m.Row(0))
	default:
		n.Layers[layer].W = m
	}
	return nil
}

func rows(m *kernel.Matrix) [][]float32 {
	list := make([][]float32, m.Rows)
	for i := range list {
		list[i] = m.Row(i)
	}
	return list
}
