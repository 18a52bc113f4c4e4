package scenarios

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"slosim/engine/profile"
	"slosim/reports/result"
)

// SweepOptions are those of `slosim sweep`.
type SweepOptions struct {
	Console
	Template *Template // of the sweep; nil where the folder's plan has it
	Dir      string    // -o: the sweep's folder; empty: ResultsRoot/SCENARIO.sweep
	Profile  string    // --profile: a profile's file to use as it is; empty: the folder's, the cached one, or measure
	Jobs     int       // --jobs: simulations at a time, 1 or more
	// AnyExecutable lets this program continue a sweep that another build of it began.
	AnyExecutable bool
	DryRun        bool // --dry-run: say what would run, write nothing
}

// SweepDir is an opened sweep: its folder, its plan and the profile that its cells draw from.
type SweepDir struct {
	app      *App
	dir      string
	plan     *result.SweepPlan
	template *Template
	profile  measured
	store    result.SweepStore
}

// Dir returns the sweep's folder.
func (d *SweepDir) Dir() string { return d.dir }

// Cells returns the number of cells; they are numbered from 0.
func (d *SweepDir) Cells() int { return d.plan.Cells }

// Plan returns the plan, which is not to be changed.
func (d *SweepDir) Plan() *result.SweepPlan { return d.plan }

// Missing lists the cells that have no whole file, in ascending order: those to run. The error
// is of a folder that cannot be read.
func (d *SweepDir) Missing() ([]int, error) {
	return d.missingOf(0, 1)
}

// missingOf lists those whose number is chunk modulo chunks. Files of other cells are not read: a
// thousand chunks that begin at once read each file once, not a thousand times.
func (d *SweepDir) missingOf(chunk, chunks int) (cells []int, err error) {
	chunks = min(chunks, max(d.plan.Cells, chunk+1)) // more are as many, and sums of them no number
	state := newSweepState(d.plan.Cells)
	if err := d.look(state, chunk, chunks); err != nil {
		return nil, err
	}
	for i := chunk; i < d.plan.Cells; i += chunks {
		if state.checksums[i] == "" {
			cells = append(cells, i)
		}
	}
	return cells, nil
}

// sweepState says what became of each cell.
type sweepState struct {
	checksums []string // [cell]; empty: no whole file
	corrupt   []int
}

func (s *sweepState) todo() (cells []int) {
	for i, checksum := range s.checksums {
		if checksum == "" {
			cells = append(cells, i)
		}
	}
	return cells
}

// scanners are how many files are read at a time: more than cores, for shared folders answer late.
const scanners = 8

func newSweepState(cells int) *sweepState { return &sweepState{checksums: make([]string, cells)} }

// scan looks at every cell's file.
func (d *SweepDir) scan() (*sweepState, error) {
	state := newSweepState(d.plan.Cells)
	return state, d.look(state, 0, 1)
}

// look looks at the files of the cells whose number is chunk modulo chunks.
func (d *SweepDir) look(state *sweepState, chunk, chunks int) error {
	errs := make([]error, scanners)
	corrupt := make([][]int, scanners)
	var group sync.WaitGroup
	for w := range scanners {
		group.Go(func() {
			for i := chunk + w*chunks; i < d.plan.Cells && errs[w] == nil; i += scanners * chunks {
				var broken result.CorruptError
				checksum, err := d.store.Check(cellHash(d.plan, i))
				switch {
				case errors.As(err, &broken):
					corrupt[w] = append(corrupt[w], i)
				case err != nil && !errors.Is(err, fs.ErrNotExist):
					errs[w] = err
				}
				state.checksums[i] = checksum
			}
		})
	}
	group.Wait()
	state.corrupt = slices.Sorted(slices.Values(slices.Concat(corrupt...)))
	return errors.Join(errs...)
}

// PlanSweep opens the sweep of a template in a folder: it plans one if there is none, measuring if
// it has to, and otherwise makes sure that the plan there is of the same sweep, which is continued.
// A folder with another sweep, or with anything else, is a UsageError and stays as it is.
func (a *App) PlanSweep(ctx context.Context, o SweepOptions) (*SweepDir, error) {
	dir := o.Dir
	if dir == "" {
		dir = filepath.Join(ResultsRoot, o.Template.Base.Name+".sweep")
	}
	switch _, err := os.Stat(filepath.Join(dir, result.SweepPlanFile)); {
	case isFile(dir):
		return nil, Usagef("%s: want a folder for the sweep, got a file", dir)
	case err == nil:
		return a.continued(dir, o)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("sweep: %w", err)
	}
	if err := a.makePlan(ctx, dir, o); err != nil {
		return nil, err
	}
	return a.continued(dir, o)
}

