package result

import (
	"encoding/xml"
	"fmt"
	"io"
)

// Checked is an assertion with what was found.
type Checked struct {
	Scenario     string  `json:"scenario"`
	What         string  `json:"what"`
	Holds        bool    `json:"holds"`
	Value        Metric  `json:"value"`
	Margin       float64 `json:"margin"` // of the mean to the nearest limit, above 0 on the right side; 0 of infinite values
	P            float64 `json:"p"`      // that values contradict it so much if it is true, before Holm's correction
	Replications int     `json:"replications"`
	Why          string  `json:"why,omitempty"` // there is no value

	Sequential *Sequential `json:"sequential,omitempty"` // how a sequential check decided; nil: another one
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

// junit is what CI systems read.
type junit struct {
	XMLName  xml.Name `xml:"testsuites"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Suites   []suite  `xml:"testsuite"`
}

type suite struct {
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Cases    []testcase `xml:"testcase"`
}

type testcase struct {
	Name    string   `xml:"name,attr"`
	Class   string   `xml:"classname,attr"`
	Failure *failure `xml:"failure"`
}

type failure struct {
	Message string `xml:"message,attr"`
}

// EncodeJUnit writes assertions as JUnit's XML, a suite a scenario.
func EncodeJUnit(w io.Writer, all []Checked) error {
	var out junit
	for i := range all {
		c := &all[i]
		if len(out.Suites) == 0 || out.Suites[len(out.Suites)-1].Name != c.Scenario {
			out.Suites = append(out.Suites, suite{Name: c.Scenario})
		}
		s := &out.Suites[len(out.Suites)-1]
		one := testcase{Name: c.What, Class: c.Scenario}
		s.Tests, out.Tests = s.Tests+1, out.Tests+1
		if !c.Holds {
			one.Failure = &failure{Message: c.Found()}
			s.Failures, out.Failures = s.Failures+1, out.Failures+1
		}
		s.Cases = append(s.Cases, one)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// Found says what was found.
func (c *Checked) Found() string {
	if c.Sequential != nil && c.Why == "" {
		return c.value() + ", " + c.Sequential.String()
	}
	return c.value()
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
	case c.Value.Lo == nil:
		return fmt.Sprintf("%s, margin %s", FormatFloat(*c.Value.Mean), FormatFloat(c.Margin))
	}
	text := fmt.Sprintf("%s (95 %% interval %s to %s, n = %d), margin %s", FormatFloat(*c.Value.Mean),
		FormatFloat(*c.Value.Lo), FormatFloat(*c.Value.Hi), c.Replications, FormatFloat(c.Margin))
	if c.Sequential != nil { // which says its own p
		return text
	}
	return fmt.Sprintf("%s, p = %.2g", text, c.P)
}
