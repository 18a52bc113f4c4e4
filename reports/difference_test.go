package reports

import (
	"strings"
	"testing"
)

func TestDifferences(t *testing.T) {
	_, s, _, err := fixtureRun(3)
	if err != nil {
		t.Fatal(err)
	}
	first, second := s.Cells[0].Contender, ""
	for i := range s.Cells {
		if s.Cells[i].Contender != first {
			second = s.Cells[i].Contender
			break
		}
	}
	var out strings.Builder
	if err := Differences(&out, &s, first); err != nil {
		t.Fatal(err)
	}
	attainment := column{metric: "attainment", unit: "%", scale: 100}
	want := differenceText(&attainment, s.Cells[0].Versus[second+" attainment"])
	for _, text := range []string{second, want, "window interference", "± "[:2]} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("want %q, got\n%s", text, out.String())
		}
	}
	if err := Differences(&out, &s, "nobody"); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("unknown contender: want an error that names it, got %v", err)
	}
}
