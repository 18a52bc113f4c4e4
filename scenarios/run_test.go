package scenarios

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slosim/engine"
	"slosim/engine/profile"
	"slosim/reports/result"
	"slosim/scheduler"
)

// quiet is progress that nobody watches.
type quiet struct{}

func (quiet) Start(string, int) {}
func (quiet) Add(int)           {}
func (quiet) Done()             {}

func testApp(t *testing.T) *App {
	t.Helper()
	app, err := NewApp()
	if err != nil {
		t.Fatal(err)
	}
	app.CacheDir = t.TempDir()
	app.Source.Open = shippedOnce.open
	return app
}

// opened keeps the shipped networks that tests open for the tests after them: nothing changes them, and to
// unpack them takes most of a short run.
type opened struct {
	sync.Mutex
	networks map[string]*engine.Network
}

var shippedOnce = &opened{networks: map[string]*engine.Network{}}

func (o *opened) open(name string) (*engine.Network, error) {
	if !slices.Contains(engine.Networks(), name) {
		return engine.Open(name)
	}
	o.Lock()
	defer o.Unlock()
	if net, ok := o.networks[name]; ok {
		return net, nil
	}
	net, err := engine.Open(name)
	if err == nil {
		o.networks[name] = net
	}
	return net, err
}

const contestText = `
schema = 1
title = "test"
seed = 7
replications = 3
duration = "3s"
warmup = "500ms"

[[model]]
network = "fashion-mnist"

[arrivals]
trace = "azure-llm-2023-conv"
transform = "modulate"
speed = 60
window = "random"
load = 0.6

[[class]]
name = "interactive"
share = 0.6
latency = "15ms"
accuracy = 0.8

[[class]]
name = "patient"
share = 0.4
latency = "40ms"
[[class.change]]
at = "2s"
latency = "10ms"

[[interference]]
antagonist = "cpu"
from = "1s"
to = "2s"

[[interference]]
antagonist = "memory"
intensity = 0.5
from = "2500ms"

[factorial]
techniques = ["dense", "slo-nn", "zoo", { name = "slo-nn", activator = "lsh" }]
policies = ["full", "lcao", "aclo", "always-fastest", "model-switching", "clairvoyant-greedy"]
`

