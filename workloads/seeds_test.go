package workloads

import (
	"bytes"
	"io"
	"os"
	"testing"
)

// shipped returns the first bytes of what a shipped file unpacks to: a seed for fuzzing.
func shipped(f *testing.F, file string, most int64) []byte {
	f.Helper()
	raw, err := os.ReadFile("data/" + file)
	if err != nil {
		f.Fatal(err)
	}
	plain, err := decompress(bytes.NewReader(raw))
	if err != nil {
		f.Fatal(err)
	}
	head, err := io.ReadAll(io.LimitReader(plain, most))
	if err != nil {
		f.Fatal(err)
	}
	return head
}

// lines returns the whole lines of a text.
func lines(text []byte) []byte { return text[:bytes.LastIndexByte(text, '\n')+1] }
