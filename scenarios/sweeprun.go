package scenarios

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"slosim/engine/profile"
	"slosim/reports"
	"slosim/reports/result"
)

// Sweep plans a sweep, or opens that of the folder, runs the cells that are missing, and merges.
// What stops it loses at most the cells under way; another call goes on from there.
func (a *App) Sweep(ctx context.Context, o SweepOptions) error {
	if o.DryRun {
		return a.drySweep(ctx, o)
	}
	d, err := a.PlanSweep(ctx, o)
	if err != nil {
		return err
	}
	missing, err := d.Missing()
	if err != nil {
		return err
	}
	if err := d.Run(ctx, o.Console, o.Jobs, missing); err != nil {
		if errors.Is(err, context.Canceled) {
			fmt.Fprintf(o.Err, "%s: finished cells are kept, and the same command goes on from there\n", d.dir)
		}
		return err
	}
	return d.Merge(ctx, o.Console, false)
}

// ChunkOptions are those of `slosim sweep --chunk`.
type ChunkOptions struct {
	SweepOptions
	Chunk, Chunks int    // the cells whose number is Chunk modulo Chunks
	Scratch       string // --scratch: folder of this machine where cells are written first; empty: none
}

// SweepChunk runs those cells of a planned sweep that are missing from a chunk, and merges nothing.
// Chunks may run at the same time, the same chunk too: a cell that is simulated twice has the same
// bytes. It never measures.
func (a *App) SweepChunk(ctx context.Context, o ChunkOptions) error {
	d, err := a.OpenSweep(o.Dir, o.AnyExecutable)
	if err != nil {
		return err
	}
	missing, err := d.missingOf(o.Chunk, o.Chunks)
	if err != nil {
		return err
	}
	if err := d.runChunk(ctx, o, missing); err != nil {
		return err
	}
	done := result.SweepChunk{Schema: result.Schema, Dir: o.Dir, Chunk: o.Chunk, Chunks: o.Chunks, Ran: len(missing)}
	if o.Chunk < d.Cells() {
		done.Cells = (d.Cells()-1-o.Chunk)/o.Chunks + 1
	}
	if o.JSON {
		return result.EncodeJSON(o.Out, done)
	}
	_, err = fmt.Fprintf(o.Out, "%s: chunk %d/%d is done: %d of its %d cells were run now\n", o.Dir, done.Chunk, done.Chunks, done.Ran, done.Cells)
	return err
}

// Run runs cells, jobs simulations at a time, and keeps each as it is finished. What is shared out
// is single replications of single contenders and not cells: cores stay busy to the end, and few
// cells are under way at any moment. After an error that would meet the other cells too (a full
// disk), or the end of ctx, no more cells begin. Contenders that break the rules are kept as
// failed in their cell; Merge says so.
func (d *SweepDir) Run(ctx context.Context, o Console, jobs int, cells []int) error {
	if len(cells) == 0 {
		return nil
	}
	if err := d.noteNode(); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	known := d.app.Known()
	known.CheckArrivals = nil // its verdict is known since the plan, and a contest comes to the same one
	r := &sweepRun{dir: d, known: known, stop: stop, progress: o.progress(), tasks: make(chan sweepTask), writing: make(chan struct{}, writers)}
	o.progress().Start(fmt.Sprintf("sweeping %d cells", len(cells)), len(cells))
	go r.deal(ctx, cells)
	var group sync.WaitGroup
	for range max(1, jobs) {
		group.Go(func() {
			for task := range r.tasks {
				r.run(ctx, task)
			}
		})
	}
	group.Wait()
	r.files.Wait()
	o.progress().Done()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err // what stopped the sweep, and not what that did to others
	}
	return ctx.Err()
}

// sweepRun is a running sweep.
type sweepRun struct {
	dir      *SweepDir
	known    Known
	stop     context.CancelCauseFunc
	progress Progress
	tasks    chan sweepTask
	writing  chan struct{} // a place for each file under way
	files    sync.WaitGroup
}

// writers are how many files may be under way while cores go on: a disk takes its time to say that
// it has one for good.
const writers = 8

// sweepTask is one replication of one contender of a cell.
type sweepTask struct {
	cell        *sweepCell
	replication int
	entrant     int
}

// sweepCell is a cell under way.
type sweepCell struct {
	index    int
	contest  *contest
	outcomes [][]outcome // [replication][entrant]
	left     atomic.Int64
	queries  atomic.Uint64
}

