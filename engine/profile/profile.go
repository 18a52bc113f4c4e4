package profile

import "time"

// Profile is the result of one measuring campaign: every technique of a
// scenario, at every point, under every level of disturbance that it needs.
type Profile struct {
	Schema   int
	Machine  Machine
	Dataset  string
	Levels   []Level // Levels[0] is the undisturbed machine
	Sets     []Set   // one per technique
	Campaign Campaign
}

// Level is one calibrated state of disturbance.
type Level struct {
	Antagonists  []Antagonist // none: alone
	BusySiblings int          // other workers of the machine that were busy
	Slowdown     float64      // wall-clock slow-down of the dense reference, stalls included; all that a sensor can see
	Kept         int          // timing samples kept, over all points
	Discarded    int          // thrown away because the antagonist's CPU share was off
	Share        float64      // median CPU share of the antagonist while samples were kept
}

// Antagonist is a disturbing process as the scenario states it.
type Antagonist struct {
	Kind      string  // "cpu", "memory" or "cache"
	Intensity float64 // 0 to 1, share of time that it is active
}

// Set is what was measured of one technique.
type Set struct {
	Technique string // as the scenario names it, e.g. "slo-nn"
	Network   string
	Hash      string // of weights, tables and points: a profile of another network is refused
	Points    []Point
	Groups    []Group  // sets of weights that are resident together
	Switch    [][]Dist // [from group][to group]: extra time of the first call after a switch (cold caches)

	// Batches are the sizes of batches that were measured, ascending, 2 or more; nil: none were,
	// and a batch takes as long as its queries one after another.
	Batches []int

	Activates     bool // a query pays Activate before Execute
	HasConfidence bool // activation yields a confidence per point (Half.Outcomes[].Confidence)

	Calibration Half // all that a policy may see
	Truth       Half // what the simulator draws from and clairvoyants see
}

// Point is one operating point of a technique.
type Point struct {
	Name    string
	Density float64 // computed nodes / nodes of the reference network, mean over the calibration half
	Ops     int64   // multiply-adds of a query, mean
	Bytes   int64   // bytes of weights that a query reads, mean
	Group   int     // index into Set.Groups
	Cascade bool    // a cheap pass, escalated when its margin is small
}

// Group is a set of weights that becomes resident as a whole.
type Group struct {
	Name  string
	Bytes int64
	Load  Dist // time to make it resident
}

// Half is one of the two halves of a profile, calibration or truth. They come
// from different samples of the data set and different timing calls.
type Half struct {
	Samples  int
	Outcomes []Outcome  // [point*Samples + sample]
	Activate []Dist     // [level]; nil when the technique does not activate
	Execute  [][][]Dist // [point][level][work class]: on-CPU time
	// Batched is, [point][level][size of Set.Batches], the on-CPU execution time of a whole batch
	// of samples, without activations; empty where its queries one after another take less.
	Batched [][][]Dist
	Stalls  [][]Stall // [level]; empty unless the worker's core is shared
	// Spread is, [point], the relative standard error of the mean service time alone. It is
	// over blocks of calls, which lie apart in time, or over rounds, each with the weights at
	// another place in memory, whichever differ more: calls of a block share what the
	// machine did then, and those of a round what meets in the caches. Empty: not known.
	Spread []float64
}

// Outcome is what one sample got at one point.
type Outcome struct {
	Answer     uint32 // class or label
	Right      bool
	Class      uint8   // work class: which of Execute[point][level] it costs
	Confidence float32 // raw, of the activator; NaN without one
}

// At returns the outcome of a sample at a point.
func (h *Half) At(point, sample int) Outcome { return h.Outcomes[point*h.Samples+sample] }

// Stall is one piece of a shared core's timeline: the worker runs for Gap, then
// waits for Wait while the core is taken away.
type Stall struct {
	Gap, Wait time.Duration
}

// Machine says where a profile was measured.
type Machine struct {
	CPU     string // model name
	Cores   int
	L2, L3  int64  // bytes, 0 if unknown
	Variant string // kernel variant, e.g. "avx512"
	OS      string // GOOS/GOARCH
}

// Campaign says how the measuring went.
type Campaign struct {
	Version   int     // of the measuring code: an older profile is measured again
	Blocks    int     // blocks of calls, over all points and levels
	BlockSize int     // calls a block
	Seconds   float64 // wall time
	Reference Dist    // the dense reference, alone, on the reference network
	Drift     float64 // largest relative change of the reference's block median
	Warnings  []string
}
