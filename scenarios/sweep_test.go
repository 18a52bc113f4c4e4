package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slosim/reports"
	"slosim/reports/result"
)

// smallSweep is a sweep of 12 cells that take some milliseconds each.
const smallSweep = `
schema = 1
title = "a small sweep"
seed = 5
replications = 2
duration = "2s"
warmup = "500ms"
[[model]]
network = "fashion-mnist"
[arrivals]
kind = "poisson"
load = 0.5
[[class]]
name = "only"
latency = "15ms"
accuracy = 0.8
[[interference]]
antagonist = "cpu"
from = "500ms"
every = "1s"
for = "250ms"
[[contender]]
technique = "slimmable"
policy = "full"
[[contender]]
name = "careful"
technique = "slimmable"
policy = "lcao"
params = { quantile = 0.9 }
[sweep]
samples = 2
[[sweep.axis]]
name = "load"
key = "arrivals.load"
from = 0.25
to = 4.0
steps = 3
scale = "log"
[[sweep.axis]]
name = "neighbour"
key = "interference"
values = [[], [{ antagonist = "cpu", from = "500ms", every = "1s", for = "500ms" }]]
labels = ["none", "half"]
[[sweep.axis]]
name = "quantile"
key = "contender[1].params.quantile"
from = 0.5
to = 0.99
`

// sweepFile writes a scenario and returns its path.
func sweepFile(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "small.toml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func sweepOptions(t testing.TB, app *App, file, dir string, sets ...string) SweepOptions {
	t.Helper()
	template, err := LoadTemplate(file, app.Known(), sets...)
	if err != nil {
		t.Fatal(err)
	}
	return SweepOptions{Console: Console{Out: io.Discard, Err: io.Discard}, Template: template, Dir: dir, Jobs: 2, Profile: goldenProfile("fashion-mnist")}
}

func mustSweep(t testing.TB, app *App, o SweepOptions) {
	t.Helper()
	if err := app.Sweep(context.Background(), o); err != nil {
		t.Fatal(err)
	}
}

// folderBytes reads all files of a sweep's folder but hidden ones.
func folderBytes(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".slosim-") {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// sameFolders wants equal files with equal bytes.
func sameFolders(t *testing.T, want, got string) {
	t.Helper()
	a, b := folderBytes(t, want), folderBytes(t, got)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(b))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for name, data := range a {
		if b[name] != data {
			t.Errorf("%s: want the same bytes, got others", name)
		}
	}
}

