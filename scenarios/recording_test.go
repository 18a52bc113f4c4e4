package scenarios

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slosim/engine/profile"
	"slosim/sim/virtual"
	"slosim/workloads"
)

const recordedText = `
schema = 1
replications = 1
duration = "1s"

[[model]]
network = "fashion-mnist"

[arrivals]
kind = "mlperf-single-stream"

[[class]]
name = "only"
latency = "10s"

[[interference]]
file = "slow.csv"

[sensor]
period = "10ms"
lag = "0s"
noise = 0.0

[[contender]]
technique = "dense"
policy = "full"
`

// inFolder writes a scenario and its recording beside each other and loads it.
func inFolder(t *testing.T, known Known, scenario, recording string) (*Scenario, string, error) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "recorded.toml")
	for name, text := range map[string]string{path: scenario, filepath.Join(dir, "slow.csv"): recording} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Load(path, known)
	return s, dir, err
}

// TestRecordingAgainstATimelineByHand: services of 100 ms, one after the other, take
// twice as long from 150 ms on, and their own time again from 500 ms, where the
// recording ends. The second query has done half of its work when the factor changes
// (50 ms, then half of 200 ms); the fourth a quarter (50 of 200 ms, then 75 ms).
func TestRecordingAgainstATimelineByHand(t *testing.T) {
	app := testApp(t)
	s, _, err := inFolder(t, app.Known(), recordedText, "t_s,factor\n7,1\n7.15,2\n7.3,2\n7.5,1\n")
	if err != nil {
		t.Fatal(err)
	}
	path := madeUp(t, app, s, func(p *profile.Profile) {
		for i := range p.Sets {
			for _, levels := range p.Sets[i].Truth.Execute {
				for _, classes := range levels {
					for k := range classes {
						classes[k] = profile.Dist{100_000_000}
					}
				}
			}
		}
	})
	folder, out, err := ranIn(t, app, s, RunOptions{Profile: path, Records: true})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, "slow.csv slows every point by its factor, 1.7 on average") {
		t.Errorf("want a caveat about the recording, got\n%s", out)
	}
	var got []string
	for row, err := range folder.Queries() {
		if err != nil {
			t.Fatal(err)
		}
		ms := time.Millisecond.Nanoseconds()
		got = append(got, fmt.Sprintf("%d..%d true %g believed %g in %v", row.StartNS/ms, row.FinishNS/ms, row.Slowdown, row.Believed, row.Interference))
	}
	want := []string{
		"0..100 true 1 believed 1 in true",
		"100..250 true 1 believed 1 in true",
		"250..450 true 2 believed 2 in true",
		"450..575 true 2 believed 2 in true",
		"575..675 true 1 believed 1 in false",
		"675..775 true 1 believed 1 in false",
		"775..875 true 1 believed 1 in false",
		"875..975 true 1 believed 1 in false",
		"975..1075 true 1 believed 1 in false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
	if page := read(t, folder, "report.html"); !strings.Contains(string(page), "recorded slow-down slow.csv, 1.7 times as long on average, from 0 s to 0.5 s") {
		t.Error("report: want the recording named")
	}
}

