package result

import (
	"encoding/csv"
	"io"
	"strconv"
)

// Comparison is what `slosim compare` found between two results, A and B.
type Comparison struct {
	Schema int    `json:"schema"` // 1
	A      string `json:"a"`      // folder
	B      string `json:"b"`
	// Shared is how many replications both have.
	Shared int `json:"shared_replications"`
	// Tests is how many differences Holm's correction is over: those that have a p-value
	// and are not the same in every replication.
	Tests       int          `json:"tests"`
	Differences []Difference `json:"differences"`
	Notes       []string     `json:"notes"`
}

// Difference is B minus A in one metric, paired by replication.
type Difference struct {
	Contender string `json:"contender"` // of A
	Other     string `json:"other"`     // of B; most often the same name
	Class     string `json:"class"`
	Window    string `json:"window"`
	Metric    string `json:"metric"`
	// MeanA and MeanB are means over the replications that have a value in both; null if one
	// of these is infinite, or there are none.
	MeanA *float64 `json:"mean_a"`
	MeanB *float64 `json:"mean_b"`
	// InfiniteA and InfiniteB are how many of the shared replications are infinite.
	InfiniteA int `json:"infinite_a,omitempty"`
	InfiniteB int `json:"infinite_b,omitempty"`
	// Difference is B minus A with its 95 % interval, which stands alone.
	Difference   Metric   `json:"difference"`
	Replications int      `json:"replications"` // pairs with a value in both
	P            *float64 `json:"p"`            // of no difference, two-sided; null without an interval
	PHolm        *float64 `json:"p_holm"`       // the same after Holm's correction over Tests
	Significant  bool     `json:"significant"`  // the interval excludes 0
	Verdict      Verdict  `json:"verdict"`
}

// Verdict says in a word what a difference means. Only a p-value of at most 0.05 after Holm's
// correction is called better or worse; what is significant alone is a maybe.
type Verdict string

// The verdicts. Of metrics that are neither better nor worse, the words are higher and lower.
const (
	Same        Verdict = "same" // in every replication
	Unclear     Verdict = "not significant"
	Better      Verdict = "better"
	Worse       Verdict = "worse"
	Higher      Verdict = "higher"
	Lower       Verdict = "lower"
	MaybeBetter Verdict = "maybe better"
	MaybeWorse  Verdict = "maybe worse"
	MaybeHigher Verdict = "maybe higher"
	MaybeLower  Verdict = "maybe lower"
	Untested    Verdict = "not tested" // infinite or too few values, or a single replication
)

// WriteComparisonCSV writes a line a difference. What is null in JSON is empty.
func WriteComparisonCSV(w io.Writer, c *Comparison) error {
	out := csv.NewWriter(w)
	lines := [][]string{{"contender", "other", "class", "window", "metric", "mean_a", "mean_b", "infinite_a", "infinite_b",
		"difference", "difference_lo", "difference_hi", "replications", "p", "p_holm", "significant", "verdict"}}
	for i := range c.Differences {
		d := &c.Differences[i]
		lines = append(lines, []string{d.Contender, d.Other, d.Class, d.Window, d.Metric, csvNumber(d.MeanA), csvNumber(d.MeanB),
			strconv.Itoa(d.InfiniteA), strconv.Itoa(d.InfiniteB), csvNumber(d.Difference.Mean), csvNumber(d.Difference.Lo), csvNumber(d.Difference.Hi),
			strconv.Itoa(d.Replications), csvNumber(d.P), csvNumber(d.PHolm), strconv.FormatBool(d.Significant), string(d.Verdict)})
	}
	return out.WriteAll(lines)
}