// TestSweepCellsAreRuns compares each cell with what Run writes with the same --set.
func TestSweepCellsAreRuns(t *testing.T) {
	app, file, dir := testApp(t), sweepFile(t, smallSweep), filepath.Join(t.TempDir(), "sweep")
	o := sweepOptions(t, app, file, dir, "replications=3")
	mustSweep(t, app, o)
	d, err := app.OpenSweep(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if d.Cells() != 12 {
		t.Fatalf("want 12 cells, got %d", d.Cells())
	}
	for i := range d.Cells() {
		cell, err := d.store.Get(cellHash(d.plan, i))
		if err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(t.TempDir(), "run")
		s, err := Load(file, app.Known(), append([]string{"replications=3"}, pointSets(d.plan, i)...)...)
		if err != nil {
			t.Fatal(err)
		}
		if err := app.Run(context.Background(), RunOptions{Console: o.Console, Scenario: s, Dir: out, Profile: o.Profile, Service: "profile", Jobs: 1}); err != nil {
			t.Fatal(err)
		}
		folder, err := result.Open(out)
		if err != nil {
			t.Fatal(err)
		}
		summary, err := folder.Summary()
		if err != nil {
			t.Fatal(err)
		}
		sameCells(t, i, summary.Cells, cell.Cells)
		if manifest, err := folder.Manifest(); err != nil || manifest.ScenarioHash != cell.ScenarioHash {
			t.Errorf("cell %d: want the hash of the run's scenario, got %s (%v)", i, cell.ScenarioHash, err)
		}
		meansOfValues(t, i, cell)
	}
}

// sameCells compares a run's statistics with a cell's, which has fewer differences.
func sameCells(t *testing.T, i int, run, cell []result.Cell) {
	t.Helper()
	if len(run) != len(cell) {
		t.Fatalf("cell %d: want %d groups, got %d", i, len(run), len(cell))
	}
	kept := 0
	for g := range run {
		for key, against := range cell[g].Versus {
			kept++
			if diff := cmp.Diff(run[g].Versus[key], against); diff != "" {
				t.Errorf("cell %d: %s against %s (-run +cell):\n%s", i, cell[g].Contender, key, diff)
			}
		}
		run[g].Versus, cell[g].Versus = nil, nil
	}
	if kept == 0 {
		t.Errorf("cell %d: want paired differences, got none", i)
	}
	if diff := cmp.Diff(run, cell); diff != "" {
		t.Errorf("cell %d (-run +cell):\n%s", i, diff)
	}
}

// meansOfValues compares the values of replications with the means of the cell.
func meansOfValues(t *testing.T, i int, cell *result.SweepCell) {
	t.Helper()
	for _, v := range cell.Values {
		for _, c := range cell.Cells {
			if c.Contender != v.Contender || c.Window != v.Window || c.Class != "all" {
				continue
			}
			for _, name := range []string{"attainment", "effective_accuracy"} {
				mean, _, _ := reports.StudentT(v.Metrics[name])
				if got := *c.Metrics[name].Mean; got < mean-2e-6 || got > mean+2e-6 {
					t.Errorf("cell %d, %s, %s, %s: want %v, the mean of the replications, got %v", i, c.Contender, c.Window, name, mean, got)
				}
			}
		}
	}
}

// TestSweepIsTheSameForAnyJobs runs a sweep on one and on four goroutines, and in chunks.
func TestSweepIsTheSameForAnyJobs(t *testing.T) {
	app, file := testApp(t), sweepFile(t, smallSweep)
	one, four, chunks := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "four"), filepath.Join(t.TempDir(), "chunks")
	for dir, jobs := range map[string]int{one: 1, four: 4} {
		o := sweepOptions(t, app, file, dir)
		o.Jobs = jobs
		mustSweep(t, app, o)
	}
	sameFolders(t, one, four)
	o := sweepOptions(t, app, file, chunks)
	if _, err := app.PlanSweep(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	for _, chunk := range []int{2, 0, 1, 1} { // one of them twice
		o.Template = nil
		if err := app.SweepChunk(context.Background(), ChunkOptions{SweepOptions: o, Chunk: chunk, Chunks: 3}); err != nil {
			t.Fatal(err)
		}
	}
	if err := app.SweepMerge(context.Background(), MergeOptions{Console: o.Console, Dir: chunks}); err != nil {
		t.Fatal(err)
	}
	sameFolders(t, one, chunks)
}

// TestSweepGoesOn stops a sweep at every cell, spoils one, and goes on.
func TestSweepGoesOn(t *testing.T) {
	app, file := testApp(t), sweepFile(t, smallSweep)
	whole, broken := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "broken")
	mustSweep(t, app, sweepOptions(t, app, file, whole))
	for done, round := 0, 0; done < 12; round++ {
		ctx, cancel := context.WithCancel(context.Background())
		o := sweepOptions(t, app, file, broken)
		o.Progress = &stopper{at: 2, stop: cancel}
		err := app.Sweep(ctx, o)
		if round < 3 && !errors.Is(err, context.Canceled) {
			t.Fatalf("want an interruption, got %v", err)
		}
		d, err := app.OpenSweep(broken, false)
		if err != nil {
			t.Fatal(err)
		}
		missing, err := d.Missing()
		if err != nil {
			t.Fatal(err)
		}
		if now := 12 - len(missing); now < done+2 && now < 12 || round > 12 {
			t.Fatalf("round %d: want at least 2 more cells than %d, got %d", round, done, now)
		} else {
			done = now
		}
		cancel()
	}
	d, err := app.OpenSweep(broken, false)
	if err != nil {
		t.Fatal(err)
	}
	spoil(t, d.store.Path(cellHash(d.plan, 3)), func(data []byte) []byte { data[len(data)/2] ^= 1; return data })
	spoil(t, d.store.Path(cellHash(d.plan, 5)), func(data []byte) []byte { return data[:len(data)/2] })
	spoil(t, d.store.Path(cellHash(d.plan, 7)), func([]byte) []byte { return nil })
	other, err := os.ReadFile(d.store.Path(cellHash(d.plan, 8)))
	if err != nil {
		t.Fatal(err)
	}
	spoil(t, d.store.Path(cellHash(d.plan, 9)), func([]byte) []byte { return other }) // whole, but another cell's
	var out bytes.Buffer
	if err := app.SweepStatus(context.Background(), MergeOptions{Console: Console{Out: &out, JSON: true}, Dir: broken}); err != nil {
		t.Fatal(err)
	}
	var status result.SweepStatus
	if err := json.Unmarshal(out.Bytes(), &status); err != nil || status.Done != 8 || status.Corrupt != 4 || status.Missing != 0 || status.Schema != 1 {
		t.Errorf("want 8 cells done and 4 corrupt, got %+v (%v)", status, err)
	}
	err = app.SweepMerge(context.Background(), MergeOptions{Console: Console{Out: io.Discard}, Dir: broken})
	if ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), "4 corrupt") {
		t.Errorf("want a refusal to merge without all cells, got %v", err)
	}
	mustSweep(t, app, sweepOptions(t, app, file, broken))
	sameFolders(t, whole, broken)
}

