package scenarios

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"slosim/engine/profile"
	"slosim/reports"
	"slosim/reports/result"
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
		Alerts:      reports.Alerts((r.scenario.Duration - r.scenario.Warmup).Std()),

		WarmUp:   r.scenario.Warmup.Std().Seconds(),
		Duration: r.scenario.Duration.Std().Seconds(),
	}
	for i := range r.scenario.Interference {
		block := &r.scenario.Interference[i]
		if block.File != "" {
			f.Shaded = append(f.Shaded, result.Interval{
				FromS: block.From.Std().Seconds(), ToS: block.To.Std().Seconds(), Kind: block.source(), Factor: block.meanFactor(),
			})
			continue
		}
		for _, s := range block.Stretches() {
			f.Shaded = append(f.Shaded, result.Interval{
				FromS: s.From.Seconds(), ToS: s.To.Seconds(), Kind: block.source(), Degree: block.Intensity, Factor: block.Factor,
			})
		}
	}
	for i := range r.scenario.Classes {
		class := &r.scenario.Classes[i]
		f.Classes = append(f.Classes, result.SLO{
			Name: class.Name, Share: class.Share, LatencyMS: class.Latency.Std().Seconds() * 1e3,
			Accuracy: class.Accuracy, Objective: class.Objective, Changes: len(class.Changes),
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
	m.Failed = r.failures()
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