// deal hands out the runs of one cell after the other. A cell is built when the one before is
// handed out, so that memory does not grow with the number of cells.
func (r *sweepRun) deal(ctx context.Context, cells []int) {
	defer close(r.tasks)
	for _, i := range cells {
		if ctx.Err() != nil {
			return
		}
		cell, err := r.begin(i)
		if err != nil {
			r.stop(cellError(r.dir.plan, i, err))
			return
		}
		for replication := range cell.outcomes {
			for entrant := range cell.contest.entrants {
				select {
				case r.tasks <- sweepTask{cell, replication, entrant}:
				case <-ctx.Done():
					return
				}
			}
		}
	}
}

func (r *sweepRun) begin(i int) (*sweepCell, error) {
	s, err := r.dir.template.cell(r.known, pointSets(r.dir.plan, i))
	if err != nil {
		return nil, err
	}
	c, err := r.dir.app.newContest(s, r.dir.profile)
	if err != nil {
		return nil, err
	}
	cell := &sweepCell{index: i, contest: c, outcomes: make([][]outcome, s.Replications)}
	for replication := range cell.outcomes {
		cell.outcomes[replication] = make([]outcome, len(c.entrants))
	}
	cell.left.Store(int64(s.Replications * len(c.entrants)))
	return cell, nil
}

// run runs one replication of one contender; the last of a cell keeps it.
func (r *sweepRun) run(ctx context.Context, t sweepTask) {
	c := t.cell
	if ctx.Err() != nil {
		return
	}
	out := c.contest.run(ctx, c.contest.entrants[t.entrant], t.replication, false, nil)
	c.outcomes[t.replication][t.entrant] = out
	c.queries.Add(out.stats.Arrived)
	if ctx.Err() != nil || c.left.Add(-1) > 0 {
		return
	}
	content, err := r.content(c)
	if err != nil {
		r.stop(cellError(r.dir.plan, c.index, err))
		return
	}
	r.writing <- struct{}{}
	r.files.Go(func() {
		defer func() { <-r.writing }()
		if err := r.keep(c.index, content); err != nil {
			r.stop(err)
			return
		}
		r.progress.Add(1)
	})
}

// content makes a cell's statistics.
func (r *sweepRun) content(c *sweepCell) (*result.SweepCell, error) {
	ran := &ran{contest: c.contest, outcomes: c.outcomes, faulty: map[int]error{}}
	ran.judge()
	content, err := ran.sweepCell(r.dir.plan, c.index)
	if err != nil {
		return nil, err
	}
	content.Queries = int64(c.queries.Load())
	return content, nil
}

// keep writes a cell's file.
func (r *sweepRun) keep(index int, content *result.SweepCell) error {
	if plan := filepath.Join(r.dir.dir, result.SweepPlanFile); !isFile(plan) {
		return fmt.Errorf("%s: want the plan of the sweep, got none any more: somebody removed it or its folder", plan)
	}
	hash := cellHash(r.dir.plan, index)
	if err := r.dir.store.Put(hash, content); err != nil {
		if _, there := r.dir.store.Check(hash); there == nil { // another process was faster
			return nil
		}
		return err
	}
	return nil
}

// sweepCell makes the content of a cell's file.
func (r *ran) sweepCell(plan *result.SweepPlan, index int) (*result.SweepCell, error) {
	set := pointLabels(plan, index)
	cell := &result.SweepCell{Set: set, ScenarioHash: r.scenario.Hash()}
	for i, e := range r.entrants {
		err := r.faulty[i]
		if err != nil && !failure(err) { // not the contender's fault, and perhaps another one the next time
			return nil, err
		}
		if err != nil {
			cell.Failed = append(cell.Failed, result.SweepFailed{Contender: e.Name, Why: err.Error()})
		}
	}
	contenders := r.contenders()
	if len(contenders) == 0 { // all broke the rules
		return cell, nil
	}
	heading := reports.Heading{Title: r.scenario.Title, Stationary: r.stationary()} // without the set, which the cell has
	if err := reports.SummariseCell(cell, heading, contenders); err != nil {
		return nil, err
	}
	return cell, nil
}

// cellError says which cell has an error.
func cellError(plan *result.SweepPlan, cell int, err error) error {
	return fmt.Errorf("cell %d (%s): %w", cell, strings.Join(pointSets(plan, cell), ", "), err)
}

// noteNode says in the folder on which machine cells are simulated, if its CPU is another one than
// the profile's. Whether they are is decided by the profile, not by the machine: their numbers are
// the same on both.
func (d *SweepDir) noteNode() error {
	own := d.app.machine()
	node := result.SweepNode{Schema: result.Schema, CPU: own.CPU, Cores: own.Cores, Differences: profile.Differences(d.profile.Machine, own)}
	return result.WriteSweepNode(filepath.Join(d.dir, result.SweepNodesFolder), &node)
}
