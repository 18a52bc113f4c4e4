package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/reports/result"
)

// brokenIn looks for breakpoints of a scenario's text in a folder.
func brokenIn(t *testing.T, app *App, dir, text string, o BreakpointOptions) (found result.Breakpoints, err error) {
	t.Helper()
	path := filepath.Join(dir, "mine.toml")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	if o.Scenario, err = Load(path, app.Known()); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	o.Console = Console{Out: &out, Err: &out, Progress: quiet{}, JSON: true}
	o.Jobs, o.Alpha = 2, DefaultAlpha
	if o.Precision == 0 {
		o.Precision = 0.01
	}
	if err = app.Breakpoint(context.Background(), o); err == nil {
		err = json.Unmarshal(out.Bytes(), &found)
	}
	return found, err
}

// constantTimes writes a profile in which every service takes as long.
func constantTimes(t *testing.T, app *App, text string, service time.Duration) string {
	t.Helper()
	return madeUp(t, app, parsed(t, app, text), func(p *profile.Profile) {
		p.Campaign.Reference = profile.Dist{uint32(service)}
		for i := range p.Sets {
			for _, half := range []*profile.Half{&p.Sets[i].Calibration, &p.Sets[i].Truth} {
				for _, levels := range half.Execute {
					for _, classes := range levels {
						for c := range classes {
							classes[c] = profile.Dist{uint32(service)}
						}
					}
				}
			}
		}
	})
}

// On a station with one point of constant time, the error of the profile that breaks attainment is the one
// at which M/D/1 has just so many queries in time; what is written is red, and green with less of it.
func TestBreakpointIsThatOfMD1(t *testing.T) {
	const service, within, target = 0.010, 0.050, 0.95
	low, high := 0.0, 4.0
	for range 60 {
		if middle := (low + high) / 2; inTimeMD1(20, service*(1+middle), within) >= target {
			low = middle
		} else {
			high = middle
		}
	}
	app, dir := testApp(t), t.TempDir()
	text := stationText + "\n[[assert]]\ncontender = \"station\"\nmetric = \"attainment\"\nmin = 0.95\n"
	path := constantTimes(t, app, stationText, 10*time.Millisecond)
	found, err := brokenIn(t, app, dir, text, BreakpointOptions{Profile: path, By: []string{"profile-error"}})
	if err != nil {
		t.Fatal(err)
	}
	one := found.Found[0]
	if len(found.Found) != 1 || one.Size < low || one.Size > 1.1*low {
		t.Fatalf("want an error of the profile from %.4f to a tenth more, which it takes to be sure, got %+v", low, found.Found)
	}
	for part, want := range map[float64]int{1: ExitAssertion, 0.98: ExitOK} {
		s, err := Load(one.File, app.Known())
		if err != nil {
			t.Fatal(err)
		}
		s.ProfileError *= part
		err = app.Check(context.Background(), CheckOptions{Console: Console{Out: &bytes.Buffer{}, Progress: quiet{}}, Scenarios: []*Scenario{s}, Profile: path, Jobs: 2, Alpha: DefaultAlpha})
		if ExitCode(err) != want {
			t.Errorf("%v of what was found: want exit code %d, got %v", part, want, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := app.Breakpoint(ctx, BreakpointOptions{Scenario: parsed(t, app, text), Profile: path, Jobs: 1, Alpha: 0.01, Precision: 0.1}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: want that said, got %v", err)
	}
}

// Every kind finds a scenario that check turns red, with one assertion and the contenders that it names.
func TestBreakpointsAreRegressionTests(t *testing.T) {
	app, dir := testApp(t), t.TempDir()
	golden := goldenProfile("fashion-mnist")
	if out, err := checkedIn(t, app, dir, promisesText, golden, true); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.Rename(filepath.Join(dir, "promises.baseline.json"), filepath.Join(dir, "mine.baseline.json")); err != nil {
		t.Fatal(err)
	}
	found, err := brokenIn(t, app, dir, promisesText, BreakpointOptions{Profile: golden, Precision: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Found) != len(Breakers()) {
		t.Fatalf("want one of each kind, got %+v", found)
	}
	for _, one := range found.Found {
		s, err := Load(one.File, app.Known())
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Asserts) != 1 || len(s.Contenders) > 2 {
			t.Errorf("%s: want one assertion and its contenders, got %d and %d", one.By, len(s.Asserts), len(s.Contenders))
		}
		err = app.Check(context.Background(), CheckOptions{Console: Console{Out: &bytes.Buffer{}, Progress: quiet{}}, Scenarios: []*Scenario{s}, Profile: golden, Jobs: 2, Alpha: DefaultAlpha})
		if ExitCode(err) != ExitAssertion {
			t.Errorf("%s: want it red, got %v", one.By, err)
		}
	}
	if _, err := brokenIn(t, app, dir, promisesText, BreakpointOptions{Profile: golden, By: []string{"burst"}, Precision: 1}); ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), "want no file there") {
		t.Errorf("a file that is there: want it kept, got %v", err)
	}
	if _, err := brokenIn(t, app, dir, promisesText, BreakpointOptions{Profile: slower(t, 1.5), Out: t.TempDir()}); ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), "before anything is made worse") {
		t.Errorf("a scenario that is red: want that said, got %v", err)
	}
}

