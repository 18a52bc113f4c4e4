package slurmtest

import (
	"embed"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

//go:embed fake
var scripts embed.FS

// Fake is a Slurm that a test owns.
type Fake struct {
	tb  testing.TB
	dir string
}

// NewFake puts fakes of sbatch, squeue and scancel first on PATH for the rest of a test. What still runs in
// the end is killed.
func NewFake(tb testing.TB) *Fake {
	tb.Helper()
	if _, err := os.Stat("/bin/sh"); err != nil {
		tb.Skip("the fake commands want /bin/sh: ", err)
	}
	f := &Fake{tb, tb.TempDir()}
	bin := filepath.Join(f.dir, "bin")
	must(tb, os.Mkdir(bin, 0o755))
	for _, name := range []string{"sbatch", "squeue", "scancel", "behave"} {
		text, err := scripts.ReadFile("fake/" + name)
		must(tb, err)
		must(tb, os.WriteFile(filepath.Join(bin, name), text, 0o755))
	}
	must(tb, os.Rename(filepath.Join(bin, "behave"), filepath.Join(f.dir, "behave")))
	tb.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	tb.Setenv("FAKE_SLURM", f.dir)
	tb.Cleanup(f.killAll)
	return f
}

// must ends a test at an error.
func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// Fail makes a command fail with words until Mend.
func (f *Fake) Fail(command, words string) {
	must(f.tb, os.WriteFile(filepath.Join(f.dir, command+".fail"), []byte(words+"\n"), 0o644))
}

// Slow makes a command take its time before it does anything.
func (f *Fake) Slow(command string, d time.Duration) {
	must(f.tb, os.WriteFile(filepath.Join(f.dir, command+".slow"), []byte(strconv.FormatFloat(d.Seconds(), 'f', 3, 64)), 0o644))
}

// Mend ends Fail and Slow.
func (f *Fake) Mend(command string) {
	os.Remove(filepath.Join(f.dir, command+".fail"))
	os.Remove(filepath.Join(f.dir, command+".slow"))
}

// Arguments returns those of the last call of sbatch.
func (f *Fake) Arguments() []string {
	text, err := os.ReadFile(filepath.Join(f.dir, "sbatch.arguments"))
	must(f.tb, err)
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// Jobs returns the number of jobs so far.
func (f *Fake) Jobs() int {
	jobs, err := filepath.Glob(filepath.Join(f.dir, "job.*"))
	must(f.tb, err)
	return len(jobs)
}

// Forget makes squeue say nothing any more of a job, as Slurm does some minutes after a job's end.
func (f *Fake) Forget(job string) {
	must(f.tb, os.WriteFile(filepath.Join(f.dir, "job."+job, "forgotten"), nil, 0o644))
}

// Pids returns the processes of all tasks that have begun and are not over.
func (f *Fake) Pids() (pids []int) {
	files, err := filepath.Glob(filepath.Join(f.dir, "job.*", "*.pid"))
	must(f.tb, err)
	for _, file := range files {
		state, _ := os.ReadFile(strings.TrimSuffix(file, ".pid"))
		text, _ := os.ReadFile(file)
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err == nil && strings.TrimSpace(string(state)) == "RUNNING" {
			pids = append(pids, pid)
		}
	}
	return pids
}

// killAll kills the tasks that still run, with what they started, and waits until nothing is written any more.
func (f *Fake) killAll() {
	for end := time.Now().Add(20 * time.Second); f.anyRuns() && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		for _, pid := range f.Pids() {
			_ = syscall.Kill(-pid, syscall.SIGKILL)
		}
	}
}

// anyRuns says whether a task is not over.
func (f *Fake) anyRuns() bool {
	files, err := filepath.Glob(filepath.Join(f.dir, "job.*", "[0-9]*"))
	must(f.tb, err)
	return slices.ContainsFunc(files, func(file string) bool {
		state, err := os.ReadFile(file)
		return err == nil && strings.TrimSpace(string(state)) == "RUNNING"
	})
}
