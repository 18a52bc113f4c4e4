package slurm_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slosim/scenarios/slurm"
	"slosim/scenarios/slurm/slurmtest"
)

// script writes a script for tasks.
func script(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "task.sh")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 30 s", what)
		}
	}
}

// states lists an array's tasks as index and state.
func states(t *testing.T, client slurm.Client, name string) map[int]slurm.State {
	t.Helper()
	tasks, err := client.Tasks(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]slurm.State{}
	for index, task := range slurm.Latest(tasks) {
		found[index] = task.State
	}
	return found
}

func TestRangesAreReadBack(t *testing.T) {
	if got := slurm.Ranges([]int{7, 2, 1, 0, 9, 2, 10}); got != "0-2,7,9-10" {
		t.Errorf("want 0-2,7,9-10, got %s", got)
	}
	if got := slurm.Ranges(nil); got != "" {
		t.Errorf("none: want nothing, got %s", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		set := rapid.SliceOfNDistinct(rapid.IntRange(0, 50), 1, 40, rapid.ID[int]).Draw(t, "indices")
		got := expand(t, slurm.Ranges(set))
		slices.Sort(set)
		if !slices.Equal(got, set) {
			t.Fatalf("want %v, got %v", set, got)
		}
	})
}

func TestSubmitListCancel(t *testing.T) {
	slurmtest.NewFake(t)
	var client slurm.Client
	log := t.TempDir()
	job, err := client.Submit(t.Context(), slurm.Array{
		Name: "name", Script: script(t, "echo task $SLURM_ARRAY_TASK_ID\n[ $SLURM_ARRAY_TASK_ID != 3 ] || exit 1\nexec sleep 60\n"),
		Log: slurm.LogPattern(log, "%a.log"), Tasks: []int{0, 3},
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "task 3 fails", func() bool { return states(t, client, "name")[3] == "FAILED" })
	if got := states(t, client, "name")[0]; got != "RUNNING" {
		t.Errorf("task 0: want RUNNING, got %s", got)
	}
	if got := states(t, client, "another"); len(got) > 0 {
		t.Errorf("another array: want nothing, got %v", got)
	}
	if text, err := os.ReadFile(filepath.Join(log, "3.log")); err != nil || string(text) != "task 3\n" {
		t.Errorf("the log of task 3: got %q, %v", text, err)
	}
	if err := client.Cancel(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	if got := states(t, client, "name")[0]; got != "CANCELLED" {
		t.Errorf("task 0: want CANCELLED, got %s", got)
	}
	err = client.Cancel(t.Context(), slurm.Job{ID: "99"})
	wantCommandError(t, err, "scancel", "scancel: Kill job error on job id 99: Invalid job id specified")
}

func wantCommandError(t *testing.T, err error, command, message string) {
	t.Helper()
	var failed slurm.CommandError
	if !errors.As(err, &failed) || failed.Command != command || err.Error() != message {
		t.Errorf("want %q, got %v", message, err)
	}
}

func TestFailuresAreInTheCommandsWords(t *testing.T) {
	fake := slurmtest.NewFake(t)
	var client slurm.Client
	array := slurm.Array{Name: "n", Script: script(t, "true"), Tasks: []int{0}, Options: []string{"--partition=nowhere"}}
	_, err := client.Submit(t.Context(), array)
	wantCommandError(t, err, "sbatch",
		"sbatch: invalid partition specified: nowhere; Batch job submission failed: Invalid partition name specified")

	fake.Fail("squeue", "slurm_load_jobs error: Unable to contact slurm controller (connect failure)")
	_, err = client.Tasks(t.Context(), "n")
	wantCommandError(t, err, "squeue", "squeue: Unable to contact slurm controller (connect failure)")

	fake.Fail("squeue", "")
	_, err = client.Tasks(t.Context(), "n")
	wantCommandError(t, err, "squeue", "squeue: exit status 1")
}

func TestACommandHasATimeLimit(t *testing.T) {
	fake := slurmtest.NewFake(t)
	fake.Slow("squeue", time.Minute)
	_, err := slurm.Client{Timeout: 100 * time.Millisecond}.Tasks(t.Context(), "n")
	wantCommandError(t, err, "squeue", "squeue: no answer in 100ms")

	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := (slurm.Client{}).Tasks(ctx, "n"); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: want context.Canceled, got %v", err)
	}
}

// A submission that is under way when the program is interrupted ends with a job that is known.
func TestSubmissionsAreNotInterrupted(t *testing.T) {
	fake := slurmtest.NewFake(t)
	fake.Slow("sbatch", 200*time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	job, err := slurm.Client{}.Submit(ctx, slurm.Array{Name: "n", Script: script(t, "true"), Tasks: []int{0}})
	if err != nil || job.ID != "1" || fake.Jobs() != 1 {
		t.Errorf("want job 1, got %v, %v", job, err)
	}
}

func TestMissingCommands(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if got := (slurm.Client{}).Missing(); !slices.Equal(got, []string{"sbatch", "squeue", "scancel"}) {
		t.Errorf("want all three, got %v", got)
	}
	_, err := slurm.Client{}.Submit(t.Context(), slurm.Array{Name: "n", Script: "x", Tasks: []int{0}})
	if err == nil || !strings.Contains(err.Error(), "sbatch") || !strings.Contains(err.Error(), "not found") {
		t.Errorf("want one about sbatch, got %v", err)
	}
}

func TestArgumentsOfSbatch(t *testing.T) {
	fake := slurmtest.NewFake(t)
	path := script(t, "true")
	t.Setenv("SBATCH_WAIT", "1")
	t.Setenv("SQUEUE_STATES", "RUNNING")
	_, err := slurm.Client{}.Submit(t.Context(), slurm.Array{
		Name: "n", Script: path, Tasks: []int{4, 5, 9}, CPUs: 8, Limit: 61 * time.Second, Log: "/a%%b/%A_%a.log",
		Options: []string{"--time=99", "--comment=two words"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"--parsable", "--job-name=n", "--array=4-5,9", "--nodes=1", "--ntasks=1", "--cpus-per-task=8",
		"--requeue", "--open-mode=append", "--output=/a%%b/%A_%a.log", "--time=2", "--time=99", "--comment=two words", path,
	}
	if got := fake.Arguments(); !slices.Equal(got, want) {
		t.Errorf("want %q,\ngot %q", want, got)
	}
}

func TestOptionsThatAreOurs(t *testing.T) {
	for _, good := range []string{
		"--partition=long", "-plong", "--mem=4G", "-A=me", "--time=10", "--exclude=n1", "--export=NONE", "--no-requeue",
		"--comment=it's", "--nice", "--constraint=a&b", "--nodelist=n2",
	} {
		if err := slurm.CheckOption(good); err != nil {
			t.Errorf("%s: want none, got %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "-", "--", "long", "--array=1", "--arr=1", "-a1", "-o/x", "--wait", "--wa", "--wrap=x", "-W", "--output=x", "--par=x",
		"--mem=1\n2", "--job-name=x", "--chdir=/",
	} {
		if err := slurm.CheckOption(bad); err == nil {
			t.Errorf("%q: want an error, got none", bad)
		}
	}
}
