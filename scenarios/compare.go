package scenarios

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"slosim/reports"
	"slosim/reports/result"
	"slosim/workloads"
)

// CompareOptions are those of `slosim compare`.
type CompareOptions struct {
	Console
	A, B       string   // result folders; the same one compares its contenders
	Contenders []string // --contender: a name that both have, or A's=B's; empty: all that both have
	Classes    []string // --class; empty: all classes together, and each
	Windows    []string // --window; empty: all, and interference if there is some
	Metrics    []string // --metric; empty: reports.ComparedMetrics
	Format     string   // --format: of CompareFormats
}

// CompareFormats are what a comparison can be printed as, the default first.
func CompareFormats() []string { return []string{"text", "benchstat", "csv"} }

// Compare prints what one result gains over another, paired by replication under common draws.
// It refuses results whose contenders did not see the same: the Problems list all of it.
func (a *App) Compare(ctx context.Context, o CompareOptions) error {
	one, errA := openCompared(o.A)
	other, errB := openCompared(o.B)
	if errA != nil || errB != nil && o.A != o.B {
		return UsageError{errors.Join(errA, errB)}
	}
	c := comparison{options: o, a: one, b: other}
	if c.refuse(); len(c.problems) > 0 {
		return c.problems
	}
	choice := c.choose()
	if len(c.problems) > 0 {
		return c.problems
	}
	found, err := reports.Compare(one.values, other.values, choice)
	if err != nil {
		return UsageError{fmt.Errorf("%s and %s: %w", o.A, o.B, err)}
	}
	found.A, found.B = o.A, o.B
	found.Notes = append(found.Notes, c.notes(choice.Pairs)...)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch {
	case o.JSON:
		return result.EncodeJSON(o.Out, &found)
	case o.Format == "csv":
		return result.WriteComparisonCSV(o.Out, &found)
	case o.Format == "benchstat":
		return c.benchmarks(choice, found.Notes)
	}
	return reports.PrintComparison(o.Out, &found, o.Color)
}

// benchmarks keeps stdout for benchstat.
func (c *comparison) benchmarks(choice reports.Choice, notes []string) error {
	for _, note := range notes {
		if _, err := fmt.Fprintln(c.options.Err, "note: "+note); err != nil {
			return err
		}
	}
	return reports.WriteBenchmarks(c.options.Out, c.a.values, c.b.values, c.options.A, c.options.B, choice)
}

// comparedResult is what of a result folder is compared.
type comparedResult struct {
	flat
	manifest *result.Manifest
	values   *result.Replications
}

func openCompared(dir string) (*comparedResult, error) {
	folder, err := result.Open(dir)
	if err != nil {
		return nil, err
	}
	manifest, err := folder.Manifest()
	if err != nil {
		return nil, err
	}
	values, err := folder.Replications()
	if err != nil {
		return nil, err
	}
	if err := folder.Genuine(result.ReplicationsFile); err != nil {
		return nil, err
	}
	text, err := flatten(manifest.ScenarioText)
	if err != nil {
		return nil, fmt.Errorf("%s: scenario_text: %w", folder.Path(result.ManifestFile), err)
	}
	return &comparedResult{flat: text, manifest: manifest, values: values}, nil
}

// comparison is two results with what is to be known of them.
type comparison struct {
	options  CompareOptions
	a, b     *comparedResult
	problems Problems
}

// differ adds a reason why the results cannot be compared.
func (c *comparison) differ(key, want, a, b string) {
	c.problems = append(c.problems, Problem{File: c.options.A + " and " + c.options.B, Key: key, Want: want, Got: a + " and " + b})
}

// refuse finds everything that the contenders of the two results did not see alike.
func (c *comparison) refuse() {
	c.refuseScenario()
	c.refuseReplications()
	c.refuseFiles()
	if a, b := c.a.manifest.ProfileHash, c.b.manifest.ProfileHash; a != b {
		c.differ("profile", "the same", fmt.Sprintf("%.12s (%s)", a, c.a.manifest.ProfileOrigin), fmt.Sprintf("%.12s (%s)", b, c.b.manifest.ProfileOrigin))
	}
	if a, b := servedBy(c.a.manifest), servedBy(c.b.manifest); a != b {
		c.differ("--service", "the same", a, b)
	}
	if len(c.problems) == 0 { // otherwise it only repeats them
		c.refuseQueries()
	}
}

