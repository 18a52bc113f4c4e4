package reports

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"

	"slosim/reports/result"
)

// Tolerances say how far a simulation may be from live runs. Those of latencies are relative,
// the others shares.
type Tolerances struct {
	Attainment, MeanAttainment, KernelAttainment float64
	EffectiveAccuracy                            float64
	P50, P99                                     float64
	Halfwidth                                    float64 // of the live attainment of a cell that counts for it
}

// OverheadOf sums up what starts of a contender took, in nanoseconds and in order, with the
// interval of the mean by the means of chunks of so many neighbours, which are alike. It is 0
// where there are too few chunks.
func OverheadOf(contender string, starts []uint32, size int) result.Overhead {
	o := result.Overhead{Contender: contender, Starts: len(starts)}
	if len(starts) == 0 {
		return o
	}
	values := make([]float64, len(starts))
	for i, took := range starts {
		values[i] = float64(took) / 1e3
	}
	var means []float64
	for chunk := range slices.Chunk(values, size) {
		if len(chunk) == size {
			means = append(means, meanOf(chunk))
		}
	}
	o.US = meanOf(values)
	if half := studentT(means).half; !math.IsNaN(half) {
		o.HalfUS = half
	}
	return o
}

// validated are the metrics that a validation compares; relative: errors are shares of live.
var validated = []struct {
	name     string
	relative bool
}{{"attainment", false}, {"effective_accuracy", false}, {"mean_density", false}, {"p50_ms", true}, {"p90_ms", true}, {"p99_ms", true}}

// Validate fills in cells, distributions, judgements and the verdict of a validation. The
// three lists have the same contenders, with the same repetitions. No contender at all, when
// every run was void, is a verdict too.
func Validate(v *result.Validation, t Tolerances, live, kernel, profile []Contender) error {
	for i := range live {
		runs, err := sortRuns([]Contender{live[i], renamed(kernel[i], " kernel"), renamed(profile[i], " profile")})
		if err != nil {
			return err
		}
		v.Cells = append(v.Cells, validationCells(runs)...)
		for mode, name := range []string{"live", "kernel", "profile"} {
			curve := cdf(&runs[mode])
			curve.Contender = live[i].Name
			v.CDFs = append(v.CDFs, result.ModeCDF{Mode: name, CDF: curve})
		}
	}
	judge(v, t)
	return nil
}

// renamed lets the three modes of a contender pass as three contenders.
func renamed(c Contender, suffix string) Contender {
	c.Name += suffix
	return c
}

// validationCells compares every metric of every class, over all of the time and, where
// there is interference, while it is on.
func validationCells(runs []Contender) (cells []result.ValidationCell) {
	for _, group := range cellGroups(runs[0].Tallies[0]) {
		var samples [3]*cellSample
		for mode := range runs {
			samples[mode] = newCellSample(&runs[mode], group)
		}
		for _, metric := range validated {
			m := indexOf(metric.name)
			cell := result.ValidationCell{
				Contender: runs[0].Name, Class: group.class, Window: group.window, Metric: metric.name, Queries: samples[0].queries,
				Live: plainMetric(samples[0].values[m]), Kernel: plainMetric(samples[1].values[m]), Profile: plainMetric(samples[2].values[m]),
				KernelError:  plainMetric(errorsOf(samples[1].values[m], samples[0].values[m], metric.relative)),
				ProfileError: plainMetric(errorsOf(samples[2].values[m], samples[0].values[m], metric.relative)),
			}
			if metric.name == "p50_ms" {
				cell.KernelKS = ksDistance(&samples[1].pooled, &samples[0].pooled)
				cell.ProfileKS = ksDistance(&samples[2].pooled, &samples[0].pooled)
			}
			cells = append(cells, cell)
		}
	}
	return cells
}

// plainMetric is the mean over repetitions with Student's interval. The images are the same
// in all modes, so that their luck is none of a difference's.
func plainMetric(values []float64) result.Metric {
	if slices.ContainsFunc(values, func(x float64) bool { return math.IsInf(x, 0) }) {
		return result.Metric{Missing: result.Infinite}
	}
	return toMetric(studentT(finiteOf(values)))
}

