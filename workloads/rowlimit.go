package workloads

import (
	"fmt"
	"io"
)

// maxRowBytes is the longest row of a CSV file: the library keeps a whole row in memory, and a file
// of another kind, or a few kilobytes of gzip, may be a row without an end.
const maxRowBytes = 1 << 20

// rowLimit ends a reader with an error when a row takes more than maxRowBytes. Whoever reads rows
// calls refill before each.
type rowLimit struct {
	r    io.Reader
	left int // bytes that may be read before the next refill
}

func (l *rowLimit) refill() { l.left = maxRowBytes }

// Read implements io.Reader.
func (l *rowLimit) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("want rows of at most %d bytes, got a longer one", maxRowBytes)
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}
