package sim

import (
	"errors"
	"fmt"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/workloads"
)

// Model is one network, under the contender's technique, as the system knows it.
type Model struct {
	Belief *profile.Belief // what the policy may ask; nil if it asks nothing
	Points int             // number of operating points, at least 1
}

// Feedback says what Observers learn of finished queries. The zero value: nothing.
type Feedback struct {
	Granted bool          // completions reach policies that are Observers
	Delay   time.Duration // from the finish until a Decide may know of it
	// Share of the completions that come with the true answer, 0 to 1. The driver
	// draws whose (Outcome.Labelled); the system only passes it on.
	Share float64
}

// Validate says what is wrong with the values.
func (f Feedback) Validate() error {
	var errs []error
	if f.Delay < 0 {
		errs = append(errs, fmt.Errorf("feedback delay: want at least 0, got %v", f.Delay))
	}
	if !(f.Share >= 0 && f.Share <= 1) {
		errs = append(errs, fmt.Errorf("feedback share: want 0..1, got %v", f.Share))
	}
	return errors.Join(errs...)
}

// Queues says whose queries a worker may take.
type Queues uint8

// The kinds of queues.
const (
	OneQueue  Queues = iota // any worker any query
	PerWorker               // a query joins the shortest queue as it arrives, and stays there
	Stealing                // likewise, but idle workers may take queries of others
)

// Confidences yields the raw confidence of a query's activator at a point, NaN
// without one. It is asked only for queries whose activation has passed.
type Confidences interface {
	Raw(q *workloads.Query, point int) float32
}

// Config describes one serving system.
type Config struct {
	Classes     []workloads.Class
	Models      []Model
	Workers     int // at least 1
	Queues      Queues
	Policy      scheduler.Policy
	Recorder    Recorder    // nil: records are discarded
	Confidences Confidences // nil: no technique has any
	// Certain says that Confidences yields probabilities already: they are not calibrated.
	Certain  bool
	Feedback Feedback
	// Correction multiplies the times that the policy is told by what completions say of them.
	// It needs beliefs, and completions that Feedback grants, after its delay.
	Correction bool
}

func (c *Config) validate() error {
	var errs []error
	if len(c.Classes) == 0 {
		errs = append(errs, errors.New("classes: want at least 1, got 0"))
	}
	if len(c.Models) == 0 {
		errs = append(errs, errors.New("models: want at least 1, got 0"))
	}
	for i, m := range c.Models {
		if m.Points < 1 {
			errs = append(errs, fmt.Errorf("model %d: points: want at least 1, got %d", i, m.Points))
		}
	}
	if c.Workers < 1 {
		errs = append(errs, fmt.Errorf("workers: want at least 1, got %d", c.Workers))
	}
	if c.Correction && !c.Feedback.Granted {
		errs = append(errs, errors.New("correction: want feedback of completions, got none"))
	}
	if c.Policy == nil {
		errs = append(errs, errors.New("policy: want one, got none"))
	}
	return errors.Join(append(errs, c.Feedback.Validate())...)
}
