package virtual_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim/virtual"
)

var update = flag.Bool("update", false, "rewrite testdata after a change of behaviour that is meant")

// rule separates a scenario from its trace.
const rule = "----\n"

// TestGolden runs each tiny scenario of testdata and compares the trace of its events.
// A scenario has one statement a line; see scene.statement.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) != 4 {
		t.Fatalf("want 4 scenarios, got %d, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input, want, _ := strings.Cut(string(text), rule)
			got := play(t, input)
			if *update {
				if err := os.WriteFile(file, []byte(input+rule+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("trace (-want +got):\n%s", diff)
			}
		})
	}
}

// text writes a trace, one event a line.
type text struct{ bytes.Buffer }

func (t *text) Trace(e virtual.Event) { fmt.Fprintln(t, e) }

// play runs a scenario and returns its trace.
func play(t *testing.T, input string) string {
	s := newScene()
	for n, line := range strings.Split(input, "\n") {
		words, _, _ := strings.Cut(line, "#")
		if fields := strings.Fields(words); len(fields) > 0 {
			if err := s.statement(fields[0], fields[1:]); err != nil {
				t.Fatalf("line %d: %q: %v", n+1, line, err)
			}
		}
	}
	var trace text
	stats, err := virtual.Run(context.Background(), s.config(&trace), nil)
	fmt.Fprintf(&trace, "end at %v: %d finished, %d dropped\n", stats.EndAt, stats.Finished, stats.Dropped)
	if err != nil {
		fmt.Fprintln(&trace, "error:", err)
	}
	return trace.String()
}

// scene is a scenario that is read statement by statement.
type scene struct {
	cfg      *virtual.Config
	half     profile.Half
	groups   []profile.Group
	groupOf  []int
	arrivals []time.Duration
	script   script
}

func newScene() *scene {
	s := &scene{cfg: newConfig(newSet(profile.Half{}), 1)}
	s.half = profile.Half{Samples: 4, Stalls: make([][]profile.Stall, 2)}
	return s
}

// statement reads one line.
func (s *scene) statement(verb string, args []string) error {
	in := &reader{args: args}
	switch verb {
	case "workers":
		s.cfg.Workers = in.number()
	case "latency":
		s.cfg.Classes[0].Latency = in.duration()
	case "memory":
		s.cfg.Memory = int64(in.number())
	case "seed":
		s.cfg.Key.Seed = uint64(in.number())
	case "levels": // their slow-downs
		s.cfg.Levels = nil
		for len(in.args) > 0 {
			s.cfg.Levels = append(s.cfg.Levels, profile.Level{Slowdown: float64(in.number())})
		}
	case "sensor":
		s.cfg.Sensor = virtual.Sensor{Period: in.duration(), Lag: in.duration()}
	case "group": // bytes and time to load
		s.groups = append(s.groups, profile.Group{Bytes: int64(in.number()), Load: constant(in.duration())})
	case "point": // group, then the time at each level
		s.point(in)
	case "activation": // the time at each level
		for len(in.args) > 0 {
			s.half.Activate = append(s.half.Activate, constant(in.duration()))
		}
	case "stall": // one piece of level 1: gap and wait
		s.half.Stalls[1] = append(s.half.Stalls[1], profile.Stall{Gap: in.duration(), Wait: in.duration()})
	case "interval": // from, to, level, worker
		s.cfg.Timeline = append(s.cfg.Timeline, virtual.Interval{From: in.duration(), To: in.duration(), Level: in.number(), Worker: in.number()})
	case "arrive":
		for len(in.args) > 0 {
			s.arrivals = append(s.arrivals, in.duration())
		}
	case "do": // at, start|probe|drop|wake and its arguments
		s.script.lines = append(s.script.lines, line{at: in.duration(), verb: in.word(), args: in.args})
		in.args = nil
	default:
		return fmt.Errorf("unknown statement")
	}
	return in.done()
}

func (s *scene) point(in *reader) {
	s.groupOf = append(s.groupOf, in.number())
	var row [][]profile.Dist
	for len(in.args) > 0 {
		row = append(row, []profile.Dist{constant(in.duration())})
	}
	s.half.Execute = append(s.half.Execute, row)
	for sample := range s.half.Samples { // the last one is hard: only dearer points are right
		s.half.Outcomes = append(s.half.Outcomes, profile.Outcome{Right: sample < 3 || len(s.groupOf) > 1})
	}
}

// config completes the scenario. A switch takes 500 us.
func (s *scene) config(tracer virtual.Tracer) *virtual.Config {
	set := newSet(s.half)
	if len(s.groups) > 0 {
		set.Groups = s.groups
	}
	for i, group := range s.groupOf {
		set.Points[i].Group = group
	}
	for range set.Groups {
		row := make([]profile.Dist, len(set.Groups))
		for i := range row {
			row[i] = constant(500 * time.Microsecond)
		}
		set.Switch = append(set.Switch, row)
	}
	s.cfg.Set, s.cfg.Tracer = set, tracer
	s.cfg.Stream = &listed{at: s.arrivals, samples: 4}
	if len(s.script.lines) > 0 {
		s.cfg.Policy = &s.script
	}
	return s.cfg
}

// script is a policy that does what a scenario says, and else nothing.
type script struct{ lines []line }

type line struct {
	at   time.Duration
	verb string
	args []string
}

func (s *script) Decide(v *scheduler.View, p *scheduler.Plan) {
	for _, l := range s.lines {
		switch {
		case l.at > v.Now:
			p.Wake(l.at)
		case l.at == v.Now:
			l.do(v, p)
		}
	}
}

// do carries one line out. Queries are named by their place in the queue.
func (l line) do(v *scheduler.View, p *scheduler.Plan) {
	in := &reader{args: l.args}
	switch l.verb {
	case "start":
		p.Start(in.number(), v.Waiting[in.number()].Ref, in.number(), scheduler.Fixed)
	case "probe":
		p.Probe(in.number(), v.Waiting[in.number()].Ref)
	case "drop":
		p.Drop(v.Waiting[in.number()].Ref, scheduler.Late)
	}
	if err := in.done(); err != nil {
		panic(err)
	}
}

// reader takes words off a line and keeps the first error.
type reader struct {
	args []string
	err  error
}

func (r *reader) word() string {
	if len(r.args) == 0 {
		r.err = fmt.Errorf("want one more argument")
		return ""
	}
	word := r.args[0]
	r.args = r.args[1:]
	return word
}

func (r *reader) number() int {
	n, err := strconv.Atoi(r.word())
	r.keep(err)
	return n
}

func (r *reader) duration() time.Duration {
	d, err := time.ParseDuration(r.word())
	r.keep(err)
	return d
}

func (r *reader) keep(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) done() error {
	if r.err == nil && len(r.args) > 0 {
		r.err = fmt.Errorf("%d arguments too many", len(r.args))
	}
	return r.err
}
