package reports

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// TradeoffRow is one operating point (or cascade) of a technique, alone on the
// machine. Accuracies and losses are shares, 0 to 1; a loss is counted from the
// better of the plain network and the sparse-trained one at 100 %, and is
// positive when accuracy was lost. Lo and Hi are the ends of 95 % intervals.
type TradeoffRow struct {
	Technique           string
	Point               string
	Cascade             bool
	Density             float64
	MeanUS              float64 // activation and execution, microseconds
	MeanLo, MeanHi      float64
	Speedup             float64 // over the dense kernel on the full network, same campaign
	SpeedupLo           float64
	SpeedupHi           float64
	CalibrationAccuracy float64
	CalibrationLoss     float64
	TestAccuracy        float64
	TestLoss            float64
	TestLossLo          float64
	TestLossHi          float64
	Agreement           float64 // with the network that losses are counted from, on the test samples
	P99US               float64
	Wide                *WideRow // of a network with very many outputs; else nil
}

// WideRow is what else there is to tell of a point over very many outputs, on the test samples.
type WideRow struct {
	Scored  float64 // share of the outputs that are computed for a query, mean
	P5      float64 // precision at 5: of the five best answers, the share that is right
	P5Loss  float64 // from the network that losses are counted from
	P5Lo    float64
	P5Hi    float64
	Guess   float64 // share of queries that the activator's tables alone would answer right; NaN: they rank nothing
	TableMB float64 // of the activator
}

// Tradeoff prints accuracy against time, a row an operating point, in the order
// given; a blank line stands between techniques.
func Tradeoff(w io.Writer, rows []TradeoffRow) error {
	g := grid{left: 2}
	heads := []string{"technique", "point", "density %", "mean us", "p99 us", "speed-up", "calib. acc. %", "calib. loss", "test acc. %", "test loss (points)", "agrees %"}
	wide := len(rows) > 0 && rows[0].Wide != nil
	if wide {
		heads = append(heads, "outputs %", "P@5 %", "P@5 loss")
	}
	g.add(heads, nil)
	for i := range rows {
		if i > 0 && rows[i].Technique != rows[i-1].Technique {
			g.add([]string{""}, nil)
		}
		g.add(rows[i].cells(), nil)
	}
	var out strings.Builder
	out.WriteString(g.String())
	fmt.Fprintln(&out, "\n± half-widths of 95 % intervals; speed-up over the dense kernel on the full network; losses in points of accuracy, measured on")
	fmt.Fprintln(&out, "the calibration samples (which chose the points) and on the test samples (read once); agrees: answered as the full network answers")
	if wide {
		fmt.Fprintln(&out, "accuracy is P@1, the best answer is one of the right ones; outputs: the share of them that is computed for a query")
		out.WriteString(activators(rows))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// activators tells of the tables of each technique that proposes outputs.
func activators(rows []TradeoffRow) string {
	g := grid{}
	g.add([]string{"activator of", "tables MB", "right by the tables alone %"}, nil)
	for i := range rows {
		r := &rows[i]
		if r.Wide == nil || r.Wide.TableMB == 0 || i > 0 && rows[i-1].Technique == r.Technique {
			continue
		}
		guess := "-"
		if !math.IsNaN(r.Wide.Guess) {
			guess = fixed(100*r.Wide.Guess, 1)
		}
		g.add([]string{printable(r.Technique), fixed(r.Wide.TableMB, 2), guess}, nil)
	}
	if len(g.rows) == 1 {
		return ""
	}
	return "\n" + g.String()
}

func (r *TradeoffRow) cells() []string {
	point := printable(r.Point)
	cells := []string{
		printable(r.Technique), point,
		fixed(r.Density*100, 1),
		withHalf(r.MeanUS, r.MeanLo, r.MeanHi, significant(r.MeanUS, 3)),
		fixed(r.P99US, significant(r.P99US, 3)),
		withHalf(r.Speedup, r.SpeedupLo, r.SpeedupHi, 2) + "x",
		fixed(r.CalibrationAccuracy*100, 2),
		fixed(r.CalibrationLoss*100, 2),
		fixed(r.TestAccuracy*100, 2),
		withHalf(r.TestLoss*100, r.TestLossLo*100, r.TestLossHi*100, 2),
		fixed(r.Agreement*100, 1),
	}
	if w := r.Wide; w != nil {
		cells = append(cells, fixed(w.Scored*100, 3), fixed(w.P5*100, 2), withHalf(w.P5Loss*100, w.P5Lo*100, w.P5Hi*100, 2))
	}
	return cells
}

func withHalf(value, lo, hi float64, decimals int) string {
	return fixed(value, decimals) + " ±" + halfText((hi-lo)/2, decimals)
}

// fixed has no negative zero.
func fixed(value float64, decimals int) string {
	text := strconv.FormatFloat(value, 'f', decimals, 64)
	if strings.Trim(text, "-0.") == "" {
		return strings.TrimPrefix(text, "-")
	}
	return text
}