// OpenSweep opens the sweep of a folder. Files that its cells name must be what they were, and so
// must this program unless any will do.
func (a *App) OpenSweep(dir string, anyExecutable bool) (*SweepDir, error) {
	plan, err := readPlan(dir)
	if err != nil {
		return nil, err
	}
	own, err := executableHash()
	if err != nil {
		return nil, err
	}
	if own != plan.ExecutableHash && !anyExecutable {
		return nil, Usagef("%s: want the program that planned the sweep (%s %s, SHA-256 %.12s), got another build (%.12s), whose numbers may differ: run that one, sweep into another folder, or say --any-executable",
			dir, plan.Version, plan.Commit, plan.ExecutableHash, own)
	}
	d := &SweepDir{app: a, dir: dir, plan: plan, store: result.NewSweepStore(dir)}
	if err := d.unchanged(); err != nil {
		return nil, err
	}
	if d.template, err = parseTemplate(plan.ScenarioFile, plan.ScenarioText, a.Known(), plan.Sets); err != nil {
		return nil, fmt.Errorf("%s: the plan's scenario:\n%w", dir, err)
	}
	loaded, err := plannedProfile(dir, plan)
	if err != nil {
		return nil, Usagef("%w; put it back: slosim sweep SCENARIO -o %s --profile FILE, with FILE a copy of it; finished cells are kept", err, dir)
	}
	d.profile = measured{Profile: loaded, hash: plan.ProfileHash, origin: plan.ProfileOrigin, beliefs: &beliefs{}}
	return d, nil
}

// plannedProfile reads the profile that is in a sweep's folder. The error is of one that is missing,
// damaged or not the plan's.
func plannedProfile(dir string, plan *result.SweepPlan) (*profile.Profile, error) {
	file := filepath.Join(dir, plan.Profile)
	loaded, err := profile.Load(file)
	if err != nil {
		return nil, fmt.Errorf("%w (want the profile of the plan, SHA-256 %.12s)", err, plan.ProfileHash)
	}
	if got := loaded.Hash(); got != plan.ProfileHash {
		return nil, fmt.Errorf("%s: want the profile of the plan, SHA-256 %.12s, got %.12s", file, plan.ProfileHash, got)
	}
	return loaded, nil
}

// putBack writes a copy of the plan's profile over one that is missing or damaged.
func putBack(o Console, dir string, plan *result.SweepPlan, p *profile.Profile) error {
	if _, err := plannedProfile(dir, plan); err == nil {
		return nil
	}
	file := filepath.Join(dir, plan.Profile)
	if err := result.WriteFile(file, p.Write); err != nil {
		return err
	}
	_, err := fmt.Fprintf(o.Err, "%s was missing or damaged and is put back\n", file)
	return err
}

// readPlan reads a folder's plan; a folder without one is a UsageError.
func readPlan(dir string) (*result.SweepPlan, error) {
	file := filepath.Join(dir, result.SweepPlanFile)
	if isFile(dir) {
		return nil, Usagef("%s: want a sweep's folder, got a file", dir)
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil, Usagef("%s: want a sweep's folder, got none with a %s (slosim sweep SCENARIO -o %s makes one)", dir, result.SweepPlanFile, dir)
	}
	plan, err := result.ReadSweepPlan(file)
	if err != nil {
		return nil, Usagef("%w; without its plan nothing is known of a sweep: bring the file back, or sweep into another folder", err)
	}
	if id, err := identity(plan); err != nil || id != plan.Identity { // its cells would not be what their names say
		return nil, Usagef("%s: want the plan that was made, got one that was changed since: bring the file back, or sweep into another folder", file)
	}
	return plan, nil
}

