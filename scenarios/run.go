package scenarios

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"slosim/reports"
	"slosim/reports/result"
	"slosim/sim/virtual"
)

// Run runs a scenario: all contenders and replications, the table on o.Out, and the
// result folder. When ctx ends, the replications that every contender has finished
// are written and ctx's error is returned. A contender that breaks the rules is left
// out and returned as a ContenderError.
func (a *App) Run(ctx context.Context, o RunOptions) error {
	began := time.Now()
	if err := o.checkTrace(); err != nil {
		return err
	}
	if ready, err := a.readyFor(ctx, o); err != nil || !ready {
		return err
	}
	s, err := a.subjectOf(o.Scenario)
	if err != nil {
		return err
	}
	if o.Service == KernelService {
		if problems := a.unliveable(o.Scenario, s.techniques); len(problems) > 0 {
			return problems
		}
	}
	if o.DryRun {
		return a.dryRun(o, s)
	}
	if err := writable("$TMPDIR, for pictures", filepath.Join(os.TempDir(), "slosim")); err != nil {
		return err
	}
	_, missing := os.Stat(o.Dir)
	dir, err := ClaimDir(o.Dir, ResultsRoot, o.Scenario.Name)
	if err != nil {
		return err
	}
	made := o.Dir == "" || missing != nil
	folder, err := result.Create(dir)
	if err != nil {
		return err
	}
	if err := writable("--save-profile", o.SaveProfile); err != nil {
		return errors.Join(err, abandon(dir, made))
	}
	p, err := a.profileOf(ctx, s, o.Profile, o.progress())
	if err != nil {
		return errors.Join(err, abandon(dir, made))
	}
	if o.SaveProfile != "" {
		if err := p.Save(o.SaveProfile); err != nil {
			return errors.Join(err, abandon(dir, made))
		}
	}
	c, err := a.newContest(o.Scenario, p)
	if err != nil {
		return errors.Join(err, abandon(dir, made))
	}
	if c.files, err = o.Scenario.fileSums(); err != nil {
		return errors.Join(err, abandon(dir, made))
	}
	if o.Service == KernelService {
		if c.kernels, err = a.newRealKernels(c, s); err != nil {
			return errors.Join(err, abandon(dir, made))
		}
		o.Jobs = 1 // one core, one thing at a time
	}
	ran := c.runAll(ctx, o)
	if c.kernels != nil {
		ran.failed = errors.Join(ran.failed, c.kernels.stage.Close())
	}
	ran.began = began
	err = ran.write(folder, o)
	return errors.Join(err, emptied(dir, made), ran.failed, ctx.Err())
}

// emptied removes a folder that the run made, unless something stands in it after all.
func emptied(dir string, made bool) error {
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		return nil
	}
	return abandon(dir, made)
}

// abandon removes a folder that the run made and has put nothing into.
func abandon(dir string, made bool) error {
	if !made {
		return nil
	}
	return os.Remove(dir)
}

