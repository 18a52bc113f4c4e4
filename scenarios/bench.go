package scenarios

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"slosim/engine"
	"slosim/engine/bench"
	"slosim/engine/kernel"
	"slosim/reports/result"
	"slosim/workloads"
)

// BenchNetwork is the family whose networks are measured.
const BenchNetwork = "fashion-mnist"

// benchShapes are the tables that are measured: a hidden layer, and output layers of 13
// thousand and 205 thousand labels.
var benchShapes = [][2]int{{1024, 1024}, {13_330, 128}, {205_443, 128}}

// storageNetworks are those whose answers are compared between storage types.
var storageNetworks = []string{"fashion-mnist.full", "fashion-mnist.wta", "fashion-mnist.slim", "fashion-mnist.w64", "fashion-mnist-wide.wta"}

// BenchGroups lists what may be measured: the network and the tables.
func BenchGroups() []string {
	groups := []string{"mlp"}
	for _, s := range benchShapes {
		groups = append(groups, fmt.Sprintf("%dx%d", s[0], s[1]))
	}
	return groups
}

// Bench measures this machine's limits and the kernels against them, and prints both.
func (a *App) Bench(ctx context.Context, o BenchOptions) error {
	report, err := a.bench(ctx, o)
	if err != nil {
		return err
	}
	if o.JSON {
		return result.EncodeJSON(o.Console.Out, report)
	}
	return printBench(o.Console.Out, report)
}

func (a *App) bench(ctx context.Context, o BenchOptions) (*bench.Report, error) {
	m := a.machine()
	report := &bench.Report{Schema: bench.Schema, Machine: m.CPU, Kernel: a.Kernels.Name, Limits: kernel.Limits()}
	wanted := func(group string) bool { return len(o.Groups) == 0 || slices.Contains(o.Groups, group) }
	if wanted("mlp") {
		if err := a.benchNetwork(ctx, o, report); err != nil {
			return nil, err
		}
	}
	for _, s := range benchShapes {
		if name := fmt.Sprintf("%dx%d", s[0], s[1]); !wanted(name) {
			continue
		}
		if err := benchGroup(ctx, o, report, bench.Table(a.Kernels, s[0], s[1])); err != nil {
			return nil, err
		}
	}
	report.Figures, report.Notes = bench.Figures(report.Rows), bench.FasterLibraries(report.Rows)
	return report, nil
}

// benchNetwork measures the shipped network with its activators, and what storage types
// and points do.
func (a *App) benchNetwork(ctx context.Context, o BenchOptions, report *bench.Report) error {
	family, err := FindFamily(BenchNetwork)
	if err != nil {
		return err
	}
	truth, err := workloads.OpenDataset(family.Truth)
	if err != nil {
		return err
	}
	plain, sparse, err := a.benchNetworks(family)
	if err != nil {
		return err
	}
	group, err := bench.Network(a.Kernels, plain, sparse, truth)
	if err != nil {
		return err
	}
	if err := benchGroup(ctx, o, report, group); err != nil {
		return err
	}
	if report.Storage, err = a.benchStorage(ctx, truth); err != nil {
		return err
	}
	techniques, err := a.techniques(family, everyTechnique(family))
	if err != nil {
		return err
	}
	report.Forward, err = bench.Allocations(ctx, techniques, truth, plain.Inputs())
	return err
}

// benchStorage runs the shipped networks with a dense pass in each storage type.
func (a *App) benchStorage(ctx context.Context, truth *workloads.Dataset) (list []bench.Storage, err error) {
	for _, name := range storageNetworks {
		net, err := a.Source.Open(name)
		if err != nil {
			return nil, err
		}
		storage, err := bench.StorageOf(ctx, a.Kernels, net, truth)
		if err != nil {
			return nil, err
		}
		list = append(list, storage...)
	}
	return list, nil
}

func (a *App) benchNetworks(family Family) (plain, sparse *engine.Network, err error) {
	if plain, err = a.Source.Open(family.Name + ".full"); err != nil {
		return nil, nil, err
	}
	sparse, err = a.Source.Open(family.Name + ".wta")
	return plain, sparse, err
}

