package reports

import (
	"fmt"
	"strings"

	"slosim/reports/result"
)

// regretPolicy is the clairvoyant that regret is counted from where it takes part.
const regretPolicy = "clairvoyant-greedy"

// pageRegret is the regret of one contender as printed: percentage points of effective
// accuracy that its rival, a clairvoyant, has more, paired by replication.
type pageRegret struct {
	Name, Rival string
	Windows     []string // in the order of regretWindows
}

// regretWindows are the windows that regret is printed for, if they exist.
var regretWindows = [...]string{"all", "interference"}

// pageRegrets returns the regret of every competitor; none without a clairvoyant.
func pageRegrets(s *result.Summary) []pageRegret {
	cells := cellsOf(s, everyClass, "all")
	var regrets []pageRegret
	for _, cell := range cells {
		rival := rivalOf(cell, cells)
		if rival == nil || isBound(cell) {
			continue
		}
		row := pageRegret{Name: cell.Contender, Rival: rival.Contender}
		for _, window := range regretWindows {
			if found := cellOf(s, rival.Contender, window); found != nil {
				row.Windows = append(row.Windows, regretText(found, cell.Contender))
			}
		}
		regrets = append(regrets, row)
	}
	return regrets
}

// rivalOf returns the clairvoyant that a contender is measured against: the one named
// by regretPolicy on the same technique, else the clairvoyant of the highest effective
// accuracy; nil without any.
func rivalOf(cell *result.Cell, cells []*result.Cell) *result.Cell {
	var best *result.Cell
	for _, other := range cells {
		mean := other.Metrics["effective_accuracy"].Mean
		if !isBound(other) || mean == nil {
			continue
		}
		if other.Technique == cell.Technique && other.Policy == regretPolicy {
			return other
		}
		if best == nil || *mean > *best.Metrics["effective_accuracy"].Mean {
			best = other
		}
	}
	return best
}

// regretText is the rival's effective accuracy minus the contender's, in points.
func regretText(rival *result.Cell, contender string) string {
	return differenceText(&column{unit: "%", scale: 100, decimals: 2}, rival.Versus[contender+" effective_accuracy"])
}

// cellOf finds the cell of a contender over all classes, nil if there is none.
func cellOf(s *result.Summary, contender, window string) *result.Cell {
	for _, cell := range cellsOf(s, everyClass, window) {
		if cell.Contender == contender {
			return cell
		}
	}
	return nil
}

// regretCaption says what the numbers are.
func regretCaption(s *result.Summary) string {
	return fmt.Sprintf("points of effective accuracy below a clairvoyant (%s, paired; ~: the interval holds 0)",
		count(cellsOf(s, everyClass, "all")[0].Replications, "replication"))
}

// regret prints the regret of every competitor, a line each.
func regret(out *strings.Builder, s *result.Summary) {
	regrets := pageRegrets(s)
	if len(regrets) == 0 {
		return
	}
	fmt.Fprintf(out, "\nregret: %s\n", regretCaption(s))
	var g grid
	header := []string{"contender", "clairvoyant"}
	for _, window := range regretWindows[:len(regrets[0].Windows)] {
		header = append(header, window+" ") // room for the mark
	}
	g.add(header, nil)
	for _, r := range regrets {
		row := []string{printable(r.Name), printable(r.Rival)}
		for _, text := range r.Windows {
			if !strings.HasSuffix(text, "~") {
				text += " "
			}
			row = append(row, text)
		}
		g.add(row, nil)
	}
	out.WriteString(g.String())
}
