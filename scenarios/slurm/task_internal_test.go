package slurm

import (
	"slices"
	"strings"
	"testing"
)

func TestParseTasks(t *testing.T) {
	got, err := parseTasks("CLUSTER: big\n12|0|RUNNING|None\n\n12|7|PENDING|Resources|odd\n", "big")
	want := []Task{
		{0, Job{"12", "big"}, "RUNNING", ""},
		{7, Job{"12", "big"}, "PENDING", "Resources|odd"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("want %v, got %v, %v", want, got, err)
	}
	for _, bad := range []string{"nonsense", "12|x|RUNNING|None", "12|N/A|RUNNING|None", "12|[1-4]|PENDING|None", "|1|RUNNING|None", "12|-1|RUNNING|None"} {
		if _, err := parseTasks(bad, ""); err == nil || !strings.Contains(err.Error(), "want") {
			t.Errorf("%q: want an error that says what is wanted, got %v", bad, err)
		}
	}
}

func FuzzParseTasks(f *testing.F) {
	f.Add("12|0|RUNNING|None\n")
	f.Add("CLUSTER: x\n1|2|PENDING|\n")
	f.Fuzz(func(t *testing.T, text string) {
		tasks, err := parseTasks(text, "")
		if err != nil && tasks != nil {
			t.Error("want tasks or an error, got both")
		}
		for _, task := range tasks {
			if task.Index < 0 || !isNumber(task.Job.ID) {
				t.Errorf("got %+v", task)
			}
		}
	})
}

// Of several submissions of a task the one that lives counts, else the last.
func TestLatest(t *testing.T) {
	task := func(job string, state State) Task { return Task{Index: 1, Job: Job{ID: job}, State: state} }
	for _, test := range []struct {
		tasks []Task
		want  string
	}{
		{[]Task{task("9", "FAILED"), task("10", "TIMEOUT")}, "10"},
		{[]Task{task("10", "TIMEOUT"), task("9", "FAILED")}, "10"},
		{[]Task{task("9", "RUNNING"), task("10", "FAILED")}, "9"},
		{[]Task{task("10", "FAILED"), task("9", "PENDING")}, "9"},
		{[]Task{task("9", "PENDING"), task("10", "RUNNING")}, "10"},
	} {
		if got := Latest(test.tasks)[1].Job.ID; got != test.want {
			t.Errorf("%v: want %s, got %s", test.tasks, test.want, got)
		}
	}
}

// Every state of squeue's manual page that may go on is live, and only those.
func TestStates(t *testing.T) {
	for _, state := range strings.Fields("PENDING CONFIGURING REQUEUED REQUEUE_FED REQUEUE_HOLD RESV_DEL_HOLD SPECIAL_EXIT " +
		"RUNNING COMPLETING SIGNALING STAGE_OUT RESIZING STOPPED SUSPENDED") {
		if !State(state).Live() {
			t.Errorf("%s: want live", state)
		}
	}
	for _, state := range strings.Fields("BOOT_FAIL CANCELLED COMPLETED DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY PREEMPTED REVOKED TIMEOUT") {
		if State(state).Live() {
			t.Errorf("%s: want ended", state)
		}
	}
}

// What its user or an administrator holds stays held.
func TestStuck(t *testing.T) {
	for reason, want := range map[string]bool{
		"launch failed requeued held": true, "JobHoldMaxRequeue": true, "JobHeldUser": false, "JobHeldAdmin": false, "Resources": false, "": false,
	} {
		if got := (Task{State: "PENDING", Reason: reason}).Stuck(); got != want {
			t.Errorf("%q: want %t, got %t", reason, want, got)
		}
	}
	if (Task{State: "FAILED", Reason: "launch failed requeued held"}).Stuck() {
		t.Error("an ended task is stuck")
	}
}