// stopper ends a sweep after some cells.
type stopper struct {
	silent
	at   int
	stop func()

	mu   sync.Mutex
	name string
	n    int
}

func (s *stopper) Start(name string, _ int) { s.name, s.n = name, 0 }
func (s *stopper) Add(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n += n; strings.HasPrefix(s.name, "sweeping") && s.n == s.at {
		s.stop()
	}
}

func spoil(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestSweepRefuses lists what a sweep does not touch: each is one error that says what is wrong,
// and every file stays as it was.
func TestSweepRefuses(t *testing.T) {
	app, file := testApp(t), sweepFile(t, smallSweep)
	dir := filepath.Join(t.TempDir(), "sweep")
	o := sweepOptions(t, app, file, dir)
	mustSweep(t, app, o)
	before := folderBytes(t, dir)
	refused := func(name, want string, err error) {
		t.Helper()
		if ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want a refusal with %q, got %v", name, want, err)
		}
		if diff := cmp.Diff(before, folderBytes(t, dir)); diff != "" {
			t.Errorf("%s: files changed", name)
		}
	}
	sweep := func(change func(*SweepOptions)) error {
		other := o
		change(&other)
		return app.Sweep(context.Background(), other)
	}
	refused("another seed", "another text or --set", sweep(func(o *SweepOptions) { o.Template = sweepOptions(t, app, file, dir, "seed=9").Template }))
	refused("another axis", "other axes", sweep(func(o *SweepOptions) {
		o.Template = sweepOptions(t, app, sweepFile(t, strings.Replace(smallSweep, "steps = 3", "steps = 4", 1)), dir).Template
	}))
	refused("fewer values", "other axes", sweep(func(o *SweepOptions) { o.Template = sweepOptions(t, app, file, dir, "arrivals.load=0.25").Template }))
	refused("another profile", "another profile", sweep(func(o *SweepOptions) {
		o.Profile = madeUp(t, app, o.Template.Base, nil)
	}))
	path := filepath.Join(dir, result.SweepPlanFile)
	planned := before[result.SweepPlanFile]
	own, err := executableHash()
	if err != nil {
		t.Fatal(err)
	}
	foreign := strings.Replace(planned, own, strings.Repeat("ab", 32), 1)
	if err := os.WriteFile(path, []byte(foreign), 0o644); err != nil {
		t.Fatal(err)
	}
	before[result.SweepPlanFile] = foreign
	refused("a changed plan", "one that was changed since", sweep(func(*SweepOptions) {}))
	foreign = withIdentity(t, foreign)
	if err := os.WriteFile(path, []byte(foreign), 0o644); err != nil {
		t.Fatal(err)
	}
	before[result.SweepPlanFile] = foreign
	refused("another program", "--any-executable", sweep(func(*SweepOptions) {}))
	if err := sweep(func(o *SweepOptions) { o.AnyExecutable = true }); err != nil {
		t.Errorf("want any program to go on if asked, got %v", err)
	}
	if _, err := app.PlanSweep(context.Background(), sweepOptions(t, app, file, t.TempDir())); err != nil {
		t.Errorf("want an empty folder to be fine, got %v", err)
	}
	strange := t.TempDir()
	if err := os.WriteFile(filepath.Join(strange, "thesis.tex"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := app.PlanSweep(context.Background(), sweepOptions(t, app, file, strange)); ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), "thesis.tex") {
		t.Errorf("want a refusal of a folder with other files, got %v", err)
	}
	if _, err := app.OpenSweep(strange, false); ExitCode(err) != ExitUsage {
		t.Errorf("want a refusal of a folder without a plan, got %v", err)
	}
}

