package reports

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"

	"slosim/reports/result"
)

// Worlds is one replication, simulated as it was and again in worlds in which something is removed.
// Queries have the same numbers in all of them; what lies beyond the end of a list did not miss.
type Worlds struct {
	Replication int
	Queries     int
	Missed      []bool   // [query] as it was
	Without     [][]bool // [cause][query] without that cause
	Ideal       []bool   // [query] without all of them
	Examples    []result.Miss
}

// Blame attributes the misses of a contender to causes, named in the order of Worlds.Without. The
// share of a cause is how many fewer misses there are without it, of all misses. Causes overlap, and
// the shares of single ones need not add up; what is missing, or too much, is the interaction, so that
// causes, interaction and the rest, which is missed without any of the causes too, sum to 1. Intervals
// are those of a ratio of sums over replications (linearised, Student's t), 95 %.
func Blame(contender string, causes []string, worlds []Worlds) result.ContenderBlamed {
	out := result.ContenderBlamed{Contender: contender, Replications: len(worlds)}
	missed, queries, ideal := make([]float64, len(worlds)), make([]float64, len(worlds)), make([]float64, len(worlds))
	together := make([]float64, len(worlds)) // mended by causes one by one, summed over causes
	for r := range worlds {
		missed[r], queries[r], ideal[r] = missesIn(worlds[r].Missed), float64(worlds[r].Queries), missesIn(worlds[r].Ideal)
		out.Queries += int64(worlds[r].Queries)
		out.Examples = append(out.Examples, worlds[r].Examples...)
	}
	out.Misses = int64(floats.Sum(missed))
	out.Rate = toMetric(sumRatio(missed, queries))
	for c, name := range causes {
		mended, alone := make([]float64, len(worlds)), make([]float64, len(worlds))
		for r := range worlds {
			mended[r] = missed[r] - missesIn(worlds[r].Without[c])
			alone[r] = worlds[r].mendedByOnly(c)
		}
		floats.Add(together, mended)
		out.Causes = append(out.Causes, result.Blamed{Cause: name, Mends: toMetric(sumRatio(mended, missed)), Alone: toMetric(sumRatio(alone, missed))})
	}
	interaction := make([]float64, len(worlds))
	for r := range interaction {
		interaction[r] = missed[r] - ideal[r] - together[r]
	}
	out.Interaction, out.Rest = toMetric(sumRatio(interaction, missed)), toMetric(sumRatio(ideal, missed))
	slices.SortStableFunc(out.Examples, latestFirst)
	out.Examples = out.Examples[:min(len(out.Examples), mostExamples)]
	return out
}

// mostExamples is how many misses are named.
const mostExamples = 3

// latestFirst orders misses: late ones before those that were never answered.
func latestFirst(a, b result.Miss) int {
	late := func(m result.Miss) float64 {
		if m.LateMS == nil {
			return 0
		}
		return *m.LateMS
	}
	return cmp.Compare(late(b), late(a))
}

func missesIn(missed []bool) (n float64) {
	for _, m := range missed {
		if m {
			n++
		}
	}
	return n
}

// mendedByOnly counts misses that go with one cause, and with no other.
func (w *Worlds) mendedByOnly(c int) (n float64) {
	at := func(list []bool, i int) bool { return i < len(list) && list[i] }
	for i, missed := range w.Missed {
		if !missed || at(w.Without[c], i) {
			continue
		}
		stays := true
		for other := range w.Without {
			stays = stays && (other == c || at(w.Without[other], i))
		}
		if stays {
			n++
		}
	}
	return n
}

// sumRatio estimates sum(y)/sum(x) over replications, which are independent: its linearised variance is
// n/(n-1) * sum of (y - r*x)^2 / sum(x)^2 (Cochran, Sampling Techniques, section 6.5). One
// replication has no interval, and nothing in x no value.
func sumRatio(y, x []float64) estimate {
	total, n := floats.Sum(x), float64(len(x))
	if total == 0 {
		return estimate{math.NaN(), math.NaN()}
	}
	share, squares := floats.Sum(y)/total, 0.0
	for i := range x {
		squares += math.Pow(y[i]-share*x[i], 2)
	}
	if n < 2 {
		return estimate{share, math.NaN()}
	}
	return estimate{share, tFactor(n-1) * math.Sqrt(n/(n-1)*squares) / total}
}

// PrintBlame prints a table a contender.
func PrintBlame(w io.Writer, b *result.Blame) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: why queries were %s\n", printable(b.Scenario), b.Missed)
	for i := range b.Contenders {
		out.WriteByte('\n')
		printBlamed(&out, &b.Contenders[i])
	}
	out.WriteString("\nmends: how many fewer misses there are, in % of them, if the scenario is simulated again without this cause; only it: misses that\n" +
		"go with this cause and with no other one. interaction: what removing all causes mends beyond the sum of the single ones; below 0,\n" +
		"removing either of several mends the same misses. The column sums to 100. Misses are of the queries of all replications\n" +
		"together (slosim run's attainment is the mean of the replications'). ± half-widths of 95 % intervals over replications\n")
	_, err := io.WriteString(w, out.String())
	return err
}

func printBlamed(out *strings.Builder, c *result.ContenderBlamed) {
	fmt.Fprintf(out, "%s: %s of %s queries missed (%s %%, n = %d replications)\n", printable(c.Contender),
		thousands(c.Misses), thousands(c.Queries), hundred(c.Rate, 2), c.Replications)
	if c.Misses == 0 {
		return
	}
	g := grid{left: 1}
	g.add([]string{"  cause", "mends %", "only it %", ""}, nil)
	for _, cause := range c.Causes {
		if cause.Why != "" {
			g.add([]string{"  " + cause.Cause, "0.0", "-", cause.Why}, nil)
			continue
		}
		g.add([]string{"  " + cause.Cause, hundred(cause.Mends, 1), hundred(cause.Alone, 1), ""}, nil)
	}
	g.add([]string{"  interaction", hundred(c.Interaction, 1), "", ""}, nil)
	g.add([]string{"  none of these", hundred(c.Rest, 1), "", ""}, nil)
	out.WriteString(g.String())
	var examples []string
	for _, e := range c.Examples {
		text := fmt.Sprintf("%d of replication %d", e.Query, e.Replication)
		if e.LateMS != nil {
			text += fmt.Sprintf(" (%s ms late)", fixed(*e.LateMS, 2))
		}
		examples = append(examples, text)
	}
	fmt.Fprintf(out, "  for example query %s\n", strings.Join(examples, ", "))
}
