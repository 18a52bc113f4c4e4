package scenarios

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"slosim/reports"
	"slosim/reports/result"
	"slosim/scenarios/slurm"
)

// MergeOptions are those of `slosim sweep merge`, and of status.
type MergeOptions struct {
	Console
	Dir     string // the sweep's folder
	Partial bool   // --partial: merge the cells that are there
}

// SweepMerge merges the cells of a sweep's folder. Without all of them it is a UsageError, unless
// some will do. Any build of the program may merge: it changes no cell.
func (a *App) SweepMerge(ctx context.Context, o MergeOptions) error {
	d, err := a.OpenSweep(o.Dir, true)
	if err != nil {
		return err
	}
	return d.Merge(ctx, o.Console, o.Partial)
}

// SweepStatus says how many cells of a sweep's folder are done.
func (a *App) SweepStatus(ctx context.Context, o MergeOptions) error {
	plan, err := readPlan(o.Dir)
	if err != nil {
		return err
	}
	d := &SweepDir{app: a, dir: o.Dir, plan: plan, store: result.NewSweepStore(o.Dir)}
	state, err := d.scan()
	if err != nil {
		return err
	}
	todo := len(state.todo())
	status := result.SweepStatus{
		Schema: result.Schema, Dir: o.Dir, Scenario: plan.Scenario, Cells: plan.Cells,
		Done: plan.Cells - todo, Missing: todo - len(state.corrupt), Corrupt: len(state.corrupt),
	}
	status.CorruptCells = state.corrupt
	if _, err := plannedProfile(o.Dir, plan); err != nil {
		status.ProfileProblem = err.Error()
	}
	status.Tasks, status.TasksUnknown = d.tasksStatus(ctx, state.todo())
	if o.JSON {
		return result.EncodeJSON(o.Out, status)
	}
	_, err = fmt.Fprintf(o.Out, "%s: %d of %d cells done, %d missing, %d corrupt%s\n%s", o.Dir, status.Done, status.Cells, status.Missing, status.Corrupt,
		describeCorrupt(d, state.corrupt), describeTasks(status))
	if err == nil && status.ProfileProblem != "" {
		_, err = fmt.Fprintf(o.Out, "%s; sweep on with --profile FILE, a copy of it\n", status.ProfileProblem)
	}
	return err
}

// describeCorrupt names corrupt cells, and the first's file.
func describeCorrupt(d *SweepDir, cells []int) string {
	if len(cells) == 0 {
		return ""
	}
	return fmt.Sprintf(" (cells %s; the first is %s; sweep on to redo them)", shorten(slurm.Ranges(cells)), d.store.Path(cellHash(d.plan, cells[0])))
}

// Merge makes the results of a sweep from its cells, prints what they say together, and writes the
// tables, pictures and the report into the folder. Results that are of the same cells stay as they are.
// A contender that broke the rules in some cell is a ContenderError, beside the results of all others.
func (d *SweepDir) Merge(ctx context.Context, o Console, partial bool) error {
	state, err := d.scan()
	if err != nil {
		return err
	}
	todo := len(state.todo())
	switch {
	case todo == d.plan.Cells:
		return Usagef("%s: want cells to merge, got none that is done", d.dir)
	case todo > 0 && !partial:
		return Usagef("%s: want all %d cells to merge, got %d (%d corrupt): sweep on, or merge those with --partial", d.dir, d.plan.Cells, d.plan.Cells-todo, len(state.corrupt))
	}
	nodes, err := result.ReadSweepNodes(d.dir)
	if err != nil {
		return err
	}
	digest := state.digest(nodes)
	merged := d.formerMerge(digest)
	if merged == nil {
		release, err := d.alone(ctx)
		if err != nil {
			return err
		}
		defer release()
		if merged = d.formerMerge(digest); merged == nil { // by whoever had the folder
			if merged, err = d.mergeCells(ctx, o, state, nodes, digest); err != nil {
				return err
			}
		}
	}
	if err := d.tell(o, merged); err != nil {
		return err
	}
	if len(merged.Failed) > 0 { // the others' results are kept
		return ContenderError{merged.Failed[0].Contender, fmt.Errorf("failed in %d of %d cells, first in cell %d: %s",
			merged.Failed[0].Cells, merged.Merged, merged.Failed[0].First, merged.Failed[0].Why)}
	}
	return nil
}

