package reports

import (
	"fmt"
	"io"
	"strings"
)

// HeadlineRow is what slo-nn gains over one network: the fastest point, of all activators,
// within the allowed loss on the calibration samples. Lo and Hi are ends of 95 % intervals;
// over several seeds of Student's.
type HeadlineRow struct {
	Network   string
	Outputs   int
	Made      bool // made-up data: how right anything is on them means nothing elsewhere
	Seeds     int  // that have such a point
	Tried     int
	Technique string
	Point     string
	Accuracy  float64 // of the network that losses are counted from, on the test samples
	Speedup   float64
	SpeedupLo float64
	SpeedupHi float64
	Loss      float64 // on the test samples, read once
	LossLo    float64
	LossHi    float64
	Wide      *WideRow // of the first seed; nil where outputs are few
	// Bare is the service time over that of the activator and the kernels alone, Cold the
	// speed-up with nothing in the caches; 0 where it was not measured.
	Bare, BareLo, BareHi float64
	Cold, ColdLo, ColdHi float64
}

// Headlines prints a line a network. The points lose so much at most on the calibration samples.
func Headlines(w io.Writer, loss, loss5 float64, rows []HeadlineRow) error {
	g := grid{left: 3}
	g.add([]string{"network", "technique", "point", "outputs", "seeds", "acc. %", "speed-up", "test loss (points)", "outputs %", "P@5 loss", "tables MB", "over bare", "cold speed-up"}, nil)
	made := false
	for i := range rows {
		g.add(rows[i].cells(), nil)
		made = made || rows[i].Made
	}
	var out strings.Builder
	fmt.Fprintf(&out, "slo-nn with per-query density: fastest within %.2f points, of P@5 within %.2f, on the calibration samples\n", 100*loss, 100*loss5)
	out.WriteString(g.String())
	fmt.Fprintln(&out, "\nacc.: of the whole network on the test samples; over bare: service time from end to end over that of the activator and the kernels alone;")
	fmt.Fprintln(&out, "cold: nothing of weights, tables and query is in the caches, dense and slo-nn alike")
	if made {
		fmt.Fprintln(&out, "*: synthetic data, of the sizes and the skew of the set that the name tells, not of its meaning")
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func (r *HeadlineRow) cells() []string {
	name := printable(r.Network)
	if r.Made {
		name += " *"
	}
	cells := []string{name, printable(r.Technique), printable(r.Point), thousands(int64(r.Outputs)), fmt.Sprintf("%d of %d", r.Seeds, r.Tried), fixed(100*r.Accuracy, 2)}
	if r.Seeds == 0 {
		return append(cells, "none", "-", "-", "-", "-", "-", "-")
	}
	cells = append(cells, withHalf(r.Speedup, r.SpeedupLo, r.SpeedupHi, 1)+"x", withHalf(100*r.Loss, 100*r.LossLo, 100*r.LossHi, 2))
	if w := r.Wide; w != nil {
		cells = append(cells, fixed(100*w.Scored, 3), withHalf(100*w.P5Loss, 100*w.P5Lo, 100*w.P5Hi, 2), fixed(w.TableMB, 2))
	} else {
		cells = append(cells, "-", "-", "-")
	}
	return append(cells, measuredRatio(r.Bare, r.BareLo, r.BareHi), measuredRatio(r.Cold, r.ColdLo, r.ColdHi))
}

func measuredRatio(value, lo, hi float64) string {
	if value == 0 {
		return "-"
	}
	return withHalf(value, lo, hi, 2) + "x"
}