// withIdentity is the text of a plan with the identity that goes with it.
func withIdentity(t *testing.T, text string) string {
	t.Helper()
	var plan result.SweepPlan
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		t.Fatal(err)
	}
	id, err := identity(&plan)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(text, plan.Identity, id, 1)
}

// TestSweepComments: what decides no number does not make another sweep.
func TestSweepComments(t *testing.T) {
	app, file, dir := testApp(t), sweepFile(t, smallSweep), filepath.Join(t.TempDir(), "sweep")
	mustSweep(t, app, sweepOptions(t, app, file, dir))
	if err := os.WriteFile(file, []byte("# a comment\n"+strings.Replace(smallSweep, "a small sweep", "another title", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	o := sweepOptions(t, app, file, dir)
	o.Profile = "" // the folder's
	mustSweep(t, app, o)
}

// TestSweepFilesThatCellsName: a script that changed is another experiment.
func TestSweepFilesThatCellsName(t *testing.T) {
	app := testApp(t)
	file := sweepFile(t, strings.Replace(smallSweep, `policy = "full"`, `policy = "file:mine.star"`, 1))
	script := filepath.Join(filepath.Dir(file), "mine.star")
	text := startingScript
	if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "sweep")
	mustSweep(t, app, sweepOptions(t, app, file, dir))
	d, err := app.OpenSweep(dir, false)
	if err != nil || len(d.plan.Files) != 1 || d.plan.Files[0].Path != script {
		t.Fatalf("want the script in the plan, got %v (%v)", d.plan.Files, err)
	}
	if err := os.WriteFile(script, []byte(text+"\n# changed\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := app.Sweep(context.Background(), sweepOptions(t, app, file, dir)); ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), "mine.star") {
		t.Errorf("want a refusal that names the script, got %v", err)
	}
}

// TestSweepReadOnly: a folder that cannot be written is one error, planned or not, and stays as it is.
func TestSweepReadOnly(t *testing.T) {
	app, file, dir := testApp(t), sweepFile(t, smallSweep), ""
	planned := func() SweepOptions { return sweepOptions(t, app, file, filepath.Join(dir, "sweep")) }
	if os.Geteuid() == 0 { // whom permissions do not stop
		dir = mountedSmall(t)
		if _, err := app.PlanSweep(context.Background(), planned()); err != nil {
			t.Fatal(err)
		}
		if err := remountReadOnly(dir); err != nil {
			t.Skipf("no read-only file system: %v", err)
		}
	} else {
		dir = t.TempDir()
		if _, err := app.PlanSweep(context.Background(), planned()); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"", "sweep"} {
			if err := os.Chmod(filepath.Join(dir, name), 0o555); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(filepath.Join(dir, name), 0o755) })
		}
	}
	before := folderBytes(t, dir)
	for name, o := range map[string]SweepOptions{"planned": planned(), "new": sweepOptions(t, app, file, filepath.Join(dir, "other"))} {
		err := app.Sweep(context.Background(), o)
		if ExitCode(err) != ExitInternal || !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS) || strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("%s: want one error of a folder that cannot be written, got %v", name, err)
		}
	}
	if diff := cmp.Diff(before, folderBytes(t, dir)); diff != "" {
		t.Error("want the folder as it was")
	}
}

