package workloads

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// TraceKind says what a row of a trace is.
type TraceKind string

// The kinds of trace.
const (
	Events TraceKind = "events" // a row is one arrival
	Counts TraceKind = "counts" // a row is a bin with the number of arrivals in it
)

// TraceInfo describes a trace.
type TraceInfo struct {
	Name        string
	Description string
	Kind        TraceKind
	Bin         time.Duration // width of a Counts bin; 0 for Events
	Requests    uint64        // arrivals
	Span        time.Duration // from the first arrival to the last, or to the end of the last bin
	Licence     string        // SPDX identifier; empty for a user's file
	Attribution string
	Cite        string
	Changes     string // what was changed from the original

	file string // embedded file
}

// Rate returns the mean arrivals per second of trace time over the span. It is
// what every transform scales by.
func (t *TraceInfo) Rate() float64 { return float64(t.Requests) / t.Span.Seconds() }

// Traces lists the embedded traces, sorted by name.
func Traces() []TraceInfo {
	azure := TraceInfo{
		Kind:        Events,
		Licence:     "CC-BY-4.0",
		Attribution: "Azure Public Dataset (Microsoft), https://github.com/Azure/AzurePublicDataset",
		Cite:        "Patel et al., Splitwise: Efficient Generative LLM Inference Using Phase Splitting, ISCA 2024",
		Changes:     "time shifted to start at 0, columns renamed",
	}
	code, conv := azure, azure
	code.Name, code.file = "azure-llm-2023-code", "azure_llm_2023_code.csv.gz"
	code.Description = "production trace of a code-completion LLM service, one hour of 2023-11-16: very bursty (gap CV 13)"
	code.Requests, code.Span = 8_819, 3_435_948_056*time.Microsecond
	conv.Name, conv.file = "azure-llm-2023-conv", "azure_llm_2023_conv.csv.gz"
	conv.Description = "production trace of a conversation LLM service, one hour of 2023-11-16: nearly Poisson gaps (CV 1.1), moving mean"
	conv.Requests, conv.Span = 19_366, 3_501_721_937*time.Microsecond
	return []TraceInfo{code, conv}
}

// TraceNames returns the names of the embedded traces, sorted.
func TraceNames() []string {
	names := []string{}
	for _, info := range Traces() {
		names = append(names, info.Name)
	}
	return names
}

// Trace is a recorded sequence of arrivals. Its time starts at 0 with its first arrival
// (or bin). It is read only: many arrival processes may replay it at once. The rows of a
// long one, more than a million, lie in a temporary file ($TMPDIR).
type Trace struct {
	TraceInfo
	rows *table
}

// OpenTrace returns an embedded trace by name, or else reads the file of that
// path. bin is the width of a row of a file of counts whose header does not
// state it; 0 otherwise.
func OpenTrace(nameOrPath string, bin time.Duration) (*Trace, error) {
	for _, info := range Traces() {
		if info.Name == nameOrPath {
			return openEmbeddedTrace(info)
		}
	}
	file, err := os.Open(nameOrPath)
	if os.IsNotExist(err) {
		return nil, fmt.Errorf("want a file or one of %s, got %q", strings.Join(TraceNames(), ", "), nameOrPath)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return ReadTrace(nameOrPath, file, bin)
}

func openEmbeddedTrace(info TraceInfo) (*Trace, error) {
	file, err := embedded.Open("data/" + info.file)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	trace, err := ReadTrace(info.Name, file, 0)
	if err != nil {
		return nil, err
	}
	trace.TraceInfo = info // the facts of the catalogue are tested against the file
	return trace, nil
}

// first returns the index of the first row that has an arrival at or after the
// trace time at; rows.n when there is none.
func (t *Trace) first(p *piece, at time.Duration) int {
	i := t.rows.search(p, at)
	if t.Kind == Counts && i > 0 && t.rows.instant(p, i-1)+t.Bin > at {
		i-- // the bin before has begun but not ended
	}
	return i
}

// before returns the arrivals before a trace time; of a bin that it cuts, a
// part in proportion.
func (t *Trace) before(at time.Duration) float64 {
	var p piece
	row := t.first(&p, at)
	arrivals := float64(t.rows.before(&p, row))
	if t.Kind == Events || row == t.rows.n {
		return arrivals
	}
	part := max(0, float64(at-t.rows.instant(&p, row))/float64(t.Bin))
	return arrivals + part*float64(t.rows.count(&p, row))
}

// within returns the arrivals of a window that goes on at the trace's start
// when it meets its end.
func (t *Trace) within(from, length time.Duration) float64 {
	if over := from + length - t.Span; over > 0 {
		return float64(t.Requests) - t.before(from) + t.before(over)
	}
	return t.before(from+length) - t.before(from)
}
