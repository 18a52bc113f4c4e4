package scenarios

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

// A run that no machine does in a second is known to take longer after a fraction of it.
func TestPilotOfALongRun(t *testing.T) {
	app := testApp(t)
	d, err := app.PlanSweep(context.Background(), sweepOptions(t, app, sweepFile(t, smallSweep), filepath.Join(t.TempDir(), "sweep"), "duration=10000h", "interference=[]"))
	if err != nil {
		t.Fatal(err)
	}
	r := &sweepRun{dir: d, known: app.Known()}
	c, err := r.begin(0)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.contest.pilot(context.Background(), c.contest.entrants[0], 100*time.Millisecond); !(got > 60) {
		t.Errorf("%.2g queries: want more than a minute, got %v s", c.contest.queries(), got)
	}
}

func TestEstimate(t *testing.T) {
	app := testApp(t)
	d, err := app.PlanSweep(context.Background(), sweepOptions(t, app, sweepFile(t, smallSweep), filepath.Join(t.TempDir(), "sweep")))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.Estimate(context.Background(), Console{}); err != nil || got <= 0 {
		t.Errorf("want some time, got %v, %v", got, err)
	}
	ended, end := context.WithCancel(context.Background())
	end()
	if _, err := d.Estimate(ended, Console{}); !errors.Is(err, context.Canceled) {
		t.Errorf("want the end of the context, got %v", err)
	}
}
