package reports

import (
	"strings"
	"testing"

	"slosim/reports/result"
)

// regretCell is a cell with an effective accuracy and paired differences to others.
func regretCell(name, technique, policy string, mean float64, versus map[string]float64) result.Cell {
	cell := result.Cell{Contender: name, Technique: technique, Policy: policy, Class: "all", Window: "all", Replications: 4,
		Metrics: map[string]result.Metric{"effective_accuracy": {Mean: &mean}}, Versus: map[string]result.Against{}}
	for other, d := range versus {
		lo, hi := d-0.01, d+0.01
		cell.Versus[other+" effective_accuracy"] = result.Against{Metric: result.Metric{Mean: &d, Lo: &lo, Hi: &hi}, Significant: lo > 0 || hi < 0}
	}
	return cell
}

// TestRegretChoosesTheRival: greedy on the same technique; without it, the best
// clairvoyant of all.
func TestRegretChoosesTheRival(t *testing.T) {
	s := result.Summary{Cells: []result.Cell{
		regretCell("a", "slo-nn", "lcao", 0.90, nil),
		regretCell("b", "dense", "full", 0.80, nil),
		regretCell("seer", "slo-nn", "clairvoyant-greedy", 0.95, map[string]float64{"a": 0.05, "b": 0.15}),
		regretCell("oracle", "zoo", "clairvoyant-other", 0.97, map[string]float64{"a": 0.07, "b": 0.005}),
	}}
	got := pageRegrets(&s)
	if len(got) != 2 || got[0].Rival != "seer" || got[0].Windows[0] != "5.00 ±1.00" || got[1].Rival != "oracle" || got[1].Windows[0] != "0.50 ±1.00~" {
		t.Errorf("want a 5.00 points below seer and b 0.50 below oracle, got %+v", got)
	}
	s.Cells = s.Cells[:2]
	var out strings.Builder
	if regret(&out, &s); out.Len() > 0 || len(pageRegrets(&s)) > 0 {
		t.Errorf("without a clairvoyant: want nothing, got %q", out.String())
	}
}

// TestRegretIsPaired: both have the same mean gap in every replication, so that the
// interval is narrower than that of either.
func TestRegretIsPaired(t *testing.T) {
	_, s, _, err := fixtureRun(6)
	if err != nil {
		t.Fatal(err)
	}
	seer := cellOf(&s, "slo-nn/clairvoyant-greedy", "all")
	d := seer.Versus["slo-nn/lcao effective_accuracy"]
	want := *seer.Metrics["effective_accuracy"].Mean - *cellOf(&s, "slo-nn/lcao", "all").Metrics["effective_accuracy"].Mean
	own := seer.Metrics["effective_accuracy"]
	if diff := *d.Mean - want; diff > 1e-12 || diff < -1e-12 || *d.Hi-*d.Lo >= *own.Hi-*own.Lo {
		t.Errorf("want %v with less than the width of %v, got %v (%v to %v)", want, *own.Hi-*own.Lo, *d.Mean, *d.Lo, *d.Hi)
	}
}
