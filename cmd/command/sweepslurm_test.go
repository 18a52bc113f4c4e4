package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"slosim/scenarios/slurm/slurmtest"
)

// sweepOf is a sweep of 40 cells. Cells of %s of virtual time take some hundredths of a second a second.
const sweepOf = `schema = 1
title = "forty cells"
seed = 1
replications = 2
duration = "1s"
warmup = "0.1s"
[[model]]
name = "classifier"
network = "fashion-mnist"
[arrivals]
kind = "poisson"
load = 0.5
[[class]]
name = "only"
share = 1.0
latency = "10ms"
[[machine]]
workers = 1
[[contender]]
technique = "slo-nn"
policy = "lcao"
[[contender]]
technique = "slo-nn"
policy = "full"
[sweep]
[[sweep.axis]]
key = "arrivals.load"
from = 0.2
to = 1.4
steps = 10
[[sweep.axis]]
key = "seed"
values = [1, 2, 3, 4]
`

// bench is a slosim, a scenario and a profile for tests that run sweeps.
type bench struct {
	t   *testing.T
	dir string
	exe string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	if testing.Short() {
		t.Skip("builds slosim and runs sweeps")
	}
	b := &bench{t, t.TempDir(), ""}
	b.exe = b.path("slosim")
	if out, err := exec.Command("go", "build", "-o", b.exe, "slosim/cmd/slosim").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	if err := os.WriteFile(b.path("forty.toml"), []byte(sweepOf), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := copyFile("../../scenarios/testdata/golden-fashion-mnist.profile", b.path("profile")); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// running is a slosim that was started.
type running struct {
	t        *testing.T
	cmd      *exec.Cmd
	done     chan struct{}
	mu       sync.Mutex
	out, err bytes.Buffer
}

// Write takes what it says.
func (r *running) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err.Write(p)
}

// said returns what it said so far.
func (r *running) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err.String()
}

// start starts slosim.
func (b *bench) start(args ...string) *running {
	b.t.Helper()
	r := &running{t: b.t, cmd: exec.Command(b.exe, args...), done: make(chan struct{})}
	r.cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+b.dir)
	r.cmd.Stdout, r.cmd.Stderr = &r.out, r
	if err := r.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	go func() {
		_ = r.cmd.Wait()
		close(r.done)
	}()
	b.t.Cleanup(func() {
		_ = r.cmd.Process.Kill()
		<-r.done
		if b.t.Failed() {
			b.t.Logf("%v said:\n%s", r.cmd.Args[1:], r.said())
		}
	})
	return r
}

// ended says that it ended.
func (r *running) ended() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// wants waits for the end and compares the exit code.
func (r *running) wants(code int) *running {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(5 * time.Minute):
		r.t.Fatalf("%v: no end in 5 minutes\n%s", r.cmd.Args, r.said())
	}
	if got := r.cmd.ProcessState.ExitCode(); got != code {
		r.t.Fatalf("%v: want exit code %d, got %d\n%s", r.cmd.Args[1:], code, got, r.said())
	}
	return r
}

// says compares part of what it said.
func (r *running) says(parts ...string) *running {
	r.t.Helper()
	for _, part := range parts {
		if !strings.Contains(r.said(), part) {
			r.t.Errorf("%v: want %q in\n%s", r.cmd.Args[1:], part, r.said())
		}
	}
	return r
}

// sweep returns the arguments of the sweep into a folder.
func (b *bench) sweep(dir string, more ...string) []string {
	return append([]string{"sweep", b.path("forty.toml"), "--profile", b.path("profile"), "-o", b.path(dir)}, more...)
}

// until waits until something holds while slosim runs.
func (r *running) until(what string, holds func() bool) {
	r.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) || r.ended() {
			r.t.Fatalf("%s: want it to come, got the end or two minutes\n%s", what, r.said())
		}
	}
}

// cells counts the cell files of a sweep.
func (b *bench) cells(dir string) int {
	files, err := filepath.Glob(filepath.Join(b.path(dir), "cells", "*", "*.json"))
	if err != nil {
		b.t.Fatal(err)
	}
	return len(files)
}