// errorsOf are differences by repetition; relative ones are shares of the mean live value: a mean
// of ratios would be above 1 merely because live values vary. Two infinite values do not differ.
func errorsOf(simulated, live []float64, relative bool) []float64 {
	out, mean := make([]float64, len(live)), meanOf(live)
	for i := range live {
		switch {
		case math.IsInf(simulated[i], 1) && math.IsInf(live[i], 1):
		case relative:
			out[i] = (simulated[i] - live[i]) / mean
		default:
			out[i] = simulated[i] - live[i]
		}
	}
	return out
}

// ksDistance is the largest difference between two distribution functions (Kolmogorov and
// Smirnov), with queries that never finished at the far end. Of samples beyond exactLimit it is
// as fine as the histogram's buckets.
func ksDistance(a, b *latencies) float64 {
	if a.served+a.lost == 0 || b.served+b.lost == 0 {
		return 0
	}
	first, second := a.buckets(), b.buckets()
	largest, x, y := 0.0, uint64(0), uint64(0)
	for i := range first.counts {
		x, y = x+first.counts[i], y+second.counts[i]
		largest = max(largest, math.Abs(float64(x)/float64(a.served+a.lost)-float64(y)/float64(b.served+b.lost)))
	}
	return largest
}

// buckets returns the histogram of what was served.
func (l *latencies) buckets() *histogram {
	if l.hist != nil {
		return l.hist
	}
	h := new(histogram)
	for _, ns := range l.sample {
		h.add(ns)
	}
	return h
}

// judge holds the cells of single classes, over all of the time, against the tolerances. For shares a
// cell counts if its live attainment is known within Halfwidth: one that is not cannot tell a
// simulation that is wrong from one that is right. For latencies it counts if the live one is finite: that two are
// infinite, since too many queries were dropped, tells nothing of times. What all cells say stands
// beside it.
func judge(v *result.Validation, t Tolerances) {
	classes := func(c *result.ValidationCell) bool { return c.Class != everyClass && c.Window == "all" }
	profile := func(c *result.ValidationCell) result.Metric { return c.ProfileError }
	kernel := func(c *result.ValidationCell) result.Metric { return c.KernelError }
	sure := func(c *result.ValidationCell) bool {
		return classes(c) && c.Live.Hi != nil && (*c.Live.Hi-*c.Live.Lo)/2 <= t.Halfwidth
	}
	finite := func(c *result.ValidationCell) bool { return classes(c) && c.Live.Mean != nil }
	add := func(what string, most float64, errs, all []float64, reduce func([]float64) float64) {
		j := result.Judgement{What: what, Most: most, Cells: len(errs), AllCells: len(all), Holds: len(all) == 0} // a quantile of too few queries is not asked for
		if len(errs) > 0 {
			j.Got = result.Error(reduce(errs))
			j.Holds = float64(j.Got) <= most
		}
		if len(all) > 0 {
			j.AllGot = result.Error(reduce(all))
		}
		v.Judgements = append(v.Judgements, j)
	}
	attainment, everywhere := absolute(v, "attainment", sure, profile), absolute(v, "attainment", classes, profile)
	add("attainment, profile against live: mean", t.MeanAttainment, attainment, everywhere, meanOf)
	add("attainment, profile against live: most", t.Attainment, attainment, everywhere, slices.Max[[]float64])
	add("attainment, kernel against live: mean", t.KernelAttainment, absolute(v, "attainment", sure, kernel), absolute(v, "attainment", classes, kernel), meanOf)
	add("effective accuracy, profile against live: mean", t.EffectiveAccuracy,
		absolute(v, "effective_accuracy", sureOf(v, sure), profile), absolute(v, "effective_accuracy", classes, profile), meanOf)
	add("p50, profile against live, relative: median", t.P50, absolute(v, "p50_ms", finite, profile), absolute(v, "p50_ms", classes, profile), Median)
	add("p99, profile against live, relative: median", t.P99, absolute(v, "p99_ms", finite, profile), absolute(v, "p99_ms", classes, profile), Median)
	verdict(v)
}

// sureOf says of a cell of any metric whether the attainment of its contender and class is
// known well enough.
func sureOf(v *result.Validation, sure func(*result.ValidationCell) bool) func(*result.ValidationCell) bool {
	return func(c *result.ValidationCell) bool {
		return slices.ContainsFunc(v.Cells, func(o result.ValidationCell) bool {
			return o.Metric == "attainment" && o.Contender == c.Contender && o.Class == c.Class && o.Window == c.Window && sure(&o)
		})
	}
}

