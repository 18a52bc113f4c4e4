package bench

import "slosim/engine/kernel"

// States of the rows that a case reads.
const (
	Warm = "warm" // in the caches, as far as the table fits
	Cold = "cold" // from memory
)

// Case is one way to do the work of a group.
type Case struct {
	Kernel  string  // "dense", "gather", ..., or the name of another library
	Type    string  // of the stored weights: "float32", "bf16" or "int8"
	Density float64 // share of the rows that are read, of inputs for an input-sparse kernel
	State   string  // Warm or Cold
	Variant string  // the form that the kernel chose, if it has several
	Library bool    // it is not ours
	Figure  string  // key under which its share of the dense time is followed; "" for none
	Bytes   int     // of the rows that a call reads
	Call    func()  // does the work once, and allocates nothing
	Bare    func()  // only loads what Call loads; nil if that is not known

	reader *kernel.Reader // of the table of another storage type; nil: the group's
}

// Group is a table or network and the ways to use it. The first case is our own dense
// float32 kernel, which speed-ups are counted from.
type Group struct {
	Name  string
	Bytes int // that the first case reads
	Cases []Case

	reader *kernel.Reader // of the table, or of as many bytes as the network has
}

func newGroup(name string, bytes int, reader *kernel.Reader) *Group {
	return &Group{Name: name, Bytes: bytes, reader: reader}
}

func (g *Group) add(c Case) { g.Cases = append(g.Cases, c) }

// Reader reads the table, or as many bytes as the network's dense pass does.
func (g *Group) Reader() *kernel.Reader { return g.reader }
