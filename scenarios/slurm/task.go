package slurm

import (
	"fmt"
	"strconv"
	"strings"
)

// Task is what squeue says of one task of an array.
type Task struct {
	Index  int    // in the array, from 0
	Job    Job    // the array's job
	State  State  // Slurm's word
	Reason string // Slurm's word for why it waits or how it ended; empty: none
}

// State is the state of a task in Slurm's long form, such as PENDING.
type State string

// Waiting says that the task has not begun, or has to begin again.
func (s State) Waiting() bool {
	switch s {
	case "PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT":
		return true
	}
	return false
}

// Running says that the task has begun and not ended.
func (s State) Running() bool {
	switch s {
	case "RUNNING", "COMPLETING", "SIGNALING", "STAGE_OUT", "RESIZING", "STOPPED", "SUSPENDED":
		return true
	}
	return false
}

// Live says that the task may still do something. All states that are not known are ends.
func (s State) Live() bool { return s.Waiting() || s.Running() }

// Stuck says that Slurm holds the task after it could not be started, or was started too often: nothing but
// its user makes it go on. One that its user or an administrator holds on purpose is not stuck.
func (t Task) Stuck() bool {
	reason := strings.ToLower(t.Reason)
	return t.State.Waiting() && (strings.Contains(reason, "launch") && strings.Contains(reason, "held") || reason == "jobholdmaxrequeue")
}

// taskFormat is the format of squeue that parseTasks reads: array job, index, state, reason.
const taskFormat = "%F|%K|%T|%r"

// parseTasks reads what squeue printed about a cluster's jobs.
func parseTasks(text, cluster string) (tasks []Task, err error) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		// With --clusters squeue prints a title for each, whatever --noheader says.
		if line == "" || strings.HasPrefix(line, "CLUSTER:") {
			continue
		}
		task, err := parseTask(line, cluster)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, task)
	}
	return tasks, nil
}

// parseTask reads one line.
func parseTask(line, cluster string) (Task, error) {
	fields := strings.SplitN(line, "|", 4)
	if len(fields) != 4 || !isNumber(fields[0]) {
		return Task{}, fmt.Errorf("squeue: want a line of job|index|state|reason, got %.200q", line)
	}
	index, err := strconv.Atoi(fields[1])
	if err != nil || index < 0 {
		return Task{}, fmt.Errorf("squeue: want the index of an array's task, got %q in %.200q", fields[1], line)
	}
	task := Task{Index: index, Job: Job{ID: fields[0], Cluster: cluster}, State: State(fields[2])}
	if fields[3] != "None" {
		task.Reason = fields[3]
	}
	return task, nil
}

// isNumber says that a text has digits alone.
func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// Latest returns what is known of each task: a submission that lives, or else the last one.
func Latest(tasks []Task) map[int]Task {
	latest := map[int]Task{}
	for _, t := range tasks {
		if old, seen := latest[t.Index]; !seen || t.newer(old) {
			latest[t.Index] = t
		}
	}
	return latest
}

// newer says whether a task says more about its index than another submission of it.
func (t Task) newer(other Task) bool {
	if t.State.Live() != other.State.Live() {
		return t.State.Live()
	}
	return t.Job.number() > other.Job.number()
}
