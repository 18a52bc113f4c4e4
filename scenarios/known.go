package scenarios

import (
	"strings"

	"slosim/workloads"
)

// Known is what a scenario may name, and who checks the parts that this package does
// not understand itself. It is handed in, so that researchers can add their own
// policies and tests can do without the real ones.
type Known struct {
	Networks    []Entry
	Techniques  []Entry
	Policies    []Entry
	Traces      []Entry
	Arrivals    []Entry // kinds that need no trace
	Antagonists []Entry
	Recordings  []Entry // of slow-downs, that ship
	Metrics     []Entry // of a result's summary, for assertions
	Datasets    []Entry

	// CheckNetwork says what is wrong with a network named as xmc: and a folder; the key is
	// network. nil: only Networks will do.
	CheckNetwork func(name string) []Complaint
	// CheckTechnique says what is wrong with the options of a known technique; keys
	// are those of the options. nil: any options will do.
	CheckTechnique func(name string, options map[string]any) []Complaint
	// NetworkTechniques returns the techniques that a network allows; nil, or a nil answer: all.
	NetworkTechniques func(network string) []string
	// CheckPolicy says what is wrong with the parameters of a known policy. nil: any will do.
	CheckPolicy func(name string, params map[string]any) []Complaint
	// CheckRoute says what is wrong with a contender's policy that is a script or a program, without a
	// key, and with its parameters, whose keys they are. nil: there are no such policies.
	CheckRoute func(c *Contender) []Complaint
	// CheckArrivals says what else is wrong with the arrivals. nil: nothing.
	CheckArrivals func(spec workloads.ArrivalSpec) []Complaint
	// OpenSlowdowns reads a recorded slow-down; mistakes in it are a workloads.LineErrors.
	// nil: there are none to be had.
	OpenSlowdowns func(path string) (workloads.Slowdowns, error)
	// IsFile says whether a path that stands where a trace's name may be is a file.
	// nil: only known traces will do.
	IsFile func(path string) bool
}

// Entry is something that has a name, with one line about it for lists.
type Entry struct {
	Name   string  `json:"name"`
	About  string  `json:"about,omitempty"`
	Paper  string  `json:"paper,omitempty"`  // that a policy was published in
	Params []Param `json:"params,omitempty"` // of a policy
}

// Param is a parameter, as a scenario writes it.
type Param struct {
	Key      string   `json:"key"`
	Kind     string   `json:"kind"`
	Default  string   `json:"default"`
	Range    string   `json:"range,omitempty"`
	Choices  []string `json:"choices,omitempty"`
	Required bool     `json:"required,omitempty"`
}

// String is "key (default, range)" in one line.
func (p Param) String() string {
	what := []string{p.Default}
	switch {
	case p.Required:
		what[0] = "required"
	case p.Default == "":
		what[0] = `""`
	}
	if p.Range != "" {
		what = append(what, p.Range)
	}
	if len(p.Choices) > 0 {
		what = append(what, strings.Join(p.Choices, "|"))
	}
	return p.Key + " (" + strings.Join(what, ", ") + ")"
}

// Entries makes entries of bare names.
func Entries(names ...string) []Entry {
	entries := make([]Entry, len(names))
	for i, name := range names {
		entries[i].Name = name
	}
	return entries
}

// names returns the names of entries.
func names(entries []Entry) []string {
	list := make([]string, len(entries))
	for i, entry := range entries {
		list[i] = entry.Name
	}
	return list
}
