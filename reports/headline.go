package reports

import (
	"fmt"
	"strings"

	"slosim/reports/result"
)

// Headline says in one or two sentences what the run found, from the numbers
// alone: which contender answers the largest share of queries right and in time
// (effective accuracy), by how much it leads, and who leads in SLO attainment.
// It claims no difference whose paired interval holds 0, and none at all without
// intervals. Clairvoyant contenders are bounds and do not compete.
func Headline(s *result.Summary) string {
	var competitors []*result.Cell
	for _, cell := range cellsOf(s, everyClass, "all") {
		if !isBound(cell) {
			competitors = append(competitors, cell)
		}
	}
	top := bestCell(competitors, "effective_accuracy", 1)
	if top < 0 {
		return "No contender answered a query in the measured window."
	}
	leader := competitors[top]
	if len(competitors) == 1 {
		return fmt.Sprintf("%s answers %s of the queries right and in time; its SLO attainment is %s.",
			leader.Contender, percent(leader, "effective_accuracy"), percent(leader, "attainment"))
	}
	if leader.Metrics["effective_accuracy"].Lo == nil {
		return fmt.Sprintf("%s has the highest effective accuracy, %s, but there is only one replication: no interval, so no claim.",
			leader.Contender, percent(leader, "effective_accuracy"))
	}
	return lead(competitors, top) + " " + attainmentSentence(competitors, leader)
}

// lead compares the best effective accuracy with the rest.
func lead(cells []*result.Cell, top int) string {
	leader := cells[top]
	marks := columnMarks(cells, "effective_accuracy")
	level := []string{leader.Contender}
	second := -1
	for j := range cells {
		if marks[j] == tied {
			level = append(level, cells[j].Contender)
		}
		if j != top && cells[j].Metrics["effective_accuracy"].Mean != nil &&
			(second < 0 || *cells[j].Metrics["effective_accuracy"].Mean > *cells[second].Metrics["effective_accuracy"].Mean) {
			second = j
		}
	}
	share := percent(leader, "effective_accuracy")
	if len(level) > 1 {
		return fmt.Sprintf("%s cannot be told apart in effective accuracy: the highest, %s, answers %s of the queries right and in time.",
			joinNames(level), leader.Contender, share)
	}
	if second < 0 {
		return fmt.Sprintf("%s answers %s of the queries right and in time.", leader.Contender, share)
	}
	difference := leader.Versus[cells[second].Contender+" effective_accuracy"]
	return fmt.Sprintf("%s answers the most queries right and in time: %s, which is %s more than the next, %s.",
		leader.Contender, share, points(difference.Metric), cells[second].Contender)
}

func attainmentSentence(cells []*result.Cell, leader *result.Cell) string {
	marks := columnMarks(cells, "attainment")
	var leaders []string
	for j, cell := range cells {
		switch {
		case marks[j] == best && cell == leader:
			return attainmentOfLeader(cells, marks, leader)
		case marks[j] == best:
			leaders = append([]string{cell.Contender}, leaders...)
		case marks[j] == tied && cell == leader:
			return fmt.Sprintf("Its SLO attainment, %s, is not distinguishable from the highest.", percent(cell, "attainment"))
		}
	}
	if len(leaders) == 0 {
		return fmt.Sprintf("Its SLO attainment is %s.", percent(leader, "attainment"))
	}
	highest := cells[bestCell(cells, "attainment", 1)]
	difference := highest.Versus[leader.Contender+" attainment"]
	return fmt.Sprintf("The highest SLO attainment has %s: %s, %s more than %s.",
		highest.Contender, percent(highest, "attainment"), points(difference.Metric), leader.Contender)
}

func attainmentOfLeader(cells []*result.Cell, marks []mark, leader *result.Cell) string {
	var level []string
	for j := range cells {
		if marks[j] == tied {
			level = append(level, cells[j].Contender)
		}
	}
	text := fmt.Sprintf("Its SLO attainment, %s, is the highest too", percent(leader, "attainment"))
	if len(level) > 0 {
		return text + ", though not distinguishable from that of " + joinNames(level) + "."
	}
	return text + "."
}

// percent prints a share with its half-width, "91.2 % ± 0.4", unbreakable.
func percent(cell *result.Cell, name string) string {
	c := column{unit: "%", scale: 100, decimals: 2}
	mean, interval := c.text(cell.Metrics[name])
	return inSentence(mean+"\u00a0%", interval)
}

// inSentence joins a mean and its interval so that no line breaks between them.
func inSentence(mean, interval string) string {
	if half, ok := strings.CutPrefix(interval, "±"); ok {
		interval = "±\u00a0" + half
	}
	if interval == "" {
		return mean
	}
	return mean + "\u00a0" + strings.ReplaceAll(interval, " ", "\u00a0")
}

func points(m result.Metric) string {
	c := column{unit: "%", scale: 100, decimals: 2}
	mean, interval := c.text(m)
	return inSentence(mean, interval) + " points"
}

// namesListed bounds the names in a sentence.
const namesListed = 4

// joinNames returns "a, b and c", or "a, b, c and 5 more".
func joinNames(names []string) string {
	if len(names) > namesListed {
		names = append(names[:namesListed-1:namesListed-1], fmt.Sprintf("%d more", len(names)-namesListed+1))
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
