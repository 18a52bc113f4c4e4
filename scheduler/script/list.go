package script

import (
	"fmt"
	"slices"

	"go.starlark.net/starlark"
)

// constant is what all of our values share: they never change, are true and have no hash.
type constant struct{}

// Freeze does nothing.
func (constant) Freeze() {}

// Truth returns true.
func (constant) Truth() starlark.Bool { return true }

// Hash fails.
func (constant) Hash() (uint32, error) {
	return 0, fmt.Errorf("want something with a hash, got an object")
}

// list is the queue, or the workers, of the view. It converts an element when it is first asked
// for it: most decisions look at a few of many.
type list struct {
	constant
	policy *policy
	name   string
	cells  []starlark.Value // nil: not asked for yet
	at     func(i int) starlark.Value
}

func newList(p *policy, name string, at func(i int) starlark.Value) *list {
	return &list{policy: p, name: name, at: at}
}

// resize empties n cells, in the same memory if it suffices.
func (l *list) resize(n int) {
	clear(l.cells)
	l.cells = slices.Grow(l.cells[:0], n)[:n]
}

// String shows the elements.
func (l *list) String() string { return l.copied(0, len(l.cells), 1).String() }

// Type returns the list's name.
func (l *list) Type() string { return l.name }

// Truth returns whether there is an element.
func (l *list) Truth() starlark.Bool { return len(l.cells) > 0 }

// Len implements starlark.Sequence.
func (l *list) Len() int { return len(l.cells) }

// Index implements starlark.Indexable.
func (l *list) Index(i int) starlark.Value {
	if l.cells[i] == nil {
		l.cells[i] = l.at(i)
	}
	return l.cells[i]
}

// Slice implements starlark.Sliceable: a list of its own.
func (l *list) Slice(start, end, step int) starlark.Value { return l.copied(start, end, step) }

func (l *list) copied(start, end, step int) *starlark.List {
	var out []starlark.Value
	for i := start; (step > 0 && i < end) || (step < 0 && i > end); i += step {
		out = append(out, l.Index(i))
	}
	return starlark.NewList(out)
}

// Iterate implements starlark.Iterable.
func (l *list) Iterate() starlark.Iterator { return &walk{list: l} }

// walk is an iterator over a list.
type walk struct {
	list *list
	next int
}

// Next implements starlark.Iterator.
func (w *walk) Next(v *starlark.Value) bool {
	if w.next >= len(w.list.cells) {
		return false
	}
	*v = w.list.Index(w.next)
	w.next++
	return true
}

// Done implements starlark.Iterator.
func (w *walk) Done() {}
