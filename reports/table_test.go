package reports

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"slosim/reports/result"
)

// TestTableWidth: long names must not push the table beyond 140 columns.
func TestTableWidth(t *testing.T) {
	_, s, _, err := fixtureRun(3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Cells {
		s.Cells[i].Contender += "/with a rather long name of its own"
	}
	var out bytes.Buffer
	if err := Table(&out, &s, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, "±") && utf8.RuneCountInString(line) > tableWidth+1 {
			t.Errorf("want at most %d columns, got %d: %s", tableWidth, utf8.RuneCountInString(line), line)
		}
	}
}

func TestTableColour(t *testing.T) {
	_, s, _, err := fixtureRun(3)
	if err != nil {
		t.Fatal(err)
	}
	var plain, colour bytes.Buffer
	if err := Table(&plain, &s, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := Table(&colour, &s, TableOptions{Colour: true}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plain.String(), "\x1b") || !strings.Contains(colour.String(), "\x1b[1;32m") {
		t.Error("want colour when asked, and only then")
	}
	stripped := strings.NewReplacer("\x1b[1;32m", "", "\x1b[32m", "", "\x1b[0m", "").Replace(colour.String())
	if stripped != plain.String() {
		t.Error("want the same text without the colours")
	}
}

func TestShorten(t *testing.T) {
	if got := shorten([]string{"slo-nn/clairvoyant-greedy", "x"}, 14); got[0] != "slo-nn/…greedy" || got[1] != "x" {
		t.Errorf("want the middle cut, got %q", got)
	}
	same := []string{"aaaaaaaaaa-1-bbbbbbbbbb", "aaaaaaaaaa-2-bbbbbbbbbb"}
	if got := shorten(same, 14); got[0] != same[0] || got[1] != same[1] {
		t.Errorf("want whole names where short ones would be equal, got %q", got)
	}
}

func TestFormats(t *testing.T) {
	c := column{metric: "p50_ms", unit: "ms", scale: 1}
	for _, test := range []struct {
		mean, lo, hi float64
		want         string
	}{
		{0.12345, 0.12, 0.12690, "0.123 ±0.003"},
		{12.345, 12, 12.69, "12.3 ±0.3"},
		{1234.5, 1200, 1269, "1234 ±34"},
		{1234.5, 1234.4, 1234.6, "1234 ±1"}, // never ±0 for a width that is not 0
		{0, 0, 0, "0.00 ±0.00"},
		{99.7, 92.4, 99.9, "99.7 +0.2 -7.3"}, // lopsided: a half-width would reach beyond 100
		{99.7, 99.6, 99.73, "99.7 ±0.1"},     // rounded up they are alike
		{100, 0, 100, "100 +0 -100"},
	} {
		if got := joined(c.text(result.Metric{Mean: &test.mean, Lo: &test.lo, Hi: &test.hi})); got != test.want {
			t.Errorf("want %s, got %s", test.want, got)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234", -123: "-123"} {
		if got := thousands(n); got != want {
			t.Errorf("want %s, got %s", want, got)
		}
	}
}

func TestTradeoffTable(t *testing.T) {
	var out bytes.Buffer
	err := Tradeoff(&out, []TradeoffRow{
		{Technique: "slo-nn", Point: "k=10 %", Density: 0.1, MeanUS: 12.34, MeanLo: 12, MeanHi: 12.68, Speedup: 7.4, SpeedupLo: 7.2, SpeedupHi: 7.6,
			CalibrationAccuracy: 0.884, CalibrationLoss: 0.004, TestAccuracy: 0.881, TestLoss: -0.00001, TestLossLo: -0.003, TestLossHi: 0.003},
		{Technique: "slo-nn", Point: "5 then 100", Cascade: true, Density: 0.2, MeanUS: 20, MeanLo: 19, MeanHi: 21, Speedup: 4.5, SpeedupLo: 4.4, SpeedupHi: 4.6},
		{Technique: "zoo", Point: "w=64", Density: 0.06, MeanUS: 3.7, MeanLo: 3.6, MeanHi: 3.8, Speedup: 24.8, SpeedupLo: 24, SpeedupHi: 25.6},
	})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "tradeoff.txt", out.Bytes())
}

// TestHeadline covers the ways a run can end.
func TestHeadline(t *testing.T) {
	run := func(name, policy string, met ...int) Contender {
		c := Contender{Name: name, Policy: policy}
		for r, n := range met {
			c.Tallies = append(c.Tallies, steady(r, 100, n, n))
		}
		return c
	}
	for want, contenders := range map[string][]Contender{
		"x answers the most queries right and in time: 75.00\u00a0%": {run("x", "p", 70, 75, 80), run("y", "p", 60, 65, 70)},
		// of six queries, 10 images differ in one, 10 in two, 30 in none: 2.0096 * sqrt(50/49 * 32/300^2)
		"which is 10.00\u00a0±\u00a03.83 points more than the next, y": {run("x", "p", 70, 75, 80), run("y", "p", 60, 65, 70)},
		"x and y cannot be told apart":                                 {run("x", "p", 70, 75, 80), run("y", "p", 74, 70, 75)},
		"x answers 75.00\u00a0%":                                       {run("x", "p", 70, 75, 80)},
		"x answers 75.00":                                              {run("x", "p", 70, 75, 80), run("oracle", "clairvoyant-greedy", 90, 91, 92)},
	} {
		s := summarise(t, contenders...)
		if got := Headline(&s); !strings.Contains(got, want) {
			t.Errorf("want %q in the headline, got %q", want, got)
		}
	}
}

func TestJoinNames(t *testing.T) {
	for want, names := range map[string][]string{
		"a": {"a"}, "a and b": {"a", "b"}, "a, b, c and d": {"a", "b", "c", "d"}, "a, b, c and 2 more": {"a", "b", "c", "d", "e"},
	} {
		if got := joinNames(names); got != want {
			t.Errorf("want %q, got %q", want, got)
		}
	}
}

func wideRows() []TradeoffRow {
	return []TradeoffRow{
		{Technique: "dense", Point: "100 %", Density: 1, MeanUS: 100, MeanLo: 98, MeanHi: 102, P99US: 130, Speedup: 1, SpeedupLo: 1, SpeedupHi: 1,
			CalibrationAccuracy: 0.54, TestAccuracy: 0.54, Agreement: 1, Wide: &WideRow{Scored: 1, P5: 0.32, Guess: math.NaN()}},
		{Technique: "slo-nn", Point: "lists of 2", Density: 0.01, MeanUS: 2.5, MeanLo: 2.4, MeanHi: 2.6, P99US: 5.1, Speedup: 40, SpeedupLo: 38, SpeedupHi: 42,
			CalibrationAccuracy: 0.541, CalibrationLoss: -0.001, TestAccuracy: 0.539, TestLoss: 0.001, TestLossLo: -0.003, TestLossHi: 0.005, Agreement: 0.82,
			Wide: &WideRow{Scored: 0.00112, P5: 0.31, P5Loss: 0.01, P5Lo: 0.008, P5Hi: 0.012, Guess: 0.426, TableMB: 4.6}},
		{Technique: "slo-nn", Point: "lists of 5", Density: 0.01, Wide: &WideRow{Guess: 0.426, TableMB: 4.6}},
		{Technique: "slo-nn-beam", Point: "4 clusters", Density: 0.01, Wide: &WideRow{Guess: math.NaN(), TableMB: 0.3}},
	}
}

func TestTradeoffTableOfWideOutputs(t *testing.T) {
	var out bytes.Buffer
	if err := Tradeoff(&out, wideRows()); err != nil {
		t.Fatal(err)
	}
	golden(t, "tradeoff-wide.txt", out.Bytes())
}

func TestHeadlinesTable(t *testing.T) {
	var out bytes.Buffer
	err := Headlines(&out, 0.003, 0.005, []HeadlineRow{
		{Network: "fashion-mnist", Outputs: 10, Seeds: 3, Tried: 3, Technique: "slo-nn", Point: "c=0.3 k=0.1", Accuracy: 0.898, Speedup: 3.1, SpeedupLo: 2.5, SpeedupHi: 3.7,
			Loss: 0.002, LossLo: -0.001, LossHi: 0.005},
		{Network: "wordnet-13k", Outputs: 13723, Seeds: 1, Tried: 1, Technique: "slo-nn", Point: "lists of 2", Accuracy: 0.54, Speedup: 40, SpeedupLo: 38, SpeedupHi: 42,
			Loss: 0.001, LossLo: -0.003, LossHi: 0.005, Wide: wideRows()[1].Wide, Bare: 1.3, BareLo: 1.28, BareHi: 1.33, Cold: 12, ColdLo: 11, ColdHi: 13},
		{Network: "synthetic-wiki10-31k", Outputs: 30938, Made: true, Tried: 1, Accuracy: 0.85},
	})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "headlines.txt", out.Bytes())
}