func benchGroup(ctx context.Context, o BenchOptions, report *bench.Report, g *bench.Group) error {
	p := o.progress()
	p.Start(g.Name, o.Rounds*len(g.Cases))
	defer p.Done()
	rows, err := bench.Measure(ctx, g, bench.Options{Rounds: o.Rounds, Progress: func() { p.Add(1) }})
	report.Rows = append(report.Rows, rows...)
	return err
}

func printBench(w io.Writer, r *bench.Report) error {
	fmt.Fprintf(w, "%s, kernels %s\n\n", r.Machine, r.Kernel)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "one core reads\tbuffer MB\tGB/s\t(range)\tn\t")
	for _, l := range r.Limits {
		fmt.Fprintf(t, "%s\t%.1f\t%.1f\t%.1f to %.1f\t%d\t\n", l.Level, float64(l.Bytes)/1e6, l.PerSecond/1e9, l.Lo/1e9, l.Hi/1e9, l.Rounds)
	}
	group := ""
	for _, row := range r.Rows {
		if row.Group != group {
			group = row.Group
			fmt.Fprintf(t, "\n%s\ttype\tdensity\trows\tmedian us\tp99 us\tof limit\tof loads\tspeed-up\t(95 %%)\tn\t variant\n", group)
		}
		fmt.Fprintln(t, benchLine(row))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if err := printStorage(w, r); err != nil {
		return err
	}
	if err := printFigures(w, r); err != nil {
		return err
	}
	return printNotes(w, r)
}

// printNotes says how to read the columns, and what to mind.
func printNotes(w io.Writer, r *bench.Report) error {
	text := "\nof limit: bytes of used rows a second over what a core reads from the whole table, beside it; of loads: time of the\n" +
		"same loads without arithmetic over the kernel's; speed-up: over our dense float32 kernel. p99 wants 100 timings; calls under 1 us are\n" +
		"timed ten together. n: rounds.\n"
	for _, note := range r.Notes {
		text += "note: " + note + "\n"
	}
	_, err := io.WriteString(w, text)
	return err
}

func benchLine(r bench.Row) string {
	p99 := ""
	if r.P99US > 0 {
		p99 = fmt.Sprintf("%.2f", r.P99US)
	}
	return strings.Join([]string{r.Kernel, r.Type, fmt.Sprintf("%g %%", 100*r.Density), r.State,
		fmt.Sprintf("%.2f", r.MedianUS), p99, median(r.ShareOfLimit), median(r.ShareOfLoads),
		fmt.Sprintf("%.2f", r.Speedup.Median), fmt.Sprintf("%.2f to %.2f", r.Speedup.Lo, r.Speedup.Hi),
		fmt.Sprint(r.Speedup.Rounds), " " + r.Variant}, "\t")
}

// median prints a ratio that was measured.
func median(r bench.Ratio) string {
	if r.Rounds == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", r.Median)
}

func printStorage(w io.Writer, r *bench.Report) error {
	if len(r.Storage) == 0 {
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\nweights stored as\tMB\taccuracy\tanswers as float32\tn\t network")
	for _, s := range r.Storage {
		fmt.Fprintf(t, "%s\t%.2f\t%.2f %%\t%.2f %%\t%d\t %s\n",
			s.Type, float64(s.Bytes)/1e6, 100*s.Accuracy, 100*s.Agreement, s.Samples, s.Network)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nallocations of a forward pass, at the worst point of %d techniques: %g (%d passes each)\n",
		len(r.Forward.Techniques), r.Forward.Allocations, r.Forward.Passes)
	return err
}

func printFigures(w io.Writer, r *bench.Report) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t)
	printRatios(t, r.Figures)
	return t.Flush()
}

// printRatios prints figures by their keys.
func printRatios(w io.Writer, figures map[string]bench.Ratio) {
	fmt.Fprintln(w, "figure\tmedian\t(95 %)\tn")
	for _, key := range slices.Sorted(maps.Keys(figures)) {
		f := figures[key]
		fmt.Fprintf(w, "%s\t%.4g\t%.4g to %.4g\t%d\n", key, f.Median, f.Lo, f.Hi, f.Rounds)
	}
}
