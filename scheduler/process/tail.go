package process

import (
	"strings"
	"sync"
	"unicode"
)

const (
	// keep is how much of standard error is remembered, in bytes.
	keep = 2000
	// tell is how much of it, or of a bad answer, is shown, in characters.
	tell = 600
)

// tail is a writer that remembers the end of what was written.
type tail struct {
	mu  sync.Mutex
	end []byte
}

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, b[max(0, len(b)-keep):]...)
	if extra := len(t.end) - keep; extra > 0 {
		t.end = t.end[:copy(t.end, t.end[extra:])]
	}
	return len(b), nil
}

// String returns the last of it in one line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	line := []rune(oneLine(string(t.end)))
	if len(line) > tell {
		return "..." + string(line[len(line)-tell:])
	}
	return string(line)
}

// shorten shows the beginning of a text in one line.
func shorten(text string) string {
	if line := []rune(oneLine(text)); len(line) > tell {
		return string(line[:tell]) + "..."
	}
	return oneLine(text)
}

// oneLine joins lines and drops what could upset a terminal.
func oneLine(text string) string {
	text = strings.ReplaceAll(strings.TrimSpace(strings.ToValidUTF8(text, "?")), "\n", " | ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}
