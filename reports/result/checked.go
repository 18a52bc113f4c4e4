package result

import "fmt"

// Checked is an assertion with what was found.
type Checked struct {
	Scenario     string  `json:"scenario"`
	What         string  `json:"what"`
	Holds        bool    `json:"holds"`  // it does not fail the check
	Unsure       bool    `json:"unsure"` // the mean is on the wrong side of the limit, but not beyond chance: it holds, unless a strict check wants more
	Value        Metric  `json:"value"`
	Margin       float64 `json:"margin"` // of the mean to the nearest limit, above 0 on the right side; 0 of infinite values
	P            float64 `json:"p"`      // that values contradict it so much if it is true, before Holm's correction
	Replications int     `json:"replications"`
	Why          string  `json:"why,omitempty"` // there is no value

	Paired        *Paired        `json:"paired,omitempty"`         // what Margin is of, if a baseline's replications were there to pair with; nil: Value
	EarlyStopping *EarlyStopping `json:"early_stopping,omitempty"` // nil: replications decide
	Sequential    *Sequential    `json:"sequential,omitempty"`     // how a sequential check decided; nil: another one
}

// Paired is how far replications moved from those of a baseline under the same draws.
type Paired struct {
	Replications int     `json:"replications"` // pairs
	Moved        float64 `json:"moved"`        // mean of the differences
}

// String says it in words.
func (p *Paired) String() string {
	return fmt.Sprintf("moved by %s from %d replications of the baseline with the same draws", FormatFloat(p.Moved), p.Replications)
}

// EarlyStopping is what MLPerf's early-stopping bound says of an attainment.
type EarlyStopping struct {
	Queries int64   `json:"queries"` // of all replications
	Missed  int64   `json:"missed"`  // of them, their deadlines
	P       float64 `json:"p"`       // that so few miss if the attainment is just below the limit and queries are uncorrelated
	Level   float64 `json:"level"`   // that P is below if the bound is met
	Met     bool    `json:"met"`

	// Where it is not met: more queries that would be needed if as large a share of them missed (0: no
	// number is enough), and if none of them did.
	MoreAtRate   int64 `json:"more_at_rate"`
	MoreIfMet    int64 `json:"more_if_met"`
	Contradicted bool  `json:"contradicted"` // more queries would not help: the attainment is lower
}

// String says it in words, with what it assumes.
func (b *EarlyStopping) String() string {
	text := fmt.Sprintf("%d of %d queries missed, ", b.Missed, b.Queries)
	switch {
	case b.Met:
		text += fmt.Sprintf("bound met (p = %.2g, below %.2g)", b.P, b.Level)
	case b.Contradicted:
		text += "contradicted"
	case b.MoreIfMet == 0: // met, but for a sequential check's level
		text += fmt.Sprintf("bound not met (p = %.2g, want below %.2g)", b.P, b.Level)
	case b.MoreAtRate == 0:
		text += "bound not met, and no number of queries is enough at this rate of misses"
	default:
		text += fmt.Sprintf("bound not met (p = %.2g, want below %.2g): %d more queries needed at this rate of misses, %d if none missed",
			b.P, b.Level, b.MoreAtRate, b.MoreIfMet)
	}
	return text + "; assumes uncorrelated queries, which a queue makes correlated"
}

// Sequential says when and how a sequential check decided an assertion.
type Sequential struct {
	Verdict string  `json:"verdict"` // Confirmed, Contradicted or Undecided
	Look    int     `json:"look"`    // that decided, 1 to Looks
	Looks   int     `json:"looks"`   // that there could be
	Most    int     `json:"most"`    // replications of the last one
	Level   float64 `json:"level"`   // nominal, that P was held against at this look
	P       float64 `json:"p"`       // of the assertion if it is Contradicted, of its opposite otherwise
}

// The verdicts of a sequential check.
const (
	Confirmed    = "confirmed"
	Contradicted = "contradicted"
	Undecided    = "undecided" // at the cap: more replications might tell
)

// String says it in words.
func (s *Sequential) String() string {
	if s.Verdict == Undecided {
		return fmt.Sprintf("undecided after %d replications: the data neither contradict nor confirm it (p of the opposite %.2g, want at most %.2g); --most allows more",
			s.Most, s.P, s.Level)
	}
	return fmt.Sprintf("%s at look %d of %d (p = %.2g, at most %.2g)", s.Verdict, s.Look, s.Looks, s.P, s.Level)
}

// CheckedAll is what check prints as JSON: the assertions of all scenarios, in their order, or the baselines
// that were made of them instead.
type CheckedAll struct {
	Schema     int       `json:"schema"`
	Assertions []Checked `json:"assertions"`
	Baselines  []string  `json:"baselines,omitempty"` // files that were written
}

// Found says what was found.
func (c *Checked) Found() string {
	text := c.value()
	if c.EarlyStopping != nil && c.Why == "" {
		text += ", " + c.EarlyStopping.String()
	}
	if c.Sequential != nil && c.Why == "" {
		text += ", " + c.Sequential.String()
	} else if c.Unsure {
		text += fmt.Sprintf(": violated by its mean, not beyond chance at n = %d: more replications decide", c.tested())
	}
	return text
}

// Mark is an assertion's verdict in a word.
func (c *Checked) Mark() string {
	switch {
	case !c.Holds:
		return "FAIL"
	case c.Unsure:
		return "UNSURE"
	}
	return "PASS"
}

// Line is an assertion with its verdict and what was found.
func (c *Checked) Line() string {
	return fmt.Sprintf("%s  %s: %s: got %s", c.Mark(), c.Scenario, c.What, c.Found())
}

// CheckedSummary counts verdicts, for people.
func CheckedSummary(all []Checked) string {
	count := map[string]int{}
	for i := range all {
		count[all[i].Mark()]++
	}
	return fmt.Sprintf("%d hold, %d unsure, %d fail", count["PASS"], count["UNSURE"], count["FAIL"])
}

// tested is how many replications decide.
func (c *Checked) tested() int {
	if c.Paired != nil {
		return c.Paired.Replications
	}
	return c.Replications
}

// value says what the value is, and how far from the limit.
func (c *Checked) value() string {
	switch {
	case c.Why != "":
		return c.Why
	case c.Value.Missing == Infinite:
		return "infinite"
	case c.Value.Mean == nil:
		return "no value"
	}
	interval := "no interval"
	if c.Value.Lo != nil {
		interval = fmt.Sprintf("95 %% interval %s to %s", FormatFloat(*c.Value.Lo), FormatFloat(*c.Value.Hi))
	}
	text := fmt.Sprintf("%s (%s, n = %d)", FormatFloat(*c.Value.Mean), interval, c.Replications)
	if c.Paired != nil {
		text += ", " + c.Paired.String()
	}
	text += ", margin " + FormatFloat(c.Margin)
	if c.Sequential != nil || c.Value.Lo == nil { // which says its own p, or has none
		return text
	}
	return fmt.Sprintf("%s, p = %.2g", text, c.P)
}