// TestBadRecordings: every problem is told, where it is.
func TestBadRecordings(t *testing.T) {
	const good = "t_s,factor\n0,1\n1,2\n2,1\n"
	app := testApp(t)
	for name, test := range map[string]struct{ old, new, recording, want string }{
		"mistakes in the file": {"", "", "t_s,factor\n0,1\n1,x\n2,-1\n", "DIR/slow.csv:3: factor: want a number, 0.001 to 1000, got \"x\"\nDIR/slow.csv:4: factor: want a number, 0.001 to 1000, got \"-1\""},
		"no such file":         {`"slow.csv"`, `"fast.csv"`, good, `DIR/recorded.toml:17: interference[0].file: want one of azure-vm-noise-cache, or a file of recorded slow-downs, got open DIR/fast.csv: no such file or directory`},
		"too short":            {`"slow.csv"`, "\"slow.csv\"\nspeed = 4\nfrom = \"500ms\"\nto = \"1s\"", "t_s,factor\n0,1\n1,2\n", `DIR/recorded.toml:20: interference[0].to: want at most 750ms, where the recording ends (it is never looped), got 1s`},
		"speed":                {`"slow.csv"`, "\"slow.csv\"\nspeed = 0", good, `DIR/recorded.toml:18: interference[0].speed: want above 0, at most 1e+06, got 0.0`},
		"an antagonist too":    {`"slow.csv"`, "\"slow.csv\"\nantagonist = \"cpu\"", good, `DIR/recorded.toml:18: interference[0].antagonist: want nothing: the file says what happens, got one`},
		"speed without a file": {`file = "slow.csv"`, "antagonist = \"cpu\"\nspeed = 2.0", good, `DIR/recorded.toml:18: interference[0].speed: want nothing: it goes with file, got 2.0`},
		"neither":              {`file = "slow.csv"`, "", good, `DIR/recorded.toml:16: interference[0].antagonist: want an antagonist's name, file or factor, got nothing`},
		"beside another": {"[sensor]", "[[interference]]\nantagonist = \"memory\"\n[sensor]", good,
			`DIR/recorded.toml:19: interference[1].from: want stretches apart from those of interference[0], which is on the same worker: nobody knows what a recorded slow-down, or a factor, and something else do together, got both at 0s`},
	} {
		t.Run(name, func(t *testing.T) {
			_, dir, err := inFolder(t, app.Known(), strings.Replace(recordedText, test.old, test.new, 1), test.recording)
			if err == nil {
				t.Fatal("want problems, got none")
			}
			if got := strings.ReplaceAll(err.Error(), dir, "DIR"); got != test.want {
				t.Errorf("want\n%s\ngot\n%s", test.want, got)
			}
			var problems Problems
			if !errors.As(err, &problems) {
				t.Errorf("want Problems, got %T", err)
			}
		})
	}
}

// TestHashCoversTheRecording: the same scenario over another recording is another one.
func TestHashCoversTheRecording(t *testing.T) {
	app := testApp(t)
	one, _, err1 := inFolder(t, app.Known(), recordedText, "t_s,factor\n0,1\n2,1\n")
	two, _, err2 := inFolder(t, app.Known(), recordedText, "t_s,factor\n0,2\n2,1\n")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if one.Text() != two.Text() || one.Hash() == two.Hash() {
		t.Errorf("want equal texts and different hashes, got %s and %s", one.Hash(), two.Hash())
	}
}

// TestDisturbance compares the sweep with a look at every interval.
func TestDisturbance(t *testing.T) {
	levels := []profile.Level{{Slowdown: 1}, {Slowdown: 3}}
	timeline := []virtual.Interval{
		{From: 50, To: 60, Worker: 1, Level: 1}, {From: 10, To: 20, Level: 1}, {From: 20, To: 30, Factor: 0.5},
		{From: 15, To: 55, Worker: 1, Factor: 2}, {From: 70, To: 80, Factor: 1},
	}
	d, near := newDisturbance(timeline, levels), 0
	for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(900) { // the cursor must find its way from anywhere
		at := time.Duration(i % 90)
		on, worst := false, 1.0
		for _, i := range timeline {
			if at >= i.From && at < i.To {
				on, worst = true, max(worst, slowdownOf(i, levels))
			}
		}
		if got := d.slowdownAt(at, &near); d.on(at) != on || got != worst {
			t.Fatalf("at %d: want %v and %v, got %v and %v", at, on, worst, d.on(at), got)
		}
	}
}