// absolute lists the sizes of a metric's errors in the cells that count.
func absolute(v *result.Validation, metric string, counts func(*result.ValidationCell) bool, of func(*result.ValidationCell) result.Metric) (errs []float64) {
	for i := range v.Cells {
		c := &v.Cells[i]
		if c.Metric != metric || !counts(c) {
			continue
		}
		switch e := of(c); {
		case e.Mean != nil:
			errs = append(errs, math.Abs(*e.Mean))
		case e.Missing == result.Infinite: // one of the two never ends, the other does
			errs = append(errs, math.Inf(1))
		}
	}
	return errs
}

func meanOf(values []float64) float64 { return studentT(values).mean }

// Median returns the median of values, of which there is one at least.
func Median(errs []float64) float64 {
	sorted := slices.Sorted(slices.Values(errs))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// verdict sums up. Void goes before everything: of a machine that was not itself, agreement
// says as little as its opposite. What the live runs do not agree on among themselves is void too, but
// does not hide what is wrong.
func verdict(v *result.Validation) {
	v.Verdict = result.Passed
	for _, j := range v.Judgements {
		switch {
		case j.Holds:
		case j.Cells == 0:
			if v.Verdict == result.Passed {
				v.Verdict = result.Void
			}
			v.Reasons = append(v.Reasons, j.What+": not known, since the live runs differ too much among themselves; more repetitions tell more")
		default:
			v.Verdict = result.Failed
			v.Reasons = append(v.Reasons, fmt.Sprintf("%s: want at most %s, got %s", j.What, result.FormatFloat(j.Most), result.FormatFloat(float64(j.Got))))
		}
	}
	if len(v.Void) > 0 {
		v.Verdict, v.Reasons = result.Void, v.Void
	}
}

// PrintValidation prints a validation as text.
func PrintValidation(w io.Writer, v *result.Validation) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n%s, kernels %s; %s of each contender, live, with real kernels in virtual time, and from the profile; %.0f s\n\n",
		printable(v.Title), v.CPU, v.Kernel, count(v.Repetitions, "repetition"), v.Seconds)
	printCells(&out, v, everyClass)
	for _, class := range classesOf(v) {
		fmt.Fprintf(&out, "\nclass %s\n", printable(class))
		printCells(&out, v, class)
	}
	printMachine(&out, v)
	printVerdict(&out, v)
	_, err := io.WriteString(w, out.String())
	return err
}

func classesOf(v *result.Validation) (names []string) {
	for i := range v.Cells {
		if class := v.Cells[i].Class; class != everyClass && !slices.Contains(names, class) {
			names = append(names, class)
		}
	}
	if len(names) == 1 {
		return nil // it is all of them
	}
	return names
}

// printCells prints a line a contender and window, with what is live and how far the others are.
func printCells(out *strings.Builder, v *result.Validation, class string) {
	g := grid{left: 2}
	g.add([]string{"", "", "attainment %", "error k", "error p", "right in time %", "error p", "density %", "p50 ms", "error k %", "error p %", "p99 ms", "error k %", "error p %", "KS k", "KS p"}, nil)
	for i := range v.Cells {
		c := &v.Cells[i]
		if c.Class != class || c.Metric != "attainment" {
			continue
		}
		of := func(metric string) *result.ValidationCell {
			j := slices.IndexFunc(v.Cells, func(o result.ValidationCell) bool {
				return o.Contender == c.Contender && o.Class == class && o.Window == c.Window && o.Metric == metric
			})
			return &v.Cells[j]
		}
		accuracy, p50, p99 := of("effective_accuracy"), of("p50_ms"), of("p99_ms")
		g.add([]string{
			printable(c.Contender), c.Window, hundred(c.Live, 2), hundred(c.KernelError, 2), hundred(c.ProfileError, 2),
			hundred(accuracy.Live, 2), hundred(accuracy.ProfileError, 2), hundred(of("mean_density").Live, 1),
			scaledMetric(p50.Live, 1, 3), hundred(p50.KernelError, 1), hundred(p50.ProfileError, 1),
			scaledMetric(p99.Live, 1, 3), hundred(p99.KernelError, 1), hundred(p99.ProfileError, 1),
			fixed(p50.KernelKS, 3), fixed(p50.ProfileKS, 3),
		}, nil)
	}
	out.WriteString(g.String())
}

func hundred(m result.Metric, decimals int) string { return scaledMetric(m, 100, decimals) }

