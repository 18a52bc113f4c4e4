package scheduler

import (
	"time"

	"slosim/engine/profile"
)

// QueryRef names a query inside the serving system. It hides the sample.
type QueryRef uint32

// Waiting is a query in the queue.
type Waiting struct {
	Ref          QueryRef
	Class, Model uint16
	ArriveAt     time.Duration
	Deadline     time.Duration // arrival + latency target, fixed at arrival
	Accuracy     float64       // target, fixed at arrival
	Probed       bool          // its activation is paid and its confidence known
	ProbedOn     int32         // the worker that holds the activation
	Left         int           // samples that have not started: the size of a query that was not split
	Queue        int32         // 0: the one that all workers share; else that of worker Queue - 1
}

// May says whether a worker may take the query: any, where there is one queue or idle workers steal.
func (v *View) May(w *Waiting, worker int) bool {
	return w.Queue == 0 || v.Stealing || int(w.Queue) == worker+1
}

// Slack is the time left until the deadline; negative when it has passed.
func (w *Waiting) Slack(now time.Duration) time.Duration { return w.Deadline - now }

// Worker is one server as a policy may see it.
type Worker struct {
	Busy      bool
	Probing   bool
	Running   QueryRef // valid while Busy
	Point     int      // of the running query, or of the last one; -1 before the first
	StartedAt time.Duration
	Samples   int     // that it runs at once, of a batch or a large query
	Slowdown  float64 // believed: the sensor's last reading, lagged and noisy; 1 before the first
	// Correction multiplies the times that the View tells: what [Correction] learned. 0: the
	// contender has none, which is as 1.
	Correction float64
}

// View is what a policy may see. It is valid during one Decide.
type View struct {
	Now     time.Duration
	Waiting []Waiting // in queue order
	Workers []Worker
	Arrived uint64 // queries so far
	Models  []*profile.Belief
	// Stealing lets idle workers take queries from the queues of others; see Waiting.Queue.
	Stealing bool

	confidence func(ref QueryRef, point int) (float64, bool)
}

// NewView returns a view whose Confidence asks the given function. It is for
// drivers and tests of policies.
func NewView(models []*profile.Belief, confidence func(ref QueryRef, point int) (float64, bool)) *View {
	return &View{Models: models, confidence: confidence}
}

// Confidence returns the calibrated probability that a probed query is answered
// right at the point. ok is false before its Activated event, and always for
// techniques whose activator has no confidence.
func (v *View) Confidence(ref QueryRef, point int) (c float64, ok bool) {
	return v.confidence(ref, point)
}

// Quantile returns the q-quantile of the service time on a worker at a point at the
// worker's believed slow-down, activation and stalls included.
func (v *View) Quantile(worker int, model uint16, point int, q float64) time.Duration {
	w := &v.Workers[worker]
	return w.corrected(v.Models[model].Quantile(point, q, w.Slowdown))
}

// Mean returns the mean service time on a worker at a point at the worker's
// believed slow-down, activation and stalls included.
func (v *View) Mean(worker int, model uint16, point int) time.Duration {
	w := &v.Workers[worker]
	return w.corrected(v.Models[model].Mean(point, w.Slowdown))
}

// BatchMean returns the mean time that a batch of n samples takes on a worker at a point at the
// worker's believed slow-down, activations and stalls included.
func (v *View) BatchMean(worker int, model uint16, point, n int) time.Duration {
	w := &v.Workers[worker]
	return w.corrected(v.Models[model].BatchMean(point, n, w.Slowdown))
}

// BatchQuantile returns the q-quantile of the time that a batch of n samples takes, likewise.
func (v *View) BatchQuantile(worker int, model uint16, point, n int, q float64) time.Duration {
	w := &v.Workers[worker]
	return w.corrected(v.Models[model].BatchQuantile(point, n, q, w.Slowdown))
}

// Within returns the share of queries whose service time on a worker at a point is at
// most limit, at the worker's believed slow-down: the inverse of Quantile.
func (v *View) Within(worker int, model uint16, point int, limit time.Duration) float64 {
	w := &v.Workers[worker]
	return v.Models[model].Within(point, w.uncorrected(limit), w.Slowdown)
}
