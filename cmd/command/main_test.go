package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"slosim/scenarios"
	"slosim/workloads"
)

// fakeApp knows a few names and says what it was asked for.
type fakeApp struct{ err error }

func (fakeApp) Known() scenarios.Known {
	return scenarios.Known{
		Networks:    []scenarios.Entry{{Name: "fashion-mnist", About: "pictures of clothing"}},
		Techniques:  scenarios.Entries("dense", "relu-skip", "slo-nn", "zoo"),
		Policies:    scenarios.Entries("always-fastest", "clairvoyant-greedy", "full", "lcao", "model-switching"),
		Traces:      scenarios.Entries("azure-llm-2023-code", "azure-llm-2023-conv"),
		Antagonists: scenarios.Entries("cache", "cpu", "memory"),
		Arrivals:    []scenarios.Entry{{Name: "closed", About: "closed loop"}},
		Metrics:     scenarios.Entries("attainment", "p99_ms"),
		CheckNetwork: func(string) []scenarios.Complaint {
			return []scenarios.Complaint{{Key: "network", Want: "a folder", Got: "none"}}
		},
		CheckTechnique: func(_ string, options map[string]any) (wrong []scenarios.Complaint) {
			for key := range options {
				if key != "activator" {
					wrong = append(wrong, scenarios.Complaint{Key: key, Want: "activator", Got: "another option"})
				}
			}
			return wrong
		},
		CheckArrivals: func(spec workloads.ArrivalSpec) (wrong []scenarios.Complaint) {
			for _, w := range spec.Validate() {
				wrong = append(wrong, scenarios.Complaint(w))
			}
			return wrong
		},
	}
}

func (f fakeApp) Run(ctx context.Context, o scenarios.RunOptions) error {
	o.Progress.Start("simulating", 4)
	o.Progress.Add(1)
	o.Progress.Add(3)
	o.Progress.Done()
	fmt.Fprintf(o.Out, "run %q: seed %d, %d contenders, json %t, dry %t\n",
		o.Scenario.Title, o.Scenario.Seed, len(o.Scenario.Contenders), o.JSON, o.DryRun)
	return errors.Join(f.err, ctx.Err())
}

func (f fakeApp) Report(_ context.Context, o scenarios.ReportOptions) error {
	fmt.Fprintf(o.Console.Out, "report of %s\n", o.Dir)
	return f.err
}

func (f fakeApp) Measure(_ context.Context, o scenarios.MeasureOptions) error {
	fmt.Fprintf(o.Console.Out, "measure %s:", o.Network)
	for _, t := range o.Techniques {
		fmt.Fprintf(o.Console.Out, " %s", t.Key())
	}
	for _, a := range o.Antagonists {
		fmt.Fprintf(o.Console.Out, " %s at %v", a.Antagonist, a.Intensity)
	}
	fmt.Fprintf(o.Console.Out, " to %s\n", o.Out)
	return f.err
}

func (f fakeApp) Train(_ context.Context, o scenarios.TrainOptions) error {
	fmt.Fprintf(o.Console.Out, "train %s with seed %d\n", o.Network, o.Seed)
	if o.Sampler != "" {
		fmt.Fprintf(o.Console.Out, "sampler %s of %d classes\n", o.Sampler, o.Samples)
	}
	return f.err
}

func (f fakeApp) Data(_ context.Context, o scenarios.DataOptions) error {
	fmt.Fprintf(o.Console.Out, "data %s from %q to %q\n", o.Name, o.From, o.Out)
	return f.err
}

func (f fakeApp) Tradeoff(_ context.Context, o scenarios.TradeoffOptions) error {
	fmt.Fprintf(o.Console.Out, "tradeoff of %s within %v\n", strings.Join(o.Networks, ","), o.Loss)
	return f.err
}

func (f fakeApp) Bench(_ context.Context, o scenarios.BenchOptions) error {
	fmt.Fprintf(o.Console.Out, "bench %v in %d rounds\n", o.Groups, o.Rounds)
	return f.err
}

func (f fakeApp) CheckProfile(_ context.Context, o scenarios.MeasureOptions) error {
	fmt.Fprintf(o.Console.Out, "check %s\n", o.Check)
	return f.err
}