// writable makes sure, before hours of work, that a file can be written where a flag says.
// No path is fine.
func writable(flag, path string) error {
	if path == "" || result.IsDevice(path) {
		return nil
	}
	probe, err := os.CreateTemp(filepath.Dir(path), ".slosim-probe-*")
	if wrong := (*fs.PathError)(nil); errors.As(err, &wrong) {
		err = wrong.Err // the probe's name says nothing to anyone
	}
	if err != nil {
		return fmt.Errorf("%s: cannot write %s: %w", flag, path, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// ran is what a contest's runs gave.
type ran struct {
	*contest
	outcomes [][]outcome // [replication][entrant], of the replications that ran
	complete int         // replications that every sound contender finished
	failed   error       // ContenderErrors, joined
	faulty   map[int]error
	began    time.Time
	simulate time.Duration
	queries  uint64
}

// runAll runs the replications on o.Jobs goroutines, one replication of all
// contenders after the other, so that an interrupted run has whole replications.
func (c *contest) runAll(ctx context.Context, o RunOptions) *ran {
	return c.runSome(ctx, o, 0, c.scenario.Replications)
}

// runSome runs the replications from one number to before another.
func (c *contest) runSome(ctx context.Context, o RunOptions, from, to int) *ran {
	began := time.Now()
	r := &ran{contest: c, faulty: map[int]error{}, outcomes: make([][]outcome, to-from)}
	for i := range r.outcomes {
		r.outcomes[i] = make([]outcome, len(c.entrants))
	}
	n := len(r.outcomes) * len(c.entrants)
	var queries atomic.Uint64
	o.progress().Start(cmp.Or(o.Doing, "simulating"), n)
	virtual.RunAll(ctx, o.Jobs, n, func(i int) error {
		replication, entrant := from+i/len(c.entrants), i%len(c.entrants)
		var trace *scheduleTracer
		if o.Trace && replication == 0 {
			trace = newScheduleTracer(c, &c.entrants[entrant], antagonistsPID+1+entrant, o.traceWindow())
		}
		out := c.run(ctx, c.entrants[entrant], replication, o.Records, trace)
		r.outcomes[replication-from][entrant] = out
		queries.Add(out.stats.Arrived)
		o.progress().Add(1)
		return out.err
	})
	o.progress().Done()
	r.simulate, r.queries = time.Since(began), queries.Load()
	r.judge()
	return r
}

// judge finds the contenders that failed and the replications that the others finished.
func (r *ran) judge() {
	var errs []error
	for i, e := range r.entrants {
		for _, replication := range r.outcomes {
			if err := replication[i].err; err != nil && !errors.Is(err, context.Canceled) {
				r.faulty[i] = err
				if failure(err) {
					err = ContenderError{e.Name, err}
				}
				errs = append(errs, err)
				break
			}
		}
	}
	r.failed = errors.Join(errs...)
	for _, replication := range r.outcomes {
		for i := range replication {
			if r.faulty[i] == nil && !replication[i].ran {
				return
			}
		}
		r.complete++
	}
}

// contenders returns the tallies of the sound contenders over the whole replications.
func (r *ran) contenders() []reports.Contender {
	var out []reports.Contender
	for i, e := range r.entrants {
		if r.faulty[i] != nil {
			continue
		}
		c := reports.Contender{Name: e.Name, Technique: e.Technique.Key(), Policy: shortPolicy(e.Policy)}
		for _, replication := range r.outcomes[:r.complete] {
			c.Tallies = append(c.Tallies, replication[i].tally)
			c.Batches = replication[i].batches
		}
		out = append(out, c)
	}
	return out
}

// write writes the result folder, whole or not at all, and prints the table. Without one
// whole replication there is nothing to write.
func (r *ran) write(folder *result.Folder, o RunOptions) error {
	summary, err := r.writeFolder(folder, o)
	if err != nil {
		return errors.Join(err, folder.Discard())
	}
	said := result.Ran{Interrupted: r.complete < r.scenario.Replications, Failed: r.failures()}
	if summary == nil {
		if !o.JSON {
			return nil
		}
		said.Summary = result.Summary{Schema: result.Schema, Title: r.scenario.Title}
		return result.EncodeJSON(o.Out, said)
	}
	said.Summary, said.Folder = *summary, folder.Dir()
	return printSummary(o.Console, said)
}

// failures lists the contenders that broke the rules, with the reason.
func (r *ran) failures() (list []string) {
	for i, e := range r.entrants {
		if err := r.faulty[i]; err != nil {
			list = append(list, fmt.Sprintf("%s: %v", e.Name, err))
		}
	}
	return list
}

// writeFolder writes all files and returns the summary; nil if there is none.
func (r *ran) writeFolder(folder *result.Folder, o RunOptions) (*result.Summary, error) {
	contenders := r.contenders()
	if len(contenders) == 0 || r.complete == 0 {
		return nil, nil
	}
	summary, err := reports.Summarise(reports.Heading{Title: r.scenario.Title, Notes: r.notes(), Bounds: r.bounds(), Stationary: r.stationary()}, contenders)
	if err != nil {
		return nil, err
	}
	figures, err := r.figures(contenders)
	if err != nil {
		return nil, err
	}
	replications, err := reports.Replications(contenders)
	if err != nil {
		return nil, err
	}
	replications.Files = r.files
	if o.Records {
		if err := r.writeRecords(folder); err != nil {
			return nil, err
		}
	}
	if o.Trace {
		if err := folder.Write(result.ScheduleFile, func(w io.Writer) error { return r.writeSchedule(w, o.traceWindow()) }); err != nil {
			return nil, err
		}
	}
	manifest := r.manifest(o.Command)
	// The manifest comes last: a folder that has one is whole.
	if err := errors.Join(folder.WriteSummary(&summary), folder.WriteReplications(&replications), folder.WriteFigures(&figures)); err != nil {
		return nil, err
	}
	written, err := writeReport(folder, &manifest)
	if err != nil {
		return nil, err
	}
	if err := folder.WriteManifest(&manifest); err != nil {
		return nil, err
	}
	return written, nil
}

// printSummary prints the table, or all as JSON.
func printSummary(o Console, said result.Ran) error {
	if o.JSON {
		return result.EncodeJSON(o.Out, said)
	}
	if err := reports.Table(o.Out, &said.Summary, reports.TableOptions{Colour: o.Color}); err != nil {
		return err
	}
	_, err := fmt.Fprintf(o.Out, "\nresult: %s (report: %s)\n", said.Folder, said.Folder+"/"+result.ReportFile)
	return err
}

// writeRecords writes queries.parquet, in order of contender and replication.
func (r *ran) writeRecords(folder *result.Folder) error {
	w, err := folder.CreateQueries()
	if err != nil {
		return err
	}
	for i := range r.entrants {
		for _, replication := range r.outcomes[:r.complete] {
			if err := w.Write(replication[i].rows); err != nil {
				w.Abort()
				return err
			}
		}
	}
	return w.Close()
}