// TestSweepFullDisk: files that cannot grow stop the sweep with one error, what was done stays, and
// it goes on once there is room.
func TestSweepFullDisk(t *testing.T) {
	app, file := testApp(t), sweepFile(t, smallSweep)
	dir := mountedSmall(t)
	o := sweepOptions(t, app, file, filepath.Join(dir, "sweep"))
	if _, err := app.PlanSweep(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	hog := filepath.Join(dir, "hog")
	fill(t, hog, 20_000)
	err := app.Sweep(context.Background(), o)
	if ExitCode(err) != ExitInternal || !errors.Is(err, syscall.ENOSPC) || strings.Count(err.Error(), "\n") > 0 {
		t.Fatalf("want one error about space, got %v", err)
	}
	d, err := app.OpenSweep(o.Dir, false)
	if err != nil {
		t.Fatal(err)
	}
	missing, err := d.Missing()
	if err != nil || len(missing) == 0 || len(missing) == d.Cells() {
		t.Fatalf("want some cells done and some not, got %d of %d missing (%v)", len(missing), d.Cells(), err)
	}
	if err := os.Remove(hog); err != nil {
		t.Fatal(err)
	}
	mustSweep(t, app, o)
	whole := filepath.Join(t.TempDir(), "sweep")
	mustSweep(t, app, sweepOptions(t, app, file, whole))
	sameFolders(t, whole, o.Dir)
}

// mountedSmall mounts a small file system.
func mountedSmall(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	dir := t.TempDir()
	if err := mountTmpfs(dir, 32<<20); err != nil {
		t.Skipf("no small file system: %v", err)
	}
	t.Cleanup(func() { unmount(dir) })
	return dir
}

// fill writes a file until that many bytes are left.
func fill(t *testing.T, path string, left int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size := int64(0)
	for {
		n, err := f.Write(make([]byte, 4096))
		if size += int64(n); err != nil {
			break
		}
	}
	if err := f.Truncate(max(0, size-int64(left))); err != nil {
		t.Fatal(err)
	}
}

// TestSweepFailedContender: a contender that breaks the rules in some cells is said, and the others stay.
func TestSweepFailedContender(t *testing.T) {
	app := testApp(t)
	file := sweepFile(t, strings.Replace(smallSweep, `policy = "full"`, `policy = "file:mine.star"`, 1))
	script := filepath.Join(filepath.Dir(file), "mine.star")
	if err := os.WriteFile(script, []byte(failingScript), 0o644); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "sweep")
	o := sweepOptions(t, app, file, dir)
	err := app.Sweep(context.Background(), o)
	if ExitCode(err) != ExitContender {
		t.Fatalf("want exit code %d, got %v", ExitContender, err)
	}
	var out bytes.Buffer
	if err := app.SweepMerge(context.Background(), MergeOptions{Console: Console{Out: &out}, Dir: dir}); ExitCode(err) != ExitContender {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "failed: slimmable/file:mine.star in 12 cells") || !strings.Contains(out.String(), "careful") {
		t.Errorf("want the failed contender and the other one, got\n%s", out.String())
	}
	if err := app.Sweep(context.Background(), o); ExitCode(err) != ExitContender {
		t.Errorf("want exit code %d of the finished sweep too, got %v", ExitContender, err)
	}
}

// failingScript never starts a query.
const failingScript = "def decide(view):\n    return []\n"

// startingScript starts the first query at the first point.
const startingScript = "def decide(view):\n    return [start(w, q, 0) for w, q in zip([w for w in view.workers if not w.busy], view.waiting)]\n"