// results reads all files of a sweep but those of its job and of the machines it ran on.
func (b *bench) results(dir string) map[string]string {
	b.t.Helper()
	files := map[string]string{}
	root := b.path(dir)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		if entry.IsDir() {
			if name == "slurm" || name == "nodes" {
				return fs.SkipDir
			}
			return nil
		}
		// What a killed task was writing.
		if strings.HasPrefix(entry.Name(), ".slosim-") {
			return nil
		}
		text, err := os.ReadFile(path)
		files[name] = strings.ReplaceAll(string(text), root, "DIR")
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return files
}

// same makes sure that two sweeps have the same files with the same bytes.
func (b *bench) same(one, other string) {
	b.t.Helper()
	first, second := b.results(one), b.results(other)
	if len(first) < 42 {
		b.t.Errorf("%s: want at least 42 files, got %d", one, len(first))
	}
	for _, name := range slices.Sorted(maps.Keys(first)) {
		if text, ok := second[name]; !ok || text != first[name] {
			b.t.Errorf("%s: want it in %s as in %s, got it: %t", name, other, one, ok)
		}
	}
	if len(first) != len(second) {
		b.t.Errorf("want %d files, got %d", len(first), len(second))
	}
}

// status asks for the state of a sweep.
func (b *bench) status(dir string) (s struct {
	Done, Missing, Cells int
	Tasks                struct{ Total, Done, Running, Waiting, Ended int }
	Unknown              string `json:"tasks_unknown"`
}) {
	b.t.Helper()
	r := b.start("sweep", "status", b.path(dir), "--json").wants(0)
	if err := json.Unmarshal(r.out.Bytes(), &s); err != nil {
		b.t.Fatal(err)
	}
	return s
}

// slow makes cells take some tenths of a second.
const slow = "--set=duration=5m"

func TestSweepOnSlurm(t *testing.T) {
	b := newBench(t)
	fake := slurmtest.NewFake(t)
	b.start(b.sweep("local")...).wants(0)
	b.start(b.sweep("odd 'name' 100%", "--on", "slurm", "--tasks", "7")...).wants(0).says("job 1: 7 tasks submitted")
	b.same("local", "odd 'name' 100%")
	if fake.Jobs() != 1 {
		t.Errorf("want one job, got %d", fake.Jobs())
	}
	s := b.status("odd 'name' 100%")
	if s.Done != 40 || s.Tasks.Total != 7 || s.Tasks.Done != 7 {
		t.Errorf("status: got %+v", s)
	}
	b.start(b.sweep("odd 'name' 100%", "--on", "slurm")...).wants(0)
	if fake.Jobs() != 1 {
		t.Errorf("again: want nothing submitted, got %d jobs", fake.Jobs())
	}
}

func TestSweepOnSlurmByTheEstimate(t *testing.T) {
	b := newBench(t)
	fake := slurmtest.NewFake(t)
	b.start(b.sweep("dir", slow, "--on", "slurm", "--task-time", "1s", "--cpus", "2", "--slurm-option=--mem=1G", "--slurm-option=-A me")...).wants(0)
	tasks, arguments := b.status("dir").Tasks.Total, fake.Arguments()
	if tasks < 2 || tasks > 40 {
		t.Errorf("want some tasks of a second each, got %d", tasks)
	}
	for _, want := range []string{fmt.Sprintf("--array=0-%d", tasks-1), "--cpus-per-task=2", "--mem=1G", "-A me"} {
		if !slices.Contains(arguments, want) {
			t.Errorf("sbatch: want %q, got %q", want, arguments)
		}
	}
}

func TestSweepOnSlurmThroughScratch(t *testing.T) {
	b := newBench(t)
	slurmtest.NewFake(t)
	t.Setenv("NODE_DISK", b.path("node disk"))
	b.start(b.sweep("local")...).wants(0)
	b.start(b.sweep("dir", "--on", "slurm", "--tasks", "3", "--scratch", "$NODE_DISK/slosim")...).wants(0)
	b.same("local", "dir")
	if left, err := os.ReadDir(b.path("node disk/slosim")); err != nil || len(left) > 0 {
		t.Errorf("the node's folder: want it to be empty, got %v, %v", left, err)
	}
}

