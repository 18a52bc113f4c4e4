package engine

import "slosim/engine/profile"

// Technique turns a network into operating points, from cheap to dear.
type Technique interface {
	Name() string
	// Hash identifies weights, tables and points.
	Hash() string
	Points() []profile.Point // Density, Ops and Bytes as far as known before measuring
	Groups() []profile.Group // Load is measured
	// Activates says whether Session.Activate does work that is not part of Execute;
	// HasConfidence whether Result.Confidence is meant.
	Activates() bool
	HasConfidence() bool
	// Classes is the number of work classes of a point, at least 1.
	Classes(point int) int
	// Load makes a group's weights resident again from their stored form, as a server
	// would when it switches models. Only its time matters.
	Load(group int) error
	// NewSession returns the scratch memory of one worker.
	NewSession() Session
}

// Input is what a query asks about: all its features, or those that are not zero of very
// many. Networks take the one kind or the other.
type Input struct {
	All    []float32 // every feature; nil of a sparse input
	IDs    []int32   // features that are not zero, ascending
	Values []float32 // theirs
}

// Dense returns the input of all features.
func Dense(x []float32) Input { return Input{All: x} }

// Session runs queries, one at a time, or several if it is a [Batcher]. It allocates nothing
// after NewSession.
type Session interface {
	// Activate does the part of the work that does not depend on the point. It must
	// precede Execute when the technique activates.
	Activate(x Input)
	// Execute runs the query at a point.
	Execute(point int, x Input) Result
}

// Batcher is an optional ability of sessions: to run several queries together, so that the
// weights are read from memory once for all of them. Sessions have it where that is faster
// than the queries one after another; points that gain nothing run them so.
type Batcher interface {
	// ExecuteBatch runs queries at a point and writes their results to out, which is as long
	// as xs at least. They are those of Execute, to the bit, in any batch and order. Nothing
	// precedes it: what Activate does for one query is part of it. At most MaxBatch queries
	// are computed together, longer batches in pieces.
	ExecuteBatch(point int, xs []Input, out []Result)
}

// Result is the answer to one query.
type Result struct {
	Answer     int
	Nodes      int     // computed nodes; of pruned weights, as many nodes as would have the weights that are left
	Class      uint8   // work class
	Margin     float32 // top logit minus the second
	Confidence float32 // the activator's raw confidence at this point; NaN without one
}
