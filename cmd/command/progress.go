package command

import (
	"fmt"
	"io"
	"sync"

	"github.com/vbauerster/cupwriter"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"slosim/scenarios"
)

// isTerminal reports whether someone watches what is written.
func isTerminal(w io.Writer) bool { return cupwriter.New(w, false).IsTerminal() }

// newProgress draws bars on a terminal and writes a few lines elsewhere.
func newProgress(w io.Writer) scenarios.Progress {
	if isTerminal(w) {
		return &bars{w: w}
	}
	return &lines{w: w}
}

// bars draws one bar at a time.
type bars struct {
	w    io.Writer
	pool *mpb.Progress
	bar  *mpb.Bar
}

// Start draws an empty bar.
func (b *bars) Start(name string, total int) {
	b.pool = mpb.New(mpb.WithOutput(b.w))
	b.bar = b.pool.AddBar(int64(max(total, 1)),
		mpb.PrependDecorators(decor.Name(name+" "), decor.CountersNoUnit("%d of %d")),
		mpb.AppendDecorators(decor.AverageETA(decor.ET_STYLE_GO)))
}

// Add fills it.
func (b *bars) Add(n int) { b.bar.IncrBy(n) }

// Done leaves the bar as it is and waits until it is drawn, so that what is printed
// next does not land in it.
func (b *bars) Done() {
	b.bar.Abort(false)
	b.pool.Wait()
}

// Note writes a sentence above the bar.
func (b *bars) Note(sentence string) {
	if b.pool == nil {
		fmt.Fprintln(b.w, sentence)
		return
	}
	fmt.Fprintln(b.pool, sentence)
}

// lines writes a line at each quarter of the work.
type lines struct {
	w io.Writer

	mu          sync.Mutex
	name        string
	done, total int
}

// Start begins to count.
func (l *lines) Start(name string, total int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.name, l.done, l.total = name, 0, max(total, 1)
}

// Add counts, and writes when a quarter is full.
func (l *lines) Add(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.done * 4 / l.total
	l.done += n
	if quarter := l.done * 4 / l.total; quarter > before {
		fmt.Fprintf(l.w, "%s: %d of %d\n", l.name, l.done, l.total)
	}
}

// Note writes a sentence.
func (l *lines) Note(sentence string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(l.w, sentence)
}

// Done says when the work was cut short.
func (l *lines) Done() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done < l.total {
		fmt.Fprintf(l.w, "%s: stopped at %d of %d\n", l.name, l.done, l.total)
	}
}
