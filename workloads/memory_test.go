package workloads

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// endless is text that never ends: what a small gzip file can be.
type endless struct{ text string }

func (e endless) Read(p []byte) (int, error) {
	for n := 0; n < len(p); {
		n += copy(p[n:], e.text)
	}
	return len(p), nil
}

// bomb is so many bytes of text in a gzip file a thousand times smaller.
func bomb(t *testing.T, head, text string, size int64) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, io.MultiReader(strings.NewReader(head), io.LimitReader(endless{text}, size))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A file may claim or unpack to anything: readers refuse it before they take the memory.
func TestReadersTakeNoMemoryForClaims(t *testing.T) {
	const most = 32 << 20
	long := bomb(t, "", "x", 256<<20)
	for name, read := range map[string]func() error{
		"trace, a row without an end": func() error { _, err := ReadTrace("f", bytes.NewReader(long), 0); return err },
		"trace, a quoted row without an end": func() error {
			_, err := ReadTrace("f", io.MultiReader(strings.NewReader("arrival_s\n\""), endless{"x\n"}), 0)
			return err
		},
		"slow-downs, a row without an end": func() error { _, err := ReadSlowdowns("f", bytes.NewReader(long)); return err },
		"images, 10^12 of them": func() error {
			_, err := DecodeIDXImages("f", bytes.NewReader([]byte{0, 0, 8, 3, 0, 0xff, 0xff, 0xff, 0, 0, 1, 0, 0, 0, 1, 0}))
			return err
		},
		"images, a billion that are not there": func() error {
			_, err := DecodeIDXImages("f", bytes.NewReader([]byte{0, 0, 8, 3, 0, 0, 0xff, 0xff, 0, 0, 0, 0x7f, 0, 0, 0, 0x7f}))
			return err
		},
		"labels, a billion that are not there": func() error {
			_, err := DecodeIDXLabels("f", bytes.NewReader([]byte{0, 0, 8, 1, 0x3f, 0xff, 0xff, 0xff}), 10)
			return err
		},
		"labelled samples, 10^12": func() error { _, err := ReadXMC("f", strings.NewReader("1000000000000 5 5\n0 1:1\n")); return err },
		"labelled samples, 10^8 that are not there": func() error {
			_, err := ReadXMC("f", strings.NewReader("100000000 100000000 100000000\n0 1:1\n"))
			return err
		},
		"labelled samples, a first line without end": func() error { _, err := decodeXMCSizes("f", endless{"1"}); return err },
		"labelled samples, a label list without end": func() error {
			_, err := ReadXMC("f", io.MultiReader(strings.NewReader("1 5 5\n"), endless{"9,"}))
			return err
		},
		"a dictionary, a line without an end":         func() error { _, err := ReadSynsets("f", endless{"x"}); return err },
		"a dictionary, many lines that are no synset": func() error { _, err := ReadSynsets("f", endless{"x\n"}); return err },
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := read()
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Error("want it refused, got no error")
			} else if len(err.Error()) > 4096 {
				t.Errorf("want a short error, got %d bytes", len(err.Error()))
			}
			// A line of labels may have 64 MiB, by its documented limit.
			bound := uint64(most)
			if strings.Contains(name, "list") || strings.Contains(name, "first line") {
				bound = 8 * maxXMCLine
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > bound {
				t.Errorf("took %d MB in all: want at most %d", took>>20, bound>>20)
			}
		})
	}
}

// What has long rows and many, but each within the limit, is read.
func TestRowLimitIsOfARow(t *testing.T) {
	var text strings.Builder
	text.WriteString("arrival_s,note\n")
	for i := range 40 { // five megabytes
		fmt.Fprintf(&text, "%d,%s\n", i, strings.Repeat("n", maxRowBytes/8))
	}
	trace, err := ReadTrace("f", strings.NewReader(text.String()), 0)
	if err != nil || trace.Requests != 40 {
		t.Errorf("want 40 arrivals, got %+v, %v", trace, err)
	}
}

// FuzzReadXMCSizes: whatever the bytes, it does not panic, and sizes are within the limits.
func FuzzReadXMCSizes(f *testing.F) {
	f.Add([]byte("2 10 5\n0,3 5:-0.25 2\n"))
	f.Add([]byte("100000000 1 1"))
	f.Add(compressed(f, "1 10 5\n1 2:3\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := decodeXMCSizes("f", bytes.NewReader(file))
		if err == nil && (min(s.Samples, s.Features, s.Classes) < 1 || max(s.Samples, s.Features, s.Classes) > maxXMC) {
			t.Errorf("accepted %+v", s)
		}
	})
}
