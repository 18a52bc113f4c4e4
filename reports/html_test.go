package reports

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"slosim/reports/result"
)

func renderPage(t *testing.T, m *result.Manifest, s *result.Summary, f *result.Figures) string {
	t.Helper()
	var out bytes.Buffer
	if err := HTML(&out, m, s, f); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestPageHoldsTheNumbers changes one number after the other: each change must show.
func TestPageHoldsTheNumbers(t *testing.T) {
	m, s, f, err := fixtureRun(2)
	if err != nil {
		t.Fatal(err)
	}
	before := renderPage(t, &m, &s, &f)
	changes := map[string]func(){
		"attainment":    func() { *s.Cells[0].Metrics["attainment"].Mean = 0.1234 },
		"its interval":  func() { *s.Cells[0].Metrics["attainment"].Lo -= 0.02 },
		"class p99":     func() { p := s.Cells[3].Metrics["p99_ms"]; p.Mean = new(float64); s.Cells[3].Metrics["p99_ms"] = p },
		"front":         func() { f.Fronts[1].Points[0].Accuracy = 0.4321 },
		"timeline":      func() { f.Timeline[0].Met[7]++ },
		"distribution":  func() { f.CDFs[0].MS[3] *= 1.01 },
		"seed":          func() { m.Seed = 987654 },
		"scenario hash": func() { m.ScenarioHash = "beef" },
		"campaign":      func() { f.Campaign.Levels[1].Slowdown = 3.21 },
		"confidence":    func() { f.Reliability[0].Bins[2].Right = 0.5432 },
		"ECE":           func() { f.Reliability[1].ECE = 0.0777 },
		"budget":        func() { *s.Cells[0].Metrics["budget_spent"].Mean = 0.6543 },
		"burn rate":     func() { f.Timeline[0].Burn["burn_6h"][30] = 7.654 },
		"objective":     func() { f.Classes[1].Objective = 0.8765 },
		"bound":         func() { *s.Bounds[0].Right.Mean = 0.7654 },
		"note":          func() { s.Notes[0] = "another caveat" },
	}
	for name, change := range changes {
		change()
		after := renderPage(t, &m, &s, &f)
		if after == before {
			t.Errorf("%s changed, but not the page", name)
		}
		before = after
	}
	for _, want := range []string{"12.34", "43.21", "987654", "beef", "3.21", "76.54", "65.4", "7.654", "87.65", "54.32", "7.77", "another caveat", "slosim run noisy-neighbour.toml"} {
		if !strings.Contains(before, want) {
			t.Errorf("page: want %q in it", want)
		}
	}
}

var address = regexp.MustCompile(`(?i)\b(https?|wss?|ftp):/|src\s*=|@import|url\(|\bfetch\(|XMLHttpRequest|sendBeacon|EventSource`)

// TestPageIsOffline looks for addresses and for anything that loads.
func TestPageIsOffline(t *testing.T) {
	m, s, f, err := fixtureRun(2)
	if err != nil {
		t.Fatal(err)
	}
	page := renderPage(t, &m, &s, &f)
	// A picture that is in the page itself loads nothing.
	if found := address.FindString(strings.ReplaceAll(page, `src="data:image/svg&#43;xml;base64,`, `"`)); found != "" {
		t.Errorf("want no address in the page, got %q", found)
	}
	for _, want := range []string{"default-src &#39;none&#39;", "The MIT License", "Leon Sorokin"} {
		if !strings.Contains(page, want) {
			t.Errorf("want %q in the page", want)
		}
	}
	if strings.Contains(page, "unsafe-inline") || regexp.MustCompile(`<[a-z][^>]*\s(style|on[a-z]+)=`).MatchString(page) {
		t.Error("want neither inline styles nor handlers: the content policy forbids them")
	}
}

// TestPageEscapes hands in names that are markup.
func TestPageEscapes(t *testing.T) {
	evil := `</script><script>alert("x")</script><em>&`
	run := Contender{Name: evil, Technique: evil, Policy: evil}
	config := TallyConfig{Classes: []string{evil}, Workers: 1, Duration: 10 * time.Second, Bin: time.Second}
	tally := NewTally(config)
	o := answered(1, 1, 1.5)
	tally.Add(&o)
	run.Tallies = []*Tally{tally}
	s, err := Summarise(Heading{Title: evil, Notes: []string{evil}}, []Contender{run})
	if err != nil {
		t.Fatal(err)
	}
	lines, cdfs, err := DrawnSeries([]Contender{run})
	if err != nil {
		t.Fatal(err)
	}
	f := result.Figures{Timeline: lines, CDFs: cdfs, Fronts: []result.Front{{Technique: evil, Points: []result.FrontPoint{{Name: evil, MeanUS: 1}}}},
		Classes: []result.SLO{{Name: evil}}, Shaded: []result.Interval{{Kind: evil}},
		Campaign: result.Campaign{Machine: map[string]string{evil: evil}, Levels: []result.CampaignLevel{{Name: evil}}, Warnings: []string{evil}}}
	m := result.Manifest{Command: evil, Scenario: evil, ScenarioText: evil, CPU: evil, Commit: evil, Failed: []string{evil}, ProfileOrigin: evil}
	page := renderPage(t, &m, &s, &f)
	for _, raw := range []string{"<script>alert", "<em>"} {
		if at := strings.Index(page, raw); at >= 0 {
			t.Errorf("want markup in names escaped, got %q", page[max(0, at-60):at+20])
		}
	}
	if n := strings.Count(page, "</script>"); n != 3 {
		t.Errorf("want three scripts to end, got %d", n)
	}
	var out bytes.Buffer
	s.Cells[0].Contender = "\x1b[31mred\nberry"
	if err := Table(&out, &s, TableOptions{}); err != nil || strings.ContainsAny(out.String(), "\x1b\r") || strings.Contains(out.String(), "red\nb") {
		t.Errorf("table: want control characters replaced, got %q, %v", out.String(), err)
	}
}

// TestPageOfLittle: a summary alone makes a page; no summary makes an error.
func TestPageOfLittle(t *testing.T) {
	s := summarise(t, Contender{Name: "x", Tallies: []*Tally{steady(0, 50, 40, 40)}})
	page := renderPage(t, &result.Manifest{}, &s, &result.Figures{})
	for _, id := range []string{`id="chart-`} {
		if strings.Contains(page, id) {
			t.Errorf("want no %s without data", id)
		}
	}
	var out bytes.Buffer
	if err := HTML(&out, &result.Manifest{}, &result.Summary{}, &result.Figures{}); err == nil || out.Len() > 0 {
		t.Errorf("want an error and no page without cells, got %d bytes", out.Len())
	}
}

// TestHiddenAtFirst keeps charts readable: of nine contenders, six are drawn.
func TestHiddenAtFirst(t *testing.T) {
	var contenders []Contender
	for i := range 9 {
		contenders = append(contenders, Contender{Name: string(rune('a' + i)), Tallies: []*Tally{steady(0, 100, 50+i, 50+i)}})
	}
	s := summarise(t, contenders...)
	if got := strings.Join(hiddenAtFirst(cellsOf(&s, "all", "all")), ""); got != "abc" {
		t.Errorf("want the three worst hidden, a b c, got %q", got)
	}
}