// A burst adds its queries, and none outside of it; a factor multiplies service times; and an error of the
// profile does, while policies believe what they did.
func TestWhatMakesAScenarioWorse(t *testing.T) {
	app := testApp(t)
	path := constantTimes(t, app, stationText, 10*time.Millisecond)
	rows := func(more string, sets ...string) (list []result.Row) {
		s := parsed(t, app, strings.Replace(stationText, "[[contender]]", more+"\n[[contender]]", 1), append(sets, "replications=2")...)
		folder, _, err := ranIn(t, app, s, RunOptions{Profile: path, Records: true})
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range folder.Queries() {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, row)
		}
		return list
	}
	inside := func(list []result.Row, from, to time.Duration) (n int) {
		for _, row := range list {
			if at := time.Duration(row.ArriveNS); at >= from && at < to {
				n++
			}
		}
		return n
	}
	plain, burst := rows(""), rows("[[burst]]\nfrom = \"50s\"\nto = \"60s\"\nrate = 30.0\n")
	if a, b := inside(plain, 0, 50*time.Second), inside(burst, 0, 50*time.Second); a != b {
		t.Errorf("before the burst: want %d queries, got %d", a, b)
	}
	more := inside(burst, 50*time.Second, time.Minute) - inside(plain, 50*time.Second, time.Minute)
	if math.Abs(float64(more)-600) > 4*math.Sqrt(600) || len(burst)-len(plain) != more {
		t.Errorf("burst: want about 600 queries more in it, got %d, and %d in all", more, len(burst)-len(plain))
	}
	slow := rows("[[interference]]\nfactor = 1.5\nfrom = \"20s\"\nto = \"40s\"\n")
	wrong := rows("", "profile_error=0.25")
	if len(slow) != len(plain) || len(wrong) != len(plain) {
		t.Fatalf("want the same queries, got %d, %d and %d", len(plain), len(slow), len(wrong))
	}
	for i := range plain {
		want := int64(10 * time.Millisecond)
		if start := time.Duration(slow[i].StartNS); start >= 20*time.Second && start < 39*time.Second {
			want = int64(15 * time.Millisecond)
		} else if start >= 19*time.Second && start < 41*time.Second {
			continue
		}
		if slow[i].BusyNS != want {
			t.Fatalf("factor: want a service of %d ns at %d ns, got %d", want, slow[i].StartNS, slow[i].BusyNS)
		}
		if wrong[i].BusyNS != int64(12500*time.Microsecond) {
			t.Fatalf("profile_error: want a service of 12.5 ms, got %d ns", wrong[i].BusyNS)
		}
	}
}
