package antagonist

import (
	"fmt"
	"slices"
	"time"
)

// Spec describes one antagonist.
type Spec struct {
	Kind      string  // one of Kinds
	Intensity float64 // share of time that it is active, above 0, at most 1
	CPU       int     // core it is pinned to
	Also      []int   // further cores on which the same runs; its share is that of CPU
}

// Sibling is the kind that stands for another worker of the machine: it runs dense forward passes
// without a pause. Campaigns for several workers use it; scenarios do not name it.
const Sibling = "sibling"

// Period is the length of one on-off cycle of an antagonist below intensity 1.
const Period = 10 * time.Millisecond

// Kinds returns the names of the antagonists, in order.
func Kinds() []string { return []string{"cache", "cpu", "memory"} }

// SharesCore says whether the kind runs on the worker's own core.
func SharesCore(kind string) bool { return kind == "cpu" }

// Shares returns the least and the most of its core that an antagonist gets when nothing
// else disturbs. Beside the worker that is its intensity. On the worker's own core, with a
// worker that is always busy, a fair scheduler gives one half to an antagonist that is
// always active; one that pauses gets something between half of its active time, as if
// both were there all along, and all of it, since schedulers favour who has just slept.
func (s Spec) Shares() (least, most float64) {
	switch {
	case !SharesCore(s.Kind):
		return s.Intensity, s.Intensity
	case s.Intensity == 1:
		return 0.5, 0.5
	}
	return s.Intensity / 2, s.Intensity
}

// shareTolerance is what a measured share may lie outside of those implied.
const shareTolerance = 0.1

// Plausible says whether a measured share of the core is one that the antagonist gets
// when nothing else disturbs. One that hardly runs at all never is.
func (s Spec) Plausible(share float64) bool {
	least, most := s.Shares()
	return share >= max(least-shareTolerance, least/2) && share <= most+shareTolerance
}

// Implied is the text of the shares, for messages.
func (s Spec) Implied() string {
	least, most := s.Shares()
	if least == most {
		return fmt.Sprintf("%.2f", least)
	}
	return fmt.Sprintf("%.2f to %.2f", least, most)
}

// Validate says what is wrong with a spec, nil if nothing is.
func (s Spec) Validate() error {
	if _, ok := works()[s.Kind]; !ok {
		return fmt.Errorf("antagonist: kind: want one of %v, got %q", Kinds(), s.Kind)
	}
	if !(s.Intensity > 0 && s.Intensity <= 1) {
		return fmt.Errorf("antagonist: intensity: want above 0, at most 1, got %v", s.Intensity)
	}
	for _, cpu := range append([]int{s.CPU}, s.Also...) {
		if cpu < 0 {
			return fmt.Errorf("antagonist: cpu: want 0 or more, got %d", cpu)
		}
	}
	return nil
}

// Place returns the core for an antagonist beside a worker: the worker's own for a
// kind that shares it, else the next one of cores. It refuses a machine without a
// second core.
func Place(kind string, workerCPU int, cores []int) (int, error) {
	if SharesCore(kind) {
		return workerCPU, nil
	}
	if len(cores) < 2 {
		return 0, fmt.Errorf("antagonist %q: want a second core for it, got %d in all", kind, len(cores))
	}
	return cores[(slices.Index(cores, workerCPU)+1)%len(cores)], nil
}
