package reports

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"slosim/reports/result"
)

// factorial returns a run of techniques x policies, of which the contender t1/p1 is best
// and the last policy a clairvoyant.
func factorial(techniques, policies int) []Contender {
	var runs []Contender
	for i := range techniques {
		for j := range policies {
			c := Contender{Technique: fmt.Sprintf("t%d", i), Policy: fmt.Sprintf("p%d", j)}
			if j == policies-1 {
				c.Policy = "clairvoyant-greedy"
			}
			c.Name = c.Technique + "/" + c.Policy
			for r, luck := range []int{0, 3, 1} {
				met := 40 + i + j + luck
				if i == 1 && j == 1 {
					met = 90 + luck
				}
				c.Tallies = append(c.Tallies, steady(r, 100, met, met))
			}
			runs = append(runs, c)
		}
	}
	return runs
}

// TestMatrix: a large factorial is printed as a row a technique, and marks what is best.
func TestMatrix(t *testing.T) {
	s := summarise(t, factorial(6, 5)...)
	var out bytes.Buffer
	if err := Table(&out, &s, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	at := 0
	for i, line := range lines {
		if strings.HasPrefix(line, "technique") {
			at = i
			break
		}
	}
	if got := strings.Join(strings.Fields(lines[at]), " "); got != "technique p0 p1 p2 p3 clairvoyant-greedy" {
		t.Errorf("header: %q", got)
	}
	row := strings.Fields(lines[at+2])
	if row[0] != "t1" || !strings.HasSuffix(row[4], "*") || row[3] != "91.33" {
		t.Errorf("want t1 with 91.33 and the mark of the best at p1, got %q", lines[at+2])
	}
	if strings.Contains(out.String(), "t0/p0") || !strings.Contains(out.String(), "clairvoyant-greedy is clairvoyant") {
		t.Errorf("want no line for each contender, and the bound named once, got\n%s", out.String())
	}
}

// TestMatrixIsForFactorials: few contenders, or two of one technique and policy, have a
// line each.
func TestMatrixIsForFactorials(t *testing.T) {
	cells := func(runs []Contender) []*result.Cell {
		s := summarise(t, runs...)
		return cellsOf(&s, everyClass, "all")
	}
	if newMatrix(cells(factorial(3, 3))) != nil {
		t.Error("nine contenders: want a line each")
	}
	twice := factorial(6, 5)
	twice[3].Technique, twice[3].Policy = twice[4].Technique, twice[4].Policy
	if newMatrix(cells(twice)) != nil {
		t.Error("two of the same technique and policy: want a line each")
	}
	if newMatrix(cells(factorial(6, 5))) == nil {
		t.Error("want a matrix")
	}
}

// TestManyAreComparedWhereItMatters: within a technique, within a policy, and with the best.
func TestManyAreComparedWhereItMatters(t *testing.T) {
	s := summarise(t, factorial(6, 5)...)
	one := cellOf(&s, "t2/p2", "all")
	for other, want := range map[string]bool{"t2/p3": true, "t5/p2": true, "t1/p1": true, "t4/p3": false, "t2/p2": false} {
		if _, got := one.Versus[other+" attainment"]; got != want {
			t.Errorf("t2/p2 against %s: want a comparison %t, got %t", other, want, got)
		}
	}
	marks := columnMarks(cellsOf(&s, everyClass, "all"), "attainment")
	if marks[6] != best {
		t.Errorf("want t1/p1 marked as the best, got %v", marks)
	}
}
