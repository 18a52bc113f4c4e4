package scenarios

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slosim/reports/result"
)

// childOf makes a test binary sweep the scenario of a file into a folder, instead of testing.
const childOf = "SLOSIM_TEST_SWEEP"

// TestSweepChild is the process that TestSweepSurvivesKills kills.
func TestSweepChild(t *testing.T) {
	file := os.Getenv(childOf)
	if file == "" {
		t.Skip("it is a part of TestSweepSurvivesKills")
	}
	app := testApp(t)
	o := sweepOptions(t, app, file, filepath.Join(filepath.Dir(file), "sweep"))
	o.Console = Console{Out: io.Discard, Err: io.Discard}
	mustSweep(t, app, o)
}

// TestSweepSurvivesKills kills a sweep at random instants, at times two that share the folder, and
// wants every cell that was whole to stay so, and in the end the bytes of an undisturbed sweep.
func TestSweepSurvivesKills(t *testing.T) {
	kills := 20
	if testing.Short() {
		kills = 5
	}
	app, file := testApp(t), sweepFile(t, killedSweep)
	dir, whole := filepath.Join(filepath.Dir(file), "sweep"), filepath.Join(t.TempDir(), "whole")
	began := time.Now()
	mustSweep(t, app, sweepOptions(t, app, file, whole))
	longest := time.Since(began) + 500*time.Millisecond // and the start of a process
	random := rand.New(rand.NewPCG(3, 4))
	killed, done, spoilt := 0, map[int]string{}, map[int]bool{}
	for i := 0; killed < kills && i < 4*kills; i++ {
		children := []*exec.Cmd{sweepChild(t, file)}
		if i%5 == 4 {
			children = append(children, sweepChild(t, file))
		}
		// Early at first, so that each has some cells left to do.
		time.Sleep(time.Duration(random.Float64() * float64(longest) * 1.5 / float64(kills) * float64(1+i%3)))
		for _, child := range children {
			if child.Process.Kill() == nil {
				killed++
			}
			_ = child.Wait() // killed, or finished before
		}
		done = noneLost(t, app, dir, done, spoilt)
		if len(done) == 24 { // nothing is left to lose: spoil what a crash of the machine might
			spoilt = loseSome(t, app, dir, random)
			done = map[int]string{}
		}
	}
	if killed < kills {
		t.Errorf("want %d kills, got %d: the sweep ended too soon", kills, killed)
	}
	mustSweep(t, app, sweepOptions(t, app, file, dir))
	sameFolders(t, whole, dir)
}

// killedSweep has 24 cells.
var killedSweep = smallSweep + `
[[sweep.axis]]
key = "class[0].latency"
values = ["15ms", "30ms"]
`

func sweepChild(t *testing.T, file string) *exec.Cmd {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run", "^TestSweepChild$")
	child.Env = append(os.Environ(), childOf+"="+file)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	return child
}

// noneLost wants the cells that were done before to be there, the same, and returns those that are
// there now. Before there is a plan there are none. Corrupt may be only those that the test has spoilt.
func noneLost(t *testing.T, app *App, dir string, before map[int]string, spoilt map[int]bool) map[int]string {
	t.Helper()
	d, err := app.OpenSweep(dir, false)
	if err != nil {
		if usage := (UsageError{}); !errors.As(err, &usage) || len(before) > 0 {
			t.Fatal(err)
		}
		return before
	}
	state, err := d.scan()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range state.corrupt {
		if !spoilt[i] {
			t.Errorf("cell %d: want a whole file or none, got a corrupt one", i)
		}
	}
	now := map[int]string{}
	for i, checksum := range state.checksums {
		if checksum != "" {
			now[i] = checksum
		}
	}
	for i, checksum := range before {
		if now[i] != checksum {
			t.Errorf("cell %d: want it to stay, got %q", i, now[i])
		}
	}
	return now
}

// loseSome removes some cells and cuts others short, which it returns.
func loseSome(t *testing.T, app *App, dir string, random *rand.Rand) map[int]bool {
	t.Helper()
	spoilt := map[int]bool{}
	d, err := app.OpenSweep(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	for i := range d.Cells() {
		path := d.store.Path(cellHash(d.plan, i))
		switch random.IntN(3) {
		case 0:
			err = os.Remove(path)
		case 1:
			err, spoilt[i] = os.Truncate(path, random.Int64N(3000)), true
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if missing, err := d.Missing(); err != nil || len(missing) == 0 {
		t.Fatalf("want missing cells, got %v (%v)", missing, err)
	}
	return spoilt
}

// TestSweepInterrupted: the end of the context is said and leaves whole files.
func TestSweepInterrupted(t *testing.T) {
	app, file := testApp(t), sweepFile(t, smallSweep)
	ctx, cancel := context.WithCancel(context.Background())
	o := sweepOptions(t, app, file, filepath.Join(t.TempDir(), "sweep"))
	if _, err := app.PlanSweep(ctx, o); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := app.Sweep(ctx, o); ExitCode(err) != ExitInterrupted {
		t.Errorf("want exit code %d, got %v", ExitInterrupted, err)
	}
}

// TestSweepSamePoints: samples of a small range are often the same point, which is one file.
func TestSweepSamePoints(t *testing.T) {
	app := testApp(t)
	text := strings.NewReplacer(`key = "contender[1].params.quantile"`, `key = "seed"`, "from = 0.5\nto = 0.99", "from = 1\nto = 2", "samples = 2", "samples = 5").Replace(smallSweep)
	dir := filepath.Join(t.TempDir(), "sweep")
	mustSweep(t, app, sweepOptions(t, app, sweepFile(t, text), dir))
	merged, err := result.ReadSweepMerged(filepath.Join(dir, result.MergedFile))
	if err != nil || merged.Cells != 30 || merged.Merged != 30 {
		t.Fatalf("want 30 cells merged, got %+v (%v)", merged, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "cells", "*", "*.json"))
	if err != nil || len(files) != 12 {
		t.Errorf("want 12 files, of 2 seeds, got %d (%v)", len(files), err)
	}
}