// unchanged makes sure that the files that cells name are those of the plan.
func (d *SweepDir) unchanged() error {
	var errs []error
	for _, file := range d.plan.Files {
		switch got, err := fileHash(file.Path); {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: want a file that the sweep's cells name: %w", file.Path, err))
		case got != file.SHA256:
			errs = append(errs, fmt.Errorf("%s: want the file of the plan, SHA-256 %.12s, got %.12s: it changed since", file.Path, file.SHA256, got))
		}
	}
	if len(errs) > 0 {
		return Usagef("%s: the sweep cannot go on: %w", d.dir, errors.Join(errs...))
	}
	return nil
}

// continued opens a folder and makes sure that its plan is the template's.
func (a *App) continued(dir string, o SweepOptions) (*SweepDir, error) {
	plan, err := readPlan(dir)
	if err != nil {
		return nil, err
	}
	digest, err := o.Template.digest()
	if err != nil {
		return nil, err
	}
	pinned, err := pinnedSets(o.Template)
	if err != nil {
		return nil, err
	}
	var other []string
	var given *profile.Profile
	if plan.Scenario != o.Template.Base.Name {
		other = append(other, fmt.Sprintf("scenario %s, not %s", plan.Scenario, o.Template.Base.Name))
	}
	axes := pinnedAxes(o.Template)
	planned := &Template{File: plan.ScenarioFile, Text: plan.ScenarioText, Sets: plan.Sets}
	if before, err := planned.digest(); err != nil || before != digestWith(o.Template, pinned, digest) {
		other = append(other, "another text or --set")
	}
	if !slices.EqualFunc(plan.Axes, axes, sameAxis) {
		other = append(other, "other axes")
	}
	if o.Profile != "" {
		if given, err = profile.Load(o.Profile); err != nil {
			return nil, UsageError{err}
		}
		if given.Hash() != plan.ProfileHash {
			other = append(other, "another profile than "+o.Profile)
		}
	}
	if len(other) > 0 {
		return nil, Usagef("%s: want this sweep's folder or a new one, got that of another sweep (%s); nothing was changed: choose another folder with -o", dir, strings.Join(other, ", "))
	}
	if given != nil {
		if err := putBack(o.Console, dir, plan, given); err != nil {
			return nil, err
		}
	}
	return a.OpenSweep(dir, o.AnyExecutable)
}

// digestWith is the digest with the sets that a plan adds.
func digestWith(t *Template, more []string, without string) string {
	if len(more) == 0 {
		return without
	}
	pinned := *t
	pinned.Sets = slices.Concat(t.Sets, more)
	digest, err := pinned.digest()
	if err != nil {
		return ""
	}
	return digest
}

func sameAxis(a, b result.SweepAxis) bool {
	return a.Name == b.Name && a.Key == b.Key && a.Group == b.Group && slices.Equal(a.Values, b.Values) && slices.Equal(a.Labels, b.Labels)
}

// traceKey is the key whose files are looked for from the working folder, and not the scenario's.
const traceKey = "arrivals.trace"

// pinnedSets are overrides that make the template mean the same in every folder.
func pinnedSets(t *Template) ([]string, error) {
	trace := t.Base.Arrivals.Trace
	if trace == "" || filepath.IsAbs(trace) || !isFile(trace) {
		return nil, nil
	}
	path, err := filepath.Abs(trace)
	return []string{traceKey + "=" + quotedTOML(path)}, err
}

// pinnedAxes are the axes with paths that mean the same in every folder.
func pinnedAxes(t *Template) []result.SweepAxis {
	axes := t.axes()
	for i := range axes {
		if axes[i].Key != traceKey {
			continue
		}
		values := slices.Clone(axes[i].Values)
		for j, value := range values {
			if file, ok := overrideValue(value).(string); ok && isFile(file) {
				if path, err := filepath.Abs(file); err == nil {
					values[j] = quotedTOML(path)
				}
			}
		}
		axes[i].Values = values
	}
	return axes
}