// tell prints the merged results.
func (d *SweepDir) tell(o Console, merged *result.SweepMerged) error {
	if o.JSON {
		return result.EncodeJSON(o.Out, merged)
	}
	if err := reports.PrintSweep(o.Out, merged); err != nil {
		return err
	}
	_, err := fmt.Fprintf(o.Out, "\nresult: %s (report: %s)\n", d.dir, filepath.Join(d.dir, result.ReportFile))
	return err
}

// digest identifies the cells that are done, and where they were simulated.
func (s *sweepState) digest(nodes []result.SweepNode) string {
	sum := sha256.New()
	for i, checksum := range s.checksums {
		fmt.Fprintln(sum, i, checksum)
	}
	for i := range nodes {
		fmt.Fprintf(sum, "%q %d %q\n", nodes[i].CPU, nodes[i].Cores, nodes[i].Differences)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// path returns that of a file of the folder.
func (d *SweepDir) path(name string) string { return filepath.Join(d.dir, name) }

// formerMerge returns the results that the folder has, if they are of the same cells; nil otherwise.
func (d *SweepDir) formerMerge(digest string) *result.SweepMerged {
	for _, name := range []string{result.SweepTable + ".csv", result.SweepTable + ".parquet", result.ReplicationTable + ".parquet",
		result.WinsTable + ".csv", result.ReportFile} {
		if !isFile(d.path(name)) {
			return nil
		}
	}
	m, err := result.ReadSweepMerged(d.path(result.MergedFile))
	if err != nil || m.Digest != digest {
		return nil
	}
	return m
}

// mergeCells reads the cells in order, each once, and writes the results. merged.json goes first and
// comes last: a folder that has it has whole results.
func (d *SweepDir) mergeCells(ctx context.Context, o Console, state *sweepState, nodes []result.SweepNode, digest string) (*result.SweepMerged, error) {
	if err := os.Remove(d.path(result.MergedFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	if err := d.sweepUp(); err != nil {
		return nil, err
	}
	merge := reports.NewSweepMerge(d.plan)
	tables, err := d.createTables()
	if err != nil {
		return nil, err
	}
	if err := d.addCells(ctx, o, state, merge, tables); err != nil {
		tables.abort()
		return nil, err
	}
	if err := tables.close(); err != nil {
		return nil, err
	}
	m := merge.Merged()
	m.Title, m.Digest, m.Nodes = d.template.Base.Title, digest, nodes
	caveats, err := d.caveats(nodes)
	if err != nil {
		return nil, err
	}
	m.Notes = append(caveats, m.Notes...)
	if m, err = asWritten(m); err != nil { // so that pictures and page show the file's numbers
		return nil, err
	}
	if err := os.MkdirAll(d.path(result.PlotsFolder), 0o755); err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	if err := reports.WriteSweepPlots(d.dir, m); err != nil {
		return nil, err
	}
	if err := result.WriteFile(d.path(result.ReportFile), func(w io.Writer) error { return reports.SweepHTML(w, d.plan, m) }); err != nil {
		return nil, err
	}
	return m, result.WriteFile(d.path(result.MergedFile), func(w io.Writer) error { return result.EncodeJSON(w, m) })
}

// sweepUp removes what processes that were killed have left half-written. A process that writes a
// cell right now finds that it is there already.
func (d *SweepDir) sweepUp() error {
	folders := []string{d.dir, d.path(result.PlotsFolder), d.path(result.SweepNodesFolder)}
	cells, err := os.ReadDir(d.path(result.SweepCellsFolder))
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for _, e := range cells {
		folders = append(folders, filepath.Join(d.path(result.SweepCellsFolder), e.Name()))
	}
	for _, folder := range folders {
		if err := result.RemoveHalfWritten(folder); err != nil {
			return err
		}
	}
	return nil
}

// caveats are those of a run of the first cell, and of the machines that simulated.
func (d *SweepDir) caveats(nodes []result.SweepNode) (notes []string, err error) {
	s, err := d.template.cell(d.app.Known(), pointSets(d.plan, 0))
	if err != nil {
		return nil, err
	}
	s.Sweep, s.Asserts = nil, nil
	c, err := d.app.newContest(s, d.profile)
	if err != nil {
		return nil, cellError(d.plan, 0, err)
	}
	for _, note := range c.notes() {
		notes = append(notes, "as in cell 0: "+note)
	}
	for i := range nodes {
		if n := &nodes[i]; len(n.Differences) > 0 {
			notes = append(notes, fmt.Sprintf("cells were simulated on %s with the profile of another machine: %s", n.CPU, strings.Join(n.Differences, "; ")))
		}
	}
	return notes, nil
}

// addCells streams the cells into the merge and the tables. Several are decoded at a time.
func (d *SweepDir) addCells(ctx context.Context, o Console, state *sweepState, merge *reports.SweepMerge, tables *sweepTables) error {
	done := 0
	for _, checksum := range state.checksums {
		if checksum != "" {
			done++
		}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	o.progress().Start("merging cells", done)
	defer o.progress().Done()
	for reading := range d.readAhead(ctx, state) {
		read := <-reading
		if read.err != nil {
			return read.err
		}
		if err := tables.write(read.number, read.cell, merge.Add(read.number, read.cell)); err != nil {
			return err
		}
		o.progress().Add(1)
	}
	return ctx.Err()
}

// readCell is a cell as read.
type readCell struct {
	number int
	cell   *result.SweepCell
	err    error
}

// readAhead decodes the cells that are done, a few ahead of whoever takes them in their order.
func (d *SweepDir) readAhead(ctx context.Context, state *sweepState) <-chan chan readCell {
	queue := make(chan chan readCell, scanners)
	go func() {
		defer close(queue)
		for i, checksum := range state.checksums {
			if checksum == "" {
				continue
			}
			one := make(chan readCell, 1)
			select {
			case queue <- one:
			case <-ctx.Done():
				return
			}
			go func() {
				cell, err := d.store.Get(cellHash(d.plan, i))
				if err == nil && !maps.Equal(cell.Set, pointLabels(d.plan, i)) {
					err = fmt.Errorf("%s: want the point %v, got %v", d.store.Path(cellHash(d.plan, i)), pointLabels(d.plan, i), cell.Set)
				}
				one <- readCell{i, cell, err}
			}()
		}
	}()
	return queue
}

// sweepTables are the tables under way.
type sweepTables struct {
	rows                      *reports.SweepRows
	cells, replications, wins *result.TableWriter
}

func (d *SweepDir) createTables() (t *sweepTables, err error) {
	t = &sweepTables{rows: reports.NewSweepRows(d.plan)}
	defer func() {
		if err != nil {
			t.abort()
		}
	}()
	if t.cells, err = result.CreateTable(d.path(result.SweepTable+".csv"), d.path(result.SweepTable+".parquet"), t.rows.CellColumns()); err != nil {
		return t, err
	}
	if t.replications, err = result.CreateTable("", d.path(result.ReplicationTable+".parquet"), t.rows.ReplicationColumns()); err != nil {
		return t, err
	}
	t.wins, err = result.CreateTable(d.path(result.WinsTable+".csv"), "", t.rows.WinsColumns())
	return t, err
}

func (t *sweepTables) write(number int, cell *result.SweepCell, best []result.SweepBest) error {
	for _, one := range []struct {
		table *result.TableWriter
		rows  [][]any
	}{{t.cells, t.rows.Cell(number, cell)}, {t.replications, t.rows.Replications(number, cell)}, {t.wins, t.rows.Wins(number, best)}} {
		for _, row := range one.rows {
			if err := one.table.Write(row); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *sweepTables) all() []*result.TableWriter {
	return []*result.TableWriter{t.cells, t.replications, t.wins}
}

func (t *sweepTables) abort() {
	for _, table := range t.all() {
		if table != nil {
			table.Abort()
		}
	}
}

func (t *sweepTables) close() error {
	for i, table := range t.all() {
		if err := table.Close(); err != nil {
			for _, later := range t.all()[i+1:] {
				later.Abort()
			}
			return err
		}
	}
	return nil
}
