package workloads

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// The IDX format (LeCun, "The MNIST database"): a big-endian magic number whose
// third byte is the element type (8: unsigned byte) and whose fourth is the
// number of dimensions, then one 32-bit size a dimension, then the elements.
const (
	idxLabels = 0x00000801
	idxImages = 0x00000803

	maxIDXBytes = 1 << 30 // elements of one file: a wrong header must not cost the machine its memory
)

// Images is the content of an IDX image file: Count pictures of Rows x Columns
// unsigned bytes, one after the other.
type Images struct {
	Count, Rows, Columns int
	Pixels               []uint8
}

// ReadIDXImages reads an IDX image file, plain or gzip. Every error names the
// file, what was wanted and what was found.
func ReadIDXImages(path string) (Images, error) {
	return readFile(path, DecodeIDXImages)
}

// ReadIDXLabels reads an IDX label file, plain or gzip, whose labels must all
// be below classes.
func ReadIDXLabels(path string, classes int) ([]uint8, error) {
	return readFile(path, func(name string, r io.Reader) ([]uint8, error) {
		return DecodeIDXLabels(name, r, classes)
	})
}

// DecodeIDXImages reads an image file from r, plain or gzip; name is for the errors.
func DecodeIDXImages(name string, r io.Reader) (Images, error) {
	sizes, pixels, err := decodeIDX(r, idxImages, 3)
	if err != nil {
		return Images{}, fmt.Errorf("%s: %w", name, err)
	}
	return Images{Count: sizes[0], Rows: sizes[1], Columns: sizes[2], Pixels: pixels}, nil
}

// DecodeIDXLabels reads a label file from r, plain or gzip; name is for the errors.
func DecodeIDXLabels(name string, r io.Reader, classes int) ([]uint8, error) {
	_, labels, err := decodeIDX(r, idxLabels, 1)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for i, label := range labels {
		if int(label) >= classes {
			return nil, fmt.Errorf("%s: label %d: want 0..%d, got %d", name, i, classes-1, label)
		}
	}
	return labels, nil
}

// EncodeIDXImages writes images as a gzip IDX file.
func EncodeIDXImages(w io.Writer, images Images) error {
	sizes := []int{images.Count, images.Rows, images.Columns}
	return encodeIDX(w, idxImages, sizes, images.Pixels)
}

// EncodeIDXLabels writes labels as a gzip IDX file.
func EncodeIDXLabels(w io.Writer, labels []uint8) error {
	return encodeIDX(w, idxLabels, []int{len(labels)}, labels)
}

func decodeIDX(r io.Reader, magic uint32, dimensions int) ([]int, []uint8, error) {
	plain, err := decompress(r)
	if err != nil {
		return nil, nil, err
	}
	header := make([]byte, 4*(1+dimensions))
	if n, err := io.ReadFull(plain, header); err != nil {
		return nil, nil, fmt.Errorf("header: want %d bytes, got %d (%w)", len(header), n, err)
	}
	if got := binary.BigEndian.Uint32(header); got != magic {
		return nil, nil, fmt.Errorf("magic number: want %#08x, got %#08x", magic, got)
	}
	sizes, total := make([]int, dimensions), 1
	for i := range sizes {
		sizes[i] = int(binary.BigEndian.Uint32(header[4*(i+1):]))
		if sizes[i] < 1 || sizes[i] > maxIDXBytes/total {
			return nil, nil, fmt.Errorf("size of dimension %d: want 1 or more and at most %d elements in all, got %d", i+1, maxIDXBytes, sizes[i])
		}
		total *= sizes[i]
	}
	elements, err := readElements(plain, total)
	return sizes, elements, err
}

// readElements reads one byte more than it wants, so that a longer file is
// noticed and a shorter one does not allocate what its header claims.
func readElements(r io.Reader, want int) ([]uint8, error) {
	elements, err := io.ReadAll(io.LimitReader(r, int64(want)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("elements: want %d, got %d (%w)", want, len(elements), err)
	case len(elements) < want:
		return nil, fmt.Errorf("elements: want %d, got %d: truncated", want, len(elements))
	case len(elements) > want:
		return nil, fmt.Errorf("elements: want %d, got more: longer than its header says", want)
	}
	return elements, nil
}

func encodeIDX(w io.Writer, magic uint32, sizes []int, elements []uint8) error {
	compressed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	header := binary.BigEndian.AppendUint32(nil, magic)
	for _, size := range sizes {
		header = binary.BigEndian.AppendUint32(header, uint32(size))
	}
	_, err = compressed.Write(append(header, elements...))
	return errors.Join(err, compressed.Close())
}

// decompress returns r itself or, if it starts with gzip's magic bytes, its content.
// The file's name plays no part.
func decompress(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	start, err := buffered.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !bytes.Equal(start, []byte{0x1f, 0x8b}) {
		return buffered, nil
	}
	plain, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return plain, nil
}

// readFile opens path and hands it to decode.
func readFile[T any](path string, decode func(name string, r io.Reader) (T, error)) (T, error) {
	file, err := os.Open(path)
	if err != nil {
		var zero T
		return zero, err
	}
	defer file.Close()
	return decode(path, file)
}
