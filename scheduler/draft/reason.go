package draft

import (
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

// Find returns the reason of a name, in letters of any case; any other text is Unstated.
func (r Reasons) Find(name string) scheduler.Reason { return r[strings.ToLower(name)] }