func (f fakeApp) Validate(_ context.Context, o scenarios.ValidateOptions) error {
	fmt.Fprintf(o.Console.Out, "validate %s into %q\n", o.Scenario.Title, o.Dir)
	return f.err
}

func (f fakeApp) Policytest(_ context.Context, o scenarios.PolicytestOptions) error {
	fmt.Fprintf(o.Console.Out, "policytest %s with %v\n", o.Policy, o.Params)
	return f.err
}

func (f fakeApp) Check(_ context.Context, o scenarios.CheckOptions) error {
	fmt.Fprintf(o.Console.Out, "check %d scenarios at %g, junit %q\n", len(o.Scenarios), o.Alpha, o.JUnit)
	if q := o.Sequential; q != nil {
		fmt.Fprintf(o.Console.Out, "sequential up to %d, spending %q\n", q.Most, q.Spending)
	}
	return f.err
}

func (f fakeApp) Capacity(_ context.Context, o scenarios.CapacityOptions) error {
	fmt.Fprintf(o.Console.Out, "capacity of %q for %g\n", o.Scenario.Title, o.Target)
	return f.err
}

func (f fakeApp) Breakpoint(_ context.Context, o scenarios.BreakpointOptions) error {
	fmt.Fprintf(o.Console.Out, "breakpoint of %q by %v\n", o.Scenario.Title, o.By)
	return f.err
}

func (f fakeApp) Compare(_ context.Context, o scenarios.CompareOptions) error {
	fmt.Fprintf(o.Console.Out, "compare %s and %s of %q as %s\n", o.A, o.B, o.Contenders, o.Format)
	return f.err
}

func (f fakeApp) Sweep(_ context.Context, o scenarios.SweepOptions) error {
	fmt.Fprintf(o.Out, "sweep %s over %d axes into %q\n", o.Template.Base.Name, len(o.Template.Base.Sweep.Axes), o.Dir)
	return f.err
}

func (f fakeApp) SweepChunk(_ context.Context, o scenarios.ChunkOptions) error {
	fmt.Fprintf(o.Out, "chunk %d of %d of %s\n", o.Chunk, o.Chunks, o.Dir)
	return f.err
}

func (f fakeApp) SweepStatus(_ context.Context, o scenarios.MergeOptions) error {
	fmt.Fprintf(o.Out, "status of %s, json %t\n", o.Dir, o.JSON)
	return f.err
}

func (f fakeApp) SweepMerge(_ context.Context, o scenarios.MergeOptions) error {
	fmt.Fprintf(o.Out, "merge %s\n", o.Dir)
	return f.err
}

func (f fakeApp) SweepOnSlurm(_ context.Context, o scenarios.SweepOptions, c scenarios.SlurmOptions) error {
	fmt.Fprintf(o.Out, "sweep %s on Slurm: %d tasks of %v on %d CPUs, %d retries, scratch %q, options %q\n",
		o.Template.Base.Name, c.Tasks, c.TaskTime, c.CPUs, c.Retries, c.Scratch, c.Options)
	return f.err
}

func (f fakeApp) SweepResubmit(_ context.Context, o scenarios.JobOptions) error {
	fmt.Fprintf(o.Out, "resubmit %s with %q, watch %t\n", o.Dir, o.Options, o.Watch)
	return f.err
}

func (f fakeApp) SweepCancel(_ context.Context, o scenarios.JobOptions) error {
	fmt.Fprintf(o.Out, "cancel %s\n", o.Dir)
	return f.err
}

func (f fakeApp) Explain(_ context.Context, o scenarios.ExplainOptions) error {
	fmt.Fprintf(o.Console.Out, "explain %s, misses %t\n", o.Dir, o.Misses)
	return f.err
}

func (f fakeApp) Selfcheck(_ context.Context, o scenarios.SelfcheckOptions) error {
	fmt.Fprintf(o.Console.Out, "selfcheck with seed %d\n", o.Seed)
	return f.err
}

func (f fakeApp) BenchSim(_ context.Context, o scenarios.BenchOptions) error {
	fmt.Fprintf(o.Console.Out, "bench of simulations in %d rounds\n", o.Rounds)
	return f.err
}

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"slosim": func() {
			os.Exit(run(context.Background(), fakeApp{}, streams{os.Stdin, os.Stdout, os.Stderr}, os.Args[1:]))
		},
		"slosim-itself": func() { os.Exit(Main(nil)) },
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			return copyFile("testdata/base.toml", filepath.Join(env.WorkDir, "base.toml"))
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits,
			"edit":  edit,
		},
	})
}