func parsed(t *testing.T, app *App, text string, set ...string) *Scenario {
	t.Helper()
	s, err := Parse("test.toml", []byte(text), app.Known(), set...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// madeUp writes a profile for a scenario with made-up times and outcomes over the
// real techniques, and returns its path.
func madeUp(t *testing.T, app *App, s *Scenario, change func(*profile.Profile)) string {
	t.Helper()
	subject, err := app.subjectOf(s)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	p := &profile.Profile{
		Schema: profile.SchemaVersion, Machine: app.machine(), Dataset: subject.family.Truth,
		Levels: []profile.Level{{Slowdown: 1, Kept: 1}},
	}
	p.Campaign.Reference = times(random, 80e3)
	for i, l := range subject.levels {
		p.Levels = append(p.Levels, profile.Level{Antagonists: []profile.Antagonist{l}, Slowdown: 2 - 0.5*float64(i), Kept: 1})
	}
	for _, technique := range subject.techniques {
		set := profile.Set{
			Technique: technique.Name(), Network: subject.family.Name, Hash: technique.Hash(),
			Points: technique.Points(), Groups: technique.Groups(),
			Activates: technique.Activates(), HasConfidence: technique.HasConfidence(),
		}
		for g := range set.Groups {
			set.Groups[g].Load = times(random, 1e6)
			set.Switch = append(set.Switch, nil)
			for range set.Groups {
				set.Switch[g] = append(set.Switch[g], profile.Dist{0, 100, 1000})
			}
		}
		classes := make([]int, len(set.Points))
		for point := range classes {
			classes[point] = technique.Classes(point)
		}
		set.Calibration = madeUpHalf(random, &set, classes, p.Levels)
		set.Truth = madeUpHalf(random, &set, classes, p.Levels)
		p.Sets = append(p.Sets, set)
	}
	if change != nil {
		change(p)
	}
	path := filepath.Join(t.TempDir(), "test.profile")
	if err := p.Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

const madeUpSamples = 200

func madeUpHalf(random *rand.Rand, set *profile.Set, classes []int, levels []profile.Level) profile.Half {
	h := profile.Half{Samples: madeUpSamples, Stalls: make([][]profile.Stall, len(levels))}
	for point, p := range set.Points {
		share := 0.5 + 0.4*math.Sqrt(p.Density)
		for range madeUpSamples {
			o := profile.Outcome{Right: random.Float64() < share, Class: uint8(random.IntN(classes[point])), Confidence: float32(math.NaN())}
			if set.HasConfidence {
				o.Confidence = float32(random.Float64())
			}
			h.Outcomes = append(h.Outcomes, o)
		}
		var rows [][]profile.Dist
		for range levels {
			var row []profile.Dist
			for range classes[point] {
				row = append(row, times(random, 5e3+75e3*p.Density))
			}
			rows = append(rows, row)
		}
		h.Execute = append(h.Execute, rows)
	}
	for i, l := range levels {
		if set.Activates {
			h.Activate = append(h.Activate, times(random, 2e3))
		}
		if len(l.Antagonists) > 0 && l.Antagonists[0].Kind == "cpu" {
			for range 50 {
				h.Stalls[i] = append(h.Stalls[i], profile.Stall{Gap: 4 * time.Millisecond, Wait: 4 * time.Millisecond})
			}
		}
	}
	return h
}

// times are around a mean of ns nanoseconds.
func times(random *rand.Rand, ns float64) profile.Dist {
	d := make(profile.Dist, 50)
	for i := range d {
		d[i] = uint32(ns * math.Exp(0.1*random.NormFloat64()))
	}
	return sorted(d)
}

// ranIn runs a scenario over a made-up profile and returns the result folder and stdout.
func ranIn(t *testing.T, app *App, s *Scenario, o RunOptions) (*result.Folder, string, error) {
	t.Helper()
	var out bytes.Buffer
	o.Console = Console{Out: &out, Err: os.Stderr, Progress: quiet{}, JSON: o.JSON}
	o.Scenario, o.Dir = s, filepath.Join(t.TempDir(), "result")
	if o.Jobs == 0 {
		o.Jobs = 2
	}
	err := app.Run(context.Background(), o)
	folder, openErr := result.Open(o.Dir)
	if openErr != nil {
		folder = nil
	}
	return folder, out.String(), err
}

func read(t *testing.T, f *result.Folder, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(f.Path(name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRunWritesAWholeResult(t *testing.T) {
	app := testApp(t)
	s := parsed(t, app, contestText)
	folder, out, err := ranIn(t, app, s, RunOptions{Profile: madeUp(t, app, s, nil), Records: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"slo-nn/lcao", "attainment", "interference", "report.html", "modulate"} {
		if !strings.Contains(out, want) {
			t.Errorf("table: want %q in it, got\n%s", want, out)
		}
	}
	summary, err := folder.Summary()
	if err != nil {
		t.Fatal(err)
	}
	if want := 24 * 3 * 3; len(summary.Cells) != want { // contenders x (all + 2 classes) x windows
		t.Errorf("cells: want %d, got %d", want, len(summary.Cells))
	}
	arrived := map[int64]bool{}
	for i := range summary.Cells {
		if c := &summary.Cells[i]; c.Class == "all" && c.Window == "all" {
			arrived[c.Queries] = true
		}
	}
	if len(arrived) != 1 {
		t.Errorf("arrivals: want the same number for every contender, got %v", arrived)
	}
	rows := 0
	for row, err := range folder.Queries() {
		if err != nil {
			t.Fatal(err)
		}
		if row.FinishNS >= 0 && row.FinishNS < row.StartNS || row.StartNS >= 0 && row.StartNS < row.ArriveNS {
			t.Fatalf("row out of order: %+v", row)
		}
		rows++
	}
	if rows == 0 {
		t.Error("records: want rows, got none")
	}
	if page := read(t, folder, result.ReportFile); !bytes.Contains(page, []byte("slo-nn/lcao")) {
		t.Error("report: want the contenders in it")
	}
}

func TestSameBytesForAnyNumberOfProcessors(t *testing.T) {
	app := testApp(t)
	s := parsed(t, app, contestText, "duration=2600ms")
	path := madeUp(t, app, s, nil)
	var first []byte
	for _, processors := range []int{1, 2, 4} {
		before := runtime.GOMAXPROCS(processors)
		folder, _, err := ranIn(t, app, s, RunOptions{Profile: path, Jobs: processors, Trace: true, TraceQueries: 20})
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		text := slices.Concat(read(t, folder, result.SummaryFile), read(t, folder, result.FiguresFile), read(t, folder, result.ScheduleFile))
		if first == nil {
			first = text
		}
		if diff := cmp.Diff(string(first), string(text)); diff != "" {
			t.Fatalf("GOMAXPROCS %d: %s", processors, diff)
		}
	}
}

func TestOnlyClairvoyantsFeelAnotherTruth(t *testing.T) {
	app := testApp(t)
	s := parsed(t, app, contestText, "duration=2600ms")
	honest, _, err := ranIn(t, app, s, RunOptions{Profile: madeUp(t, app, s, nil), Records: true})
	if err != nil {
		t.Fatal(err)
	}
	corrupt, _, err := ranIn(t, app, s, RunOptions{Records: true, Profile: madeUp(t, app, s, func(p *profile.Profile) {
		for i := range p.Sets {
			outcomes := p.Sets[i].Truth.Outcomes
			for j := range outcomes {
				outcomes[j].Right = !outcomes[j].Right
			}
		}
	})})
	if err != nil {
		t.Fatal(err)
	}
	a, b := pointsBy(t, honest), pointsBy(t, corrupt)
	for contender := range a {
		same := cmp.Equal(a[contender], b[contender])
		if clairvoyant := strings.HasSuffix(contender, "clairvoyant-greedy"); same == clairvoyant && !strings.HasPrefix(contender, "dense") {
			t.Errorf("%s: same points under corrupted outcomes: got %v", contender, same)
		}
	}
}

// pointsBy lists the chosen points of each contender, in order of the records.
func pointsBy(t *testing.T, f *result.Folder) map[string][]int32 {
	t.Helper()
	points := map[string][]int32{}
	for row, err := range f.Queries() {
		if err != nil {
			t.Fatal(err)
		}
		points[row.Contender] = append(points[row.Contender], row.Point)
	}
	return points
}

// crasher breaks the rules at its first decision.
type crasher struct{}

func (crasher) Decide(v *scheduler.View, p *scheduler.Plan) { panic("boom") }

func TestAFailedContenderLeavesTheOthers(t *testing.T) {
	app := testApp(t)
	app.Policies["crash"] = func(*scheduler.Params) scheduler.Policy { return crasher{} }
	text := strings.Replace(contestText, `["full", "lcao", "aclo", "always-fastest", "model-switching", "clairvoyant-greedy"]`, `["full", "crash"]`, 1)
	text = strings.Replace(text, `["dense", "slo-nn", "zoo", { name = "slo-nn", activator = "lsh" }]`, `["dense"]`, 1)
	s := parsed(t, app, text)
	folder, _, err := ranIn(t, app, s, RunOptions{Profile: madeUp(t, app, s, nil)})
	if got := ExitCode(err); got != ExitContender {
		t.Fatalf("exit code: want %d, got %d (%v)", ExitContender, got, err)
	}
	summary, err := folder.Summary()
	if err != nil {
		t.Fatal(err)
	}
	for i := range summary.Cells {
		if summary.Cells[i].Contender != "dense/full" {
			t.Errorf("want the sound contender only, got %q", summary.Cells[i].Contender)
		}
	}
	manifest, err := folder.Manifest()
	if err != nil || len(manifest.Failed) != 1 || !strings.Contains(manifest.Failed[0], "boom") {
		t.Errorf("manifest: want the failure with its reason, got %v, %v", manifest, err)
	}
}

func TestProfilesOfOthersAreRefused(t *testing.T) {
	app := testApp(t)
	s := parsed(t, app, contestText)
	other := madeUp(t, app, s, func(p *profile.Profile) {
		p.Sets[0].Hash = "another"
		p.Sets[1].Technique = "unknown"
		p.Levels[2].Antagonists[0].Intensity = 0.75
	})
	_, _, err := ranIn(t, app, s, RunOptions{Profile: other})
	if ExitCode(err) != ExitUsage {
		t.Fatalf("exit code: want %d, got %d (%v)", ExitUsage, ExitCode(err), err)
	}
	for _, want := range []string{"another", "slo-nn", "memory 0.5"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want all problems at once, %q among them, got %v", want, err)
		}
	}
	whole, err := os.ReadFile(madeUp(t, app, s, nil))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"truncated": whole[:len(whole)/2], "empty": nil, "text": []byte("not a profile"), "corrupt": flipped(whole)} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if folder, _, err := ranIn(t, app, s, RunOptions{Profile: path}); ExitCode(err) != ExitUsage || folder != nil {
			t.Errorf("%s: want exit code %d and no result, got %v", name, ExitUsage, err)
		}
	}
	if _, _, err := ranIn(t, app, s, RunOptions{Profile: "/no/such/profile"}); ExitCode(err) != ExitUsage {
		t.Errorf("missing file: want exit code %d, got %v", ExitUsage, err)
	}
}

func flipped(data []byte) []byte {
	out := bytes.Clone(data)
	out[len(out)/2] ^= 1
	return out
}

func TestAProfileOfAnotherMachineIsAWarning(t *testing.T) {
	app := testApp(t)
	text := contestText[:strings.Index(contestText, "[[interference]]")] + contestText[strings.Index(contestText, "[factorial]"):]
	s := parsed(t, app, text, "replications=2")
	path := madeUp(t, app, s, func(p *profile.Profile) { p.Machine.CPU = "abacus" })
	folder, _, err := ranIn(t, app, s, RunOptions{Profile: path})
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := folder.Manifest()
	if err != nil || !strings.Contains(strings.Join(manifest.Warnings, "\n"), "abacus") {
		t.Errorf("manifest: want a warning about the machine, got %+v, %v", manifest.Warnings, err)
	}
}

func TestInterruptedRunsLeaveValidFiles(t *testing.T) {
	app := testApp(t)
	s := parsed(t, app, contestText, "replications=40")
	path := madeUp(t, app, s, nil)
	ctx, cancel := context.WithCancel(context.Background())
	dir := filepath.Join(t.TempDir(), "result")
	var out bytes.Buffer
	err := app.Run(ctx, RunOptions{
		Console: Console{Out: &out, Err: os.Stderr, Progress: &canceller{cancel: cancel, after: 60}},
		// One job: with two, one of them may sit in the first run while the other does 60.
		Scenario: s, Dir: dir, Profile: path, Jobs: 1,
	})
	if !errors.Is(err, context.Canceled) || ExitCode(err) != ExitInterrupted {
		t.Fatalf("want an interrupted run, got %v", err)
	}
	folder, openErr := result.Open(dir)
	if openErr != nil {
		t.Fatalf("%v; the run: %v", openErr, err)
	}
	manifest, err := folder.Manifest()
	if err != nil || !manifest.Interrupted {
		t.Errorf("manifest: want interrupted, got %+v, %v", manifest, err)
	}
	summary, err := folder.Summary()
	if err != nil || summary.Cells[0].Replications < 1 || summary.Cells[0].Replications >= 40 {
		t.Errorf("summary: want the finished replications, got %v, %v", summary.Cells[0].Replications, err)
	}
}

// canceller cancels a run after so many steps.
type canceller struct {
	quiet
	cancel context.CancelFunc
	after  int
}

func (c *canceller) Add(n int) {
	if c.after -= n; c.after <= 0 {
		c.cancel()
	}
}

func TestUnwritableFolder(t *testing.T) {
	app := testApp(t)
	s := parsed(t, app, contestText)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err := app.Run(context.Background(), RunOptions{
		Console: Console{Out: &out, Progress: quiet{}}, Scenario: s, Dir: filepath.Join(file, "below"), Jobs: 1,
	})
	if ExitCode(err) != ExitInternal || out.Len() != 0 {
		t.Errorf("want exit code %d and no output, got %v, %q", ExitInternal, err, out.String())
	}
}

func TestDryRunWritesNothing(t *testing.T) {
	app := testApp(t)
	s := parsed(t, app, contestText, "arrivals.load=1.2")
	path := madeUp(t, app, s, nil)
	folder, out, err := ranIn(t, app, s, RunOptions{Profile: path, DryRun: true})
	if err != nil || folder != nil {
		t.Fatalf("want no result and no error, got %v, %v", folder, err)
	}
	for _, want := range []string{"24 x 3", "class interactive", "warning: offered load"} {
		if !strings.Contains(out, want) {
			t.Errorf("want %q, got\n%s", want, out)
		}
	}
}
