//go:build unix

package process_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/scheduler/policytest"
	"slosim/scheduler/process"
)

// child makes the policy of a child with a habit.
func child(t testing.TB, ctx context.Context, habit string, params map[string]any) scheduler.Policy {
	t.Helper()
	t.Setenv(childRole, habit)
	p := scheduler.NewParams(params)
	policy, err := process.New(ctx, `"`+os.Args[0]+`"`, t.TempDir(), p)
	if err = errors.Join(err, p.Err()); err != nil {
		t.Fatal(err)
	}
	closeAfter(t, policy)
	return policy
}

func setting() scheduler.Setting {
	return scheduler.Setting{Models: []*profile.Belief{policytest.Belief(true, policytest.Front()...)}, Workers: 2}
}

// view shows a query of 4 samples and one that was probed on worker 1, and two idle workers.
func view() *scheduler.View {
	v := scheduler.NewView(setting().Models, func(ref scheduler.QueryRef, point int) (float64, bool) {
		return 0.25 * float64(1+point), ref == 8
	})
	v.Now = time.Second
	v.Workers = []scheduler.Worker{{Point: -1, Slowdown: 1}, {Point: 2, Slowdown: 1.5}}
	v.Waiting = []scheduler.Waiting{{Ref: 7, Deadline: 2 * time.Second, Left: 4}, {Ref: 8, Deadline: 2 * time.Second, Left: 1, Probed: true, ProbedOn: 1}}
	return v
}

func decide(policy scheduler.Policy, v *scheduler.View) (commands []scheduler.Command, failure error) {
	plan := &scheduler.Plan{}
	defer func() {
		if cause := recover(); cause != nil {
			failure = cause.(*scheduler.Failure)
		}
	}()
	policy.Decide(v, plan)
	return plan.Commands(), nil
}

// patience is a time-out for children that should not need one: long enough for a busy machine.
const patience = "60s"

// TestBadHandshakes: a child that cannot be talked to is an error of Bind that names the command.
func TestBadHandshakes(t *testing.T) {
	for habit, c := range map[string]struct{ timeout, want string }{
		"exits at once":  {patience, "it ended without an answer (exit status 3)"},
		"closes at once": {patience, "it closed its output without an answer"},
		"mute":           {"200ms", "want an answer within 200ms, got none"},
		"wrong version":  {patience, "slosim: want protocol version 1, got 2"},
		"no version":     {patience, "slosim: want protocol version 1, got none"},
		"no JSON":        {patience, `want {"slosim":1, ...} in answer to the hello, got hello! (invalid character 'h'`},
		"bad quantile":   {patience, "quantiles: want 0..1, got 50"},
		"unknown wish":   {patience, `unknown field "speed"`},
		"refuses":        {patience, "refuses: params: margn: want margin"},
		"two greetings":  {patience, `want one line an answer, got more: {"slosim":1}`},
	} {
		err := child(t, t.Context(), habit, map[string]any{"timeout": c.timeout}).(scheduler.Binder).Bind(setting())
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), os.Args[0]) {
			t.Errorf("%s: want %q of the command, got %v", habit, c.want, err)
		}
	}
}

// TestBadChildren: whatever a child does, its decision ends with one failure.
func TestBadChildren(t *testing.T) {
	for habit, c := range map[string]struct{ timeout, want string }{
		"crashes":           {patience, "it ended without an answer (exit status 1); it last wrote to standard error: ..."},
		"kills itself":      {patience, "it ended without an answer (signal: killed)"},
		"never answers":     {"200ms", "want an answer within 200ms, got none (does it flush its output?); it last wrote to standard error: thinking hard"},
		"closes its output": {patience, "it closed its output without an answer"},
		"endless line":      {patience, "want lines of at most 1048576 bytes, got a longer one: xxx"},
		"leaves a child":    {patience, "it ended without an answer (exit status 0); it last wrote to standard error: child "},
		"asks for ever":     {"200ms", "(test): want an answer within 200ms, got none"},
		"gives up":          {patience, "(test): it gave up: nothing fits"},
	} {
		t.Run(habit, func(t *testing.T) {
			policy := child(t, t.Context(), habit, map[string]any{"timeout": c.timeout})
			if err := policy.(scheduler.Binder).Bind(setting()); err != nil {
				t.Fatal(err)
			}
			_, err := decide(policy, view())
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "program ") {
				t.Fatalf("want %q of the command, got %v", c.want, err)
			}
			if text := err.Error(); len(text) > 2000 || strings.ContainsAny(text, "\n\x1b") {
				t.Errorf("want one short line, got %q", text)
			}
			if habit == "crashes" && !strings.HasSuffix(err.Error(), "Traceback: my.py, line 7 | ValueError: no such point") {
				t.Errorf("want the last lines of the crash, got %v", err)
			}
			if id := regexp.MustCompile(`child (\d+)`).FindStringSubmatch(err.Error()); id != nil {
				pid, _ := strconv.Atoi(id[1])
				wantGone(t, pid)
			}
			if _, again := decide(policy, view()); again == nil {
				t.Error("want a broken child to stay broken, got an answer")
			}
		})
	}
}

