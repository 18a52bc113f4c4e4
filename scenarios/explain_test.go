package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"slosim/reports/result"
)

// explainedIn explains a result and returns what was printed.
func explainedIn(t *testing.T, app *App, o ExplainOptions) (string, error) {
	t.Helper()
	var out bytes.Buffer
	o.Console = Console{Out: &out, Err: &out, Progress: quiet{}, JSON: o.JSON}
	if o.Profile == "" {
		o.Profile = goldenProfile("fashion-mnist")
	}
	if o.Jobs == 0 {
		o.Jobs = 2
	}
	err := app.Explain(context.Background(), o)
	return out.String(), err
}

// blamedIn decodes what explain says of all misses.
func blamedIn(t *testing.T, app *App, o ExplainOptions) (b result.Blame) {
	t.Helper()
	o.Misses, o.JSON = true, true
	out, err := explainedIn(t, app, o)
	if err == nil {
		err = json.Unmarshal([]byte(out), &b)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ranGolden runs a scenario on the golden profile.
func ranGolden(t *testing.T, app *App, name string, sets ...string) (*Scenario, string) {
	t.Helper()
	s, err := Load(name, app.Known(), sets...)
	if err != nil {
		t.Fatal(err)
	}
	folder, _, err := ranIn(t, app, s, RunOptions{Profile: goldenProfile("fashion-mnist")})
	if err != nil {
		t.Fatal(err)
	}
	return s, folder.Dir()
}

// sumOf adds up the column: causes, interaction and rest.
func sumOf(c *result.ContenderBlamed) float64 {
	sum := *c.Interaction.Mean + *c.Rest.Mean
	for _, cause := range c.Causes {
		sum += *cause.Mends.Mean
	}
	return sum
}

// While a neighbour takes the core in bursts, it is to blame for more than half of what the plain
// network misses, and the shares sum to the misses.
func TestInterferenceIsToBlame(t *testing.T) {
	app := testApp(t)
	_, dir := ranGolden(t, app, "lcao", "replications=4")
	found := blamedIn(t, app, ExplainOptions{Dir: dir, Contenders: []string{"slo-nn/full", "zoo/full", "slo-nn/lcao"}})
	if len(found.Contenders) != 3 || found.Contenders[1].Misses > 0 {
		t.Fatalf("want 3 contenders, lcao without a miss, got %+v", found.Contenders)
	}
	for _, c := range []result.ContenderBlamed{found.Contenders[0], found.Contenders[2]} {
		if c.Misses < 100 || c.Causes[0].Cause != "interference" || *c.Causes[0].Mends.Lo < 0.5 {
			t.Errorf("%s: want interference to blame for more than half of the misses, got %+v", c.Contender, c.Causes[0])
		}
		if sum := sumOf(&c); math.Abs(sum-1) > 1e-4 { // of what is written with six digits
			t.Errorf("%s: shares: want a sum of 1, got %v", c.Contender, sum)
		}
		if len(c.Examples) == 0 {
			t.Errorf("%s: want examples of misses", c.Contender)
		}
	}
	one := blamedIn(t, app, ExplainOptions{Dir: dir, Contenders: []string{"slo-nn/full"}, Jobs: 1})
	if *one.Contenders[0].Causes[0].Mends.Mean != *found.Contenders[0].Causes[0].Mends.Mean {
		t.Error("want the same with any number of jobs")
	}
}

const queueText = `
schema = 1
seed = 3
replications = 3
duration = "8s"
warmup = "500ms"
[[model]]
network = "fashion-mnist"
[arrivals]
kind = "poisson"
load = 0.95
[[class]]
name = "only"
latency = "8ms"
accuracy = 0.88
[[contender]]
name = "station"
technique = "dense"
policy = "full"
[[contender]]
name = "probing"
technique = { name = "slo-nn", activator = "lsh" }
policy = "aclo"
params = { probe = true }
`

// Without interference, a station with one point misses because of its queue, and of nothing else; where
// activators run, their cost and their errors can be to blame.
func TestQueueingIsToBlame(t *testing.T) {
	app := testApp(t)
	path := t.TempDir() + "/queue.toml"
	if err := os.WriteFile(path, []byte(queueText), 0o666); err != nil {
		t.Fatal(err)
	}
	_, dir := ranGolden(t, app, path)
	found := blamedIn(t, app, ExplainOptions{Dir: dir})
	station, probing := found.Contenders[0], found.Contenders[1]
	if station.Misses == 0 || *station.Causes[1].Mends.Mean != 1 || *station.Rest.Mean != 0 || math.Abs(*station.Interaction.Mean) > 1e-6 {
		t.Errorf("station: want queueing to blame for all of some misses, got %+v", station)
	}
	if station.Causes[0].Why == "" || station.Causes[2].Why == "" {
		t.Errorf("station: want it said that there is neither interference nor an activator, got %+v", station.Causes)
	}
	if probing.Misses == 0 || !(*probing.Causes[2].Mends.Mean > 0) || probing.Causes[3].Why != "" {
		t.Errorf("probing: want some misses due to the activator's cost, and confidences to doubt, got %+v", probing)
	}
	wrong := blamedIn(t, app, ExplainOptions{Dir: dir, Contenders: []string{"probing"}, Wrong: true})
	if c := wrong.Contenders[0]; c.Misses <= probing.Misses || !(*c.Causes[3].Mends.Mean > 0) {
		t.Errorf("probing: want more misses where wrong answers count, some due to errors of confidence, got %+v", c)
	}
}

// The story of a query agrees with its record.
func TestStoryOfAQuery(t *testing.T) {
	app := testApp(t)
	s, err := Load("lcao", app.Known(), "replications=2", "duration=31s")
	if err != nil {
		t.Fatal(err)
	}
	folder, _, err := ranIn(t, app, s, RunOptions{Profile: goldenProfile("fashion-mnist"), Records: true})
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for row, err := range folder.Queries() {
		if err != nil {
			t.Fatal(err)
		}
		kind := row.Contender + row.Why
		if row.Interference {
			kind += " disturbed"
		}
		if kinds[kind]++; kinds[kind] == 20 && row.ArriveNS > 2e9 {
			sameStory(t, app, folder.Dir(), row)
		}
	}
	if len(kinds) < 10 {
		t.Errorf("kinds of decisions: want at least 10, got %v", kinds)
	}
}

func sameStory(t *testing.T, app *App, dir string, row result.Row) {
	t.Helper()
	id := uint64(row.ID)
	out, err := explainedIn(t, app, ExplainOptions{Dir: dir, Contenders: []string{row.Contender}, Replication: int(row.Replication), Query: &id, Console: Console{JSON: true}})
	if err != nil {
		t.Fatal(err)
	}
	var told result.Told
	if err := json.Unmarshal([]byte(out), &told); err != nil {
		t.Fatal(err)
	}
	close := func(ms float64, ns int64) bool { return math.Abs(ms-float64(ns)/1e6) <= 1e-5*math.Abs(ms) }
	if !close(told.ArriveMS, row.ArriveNS) || told.Point != row.PointName || told.Right != row.Right || told.Why != row.Why || told.Queue != int(row.Queue) {
		t.Errorf("query %d: want %+v, got %+v", id, row, told)
	}
	if (row.FinishNS >= 0) != (told.FinishMS != nil) || told.FinishMS != nil && !close(*told.FinishMS, row.FinishNS) {
		t.Errorf("query %d: finish: want %d ns, got %v ms", id, row.FinishNS, told.FinishMS)
	}
	for _, p := range told.Points {
		if p.Taken && told.FinishMS != nil && math.Abs(*p.AtStartMS-(*told.FinishMS-told.ArriveMS)) > 2e-4*told.ArriveMS {
			t.Errorf("query %d: the point that was taken: want a response time of %v ms, got %v", id, *told.FinishMS-told.ArriveMS, *p.AtStartMS)
		}
	}
	if _, err := explainedIn(t, app, ExplainOptions{Dir: dir, Contenders: []string{row.Contender}, Replication: int(row.Replication), Query: &id}); err != nil {
		t.Error(err)
	}
}

const crowdedText = `
schema = 1
seed = 3
replications = 1
duration = "4s"
warmup = "500ms"

[[model]]
network = "fashion-mnist"

[arrivals]
kind = "poisson"
load = 1.6

[[class]]
name = "only"
latency = "20ms"

[[contender]]
technique = "dense"
policy = "full"
params = { drop = "hopeless" }
`

// TestStoryOfACrowd: with one worker that takes queries as they came, those that waited before a query, and one
// that ran, are gone when it starts: answered or dropped.
func TestStoryOfACrowd(t *testing.T) {
	app := testApp(t)
	s, err := Parse("crowded.toml", []byte(crowdedText), app.Known())
	if err != nil {
		t.Fatal(err)
	}
	folder, _, err := ranIn(t, app, s, RunOptions{Profile: goldenProfile("fashion-mnist"), Records: true})
	if err != nil {
		t.Fatal(err)
	}
	seen, dropped := 0, 0
	for row, err := range folder.Queries() {
		if err != nil {
			t.Fatal(err)
		}
		if row.StartNS < 0 || row.Queue < 6 || row.ID%40 != 0 || seen == 8 {
			continue
		}
		seen++
		id := uint64(row.ID)
		out, err := explainedIn(t, app, ExplainOptions{Dir: folder.Dir(), Query: &id, Console: Console{JSON: true}})
		if err != nil {
			t.Fatal(err)
		}
		var told result.Told
		if err := json.Unmarshal([]byte(out), &told); err != nil {
			t.Fatal(err)
		}
		dropped += told.DroppedN
		if gone := told.AheadN + told.DroppedN; gone != told.Queue && gone != told.Queue+1 {
			t.Errorf("query %d: want the %d before it gone, and perhaps one that ran: got %d answered and %d dropped", id, told.Queue, told.AheadN, told.DroppedN)
		}
	}
	if seen < 8 || dropped == 0 {
		t.Errorf("want 8 queries and some that were dropped before them, got %d and %d", seen, dropped)
	}
}

// withoutSums makes a manifest one of a version before it had sums.
func withoutSums(t *testing.T, dir string) {
	t.Helper()
	folder, err := result.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	edit(t, folder, result.ManifestFile, func(root map[string]any) { delete(root, "files") })
}

// What cannot be simulated again is refused, with the reason.
func TestExplainRefuses(t *testing.T) {
	app := testApp(t)
	_, dir := ranGolden(t, app, "lcao", "replications=1")
	query := uint64(1 << 40)
	for name, one := range map[string]struct {
		o    ExplainOptions
		want string
	}{
		"another profile":   {ExplainOptions{Dir: dir, Misses: true, Profile: slower(t, 1.5)}, "want the profile that the result is of"},
		"another contender": {ExplainOptions{Dir: dir, Misses: true, Contenders: []string{"slo-nn/ful"}}, "did you mean"},
		"no such query":     {ExplainOptions{Dir: dir, Contenders: []string{"zoo/lcao"}, Query: &query}, "want a number from 0 to"},
		"whose query":       {ExplainOptions{Dir: dir, Query: &query}, "--contender"},
		"a replication":     {ExplainOptions{Dir: dir, Contenders: []string{"zoo/lcao"}, Query: &query, Replication: 1}, "want 0 to 0"},
		"no folder":         {ExplainOptions{Dir: dir + "x", Misses: true}, "no result folder"},
	} {
		if _, err := explainedIn(t, app, one.o); err == nil || !strings.Contains(err.Error(), one.want) || ExitCode(err) != ExitUsage {
			t.Errorf("%s: want exit code 2 and %q, got %v", name, one.want, err)
		}
	}
	edited := dir + "/" + result.SummaryFile
	text, err := os.ReadFile(edited)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.ReplaceAll(text, []byte(`"attainment": {`), []byte(`"attainment": {"mean": 0.5, "lo": null, "hi": null}, "other": {`))
	if err := os.WriteFile(edited, changed, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := explainedIn(t, app, ExplainOptions{Dir: dir, Misses: true}); ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), "was changed since") {
		t.Errorf("a summary that is not the manifest's: want it noticed, got %v", err)
	}
	withoutSums(t, dir)
	if _, err := explainedIn(t, app, ExplainOptions{Dir: dir, Misses: true}); err == nil || !strings.Contains(err.Error(), "simulating again gives") {
		t.Errorf("a summary that was changed: want it noticed, got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err = app.Explain(ctx, ExplainOptions{Dir: dir, Misses: true, Profile: goldenProfile("fashion-mnist"), Jobs: 1, Console: Console{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: want it said, got %v", err)
	}
}