// A chunk that was killed on a node finds there what it had finished.
func TestChunkFindsItsScratch(t *testing.T) {
	b := newBench(t)
	b.start(b.sweep("local", slow)...).wants(0)
	if err := os.MkdirAll(b.path("dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sweep.json", "profile"} {
		if err := copyFile(filepath.Join(b.path("local"), name), filepath.Join(b.path("dir"), name)); err != nil {
			t.Fatal(err)
		}
	}
	chunk := []string{"sweep", "--chunk", "0/1", "--scratch", b.path("scratch"), "--jobs", "1", b.path("dir")}
	inScratch := func() []string {
		files, _ := filepath.Glob(b.path("scratch/*/cells/*/*.json"))
		return files
	}
	killed := b.start(chunk...)
	killed.until("five cells", func() bool { return len(inScratch()) >= 5 })
	if err := killed.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-killed.done
	kept := len(inScratch())
	if b.cells("dir") > 0 {
		t.Errorf("want no cell in the folder yet, got %d", b.cells("dir"))
	}
	interrupted := b.start(chunk...).wantsStart("sweeping", 40-kept)
	interrupted.until("five more cells", func() bool { return len(inScratch()) >= kept+5 })
	if err := interrupted.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	interrupted.wants(130)
	if got := b.cells("dir"); got < kept+5 {
		t.Errorf("after SIGTERM: want %d cells or more in the folder, got %d", kept+5, got)
	}
	b.start(chunk...).wants(0)
	b.start("sweep", "merge", b.path("dir")).wants(0)
	b.same("local", "dir")
}

// wantsStart waits until it says how many cells it runs.
func (r *running) wantsStart(what string, n int) *running {
	r.t.Helper()
	want := fmt.Sprintf("%s %d cells", what, n)
	r.until(want, func() bool { return strings.Contains(r.said(), want) })
	return r
}

func TestSweepOnSlurmWithKilledTasks(t *testing.T) {
	b := newBench(t)
	fake := slurmtest.NewFake(t)
	b.start(b.sweep("local", slow)...).wants(0)
	r := b.start(b.sweep("dir", slow, "--on", "slurm", "--tasks", "6", "--retries", "20")...)
	for killed := 0; killed < 6 && !r.ended(); {
		if killOne(fake.Pids()) {
			killed++
		}
		time.Sleep(time.Duration(rand.IntN(1000)) * time.Millisecond)
	}
	r.wants(0).says("submitted again")
	b.same("local", "dir")
}

// killOne kills one process, and its group if it leads one.
func killOne(pids []int) bool {
	if len(pids) == 0 {
		return false
	}
	pid := pids[rand.IntN(len(pids))]
	if syscall.Kill(-pid, syscall.SIGKILL) == nil {
		return true
	}
	return syscall.Kill(pid, syscall.SIGKILL) == nil
}

func TestSweepOnSlurmNamesWhatFails(t *testing.T) {
	b := newBench(t)
	slurmtest.NewFake(t)
	r := b.start(b.sweep("dir", "--on", "slurm", "--tasks", "2", "--retries", "0", "--scratch", "$NOT_SET_ANYWHERE")...)
	r.wants(3).says("2 tasks were given up", "task 1: 20 missing after 1 attempts; the last one ended as FAILED", "NOT_SET_ANYWHERE", "finished cells are kept")
	if s := b.status("dir"); s.Tasks.Ended != 2 || s.Missing != 40 {
		t.Errorf("status: got %+v", s)
	}
	// The cause is gone.
	b.start(b.sweep("dir", "--on", "slurm", "--tasks", "2")...).wants(0)
}

func TestSweepOnSlurmRefusals(t *testing.T) {
	b := newBench(t)
	fake := slurmtest.NewFake(t)
	b.start(b.sweep("dir", "--on", "slurm", "--slurm-option=--partition=nowhere")...).wants(3).
		says("sbatch: invalid partition specified: nowhere", "finished cells are kept")
	b.start(b.sweep("dir", "--on", "slurm", "--slurm-option=--array=1", "--slurm-option=wait")...).wants(2).
		says("want no --array, which is set already", `got "wait"`)
	b.start(b.sweep("dir", "--on", "pbs")...).wants(2).says(`--on: want slurm, or nothing for this machine, got "pbs"`)
	b.start(b.sweep("dir", "--tasks", "3")...).wants(2).says("--tasks: want --on slurm with it")
	b.start("sweep", "cancel", b.path("none")).wants(2).says("want a sweep's folder")
	b.start(b.sweep("local")...).wants(0)
	for _, verb := range []string{"cancel", "resubmit"} {
		b.start("sweep", verb, b.path("local")).wants(2).says("never submitted")
	}
	b.start(b.sweep("local", "--set=duration=2s", "--on", "slurm")...).wants(2).says("another sweep", "nothing was changed")
	fake.Fail("squeue", "slurm_load_jobs error: Unable to contact slurm controller (connect failure)")
	b.start(b.sweep("dir", "--on", "slurm")...).wants(3).says("squeue: Unable to contact slurm controller")
	if s := b.status("dir"); s.Missing != 40 || !strings.Contains(s.Unknown, "Unable to contact") {
		t.Errorf("status: got %+v", s)
	}
	t.Setenv("PATH", t.TempDir())
	b.start(b.sweep("another", "--on", "slurm")...).wants(2).says("no sbatch, squeue, scancel")
	if _, err := os.Stat(b.path("another")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want no folder where there is no Slurm, got %v", err)
	}
}

func TestSweepOnSlurmWatchedAgain(t *testing.T) {
	b := newBench(t)
	fake := slurmtest.NewFake(t)
	b.start(b.sweep("local", slow)...).wants(0)
	sweep := b.sweep("dir", slow, "--on", "slurm", "--tasks", "3")
	first := b.start(sweep...)
	first.until("a cell", func() bool { return b.cells("dir") > 0 })
	b.start(sweep...).wants(2).says("want a sweep whose job nobody watches", fmt.Sprint("process ", first.cmd.Process.Pid))
	if err := first.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	first.wants(130).says("The jobs go on", "slosim sweep status "+b.path("dir"), "slosim sweep cancel "+b.path("dir"))
	if s := b.status("dir"); s.Tasks.Running == 0 {
		t.Errorf("after Ctrl-C: want running tasks, got %+v", s)
	}
	second := b.start(sweep...)
	second.until("it watches", func() bool { return strings.Contains(second.said(), "on Slurm") || len(fake.Pids()) > 0 })
	_ = second.cmd.Process.Kill()
	<-second.done
	b.start(b.sweep("dir", slow, "--on", "slurm", "--tasks", "5")...).wants(0)
	if fake.Jobs() != 1 {
		t.Errorf("want one job for all of them, got %d", fake.Jobs())
	}
	b.same("local", "dir")
}

func TestSweepCancelAndResubmit(t *testing.T) {
	b := newBench(t)
	fake := slurmtest.NewFake(t)
	b.start(b.sweep("local", "--set=duration=10m")...).wants(0)
	r := b.start(b.sweep("dir", "--set=duration=10m", "--on", "slurm", "--tasks", "3")...)
	r.until("a cell", func() bool { return b.cells("dir") > 0 })
	fake.Fail("squeue", "slurm_load_jobs error: Unable to contact slurm controller")
	b.start("sweep", "cancel", b.path("dir")).wants(3).says("not cancelled: squeue")
	if _, err := os.Stat(b.path("dir/slurm/cancelled")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("not cancelled: want no word of it to whoever watches, got %v", err)
	}
	fake.Mend("squeue")
	b.start("sweep", "cancel", b.path("dir")).wants(0)
	r.wants(3).says("was cancelled")
	if s := b.status("dir"); s.Tasks.Running+s.Tasks.Waiting > 0 || s.Done == 0 {
		t.Errorf("cancelled: want nothing running and cells kept, got %+v", s)
	}
	out := b.start("sweep", "resubmit", b.path("dir"), "--json", "--slurm-option=--mem=2G").wants(0).out.String()
	if !strings.Contains(out, `"job": "2"`) || !slices.Contains(fake.Arguments(), "--mem=2G") {
		t.Errorf("resubmit: want job 2 with --mem=2G, got %s, %q", out, fake.Arguments())
	}
	b.start("sweep", "resubmit", b.path("dir"), "--watch").wants(0)
	if fake.Jobs() != 2 {
		t.Errorf("want two jobs, got %d", fake.Jobs())
	}
	b.same("local", "dir")
}

// A folder that cannot be written gives one error, and what is there stays.
func TestSweepOnSlurmOntoFullAndReadOnlyFolders(t *testing.T) {
	b := newBench(t)
	slurmtest.NewFake(t)
	mount := b.path("small")
	if err := os.Mkdir(mount, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", mount).CombinedOutput(); err != nil {
		t.Skipf("a small disk cannot be mounted: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", mount).Run() })
	b.start(b.sweep("small/dir", "--on", "slurm")...).wants(3).says("no space left on device")
	if s := b.status("small/dir"); s.Missing != 40 {
		t.Errorf("full: want the plan to be kept, got %+v", s)
	}
	if out, err := exec.Command("mount", "-o", "remount,ro", mount).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b.start(b.sweep("small/dir", "--on", "slurm")...).wants(3).says("read-only file system")
}

