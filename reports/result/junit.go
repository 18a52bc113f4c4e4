package result

import (
	"encoding/xml"
	"io"
)

// junit is what CI systems read.
type junit struct {
	XMLName xml.Name `xml:"testsuites"`
	counts
	Suites []*suite `xml:"testsuite"`
}

type suite struct {
	Name string `xml:"name,attr"`
	counts
	Cases []testcase `xml:"testcase"`
}

type counts struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Skipped  int `xml:"skipped,attr,omitempty"`
}

type testcase struct {
	Name    string  `xml:"name,attr"`
	Class   string  `xml:"classname,attr"`
	Failure *reason `xml:"failure"`
	Skipped *reason `xml:"skipped"`
}

// reason is why a test case did not pass: in short, and the whole line.
type reason struct {
	Message string `xml:"message,attr"`
	Line    string `xml:",chardata"`
}

// EncodeJUnit writes assertions as JUnit's XML, a suite a scenario. One that is unsure is skipped, which
// is how JUnit says that a test decided nothing.
func EncodeJUnit(w io.Writer, all []Checked) error {
	var out junit
	for i := range all {
		c := &all[i]
		if len(out.Suites) == 0 || out.Suites[len(out.Suites)-1].Name != c.Scenario {
			out.Suites = append(out.Suites, &suite{Name: c.Scenario})
		}
		s := out.Suites[len(out.Suites)-1]
		s.Cases = append(s.Cases, c.testcase())
		s.count(c)
		out.count(c)
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

func (c *Checked) testcase() testcase {
	one := testcase{Name: c.What, Class: c.Scenario}
	switch {
	case !c.Holds:
		one.Failure = &reason{Message: "does not hold: " + c.What + ": got " + c.Found(), Line: c.Line()}
	case c.Unsure:
		one.Skipped = &reason{Message: "unsure: " + c.What + ": got " + c.Found(), Line: c.Line()}
	}
	return one
}

func (n *counts) count(c *Checked) {
	n.Tests++
	switch {
	case !c.Holds:
		n.Failures++
	case c.Unsure:
		n.Skipped++
	}
}