// wantGone waits until a process has ended; what was killed may be a zombie for a moment, of whoever
// has inherited it.
func wantGone(t *testing.T, pid int) {
	t.Helper()
	for range 1000 {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || (err == nil && strings.Contains(string(status), ") Z ")) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("want the child's child %d killed, it lives", pid)
}

// TestBadReplies: what a child may not say.
func TestBadReplies(t *testing.T) {
	for reply, want := range map[string]string{
		``:                              "want {\"commands\":[...]}, got  (EOF)",
		`[]`:                            "want {\"commands\":[...]}, got []",
		`{"commands":[]} {}`:            "more follows",
		`{"commands":null}`:             "want commands, or ask, got",
		`{"orders":[]}`:                 `unknown field "orders"`,
		`{"seq":77,"commands":[]}`:      "seq: want 1, got 77",
		`{"commands":[{"do":"dance"}]}`: `commands[0]: do: want one of start, batch, split, probe, drop, wake, got "dance"`,
		`{"commands":[{"do":"wake"}]}`:  "commands[0]: wake: at: want a whole number, got none",
		start(`0`, `7`, `NaN`):          "invalid character 'N'",
		start(`0`, `7`, `1.5`):          "commands[0]: start: point: want a whole number, got 1.5",
		start(`0`, `7`, `null`):         "commands[0]: start: point: want a whole number, got null",
		start(`0`, `7`, `"1"`):          `commands[0]: start: point: want a whole number, got "1"`,
		start(`0`, `7`, `1e300`):        "commands[0]: start: point: want a whole number, got 1e300",
		start(`0`, `7`, `4`):            "commands[0]: start: point: want 0..3, got 4",
		start(`2`, `7`, `0`):            "commands[0]: start: worker: want 0..1, got 2",
		start(`0`, `6`, `0`):            "commands[0]: start: query 6: want one that waits, it does not",
		start(`0`, `-1`, `0`):           "commands[0]: start: query: want the ref of a query that waits, got -1",
		start(`0`, `7`, `0,"colour":1`): `unknown field "colour"`,
		`{"commands":[{"do":"split","worker":0,"query":7,"point":0,"count":2}]}`: "commands[0]: split: count: want at most max_batch = 1, got 2",
		`{"commands":[{"do":"batch","worker":0,"queries":[[7,0],[8,0]]}]}`:       "commands[0]: batch: want at most max_batch = 1 samples together",
		`{"commands":[{"do":"drop","query":7},{"do":"drop","query":7}]}`:         "commands[1]: drop: query 7: want each query once",
		`{"commands":[{"do":"split","worker":0,"query":7,"point":0,"count":9}]}`: "commands[0]: split: count: want 1..4, got 9",
		`{"commands":[{"do":"split","worker":0,"query":7,"point":0,"count":0}]}`: "commands[0]: split: count: want at least 1, got 0",
		`{"commands":[{"do":"batch","worker":0,"queries":[]}]}`:                  "commands[0]: batch: queries: want [[ref, point], ...], got none",
		`{"commands":[{"do":"batch","worker":0,"queries":[[7]]}]}`:               "commands[0]: batch: queries[0]: want [ref, point], got 1 numbers",
		`{"ask":[["weather",0,0,0]]}`:                                            "ask[0]: want one of mean, quantile,",
		`{"ask":[["mean",0,0]]}`:                                                 "ask[0]: point: want a whole number, got none",
		`{"ask":[["mean",0,0,4]]}`:                                               "ask[0]: point: want 0..3, got 4",
		`{"ask":[["mean",0,0,0,0]]}`:                                             "ask[0]: want 3 numbers after the name, got 4",
		`{"ask":[["quantile",0,0,0,2]]}`:                                         "ask[0]: q: want 0..1, got 2",
		`{"ask":[["quantile",0,0,0,"q"]]}`:                                       `ask[0]: q: want a number, got "q"`,
		`{"ask":[["batch_mean",0,0,0,0]]}`:                                       "ask[0]: count: want 1..",
		`{"ask":[["confidence",8,9]]}`:                                           "ask[0]: point: want 0..3, got 9",
	} {
		t.Setenv("REPLY", reply)
		policy := child(t, t.Context(), "says", map[string]any{"timeout": patience})
		if err := policy.(scheduler.Binder).Bind(setting()); err != nil {
			t.Fatal(err)
		}
		if _, err := decide(policy, view()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q, got %v", reply, want, err)
		}
	}
}

func start(worker, query, point string) string {
	return `{"commands":[{"do":"start","worker":` + worker + `,"query":` + query + `,"point":` + point + `}]}`
}

// TestKilledFromOutside: a child that someone kills between two decisions.
func TestKilledFromOutside(t *testing.T) {
	policy := child(t, t.Context(), "tells its id", map[string]any{"timeout": patience})
	if err := policy.(scheduler.Binder).Bind(setting()); err != nil {
		t.Fatal(err)
	}
	commands, err := decide(policy, view())
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(int(commands[0].At-time.Second), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := decide(policy, view()); err == nil || !strings.Contains(err.Error(), "it ended without an answer (signal: killed)") {
		t.Errorf("want the kill told, got %v", err)
	}
}

// TestContextEndsTheChild, in the middle of a decision.
func TestContextEndsTheChild(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	policy := child(t, ctx, "never answers", map[string]any{"timeout": patience})
	if err := policy.(scheduler.Binder).Bind(setting()); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := decide(policy, view()); err == nil || !strings.Contains(err.Error(), "it was stopped: context canceled") {
		t.Errorf("want the context's end told, got %v", err)
	}
}

// TestCloseLeavesNothing: no process, pipe or goroutine, after good and bad children.
func TestCloseLeavesNothing(t *testing.T) {
	open := func() int {
		files, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip(err)
		}
		return len(files)
	}
	once := func(habit string) {
		policy := child(t, t.Context(), habit, map[string]any{"timeout": patience})
		if err := policy.(scheduler.Binder).Bind(setting()); err == nil {
			_, _ = decide(policy, view()) // bad ones fail
		}
		if err := policy.(interface{ Close() error }).Close(); err != nil {
			t.Error(err)
		}
	}
	once("idle") // the runtime's own files
	files, routines := open(), runtime.NumGoroutine()
	for _, habit := range []string{"idle", "exits at once", "crashes", "kills itself", "endless line", "leaves a child"} {
		once(habit)
	}
	for i := 0; runtime.NumGoroutine() > routines && i < 1000; i++ {
		time.Sleep(10 * time.Millisecond) // those that have signalled their end and are about to
	}
	if got := runtime.NumGoroutine(); got > routines {
		t.Errorf("goroutines: want %d, got %d", routines, got)
	}
	if got := open(); got > files {
		t.Errorf("open files: want %d, got %d", files, got)
	}
	var status syscall.WaitStatus
	if pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil); !errors.Is(err, syscall.ECHILD) {
		t.Errorf("children: want none, got %d (%v)", pid, err)
	}
}

// TestBadCommands: what can be known before anything runs.
func TestBadCommands(t *testing.T) {
	for command, want := range map[string]string{
		"":                      "want a program, got nothing",
		"  ":                    "want a program, got nothing",
		`python3 "my.py`:        `want a closing ", got none`,
		"no-such-program my.py": `"no-such-program": executable file not found`,
		"./none.sh":             "none.sh",
	} {
		if _, err := process.New(t.Context(), command, t.TempDir(), scheduler.NewParams(nil)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want %q, got %v", command, want, err)
		}
	}
	p := scheduler.NewParams(map[string]any{"timeout": 3})
	if _, err := process.New(t.Context(), "sh", ".", p); err != nil || p.Err() == nil {
		t.Errorf("want the time-out refused, got %v, %v", err, p.Err())
	}
}