func servedBy(m *result.Manifest) string {
	if m.Service == "" { // a manifest from before there was another one
		return "profile"
	}
	return m.Service
}

// free says whether a key may differ between results that are compared.
func free(path string) bool {
	table, _, _ := strings.Cut(path, ".")
	table, _, _ = strings.Cut(table, "[")
	return slices.Contains([]string{"schema", "title", "replications", "contender", "factorial", "assert", "validate"}, table)
}

// refuseScenario compares the resolved scenarios key by key.
func (c *comparison) refuseScenario() {
	for _, path := range c.paths() {
		a, inA := c.a.text[path]
		b, inB := c.b.text[path]
		if free(path) || a == b && inA == inB || lacking(path, c.a.lists, c.b.lists) {
			continue
		}
		c.differ(path, "the same", orNothing(a, inA), orNothing(b, inB))
	}
}

func orNothing(value string, there bool) string { return orElseText(value, there, "nothing") }

// orElseText is a value for a message, or a word for there being none.
func orElseText(value string, there bool, word string) string {
	if !there {
		return word
	}
	return shorten(value)
}

// paths lists those of A in order, then those that only B has.
func (c *comparison) paths() []string {
	list := slices.Clone(c.a.paths)
	for _, path := range c.b.paths {
		if _, ok := c.a.text[path]; !ok {
			list = append(list, path)
		}
	}
	return list
}

// refuseReplications wants replications of the same number to be the same draws. A scenario of
// one takes the profile as measured, one of several resamples it (contest.draw).
func (c *comparison) refuseReplications() {
	a, b := c.a.text["replications"], c.b.text["replications"]
	if (a == "1") != (b == "1") {
		c.differ("replications", "1 in both, or more in both: one alone does not resample the profile", a, b)
		return
	}
	shared := slices.ContainsFunc(c.a.values.Replications, func(n int) bool { return slices.Contains(c.b.values.Replications, n) })
	if !shared {
		c.differ("replications", "some that both have", fmt.Sprint(c.a.values.Replications), fmt.Sprint(c.b.values.Replications))
	}
}

// refuseFiles compares what files hold that the scenarios name.
func (c *comparison) refuseFiles() {
	for _, key := range keysOfBoth(c.a.values.Files, c.b.values.Files) {
		a, inA := c.a.values.Files[key]
		b, inB := c.b.values.Files[key]
		if a != b {
			c.differ(key, "the same in the file", orNothing(fmt.Sprintf("%.12s", a), inA), orNothing(fmt.Sprintf("%.12s", b), inB))
		}
	}
}

// waits says whether arrivals wait for answers.
func (c *comparison) waits() bool {
	kind := strings.Trim(c.a.text["arrivals.kind"], `"`)
	return !workloads.HasRate(kind) && kind != "mlperf-offline"
}

// refuseQueries wants as many queries of each class in each window to have arrived in each
// replication: what the scenarios do not tell apart, such as a trace that ships and has changed,
// shows there. In a closed loop arrivals are the contenders' doing.
func (c *comparison) refuseQueries() {
	if c.waits() || len(c.a.values.Contenders) == 0 || len(c.b.values.Contenders) == 0 {
		return
	}
	one, other := &c.a.values.Contenders[0], &c.b.values.Contenders[0]
	for i := range one.Cells {
		cell := &one.Cells[i]
		match := other.Cell(cell.Class, cell.Window)
		if match == nil {
			c.differ("class "+cell.Class+", window "+cell.Window, "in both", "one", "none")
			continue
		}
		for r, n := range c.a.values.Replications {
			at := slices.Index(c.b.values.Replications, n)
			if at >= 0 && cell.Queries[r] != match.Queries[at] {
				c.differ(fmt.Sprintf("queries of class %s, window %s, replication %d", cell.Class, cell.Window, n), "the same",
					fmt.Sprint(cell.Queries[r]), fmt.Sprint(match.Queries[at]))
				break // one of a cell is enough
			}
		}
	}
}

