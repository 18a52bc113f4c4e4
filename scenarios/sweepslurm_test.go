package scenarios

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slosim/reports/result"
)

// Neighbours along each axis go to different tasks, and no task gets many more cells than it was meant to.
func TestTasksMixAxes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells := rapid.IntRange(1, 100_000).Draw(t, "cells")
		wanted := rapid.IntRange(1, mostTasks).Draw(t, "wanted")
		got := mixing(wanted, cells)
		switch {
		case got < 1 || got > cells || got > mostTasks && got != cells:
			t.Fatalf("want 1 to %d tasks, got %d", min(cells, mostTasks), got)
		case wanted < cells && got > 1 && got < cells && gcd(got, cells) != 1:
			t.Fatalf("%d tasks have a divisor in common with %d cells", got, cells)
		case wanted < cells && (got > wanted+60 || got < wanted-60):
			t.Fatalf("want about %d tasks of %d cells, got %d", wanted, cells, got)
		}
	})
}

// sweepOfCells is a sweep of so many cells.
func sweepOfCells(t *testing.T, cells int) *SweepDir {
	plan := &result.SweepPlan{Cells: cells, Identity: "id"}
	return &SweepDir{dir: t.TempDir(), plan: plan}
}

func TestTasksHaveMinutesOfWork(t *testing.T) {
	for _, test := range []struct {
		cells   int
		options SlurmOptions
		want    int
	}{
		{10, SlurmOptions{TaskTime: 5 * time.Minute}, 1},
		{3001, SlurmOptions{TaskTime: 5 * time.Minute}, 11},           // 3001 s in tasks of 300 s
		{3001, SlurmOptions{TaskTime: 5 * time.Minute, CPUs: 4}, 3},   // in tasks of 1200 s
		{1_000_000, SlurmOptions{TaskTime: 5 * time.Minute}, 999},     // the longest array, without a divisor
		{3, SlurmOptions{TaskTime: time.Second}, 3},                   // no more than cells
		{3001, SlurmOptions{TaskTime: time.Hour, Tasks: 2000}, 2000},  // as asked
		{30, SlurmOptions{TaskTime: 5 * time.Minute, Tasks: 300}, 30}, // but not without cells
	} {
		if got := sweepOfCells(t, test.cells).tasksFor(test.options, test.cells, time.Second); got != test.want {
			t.Errorf("%d cells, %+v: want %d tasks, got %d", test.cells, test.options, test.want, got)
		}
	}
}

// The job's name says where and into how many tasks, and nothing that squeue would take apart.
func TestJobNames(t *testing.T) {
	d, other := sweepOfCells(t, 3), sweepOfCells(t, 3)
	name := d.jobName(7)
	if name == d.jobName(8) || name == other.jobName(7) || name != d.jobName(7) || strings.ContainsAny(name, ", |") {
		t.Errorf("got %q, %q, %q", name, d.jobName(8), other.jobName(7))
	}
}

func TestLastWordsAreOfTheLastJob(t *testing.T) {
	d := sweepOfCells(t, 3)
	d.dir = filepath.Join(d.dir, "odd [name] *")
	logs := d.jobPath(result.SweepJobLogs)
	if err := os.MkdirAll(logs, 0o755); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 5000)
	for name, text := range map[string]string{"9_1.log": "old", "10_1.log": "a\nb\nc\nd\ne\n", "10_11.log": "another's", "3_2.log": long} {
		if err := os.WriteFile(filepath.Join(logs, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w := &jobWork{dir: d}
	if got := w.LastWords(1); got != "b\nc\nd\ne" {
		t.Errorf("want the last four lines of job 10, got %q", got)
	}
	if got := w.LastWords(2); got != long[:2048] {
		t.Errorf("want 2048 bytes, got %d", len(got))
	}
	if got := w.LastWords(3); got != "" {
		t.Errorf("no log: want nothing, got %q", got)
	}
}

// Cells are missing until their files are whole; points of equal values have one.
func TestJobWorkReadsFiles(t *testing.T) {
	d := sweepOfCells(t, 5)
	d.store = result.NewSweepStore(d.dir)
	d.plan.Axes = []result.SweepAxis{{Key: "seed", Values: []string{"1", "2", "1", "3", "4"}, Labels: make([]string, 5)}}
	put := func(cell int) {
		if err := d.store.Put(cellHash(d.plan, cell), &result.SweepCell{}); err != nil {
			t.Fatal(err)
		}
	}
	put(4)
	w, err := d.newJobWork(&result.SweepJob{Tasks: 3})
	if err != nil {
		t.Fatal(err)
	}
	wants := func(want ...int) {
		t.Helper()
		if got, err := w.Missing(); err != nil || !slices.Equal(got, want) {
			t.Errorf("want %v, got %v, %v", want, got, err)
		}
	}
	wants(2, 1, 1) // of 0 and 3, 1, 2
	broken := d.store.Path(cellHash(d.plan, 1))
	put(1)
	if err := os.Truncate(broken, 10); err != nil {
		t.Fatal(err)
	}
	wants(2, 1, 1)
	put(1)
	put(0)
	wants(1, 0, 0)
	put(3)
	wants(0, 0, 0)
}