// TestRecordingThatShips: a name needs no folder, and the file is what the catalogue says.
func TestRecordingThatShips(t *testing.T) {
	known := fakeKnown()
	known.OpenSlowdowns, known.Recordings = workloads.OpenSlowdowns, recordingEntries()
	text := strings.ReplaceAll(recordedText, "slow.csv", "azure-vm-noise-cache")
	s, _, err := inFolder(t, known, text, "")
	if err != nil {
		t.Fatal(err)
	}
	info := workloads.Recordings()[0]
	if got := s.Interference[0].Recording; len(got) != info.Rows || got.Span() != info.Span {
		t.Errorf("want %d rows over %v, got %d over %v", info.Rows, info.Span, len(got), got.Span())
	}
	_, _, err = inFolder(t, known, strings.ReplaceAll(text, "vm-noise", "noise"), "")
	if err == nil || !strings.Contains(err.Error(), "azure-vm-noise-cache") {
		t.Errorf("want an error that lists what ships, got %v", err)
	}
}

// TestUnseen: a level hidden in one block is hidden in all.
func TestUnseen(t *testing.T) {
	block := "[[interference]]\nantagonist = \"cpu\"\nfrom = \"%s\"\nto = \"%s\"\n%s\n\n[sensor]"
	text := func(first, second string) string {
		both := fmt.Sprintf(block, "0s", "100ms", first) + "\n" + fmt.Sprintf(block, "200ms", "300ms", second)
		return strings.Replace(recordedText, "[[interference]]\nfile = \"slow.csv\"\n\n[sensor]", strings.Replace(both, "\n\n[sensor]", "", 1), 1)
	}
	if _, err := Parse("x.toml", []byte(text("unseen = true", "unseen = true")), fakeKnown()); err != nil {
		t.Errorf("hidden in both: %v", err)
	}
	_, err := Parse("x.toml", []byte(text("unseen = true", "")), fakeKnown())
	if err == nil || !strings.Contains(err.Error(), "interference[1].unseen: want true") {
		t.Errorf("hidden in one: want an error, got %v", err)
	}
	_, err = Parse("x.toml", []byte(text("", "unseen = true\nintensity = 0.5")), fakeKnown())
	if err != nil {
		t.Errorf("another intensity: %v", err)
	}
}

// TestUnseenLevelsOfAContest: policies know what the scenario names and does not hide, and
// nothing else that a given profile may hold.
func TestUnseenLevelsOfAContest(t *testing.T) {
	level := func(kind string) profile.Level {
		return profile.Level{Slowdown: 2, Antagonists: []profile.Antagonist{{Kind: kind, Intensity: 1}}}
	}
	c := &contest{
		scenario: &Scenario{Machines: []Machine{{Workers: 1}}, Interference: []Interference{
			{Antagonist: "cpu", Intensity: 1}, {Antagonist: "memory", Intensity: 1, Unseen: true}, {File: "slow.csv"}}},
		profile: measured{Profile: &profile.Profile{Levels: []profile.Level{{Slowdown: 1}, level("cpu"), level("memory"), level("cache")}}},
	}
	if diff := cmp.Diff([]int{2, 3}, c.unseen()); diff != "" {
		t.Errorf("hidden levels (-want +got):\n%s", diff)
	}
}

// TestNetworksAllowTechniques: every technique that a network lacks is told, at its line.
func TestNetworksAllowTechniques(t *testing.T) {
	app := testApp(t)
	text := strings.NewReplacer("network = \"fashion-mnist\"", "network = \"fashion-mnist-wide\"",
		"[[contender]]\ntechnique = \"dense\"\npolicy = \"full\"",
		"[factorial]\ntechniques = [\"slo-nn\", \"slimmable\", \"prune-nodes\"]\npolicies = [\"full\"]", "slow.csv", "azure-vm-noise-cache").Replace(recordedText)
	_, err := Parse("x.toml", []byte(text), app.Known())
	if err == nil || strings.Count(err.Error(), "want one that network fashion-mnist-wide has") != 2 || !strings.Contains(err.Error(), `factorial.techniques[2]`) {
		t.Errorf("want two problems, got %v", err)
	}
}
