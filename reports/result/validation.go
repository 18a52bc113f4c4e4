package result

import (
	"encoding/json"
	"math"
)

// The verdicts of a validation.
const (
	Passed = "pass"
	Failed = "fail"
	Void   = "void" // the machine was not itself: nothing was learned
)

// Validation compares live runs on the wall clock with simulated ones of the same queries.
type Validation struct {
	Schema      int      `json:"schema"`
	Scenario    string   `json:"scenario"`
	Title       string   `json:"title"`
	CPU         string   `json:"cpu"`
	Kernel      string   `json:"kernel"` // variant
	Verdict     string   `json:"verdict"`
	Reasons     []string `json:"reasons"` // why it is not a pass
	Repetitions int      `json:"repetitions"`
	Seconds     float64  `json:"seconds"` // wall time of all runs
	Notes       []string `json:"notes"`
	Void        []string `json:"void"` // runs that were left out, and why; never because of their result

	ReferenceUS  float64    `json:"reference_us"` // median of the dense reference in the profile
	LooksUS      []float64  `json:"looks_us"`     // the same, beside the live runs
	Overheads    []Overhead `json:"overheads"`
	Lateness     Lateness   `json:"lateness"`
	ServiceRatio []float64  `json:"service_ratio"` // of each live run: kernels' times over the profile's, undisturbed

	Cells      []ValidationCell `json:"cells"`
	Judgements []Judgement      `json:"judgements"`
	CDFs       []ModeCDF        `json:"cdfs"`
}

// Overhead is what the runtime takes for each start of a query, measured apart.
type Overhead struct {
	Contender string  `json:"contender"`
	US        float64 `json:"us"`
	HalfUS    float64 `json:"half_us"` // half-width of the 95 % interval
	Starts    int     `json:"starts"`
}

// Lateness is how much later than intended the idle worker saw what it polled for.
type Lateness struct {
	P50US float64 `json:"p50_us"`
	P95US float64 `json:"p95_us"`
	P99US float64 `json:"p99_us"`
	N     int     `json:"n"`
}

// ValidationCell compares one metric of a contender and class.
type ValidationCell struct {
	Contender string `json:"contender"`
	Class     string `json:"class"`
	Window    string `json:"window"`
	Metric    string `json:"metric"`
	Queries   int64  `json:"queries"`
	Live      Metric `json:"live"`
	Kernel    Metric `json:"kernel"`
	Profile   Metric `json:"profile"`
	// KernelError and ProfileError are simulated minus live, paired by repetition; of times
	// relative to live.
	KernelError  Metric `json:"kernel_error"`
	ProfileError Metric `json:"profile_error"`
	// Of the response times of all repetitions together; in the cells of p50_ms only.
	KernelKS  float64 `json:"kernel_ks,omitempty"`
	ProfileKS float64 `json:"profile_ks,omitempty"`
}

// Error is the size of an error: infinite where only one of two latencies is.
type Error float64

// MarshalJSON writes null for an infinite error.
func (e Error) MarshalJSON() ([]byte, error) {
	if math.IsInf(float64(e), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(e))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *Error) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*e = Error(math.Inf(1))
		return nil
	}
	return json.Unmarshal(text, (*float64)(e))
}

// Judgement is one line of the verdict.
type Judgement struct {
	What  string  `json:"what"`
	Got   Error   `json:"got"`
	Most  float64 `json:"most"`
	Cells int     `json:"cells"` // that count: the live runs agree among themselves
	Holds bool    `json:"holds"`

	AllGot   Error `json:"all_got"` // of all cells, those that do not count too
	AllCells int   `json:"all_cells"`
}

// ModeCDF is the distribution of response times of a contender in one mode.
type ModeCDF struct {
	Mode string `json:"mode"` // live, kernel or profile
	CDF
}