// makePlan plans a sweep into a folder that has none. The plan comes last, after the profile: a
// folder that has one can be swept.
func (a *App) makePlan(ctx context.Context, dir string, o SweepOptions) (err error) {
	if err := unused(dir); err != nil {
		return err
	}
	if _, missing := os.Stat(dir); missing != nil {
		defer func() {
			if err != nil {
				err = errors.Join(err, emptied(dir, true)) // nothing was planned
			}
		}()
	}
	plan, err := a.draftPlan(o.Template)
	if err != nil {
		return err
	}
	needs, err := a.checkCells(ctx, plan, o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	if err := writable("-o "+dir, filepath.Join(dir, result.SweepPlanFile)); err != nil {
		return err
	}
	p, err := a.travellingProfile(ctx, dir, needs, o)
	if err != nil {
		return err
	}
	plan.ProfileHash, plan.ProfileOrigin, plan.CPU = p.hash, p.origin, p.Machine.CPU
	if plan.Identity, err = identity(plan); err != nil {
		return err
	}
	p.beliefs = &beliefs{}
	if err := a.estimate(plan, p); err != nil {
		return err
	}
	_, err = result.ExclusiveFile(filepath.Join(dir, result.SweepPlanFile), func(w io.Writer) error { return result.EncodeJSON(w, plan) })
	return err
}

// unused makes sure that a folder is missing, empty or what is left of planning this.
func unused(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("sweep: %w", err)
	}
	for _, e := range entries {
		if e.Name() == result.SweepCellsFolder {
			return Usagef("%s: want a sweep's folder, or an empty one, got cells without their %s: bring that back, or sweep into another folder", dir, result.SweepPlanFile)
		}
		if e.Name() != result.SweepProfileFile && !strings.HasPrefix(e.Name(), ".slosim-") {
			return Usagef("%s: want an empty folder or one of a sweep, got a folder with %q in it", dir, e.Name())
		}
	}
	return nil
}

// draftPlan is the plan but for what depends on the profile and the cells.
func (a *App) draftPlan(t *Template) (*result.SweepPlan, error) {
	own, err := executableHash()
	if err != nil {
		return nil, err
	}
	file, err := absoluteScenario(t.File)
	if err != nil {
		return nil, err
	}
	pinned, err := pinnedSets(t)
	if err != nil {
		return nil, err
	}
	plan := &result.SweepPlan{
		Schema: result.Schema, Scenario: t.Base.Name, ScenarioFile: file, ScenarioText: t.Text,
		Sets: slices.Concat(t.Sets, pinned), Axes: pinnedAxes(t), Profile: result.SweepProfileFile,
		ExecutableHash: own, Cells: 1,
	}
	plan.Version, plan.Commit = version()
	sampled := false
	for i := range plan.Axes {
		if plan.Axes[i].Group == 0 || !sampled {
			plan.Cells *= len(plan.Axes[i].Values)
		}
		sampled = sampled || plan.Axes[i].Group > 0
	}
	return plan, nil
}

// identity is the SHA-256 of what all cells have in common: the template, the files that cells
// name, the profile and the program.
func identity(plan *result.SweepPlan) (string, error) {
	t := &Template{File: plan.ScenarioFile, Text: plan.ScenarioText, Sets: plan.Sets}
	digest, err := t.digest()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintln(sum, "slosim sweep", Schema, digest, plan.ProfileHash, plan.ExecutableHash)
	for _, file := range plan.Files {
		fmt.Fprintf(sum, "%q %s\n", file.Path, file.SHA256)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// travellingProfile returns the profile that stays with the sweep: the folder's, that of --profile,
// the cached one, or a new one, which is measured now and never again.
func (a *App) travellingProfile(ctx context.Context, dir string, needs *cellNeeds, o SweepOptions) (measured, error) {
	path := filepath.Join(dir, result.SweepProfileFile)
	if isFile(path) && o.Profile == "" { // of a plan that was not finished
		return a.givenProfile(needs.subject, path)
	}
	if err := needs.ready(ctx, o); err != nil {
		return measured{}, err
	}
	p, err := a.profileOf(ctx, needs.subject, o.Profile, o.progress())
	if err != nil {
		return measured{}, err
	}
	made, err := result.ExclusiveFile(path, p.Write)
	if err != nil || made {
		return p, err
	}
	there, err := a.givenProfile(needs.subject, path)
	if err == nil && there.hash == p.hash { // of a plan that was not finished, or is made right now
		return p, nil
	}
	if err == nil && o.Profile != "" {
		err = Usagef("%s: want the profile %s, got another one: it is of a sweep that was not planned to the end; remove it", path, o.Profile)
	}
	return there, err
}

// executableHash is the SHA-256 of this program.
func executableHash() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("sweep: which program this is: %w", err)
	}
	return fileHash(path)
}

// fileHash is the SHA-256 of a file.
func fileHash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
