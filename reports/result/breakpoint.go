package result

// Breakpoints is what it takes to break an assertion of a scenario.
type Breakpoints struct {
	Schema   int          `json:"schema"`
	Scenario string       `json:"scenario"`
	Found    []Breakpoint `json:"found"`
}

// Breakpoint is the smallest worsening of one kind that breaks an assertion.
type Breakpoint struct {
	By        string  `json:"by"`
	Why       string  `json:"why,omitempty"` // there is none
	Strength  float64 `json:"strength"`      // offered load on top; slow-down - 1; share of the service
	LengthMS  float64 `json:"length_ms"`     // for which it lasts; 0: always
	Size      float64 `json:"size"`          // in Unit
	Unit      string  `json:"unit"`
	Assertion string  `json:"assertion"` // that breaks
	File      string  `json:"file"`      // the scenario
	Runs      int     `json:"runs"`      // checks that it took
}
