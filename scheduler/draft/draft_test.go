package draft_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/scheduler/draft"
	"slosim/scheduler/policytest"
)

// view shows four queries (the last in the queue of worker 1, the one before being probed by worker 2)
// and three workers, the last of them busy.
func view() *scheduler.View {
	v := scheduler.NewView([]*profile.Belief{policytest.Belief(true, policytest.Front()...)}, nil)
	v.Now = time.Second
	v.Workers = []scheduler.Worker{{}, {}, {Busy: true, Probing: true, Running: 3}}
	v.Waiting = []scheduler.Waiting{{Ref: 1, Left: 1}, {Ref: 2, Left: 5}, {Ref: 3, Left: 1}, {Ref: 4, Left: 1, Queue: 2}}
	return v
}

func start(worker int, ref scheduler.QueryRef, point int) scheduler.Command {
	return scheduler.Command{Kind: scheduler.Start, Worker: worker, Query: ref, Point: point}
}

func splitOf(worker int, count int) scheduler.Command {
	c := start(worker, 2, 0)
	c.Count = count
	return c
}

func batch(worker int, refs ...scheduler.QueryRef) scheduler.Command {
	c := start(worker, refs[0], 0)
	for _, ref := range refs {
		c.Batch = append(c.Batch, scheduler.Assign{Query: ref})
	}
	return c
}

func drop(ref scheduler.QueryRef) scheduler.Command {
	return scheduler.Command{Kind: scheduler.Drop, Query: ref}
}

func probe(worker int, ref scheduler.QueryRef) scheduler.Command {
	return scheduler.Command{Kind: scheduler.Probe, Worker: worker, Query: ref, Why: scheduler.NeedsProbe}
}

// TestDrafts: what is allowed enters the plan as it is; what is not says why.
func TestDrafts(t *testing.T) {
	for name, c := range map[string]struct {
		commands []scheduler.Command
		want     string // of the last command; empty: all are allowed
	}{
		"two starts":             {[]scheduler.Command{start(0, 1, 3), start(1, 2, 0)}, ""},
		"another queue":          {[]scheduler.Command{start(0, 4, 3)}, "want worker 1, in whose queue it waits, got 0"},
		"own queue":              {[]scheduler.Command{start(1, 4, 3), drop(1)}, ""},
		"drop of another queue":  {[]scheduler.Command{drop(4)}, ""},
		"batch":                  {[]scheduler.Command{batch(1, 1, 4)}, ""},
		"batch of another queue": {[]scheduler.Command{batch(0, 1, 4)}, "batch: query 4: want worker 1"},
		"splits":                 {[]scheduler.Command{splitOf(0, 2), splitOf(1, 3)}, ""},
		"split and rest":         {[]scheduler.Command{splitOf(0, 2), start(1, 2, 1)}, ""},
		"split too much":         {[]scheduler.Command{splitOf(0, 2), splitOf(1, 4)}, "want at most 3, which this plan leaves, got 4"},
		"rest of nothing":        {[]scheduler.Command{splitOf(0, 5), start(1, 2, 1)}, "this plan has a split of it"},
		"split and drop":         {[]scheduler.Command{splitOf(0, 2), drop(2)}, "this plan has a split of it"},
		"split and batch":        {[]scheduler.Command{splitOf(0, 2), batch(1, 1, 2)}, "this plan has a split of it"},
		"twice in a batch":       {[]scheduler.Command{batch(1, 1, 1)}, "this plan has a batch of it"},
		"drop and start":         {[]scheduler.Command{drop(1), start(0, 1, 0)}, "this plan has a drop of it"},
		"probe":                  {[]scheduler.Command{probe(0, 1), start(1, 2, 0)}, ""},
		"probe and start":        {[]scheduler.Command{probe(0, 1), start(1, 1, 0)}, "this plan has a probe of it"},
		"worker twice":           {[]scheduler.Command{probe(0, 1), start(0, 2, 0)}, "worker 0: want an idle one, this plan has given it a query"},
		"busy worker":            {[]scheduler.Command{start(2, 1, 0)}, "worker 2: want an idle one, it is busy"},
		"being probed":           {[]scheduler.Command{drop(3)}, "its activator runs on worker 2"},
		"wake":                   {[]scheduler.Command{{Kind: scheduler.Wake, At: time.Second + 1}}, ""},
		"wake now":               {[]scheduler.Command{{Kind: scheduler.Wake, At: time.Second}}, "want an instant after now"},
	} {
		var d draft.Draft
		plan := &scheduler.Plan{}
		d.Begin(view(), plan)
		var err error
		for i := range c.commands {
			if err != nil {
				t.Errorf("%s: command %d: %v", name, i, err)
			}
			if err = d.Check(&c.commands[i]); err == nil {
				err = d.Add(&c.commands[i])
			}
		}
		switch {
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: want %q, got %v", name, c.want, err)
		case c.want == "":
			if diff := cmp.Diff(c.commands, plan.Commands()); diff != "" {
				t.Errorf("%s: -want +got:\n%s", name, diff)
			}
		}
	}
}

// TestBeginForgets what the plan before had.
func TestBeginForgets(t *testing.T) {
	var d draft.Draft
	for range 2 {
		d.Begin(view(), &scheduler.Plan{})
		c := start(0, 1, 0)
		if err := d.Add(&c); err != nil {
			t.Fatal(err)
		}
		d.End()
	}
}

// TestReasons: every reason has a name that is found.
func TestReasons(t *testing.T) {
	reasons := draft.NewReasons()
	for _, want := range []scheduler.Reason{scheduler.Unstated, scheduler.Fits, scheduler.Late, scheduler.Contrary} {
		if got := reasons.Find(strings.ToUpper(want.String())); got != want {
			t.Errorf("want %v, got %v", want, got)
		}
	}
	if got := reasons.Find("whim"); got != scheduler.Unstated {
		t.Errorf("want another text unstated, got %v", got)
	}
}
