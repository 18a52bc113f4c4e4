package scheduler

import (
	"time"

	"slosim/engine/profile"
	"slosim/workloads"
)

// Policy decides which queries start next, where, and at which operating point.
// It answers; it never acts. Decide is called once per instant, after all events
// of that instant. It is deterministic given its own state and v, and keeps
// neither v nor p: both are reused.
type Policy interface {
	Decide(v *View, p *Plan)
}

// Binder is an optional ability: Bind is called once, before the first Decide of
// a replication, with what does not change while it runs.
type Binder interface {
	Bind(s Setting) error
}

// Setting is what a policy may know before the run.
type Setting struct {
	Classes []workloads.Class
	Models  []*profile.Belief // calibrated knowledge of the contender's technique, per model
	Workers int
}

// Observer is an optional ability: Observe is called for each completion that the
// scenario's [feedback] grants. Correct is known only if it grants that too.
type Observer interface {
	Observe(c Completion)
}

// Keyer is an optional ability: the queue discipline. Waiting queries are ordered
// by (key, arrival); the key is fixed at admission. Default: first come, first served.
type Keyer interface {
	Key(q *workloads.Query, deadline time.Duration) int64
}

// Batcher is an optional ability of policies that start several samples together, as a batch or
// as a part of a large query: MaxBatch says how many at most. Campaigns that serve such a policy
// measure batches up to that size. It is asked once, before Bind.
type Batcher interface {
	MaxBatch() int
}

// TruthUser is an optional ability of clairvoyants, granted by scenarios alone.
type TruthUser interface {
	SetTruth(t Truth)
}

// Truth is what no real policy can know: the outcome and the true time of a query.
type Truth interface {
	// Right says whether the waiting query would be answered right at the point.
	Right(ref QueryRef, point int) bool
	// Finish says when the query would finish if it started now on the worker at the point,
	// under the interference that is really to come.
	Finish(ref QueryRef, worker, point int) time.Duration
}

// Factory makes a policy from its parameters. It reads them all (so that unknown
// ones can be reported) and lets p.Err tell what was wrong.
type Factory func(p *Params) Policy

// Registry maps a policy's name to its factory. Nothing registers itself:
// Builtin returns a fresh one, to which researchers add their own.
type Registry map[string]Factory

// Completion is what a policy may learn from a finished query.
type Completion struct {
	Class, Model uint16
	Worker       int
	Point        int
	ArriveAt     time.Duration
	StartAt      time.Duration
	FinishAt     time.Duration
	Deadline     time.Duration
	Samples      int  // that ran together: of the batch, or of a large query
	Correct      bool // only when HasCorrect
	HasCorrect   bool
}