// scaledMetric prints a metric with its half-width.
func scaledMetric(m result.Metric, by float64, decimals int) string {
	switch {
	case m.Missing == result.Infinite:
		return "inf"
	case m.Mean == nil:
		return "-"
	case m.Lo == nil:
		return fixed(by**m.Mean, decimals)
	}
	return withHalf(by**m.Mean, by**m.Lo, by**m.Hi, decimals)
}

func printMachine(out *strings.Builder, v *result.Validation) {
	out.WriteString("\nk: real kernels in virtual time, p: profile; errors are simulated minus live, of times in % of live; ± half-widths of 95 % intervals over repetitions, paired\n" +
		"k skips idle time, so that its caches are warmer than in life: its attainment is judged, its times are not\n\n")
	for _, o := range v.Overheads {
		fmt.Fprintf(out, "overhead of a start, %s: %.2f ±%.2f us (%d starts)\n", printable(o.Contender), o.US, o.HalfUS, o.Starts)
	}
	if l := v.Lateness; l.N > 0 {
		fmt.Fprintf(out, "lateness of polling while idle: p50 %.2f, p95 %.2f, p99 %.2f us (n = %d)\n", l.P50US, l.P95US, l.P99US, l.N)
	}
	if len(v.LooksUS) > 0 {
		fmt.Fprintf(out, "dense reference: %.1f us in the profile, %.1f to %.1f us beside the live runs (n = %d)\n",
			v.ReferenceUS, slices.Min(v.LooksUS), slices.Max(v.LooksUS), len(v.LooksUS))
	}
	if len(v.ServiceRatio) > 0 {
		fmt.Fprintf(out, "kernels in live runs over the profile, undisturbed: median %.3f, %.3f to %.3f (n = %d)\n",
			Median(v.ServiceRatio), slices.Min(v.ServiceRatio), slices.Max(v.ServiceRatio), len(v.ServiceRatio))
	}
}

func printVerdict(out *strings.Builder, v *result.Validation) {
	out.WriteByte('\n')
	g := grid{left: 1}
	for _, j := range v.Judgements {
		mark := "ok"
		if !j.Holds {
			mark = "too far"
		}
		got := fixed(100*float64(j.Got), 2)
		if j.Cells == 0 {
			got, mark = "-", "not known: the live runs differ too much"
			if j.AllCells == 0 {
				mark = "not asked: too few queries"
			}
		}
		g.add([]string{j.What, got + " %", "at most " + fixed(100*j.Most, 2) + " %", count(j.Cells, "cell"),
			fmt.Sprintf("(all %d: %s %%)", j.AllCells, fixed(100*float64(j.AllGot), 2)), mark}, nil)
	}
	out.WriteString(g.String())
	for _, note := range v.Notes {
		fmt.Fprintln(out, "note:", printable(note))
	}
	for _, run := range v.Void {
		fmt.Fprintln(out, "void:", printable(run))
	}
	fmt.Fprintln(out, "verdict:", v.Verdict)
}

// WriteValidation writes validation.json and, for each contender, cdf-NAME with the
// distributions of the three modes, into a folder that is there.
// Pictures of an earlier validation there are removed.
func WriteValidation(dir string, v *result.Validation) error {
	if err := removePictures(dir); err != nil {
		return err
	}
	if err := result.WriteFile(filepath.Join(dir, "validation.json"), func(w io.Writer) error { return result.EncodeJSON(w, v) }); err != nil {
		return err
	}
	for i := 0; i+2 < len(v.CDFs); i += 3 {
		p, err := overlay(v.CDFs[i : i+3])
		if err != nil {
			return err
		}
		if p == nil { // nothing was answered
			continue
		}
		if err := writePicture(filepath.Join(dir, "cdf-"+fileName(v.CDFs[i].Contender)), p); err != nil {
			return err
		}
	}
	return nil
}

// removePictures removes what an earlier validation drew into a folder.
func removePictures(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, "cdf-") || !slices.Contains(plotFormats, strings.TrimPrefix(filepath.Ext(name), ".")) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// overlay draws the distributions of one contender in all modes.
func overlay(curves []result.ModeCDF) (*plot.Plot, error) {
	var names []string
	var cdfs []result.CDF
	for _, c := range curves {
		names, cdfs = append(names, c.Mode), append(cdfs, c.CDF)
	}
	return drawnCDFs("Response times, live and simulated: "+printable(curves[0].Contender), names, cdfs)
}
