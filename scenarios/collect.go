package scenarios

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"slosim/engine/profile"
	"slosim/reports"
	"slosim/reports/result"
	"slosim/workloads"
)

// figures collects what the report draws.
func (r *ran) figures(contenders []reports.Contender) (result.Figures, error) {
	timelines, cdfs, err := reports.DrawnSeries(contenders)
	if err != nil {
		return result.Figures{}, err
	}
	f := result.Figures{
		Schema:   result.Schema,
		Fronts:   fronts(r.profile.Profile),
		Timeline: timelines,
		CDFs:     cdfs,
		Campaign: campaign(r.profile.Profile),

		Reliability: r.reliability(),

		WarmUp:   r.scenario.Warmup.Std().Seconds(),
		Duration: r.scenario.Duration.Std().Seconds(),
	}
	for i := range r.scenario.Interference {
		block := &r.scenario.Interference[i]
		if block.File != "" {
			f.Shaded = append(f.Shaded, result.Interval{
				FromS: block.From.Std().Seconds(), ToS: block.To.Std().Seconds(), Kind: filepath.Base(block.File), Factor: block.meanFactor(),
			})
			continue
		}
		for _, s := range block.Stretches() {
			f.Shaded = append(f.Shaded, result.Interval{
				FromS: s.From.Seconds(), ToS: s.To.Seconds(), Kind: block.Antagonist, Degree: block.Intensity,
			})
		}
	}
	for i := range r.scenario.Classes {
		class := &r.scenario.Classes[i]
		f.Classes = append(f.Classes, result.SLO{
			Name: class.Name, Share: class.Share, LatencyMS: class.Latency.Std().Seconds() * 1e3,
			Accuracy: class.Accuracy, Changes: len(class.Changes),
		})
	}
	return f, nil
}

// manifest says how the result came to be.
func (r *ran) manifest(command string) result.Manifest {
	version, commit := version()
	folder, _ := os.Getwd() // without one, explain is told less
	m := result.Manifest{
		Schema:        result.Schema,
		Version:       version,
		Commit:        commit,
		Go:            runtime.Version(),
		CPU:           r.profile.Machine.CPU,
		Cores:         r.profile.Machine.Cores,
		Kernel:        r.profile.Machine.Variant,
		Command:       command,
		Scenario:      r.scenario.Name,
		ScenarioFile:  r.scenario.problem("", "", "").File,
		Folder:        folder,
		Service:       "profile",
		ScenarioHash:  r.scenario.Hash(),
		ScenarioText:  r.scenario.Text(),
		ProfileHash:   r.profile.hash,
		ProfileOrigin: r.profile.origin,
		Seed:          r.scenario.Seed,
		StartedAt:     r.began.UTC().Format(time.RFC3339),
		WallSeconds:   time.Since(r.began).Seconds(),
		Interrupted:   r.complete < r.scenario.Replications,
		Warnings:      slices.Concat(r.profile.Campaign.Warnings, r.profile.warnings),
	}
	if r.kernels != nil {
		m.Service = KernelService
	}
	if r.simulate > 0 {
		m.QueriesPerSecond = float64(r.queries) / r.simulate.Seconds()
	}
	for i, e := range r.entrants {
		if err := r.faulty[i]; err != nil {
			m.Failed = append(m.Failed, fmt.Sprintf("%s: %v", e.Name, err))
		}
	}
	return m
}

// writeReport writes report.html and the plots from the files that were just written, and
// the manifest as its file will have it, so that they show the files' numbers and no
// others. It returns the summary as read.
func writeReport(folder *result.Folder, m *result.Manifest) (*result.Summary, error) {
	summary, err := folder.Summary()
	if err != nil {
		return nil, err
	}
	figures, err := folder.Figures()
	if err != nil {
		return nil, err
	}
	m, err = asWritten(m)
	if err != nil {
		return nil, err
	}
	if err := folder.Write(result.ReportFile, func(w io.Writer) error { return reports.HTML(w, m, summary, figures) }); err != nil {
		return nil, err
	}
	return summary, reports.WritePlots(folder, summary, figures)
}

