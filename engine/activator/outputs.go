package activator

import "slosim/engine/kernel"

// Query is what a proposer of output nodes may look at.
type Query struct {
	IDs    []int32   // features that are not zero, ascending
	Values []float32 // theirs
	Hidden []float32 // what the hidden layer makes of them
}

// OutputTables propose output nodes for queries. They never change: any number of workers
// share them, each through a [Proposer] of its own.
type OutputTables interface {
	// Steps lists how much can be proposed, ascending by Size.
	Steps() []Step
	// Bytes returns the size of the tables.
	Bytes() int64
	// NewProposer returns the scratch memory of one worker.
	NewProposer(set *kernel.Set) Proposer
}

// Step is one amount of nodes that tables can propose.
type Step struct {
	Name  string  // such as "lists of 5"
	Size  int     // in the tables' own unit, at least 1
	Nodes float64 // expected for a query, on the examples that the tables were built of
}

// Proposer proposes output nodes. It is one worker's, and allocates nothing once it has
// seen its longest query.
type Proposer interface {
	// Look begins a query, whose memory must stay until the last Propose about it. It
	// returns which kind the query is of, from 0 to Kinds()-1: how sure an answer is, is
	// learnt for each kind.
	Look(q Query) (kind int)
	Kinds() int
	// Propose returns nodes for the query at the size of a step, each once, in no order
	// that matters; there may be none. The result is valid until the next call.
	Propose(size int) []int32
}

// Guesser is an optional ability of proposers: which node the tables alone put first for the
// query, without a look at the layer.
type Guesser interface {
	Guess() int32
}

// Examples are what tables of output nodes are built of. There are no labels among them:
// what is likely is the whole network's opinion.
type Examples struct {
	Inputs   Inputs         // with the outputs that the network finds most likely, the first one first
	Hidden   *kernel.Matrix // a row for each input
	Features int
	Rows     *kernel.Matrix // weights of the output layer: a row for each node
	Bias     []float32      // of each node
}

// Nodes returns the number of output nodes.
func (e *Examples) Nodes() int { return e.Rows.Rows }
