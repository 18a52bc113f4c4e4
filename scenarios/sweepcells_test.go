package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slosim/reports/result"
)

// TestSweepProfilePutBack: a damaged profile is seen, stops what needs it, and comes back from a copy.
func TestSweepProfilePutBack(t *testing.T) {
	app, file, dir := testApp(t), sweepFile(t, smallSweep), filepath.Join(t.TempDir(), "sweep")
	o := sweepOptions(t, app, file, dir)
	mustSweep(t, app, o)
	before := folderBytes(t, dir)
	status := func() (s result.SweepStatus) {
		var out bytes.Buffer
		if err := app.SweepStatus(context.Background(), MergeOptions{Console: Console{Out: &out, JSON: true}, Dir: dir}); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	if got := status(); got.ProfileProblem != "" {
		t.Errorf("want a sound profile, got %q", got.ProfileProblem)
	}
	spoil(t, filepath.Join(dir, result.SweepProfileFile), func(data []byte) []byte { return data[:len(data)/2] })
	if got := status(); !strings.Contains(got.ProfileProblem, "SHA-256") || got.Done != got.Cells {
		t.Errorf("want all cells and a word on the profile, got %+v", got)
	}
	without := o
	without.Profile = ""
	if err := app.Sweep(context.Background(), without); ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), "--profile") {
		t.Errorf("want to be told how to put it back, got %v", err)
	}
	mustSweep(t, app, o)
	if diff := cmp.Diff(before, folderBytes(t, dir)); diff != "" {
		t.Error("want the folder as it was")
	}
}

// TestSweepWithoutItsPlan: a folder that loses its plan takes no more cells, and nothing is made of what is left.
func TestSweepWithoutItsPlan(t *testing.T) {
	app, file, dir := testApp(t), sweepFile(t, smallSweep), filepath.Join(t.TempDir(), "sweep")
	o := sweepOptions(t, app, file, dir)
	d, err := app.PlanSweep(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Run(context.Background(), o.Console, 1, []int{0}); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, result.SweepPlanFile)); err != nil {
		t.Fatal(err)
	}
	if err := d.Run(context.Background(), o.Console, 1, []int{1, 2}); err == nil || !strings.Contains(err.Error(), "somebody removed it") {
		t.Errorf("want the sweep to end, got %v", err)
	}
	if err := app.Sweep(context.Background(), o); ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), "cells without their sweep.json") {
		t.Errorf("want a refusal of cells without a plan, got %v", err)
	}
}

// TestSweepEdges: of many cells, few have every value of every axis.
func TestSweepEdges(t *testing.T) {
	values := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprint(i))
		}
		return list
	}
	plan := &result.SweepPlan{Cells: 3 * 20 * 50, Axes: []result.SweepAxis{{Values: values(3)}, {Values: values(20)}, {Values: values(50)}}}
	cells, seen := edges(plan), map[string]bool{}
	for _, cell := range cells {
		for axis, at := range plan.Point(cell) {
			seen[fmt.Sprint(axis, at)] = true
		}
	}
	if len(cells) != 1+2+19+49 || len(seen) != 3+20+50 {
		t.Errorf("want 71 cells with all 73 values, got %d with %d", len(cells), len(seen))
	}
	sampled := &result.SweepPlan{Cells: 1000, Axes: []result.SweepAxis{{Values: values(1000), Group: 1}, {Values: values(1000), Group: 1}}}
	if got := edges(sampled); got != nil {
		t.Errorf("want none of one sample after the other, got %d", len(got))
	}
}

// TestSweepBadCells: everything that is wrong with any cell is one error before anything is made.
func TestSweepBadCells(t *testing.T) {
	app := testApp(t)
	text := strings.Replace(smallSweep, `key = "contender[1].params.quantile"`, `key = "contender[1].params.quantil"`, 1)
	text = strings.Replace(text, "[[], [{", `[[{ antagonist = "cqu" }], [{`, 1)
	file, dir := sweepFile(t, text), filepath.Join(t.TempDir(), "sweep")
	err := app.Sweep(context.Background(), sweepOptions(t, app, file, dir))
	var problems Problems
	if !errors.As(err, &problems) || len(problems) != 2 || !strings.Contains(err.Error(), "quantil") || !strings.Contains(err.Error(), "cqu") {
		t.Errorf("want both problems, each once, got %v", err)
	}
	for _, want := range []string{
		lineOf(text, "values = [[{ ant") + ": sweep.axis[1].values: interference[0].antagonist: want one of",
		lineOf(text, `key = "contender[1].params.quantil"`) + ": sweep.axis[2].key: contender[1].params.quantil: want",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want no folder, got %v", err)
	}
}

// lineOf returns the number of the line that has a text, as errors have it.
func lineOf(text, part string) string {
	before, _, _ := strings.Cut(text, part)
	return ":" + strconv.Itoa(1+strings.Count(before, "\n"))
}