// TestRealScripts does what a user would, with a profile that ships for tests.
func TestRealScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/real",
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CACHE_HOME", env.WorkDir) // no cache of this machine's
			return copyFile("../../scenarios/testdata/golden-fashion-mnist.profile", filepath.Join(env.WorkDir, "golden.profile"))
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"exits": exits, "leaves": leavesOnly},
		Condition: func(name string) (bool, error) {
			file, ok := strings.CutPrefix(name, "exists:")
			_, err := os.Stat(file)
			return ok && err == nil, nil
		},
	})
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}

// exits CODE COMMAND ARGS... runs a command that must end with an exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s: want exit code %d, got %d\n%s", strings.Join(args[1:], " "), want, got, ts.ReadFile("stderr"))
	}
}

// leavesOnly FOLDER NAME... wants a folder to hold these and nothing else; names with a dot first are
// no matter.
func leavesOnly(ts *testscript.TestScript, _ bool, args []string) {
	list, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	var got []string
	for _, e := range list {
		if !strings.HasPrefix(e.Name(), ".") || strings.HasPrefix(e.Name(), ".slosim") {
			got = append(got, e.Name())
		}
	}
	if !slices.Equal(got, args[1:]) {
		ts.Fatalf("%s: want %q, got %q", args[0], args[1:], got)
	}
}

// edit OLD NEW writes bad.toml: base.toml with the first OLD replaced.
func edit(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile("base.toml")
	if !strings.Contains(text, args[0]) {
		ts.Fatalf("base.toml has no %q", args[0])
	}
	changed := strings.Replace(text, args[0], strings.ReplaceAll(args[1], `\n`, "\n"), 1)
	ts.Check(os.WriteFile(ts.MkAbs("bad.toml"), []byte(changed), 0o644))
}

// execute runs a command line in this process.
func execute(ctx context.Context, app App, args ...string) (code int, out, errOut string) {
	var o, e bytes.Buffer
	code = run(ctx, app, streams{strings.NewReader(""), &o, &e}, args)
	return code, o.String(), e.String()
}

func TestExitCodesOfVerbs(t *testing.T) {
	for _, test := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{scenarios.AssertionError{Failed: []string{"attainment"}}, 1},
		{scenarios.Usagef("wrong"), 2},
		{fmt.Errorf("run: %w", scenarios.Problems{{File: "x", Want: "y"}}), 2},
		{errors.New("disk full"), 3},
		{os.ErrPermission, 3},
		{errors.Join(scenarios.ContenderError{Contender: "a", Err: errors.New("idle")}), 4},
		{errors.Join(errors.New("disk full"), context.Canceled), 130},
	} {
		code, _, errOut := execute(context.Background(), fakeApp{test.err}, "run", "testdata/base.toml")
		if code != test.want {
			t.Errorf("%v: want exit code %d, got %d", test.err, test.want, code)
		}
		if test.err != nil && code != 130 && !strings.Contains(errOut, test.err.Error()) {
			t.Errorf("%v: want it on stderr, got %q", test.err, errOut)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	code, out, errOut := execute(ctx, fakeApp{}, "run", "testdata/base.toml")
	if code != 130 || !strings.Contains(errOut, "interrupted") || out == "" {
		t.Errorf("want 130, partial output and a word about it, got %d, %q, %q", code, out, errOut)
	}
}

func TestInitWritesAScenarioThatParses(t *testing.T) {
	app, err := scenarios.NewApp()
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.Parse("init.toml", []byte(template), app.Known())
	if err != nil {
		t.Fatal(err)
	}
	// It is there to be tried at once: its virtual time is what the promise of a few
	// seconds rests on.
	total := s.Duration.Std() * time.Duration(s.Replications*len(s.Contenders))
	if total.Seconds() > 60 {
		t.Errorf("virtual time in all: want at most a minute, got %v", total)
	}
}

// The Go policy that init writes compiles and keeps its own test.
func TestTheGoPolicyConforms(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(here, "written") // inside the module
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Chdir(dir)
	if _, err := writePolicy("mine", true); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "test", "./mine").CombinedOutput(); err != nil {
		t.Errorf("go test: %v\n%s", err, out)
	}
}
