package workloads

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// smallImages is two pictures of 2x3 pixels.
func smallImages() Images {
	return Images{Count: 2, Rows: 2, Columns: 3, Pixels: []uint8{0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255}}
}

// plainImages is smallImages without gzip.
func plainImages() []byte {
	header := []byte{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3}
	return append(header, smallImages().Pixels...)
}

func plainLabels(labels ...byte) []byte {
	return append([]byte{0, 0, 8, 1, 0, 0, 0, byte(len(labels))}, labels...)
}

func TestIDXRoundTrip(t *testing.T) {
	var images, labels bytes.Buffer
	if err := EncodeIDXImages(&images, smallImages()); err != nil {
		t.Fatal(err)
	}
	if err := EncodeIDXLabels(&labels, []uint8{9, 0, 4}); err != nil {
		t.Fatal(err)
	}
	gotImages, err := DecodeIDXImages("images", &images)
	if diff := cmp.Diff(smallImages(), gotImages); diff != "" || err != nil {
		t.Errorf("images (-want +got): %s, error %v", diff, err)
	}
	gotLabels, err := DecodeIDXLabels("labels", &labels, 10)
	if diff := cmp.Diff([]uint8{9, 0, 4}, gotLabels); diff != "" || err != nil {
		t.Errorf("labels (-want +got): %s, error %v", diff, err)
	}
}

func TestIDXReadsPlainFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "images")
	if err := os.WriteFile(path, plainImages(), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := ReadIDXImages(path)
	if diff := cmp.Diff(smallImages(), got); diff != "" || err != nil {
		t.Errorf("(-want +got): %s, error %v", diff, err)
	}
	if _, err := ReadIDXImages(path + ".none"); !os.IsNotExist(err) {
		t.Errorf("want a not-exist error, got %v", err)
	}
}

func TestIDXBadImages(t *testing.T) {
	good := plainImages()
	var compressed bytes.Buffer
	if err := EncodeIDXImages(&compressed, smallImages()); err != nil {
		t.Fatal(err)
	}
	huge := append([]byte{}, good...)
	huge[4], huge[8] = 0x7f, 0x7f
	empty := append([]byte{}, good...)
	empty[7] = 0
	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"empty":          {nil, "header: want 16 bytes, got 0"},
		"short header":   {good[:7], "header: want 16 bytes, got 7"},
		"labels":         {plainLabels(1, 2, 3, 4, 5, 6, 7, 8, 9, 9), "magic number: want 0x00000803, got 0x00000801"},
		"truncated":      {good[:len(good)-1], "elements: want 12, got 11: truncated"},
		"too long":       {append(good[:len(good):len(good)], 7), "elements: want 12, got more"},
		"huge":           {huge, "size of dimension 1"},
		"no images":      {empty, "size of dimension 1: want 1 or more"},
		"truncated gzip": {compressed.Bytes()[:compressed.Len()-6], "unexpected EOF"},
		"broken gzip":    {[]byte{0x1f, 0x8b, 1, 2}, "gzip: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := DecodeIDXImages("some/file", bytes.NewReader(test.file))
			wantError(t, err, "some/file: ", test.want)
		})
	}
}

func TestIDXBadLabels(t *testing.T) {
	_, err := DecodeIDXLabels("labels.gz", bytes.NewReader(plainLabels(3, 9, 10, 2)), 10)
	wantError(t, err, "labels.gz: label 2: want 0..9, got 10")
	_, err = DecodeIDXLabels("labels.gz", bytes.NewReader(plainImages()), 10)
	wantError(t, err, "magic number: want 0x00000801, got 0x00000803")
}

// Whatever the bytes, the reader neither panics nor allocates what a header
// claims; and what it accepts has the size that it says.
func FuzzIDX(f *testing.F) {
	f.Add(shipped(f, "fashion-mnist-test-images.idx.gz", 1000))
	f.Add(shipped(f, "fashion-mnist-test-labels.idx.gz", 1000))
	f.Add(plainImages())
	f.Add(plainLabels(1, 2, 3))
	f.Add([]byte{0, 0, 8, 3, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 1})
	var compressed bytes.Buffer
	if err := EncodeIDXImages(&compressed, smallImages()); err != nil {
		f.Fatal(err)
	}
	f.Add(compressed.Bytes())
	f.Fuzz(func(t *testing.T, file []byte) {
		images, err := DecodeIDXImages("f", bytes.NewReader(file))
		if err == nil && (images.Count < 1 || len(images.Pixels) != images.Count*images.Rows*images.Columns) {
			t.Errorf("accepted %d pixels for %dx%dx%d", len(images.Pixels), images.Count, images.Rows, images.Columns)
		}
		if err == nil {
			var again bytes.Buffer
			if err := EncodeIDXImages(&again, images); err != nil {
				t.Fatal(err)
			}
			got, err := DecodeIDXImages("f", &again)
			if diff := cmp.Diff(images, got); diff != "" || err != nil {
				t.Errorf("written and read (-want +got): %s, error %v", diff, err)
			}
		}
		if labels, err := DecodeIDXLabels("f", bytes.NewReader(file), 3); err == nil && slices.Max(labels) > 2 {
			t.Errorf("accepted a label above 2: %v", labels)
		}
	})
}

// wantError fails unless err says all of the texts.
func wantError(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("want an error with %q, got none", texts)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("want an error with %q, got %q", text, err)
		}
	}
}
