package measure

import (
	"context"
	"errors"
	"math"
	"os"
	"testing"

	"slosim/engine"
	"slosim/engine/antagonist"
	"slosim/engine/profile"
)

// TestMain lets the test binary be the antagonist that it starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "antagonist" {
		os.Exit(antagonist.Main(os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// spinner is a technique whose points only compute: point p loops work[p] times. Its
// answer at point 0 is the input's value modulo 3, at the others always right.
type spinner struct {
	name      string
	work      []int
	activates bool
	loaded    []int
}

func (s *spinner) Name() string          { return s.name }
func (s *spinner) Hash() string          { return "hash of " + s.name }
func (s *spinner) Activates() bool       { return s.activates }
func (s *spinner) HasConfidence() bool   { return s.activates }
func (s *spinner) Classes(point int) int { return 2 }
func (s *spinner) Groups() []profile.Group {
	return []profile.Group{{Name: "a", Bytes: 10}, {Name: "b", Bytes: 20}}
}
func (s *spinner) Load(group int) error       { s.loaded = append(s.loaded, group); return nil }
func (s *spinner) NewSession() engine.Session { return &spinning{s: s} }
func (s *spinner) Points() []profile.Point {
	points := make([]profile.Point, len(s.work))
	for i := range points {
		points[i] = profile.Point{Name: string(rune('a' + i)), Group: i % 2, Ops: int64(s.work[i]), Bytes: 1}
	}
	return points
}

type spinning struct {
	s      *spinner
	sum    uint64
	active bool
}

func (s *spinning) Activate(in engine.Input) { s.active = true; s.spin(500) }

func (s *spinning) spin(n int) {
	for range n {
		s.sum = s.sum*6364136223846793005 + 1
	}
}

func (s *spinning) Execute(point int, in engine.Input) engine.Result {
	if s.s.activates && !s.active {
		panic("Execute without Activate")
	}
	s.active = false
	value := int(in.All[0])
	s.spin(s.s.work[point] * (1 + value%2))
	r := engine.Result{Answer: value % 10, Nodes: 10 * (point + 1), Class: uint8(value % 2), Confidence: float32(math.NaN())}
	if s.s.activates {
		r.Confidence = 0.5
	}
	if point == 0 {
		r.Answer = value % 3
	}
	return r
}

// counting is a set of samples: sample i has the value i+offset and its last digit as label.
type counting struct{ n, offset int }

func (c counting) Len() int                     { return c.n }
func (c counting) Input(i int, dst []float32)   { dst[0] = float32(i + c.offset) }
func (c counting) Label(i int) int              { return (i + c.offset) % 10 }
func (c counting) Right(i, answer int) bool     { return answer == c.Label(i) }
func (c counting) right(i int, modulo int) bool { return (i+c.offset)%modulo == c.Label(i) }

// scripted is an antagonist that gets the shares of a list, the last one for ever.
type scripted struct{ shares []float64 }

func (s *scripted) Share() (float64, error) {
	// Share is called twice a chunk: the first call only opens the window.
	share := s.shares[0]
	if len(s.shares) > 1 {
		s.shares = s.shares[1:]
	}
	return share, nil
}
func (s *scripted) Stop() error { return nil }

func config() Config {
	ts := []engine.Technique{&spinner{name: "one", work: []int{1000, 16000}}, &spinner{name: "two", work: []int{4000}, activates: true}}
	return Config{
		Techniques:  ts,
		Networks:    []string{"net", "net"},
		Reference:   &spinner{name: "dense", work: []int{8000}},
		Nodes:       20,
		Inputs:      1,
		Calibration: counting{64, 0},
		Truth:       counting{96, 1000},
		PerLevel:    64,
		Seed:        1,
	}
}

func TestAloneProfile(t *testing.T) {
	cfg := config()
	p, err := Run(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	one := p.Sets[0]
	for i := range 64 {
		if got := one.Calibration.At(0, i).Right; got != (counting{64, 0}).right(i, 3) {
			t.Errorf("calibration sample %d at the first point: right: got %v", i, got)
		}
		if !one.Calibration.At(1, i).Right {
			t.Errorf("calibration sample %d at the second point: want right", i)
		}
	}
	if one.Truth.Samples != 96 || one.Calibration.Samples != 64 {
		t.Errorf("samples: want 64 and 96, got %d and %d", one.Calibration.Samples, one.Truth.Samples)
	}
	if got := int(one.Truth.At(0, 5).Answer); got != 1005%3 {
		t.Errorf("truth answer of sample 5: want %d, got %d", 1005%3, got)
	}
	if one.Points[0].Density != 0.5 || one.Points[1].Density != 1 {
		t.Errorf("densities: want 0.5 and 1, got %v and %v", one.Points[0].Density, one.Points[1].Density)
	}
	// Each class has half of the samples, and class 1 and point 1 work harder.
	cheap, dear := one.Truth.Execute[0][0][0], one.Truth.Execute[1][0][1]
	if len(cheap) != 48 || len(dear) != 48 {
		t.Errorf("times a class: want 48, got %d and %d", len(cheap), len(dear))
	}
	if ratio := float64(dear.Quantile(0.1)) / float64(cheap.Quantile(0.1)); ratio < 4 {
		t.Errorf("32 times the work: want at least 4 times the time, got %.1f", ratio)
	}
	if two := p.Sets[1]; len(two.Truth.Activate) != 1 || len(two.Truth.Activate[0]) != 96 || two.Truth.At(0, 0).Confidence != 0.5 {
		t.Error("the activating technique: want 96 activation times and its confidence")
	}
	if one.Truth.Activate != nil {
		t.Error("the other technique: want no activation times")
	}
	if len(one.Groups[0].Load) != loadRepeats || len(one.Switch[0][1]) != switchRepeats || one.Switch[1][1].Mean() != 0 {
		t.Error("want load times, switch times between groups, and none within one")
	}
}

func TestLevelsKeepByShareAlone(t *testing.T) {
	if err := antagonist.Supported(); err != nil {
		t.Skip(err)
	}
	if len(antagonist.Cores()) < 2 {
		t.Skip("a memory antagonist needs a second core")
	}
	cfg := config()
	cfg.Levels = []profile.Antagonist{{Kind: "memory", Intensity: 0.8}}
	// First window: too little. The others: as implied.
	cfg.Disturb = func(antagonist.Spec) (Disturber, error) { return &scripted{shares: []float64{0, 0.5, 0, 0.82}}, nil }
	p, err := Run(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	level := p.Levels[1]
	if level.Discarded == 0 || level.Discarded%blockSize != 0 {
		t.Errorf("discarded: want the first window's calls, got %d", level.Discarded)
	}
	if want := 3 * 2 * 64; level.Kept != want {
		t.Errorf("kept: want %d, got %d", want, level.Kept)
	}
	if math.Abs(level.Share-0.82) > 1e-5 || level.Slowdown <= 0 {
		t.Errorf("share and slow-down: got %v and %v", level.Share, level.Slowdown)
	}
	if n := len(p.Sets[0].Calibration.Execute[0][1][0]); n < fewest {
		t.Errorf("times at the level: want at least %d, got %d", fewest, n)
	}
}

func TestAnAntagonistWithoutItsShareIsAnError(t *testing.T) {
	if err := antagonist.Supported(); err != nil {
		t.Skip(err)
	}
	if len(antagonist.Cores()) < 2 {
		t.Skip("a cache antagonist needs a second core")
	}
	cfg := config()
	cfg.Levels = []profile.Antagonist{{Kind: "cache", Intensity: 1}}
	cfg.Disturb = func(antagonist.Spec) (Disturber, error) { return &scripted{shares: []float64{0.2}}, nil }
	if _, err := Run(context.Background(), cfg); err == nil {
		t.Error("want an error: its share was never right")
	}
}

func TestStallsOfASharedCoreAreSeen(t *testing.T) {
	if err := antagonist.Supported(); err != nil {
		t.Skip(err)
	}
	launcher, err := antagonist.Self()
	if err != nil {
		t.Fatal(err)
	}
	c := newCampaign(context.Background(), config())
	restore, err := c.seize()
	if err != nil {
		t.Fatal(err)
	}
	defer restore()
	p, err := antagonist.Start(launcher, antagonist.Spec{Kind: "cpu", Intensity: 1, CPU: c.cpu})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	stalls := record(watchTime / 8)
	if len(stalls) == 0 {
		t.Fatal("a spinner on the same core: want stalls")
	}
	for _, s := range stalls {
		if s.Gap < 0 || s.Wait <= robbed {
			t.Errorf("stall %+v: want a gap and a wait above %v", s, robbed)
		}
	}
}

func TestCancelStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, config()); !errors.Is(err, context.Canceled) {
		t.Errorf("want context.Canceled, got %v", err)
	}
}

func TestBadPlans(t *testing.T) {
	_, err := Run(context.Background(), Config{Levels: []profile.Antagonist{{Kind: "cpu", Intensity: 1}}})
	if err == nil {
		t.Fatal("want errors")
	}
	if joined, ok := err.(interface{ Unwrap() []error }); !ok || len(joined.Unwrap()) < 5 {
		t.Errorf("want all problems at once, got %v", err)
	}
}

func TestCheckTellsAnotherNetworkFromTheSame(t *testing.T) {
	cfg := config()
	p, err := Run(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	// A profile that claims a point to be ten times dearer than it is does not hold.
	for class := range p.Sets[0].Truth.Execute[1][0] {
		times := p.Sets[0].Truth.Execute[1][0][class]
		for i := range times {
			times[i] *= 10
		}
	}
	if err := Check(context.Background(), cfg, p); err == nil {
		t.Error("ten times slower than the profile says: want an error")
	}
}

func TestDriftIsTheWorstTenth(t *testing.T) {
	times := make([]uint32, 100)
	for i := range times {
		times[i] = 100
		if i >= 90 {
			times[i] = 150
		}
	}
	if got := drift(times); math.Abs(got-0.5) > 1e-9 {
		t.Errorf("want 0.5, got %v", got)
	}
}

func TestAnUnsampledClassTakesItsTimesAlone(t *testing.T) {
	h := halfSurfaces{samples: 1, outcomes: make([]profile.Outcome, 1), activate: make([][]uint32, 2)}
	usual := make([]uint32, 50)
	slow := make([]uint32, 50)
	for i := range usual {
		usual[i], slow[i] = 100, 200
	}
	h.execute = [][][][]uint32{{{usual, {1000}}, {slow, nil}}}
	half := h.profileHalf(false)
	if got := half.Execute[0][1][1]; len(got) != 1 || got[0] != 2000 {
		t.Errorf("the rare class at a level of twice the time: want [2000], got %v", got)
	}
}