// choose says what is compared, with the defaults; what cannot be is a problem.
func (c *comparison) choose() reports.Choice {
	first := c.a.values.Contenders
	var classes, windows []string
	for i := range first[:min(1, len(first))] {
		for _, cell := range first[i].Cells {
			classes, windows = appendNew(classes, cell.Class), appendNew(windows, cell.Window)
		}
	}
	metrics := reports.ReplicatedMetrics()
	choice := reports.Choice{
		Classes: c.chosen("--class", "classes", c.options.Classes, classes),
		Windows: c.chosen("--window", "windows", c.options.Windows, windows),
		Metrics: c.chosen("--metric", "metrics with a value in each replication", c.options.Metrics, metrics),
		Pairs:   c.pairs(),
	}
	if len(c.options.Metrics) == 0 {
		choice.Metrics = reports.ComparedMetrics()
	}
	if len(c.options.Classes) == 0 && len(classes) == 2 { // all, and the only one, which is all
		choice.Classes = classes[:1]
	}
	if len(c.options.Windows) == 0 { // all is the sum of quiet and interference
		choice.Windows = slices.DeleteFunc(slices.Clone(windows), func(w string) bool { return w == "quiet" })
	}
	return choice
}

func appendNew(list []string, name string) []string {
	if slices.Contains(list, name) {
		return list
	}
	return append(list, name)
}

// chosen checks names given to a flag; all there are without any.
func (c *comparison) chosen(flag, kind string, given, known []string) (list []string) {
	for _, name := range given {
		if !slices.Contains(known, name) {
			c.problems = append(c.problems, Problem{File: flag, Want: wantName(kind, known), Got: strconv.Quote(name) + didYouMean(name, known)})
			continue
		}
		list = appendNew(list, name)
	}
	if len(given) == 0 {
		return known
	}
	return list
}

// pairs finds the contenders that are compared.
func (c *comparison) pairs() (pairs []reports.Pair) {
	if len(c.options.Contenders) == 0 {
		for i := range c.a.values.Contenders {
			if name := c.a.values.Contenders[i].Contender; c.b.values.Of(name) != nil {
				pairs = append(pairs, reports.Pair{A: name, B: name})
			}
		}
		if len(pairs) == 0 {
			c.differ("contenders", "one that both have, or --contender A's=B's", strings.Join(c.a.names(), ", "), strings.Join(c.b.names(), ", "))
		}
		return pairs
	}
	for _, given := range c.options.Contenders {
		if pair, ok := c.pairOf(given); ok && !slices.Contains(pairs, pair) {
			pairs = append(pairs, pair)
		}
	}
	return pairs
}

// pairOf finds the contenders of a name, or of two with = between them, which may be in names too.
func (c *comparison) pairOf(given string) (reports.Pair, bool) {
	if c.a.values.Of(given) != nil && c.b.values.Of(given) != nil {
		return reports.Pair{A: given, B: given}, true
	}
	for i, r := range given {
		if r == '=' && c.a.values.Of(given[:i]) != nil && c.b.values.Of(given[i+1:]) != nil {
			return reports.Pair{A: given[:i], B: given[i+1:]}, true
		}
	}
	left, right, two := strings.Cut(given, "=")
	if !two {
		right = left
	}
	for _, side := range []struct {
		folder, name string
		result       *comparedResult
	}{{c.options.A, left, c.a}, {c.options.B, right, c.b}} {
		if names := side.result.names(); side.result.values.Of(side.name) == nil {
			c.problems = append(c.problems, Problem{File: "--contender", Key: side.folder,
				Want: wantName("contenders", names), Got: strconv.Quote(side.name) + didYouMean(side.name, names)})
		}
	}
	return reports.Pair{}, false
}

func (r *comparedResult) names() (list []string) {
	for i := range r.values.Contenders {
		list = append(list, r.values.Contenders[i].Contender)
	}
	return list
}