// asWritten returns a result with its numbers rounded as in its file, which is
// written last.
func asWritten[T any](m *T) (*T, error) {
	var out bytes.Buffer
	if err := result.EncodeJSON(&out, m); err != nil {
		return nil, err
	}
	var read T
	if err := json.Unmarshal(out.Bytes(), &read); err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	return &read, nil
}

// levelName names a level of disturbance: "alone", "cpu 1".
func levelName(l profile.Level) string {
	if len(l.Antagonists) == 0 {
		return "alone"
	}
	var names []string
	for _, a := range l.Antagonists {
		names = append(names, fmt.Sprintf("%s %g", a.Kind, a.Intensity))
	}
	return strings.Join(names, " + ")
}

// sorted sorts times into a distribution.
func sorted(times profile.Dist) profile.Dist {
	slices.Sort(times)
	return times
}

// dryRun says what would run: the resolved scenario, its traffic and its size.
func (a *App) dryRun(o RunOptions, s subject) error {
	scenario := o.Scenario
	reference, source, err := a.expectedReference(s, o.Profile)
	if err != nil {
		return err
	}
	fmt.Fprint(o.Out, scenario.Text())
	fmt.Fprintf(o.Out, "\n# contenders x replications: %d x %d = %d runs of %v\n",
		len(scenario.Contenders), scenario.Replications, len(scenario.Contenders)*scenario.Replications, scenario.Duration.Std())
	rate := scenario.Arrivals.Rate
	load := scenario.Arrivals.Load
	workers := scenario.Machines[0].Workers
	switch {
	case scenario.Arrivals.Kind != "" && !workloads.HasRate(scenario.Arrivals.Kind):
		fmt.Fprintf(o.Out, "# kind = %q has no rate: how many queries a second there are depends on the contender or on a count\n", scenario.Arrivals.Kind)
		return nil
	case reference == 0:
		fmt.Fprintf(o.Out, "# %s: rates and times are known once it is measured\n", source)
		return nil
	case scenario.Arrivals.Transform == "none":
		process, err := workloads.NewProcess(scenario.Arrivals.Spec(scenario.Duration.Std()))
		if err != nil {
			return err
		}
		rate = process.Rate()
		load = rate * reference.Seconds() / float64(workers)
	case load > 0:
		rate = rateOf(load, workers, reference)
	default:
		load = rate * reference.Seconds() / float64(workers)
	}
	fmt.Fprintf(o.Out, "# %s: the dense network takes %v\n", source, reference.Round(100*time.Nanosecond))
	for _, class := range scenario.Classes {
		fmt.Fprintf(o.Out, "# class %s: %.0f queries a second, %.2f of the workers at the dense network\n",
			class.Name, rate*class.Share, load*class.Share)
	}
	queries := rate * scenario.Duration.Std().Seconds() * float64(len(scenario.Contenders)*scenario.Replications)
	fmt.Fprintf(o.Out, "# %.2g queries in all: about %.0f s at a million a second\n", queries, math.Ceil(queries/1e6))
	if load >= 1 {
		fmt.Fprintf(o.Out, "# warning: offered load %.2f of the dense network is not below 1: its queue grows without bound\n", load)
	}
	return nil
}

// expectedReference returns the dense reference's mean from the given or cached
// profile, 0 if there is none.
func (a *App) expectedReference(s subject, file string) (time.Duration, string, error) {
	if file != "" {
		p, err := a.givenProfile(s, file)
		if err != nil {
			return 0, "", err
		}
		return p.Campaign.Reference.Mean(), "profile " + file, nil
	}
	p, err := profile.Load(a.cachePath(s))
	if err != nil {
		return 0, "no profile yet", nil
	}
	return p.Campaign.Reference.Mean(), "the cached profile", nil
}