// Where Slurm is: everything that only it can show.
func TestSweepOnRealSlurm(t *testing.T) {
	b := newBench(t)
	cluster := slurmtest.Real(t)
	const slower = "--set=duration=30m"
	b.start(b.sweep("local", slower)...).wants(0)
	b.start(b.sweep("rejected", slower, "--on", "slurm", "--slurm-option=--partition=nowhere")...).wants(3).
		says("sbatch: invalid partition specified: nowhere")
	b.start(b.sweep("rejected", slower, "--on", "slurm", "--slurm-option=--mem=9999G")...).wants(3).says("sbatch: Memory specification")

	r := b.start(b.sweep("odd 'name' 100%", slower, "--on", "slurm", "--tasks", "20", "--retries", "20")...)
	r.until("cells", func() bool { return b.cells("odd 'name' 100%") >= 3 })
	cluster.KillController()
	r.until("word of it", func() bool { return strings.Contains(r.said(), "trying again") })
	cluster.StartController()
	cluster.Restore()
	killed := 0
	for killed < 20 && b.cells("odd 'name' 100%") < 34 && !r.ended() {
		if killOne(cluster.Tasks()) {
			killed++
		} else {
			cluster.Restore()
		}
		time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
	}
	t.Logf("%d tasks killed", killed)
	cluster.KillNode()
	for !r.ended() {
		cluster.Restore() // a node that lost its tasks may be taken out of use
		time.Sleep(time.Second)
	}
	r.wants(0).says("squeue works again", "submitted again")
	b.same("local", "odd 'name' 100%")
}

