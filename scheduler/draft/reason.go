package draft

import (
	"fmt"
	"slices"
	"strings"

	"slosim/scheduler"
)

// Reasons maps the names that results and explain print ("fits", "queue") to the reasons.
type Reasons map[string]scheduler.Reason

// NewReasons lists all reasons by name.
func NewReasons() Reasons {
	out := Reasons{}
	for r := scheduler.Unstated; !strings.HasPrefix(r.String(), "reason "); r++ {
		out[r.String()] = r
	}
	return out
}

// Find returns the reason of a name, in letters of any case; the empty name is Unstated.
func (r Reasons) Find(name string) (scheduler.Reason, error) {
	reason, ok := r[strings.ToLower(name)]
	if !ok && name != "" {
		var names []string
		for known := range r {
			names = append(names, known)
		}
		slices.Sort(names)
		return 0, fmt.Errorf("why: want one of %s, got %q", strings.Join(names, ", "), name)
	}
	return reason, nil
}
