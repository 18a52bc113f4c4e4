package reports

import (
	"fmt"
	"io"
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
}

// Tradeoff prints accuracy against time, a row an operating point, in the order
// given; a blank line stands between techniques.
func Tradeoff(w io.Writer, rows []TradeoffRow) error {
	g := grid{left: 2}
	g.add([]string{"technique", "point", "density %", "mean us", "speed-up", "calib. acc. %", "calib. loss", "test acc. %", "test loss (points)", "agrees %"}, nil)
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
	_, err := io.WriteString(w, out.String())
	return err
}

func (r *TradeoffRow) cells() []string {
	point := printable(r.Point)
	return []string{
		printable(r.Technique), point,
		fixed(r.Density*100, 1),
		withHalf(r.MeanUS, r.MeanLo, r.MeanHi, significant(r.MeanUS, 3)),
		withHalf(r.Speedup, r.SpeedupLo, r.SpeedupHi, 2) + "x",
		fixed(r.CalibrationAccuracy*100, 2),
		fixed(r.CalibrationLoss*100, 2),
		fixed(r.TestAccuracy*100, 2),
		withHalf(r.TestLoss*100, r.TestLossLo*100, r.TestLossHi*100, 2),
		fixed(r.Agreement*100, 1),
	}
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