func TestSweepOnRealSlurmIsWatchedAgainAndCancelled(t *testing.T) {
	b := newBench(t)
	cluster := slurmtest.Real(t)
	sweep := b.sweep("dir", "--set=duration=40m", "--on", "slurm", "--tasks", "3")
	r := b.start(sweep...)
	r.until("a cell", func() bool { return b.cells("dir") > 0 })
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	r.wants(130).says("The jobs go on")
	if s := b.status("dir"); s.Tasks.Running != 3 {
		t.Errorf("after Ctrl-C: want 3 running tasks, got %+v", s)
	}
	again := b.start(sweep...)
	again.until("it watches", func() bool { return strings.Contains(again.said(), "on Slurm") || b.cells("dir") > 5 })
	b.start("sweep", "cancel", b.path("dir")).wants(0)
	again.wants(3).says("was cancelled")
	if left := cluster.Tasks(); len(left) > 0 {
		t.Errorf("want no task of the job left, got %v", left)
	}
	if s := b.status("dir"); s.Tasks.Ended != 3 || s.Done == 0 {
		t.Errorf("cancelled: got %+v", s)
	}
	if strings.Contains(again.said(), "submitted") {
		t.Errorf("want nothing submitted by the second watch, got %s", again.said())
	}
}

// A task that its time limit stops is submitted again and goes on from there.
func TestSweepOnRealSlurmTimesOut(t *testing.T) {
	b := newBench(t)
	slurmtest.Real(t)
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	r := b.start(b.sweep("dir", "--set=duration=100m", "--on", "slurm", "--tasks", "1", "--slurm-option=--time=1")...)
	for !r.ended() && ctx.Err() == nil && !strings.Contains(r.said(), "TIMEOUT") {
		time.Sleep(time.Second)
	}
	r.says("tasks 0 submitted again: 1 ended as TIMEOUT")
	b.start("sweep", "cancel", b.path("dir")).wants(0)
	r.wants(3)
}
