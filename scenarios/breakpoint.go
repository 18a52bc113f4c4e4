package scenarios

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"slosim/reports"
	"slosim/reports/result"
)

// BreakpointOptions are those of `slosim breakpoint`.
type BreakpointOptions struct {
	Console
	Scenario  *Scenario
	Profile   string   // a file that is used as it is; empty: the cached one, or measure
	Jobs      int      // replications at a time
	Alpha     float64  // of the tests: see CheckOptions
	By        []string // of Breakers; empty: all
	Precision float64  // of what is found: how much above one that holds it may be, as a share
	Out       string   // folder for the scenarios; empty: beside the scenario
}

// Breakers names what breakpoint makes worse until an assertion breaks.
func Breakers() []Entry {
	return []Entry{
		{Name: "burst", About: "Poisson arrivals on top, in queries: the fewest, whatever their rate"},
		{Name: "interference", About: "a slow-down of all workers, in service lost: its length less what it would have taken at full speed"},
		{Name: "profile-error", About: "service that takes longer than the profile says, as a share"},
	}
}

// Breakpoint finds the smallest burst, interference and error of the profile that turns `slosim check`
// of the scenario red, and writes each as a scenario of its own: with the assertion that breaks, the
// contenders that it is about, and nothing else, so that it is a regression test from then on.
//
// Sizes are bisected under the same draws. A burst, or interference, has a strength and a length; of
// several lengths, that is taken which needs the smallest size. Assertions break the more the worse it
// gets, or what is found is one of several breakpoints. Each assertion is tested alone at level Alpha, as
// in the file that is written: beside others, check wants more to be sure.
func (a *App) Breakpoint(ctx context.Context, o BreakpointOptions) (err error) {
	c, err := a.contestOf(ctx, o.Console, o.Scenario, o.Profile)
	if err != nil {
		return err
	}
	if len(o.Scenario.Asserts) == 0 {
		return Problems{o.Scenario.problem("assert", "at least one [[assert]] block to break", "none")}
	}
	b := &breaker{app: a, options: o, contest: c}
	if o.Out != "" {
		if _, missing := os.Stat(o.Out); missing != nil {
			defer func() {
				if err != nil {
					err = errors.Join(err, emptied(o.Out, true))
				}
			}()
		}
		if err := os.MkdirAll(o.Out, 0o755); err != nil {
			return fmt.Errorf("-o: %w", err)
		}
	}
	for _, kind := range b.kinds() {
		path, err := b.path(kind.name)
		if err = cmp.Or(err, writable("-o", path)); err != nil {
			return err
		}
	}
	o.progress().Start("looking for breakpoints", len(b.kinds()))
	defer o.progress().Done()
	if red, err := b.red(ctx, o.Scenario); err != nil || red != "" {
		return cmp.Or[error](err, Problems{o.Scenario.problem("assert", "assertions that hold before anything is made worse", "one that does not: "+red)})
	}
	var found []result.Breakpoint
	for _, kind := range b.kinds() {
		one, err := b.find(ctx, kind)
		if err != nil {
			return err
		}
		found = append(found, one)
		o.progress().Add(1)
	}
	report := result.Breakpoints{Schema: result.Schema, Scenario: o.Scenario.Name, Found: found}
	return tell(o.Console, report, func(w io.Writer) error { return reports.PrintBreakpoints(w, &report) })
}

// breaker makes a scenario worse.
type breaker struct {
	app     *App
	options BreakpointOptions
	contest *contest
	runs    int
}

// worsening is one way to make it worse.
type worsening struct {
	name    string
	lengths []time.Duration
	// at returns the scenario with so much of it, nil if there is no room for it.
	at   func(strength float64, length time.Duration) *Scenario
	size func(strength float64, length time.Duration) float64
	unit string
}

func (b *breaker) kinds() (kinds []worsening) {
	measured := b.options.Scenario.Duration.Std() - b.options.Scenario.Warmup.Std()
	var lengths []time.Duration
	for part := time.Duration(2); part <= 128; part *= 4 {
		lengths = append(lengths, (measured / part).Round(time.Millisecond))
	}
	full := rateOf(1, b.contest.workers(), b.contest.profile.Campaign.Reference.Mean()) / b.contest.meanSize()
	all := []worsening{
		{name: "burst", lengths: lengths, at: b.burst, unit: "queries",
			size: func(load float64, length time.Duration) float64 { return load * full * length.Seconds() }},
		{name: "interference", lengths: lengths, at: b.interference, unit: "seconds lost",
			size: func(more float64, length time.Duration) float64 { return length.Seconds() * more / (1 + more) }},
		{name: "profile-error", lengths: []time.Duration{0}, at: b.profileError, unit: "longer, as a share",
			size: func(share float64, _ time.Duration) float64 { return share }},
	}
	for _, kind := range all {
		if len(b.options.By) == 0 || slices.Contains(b.options.By, kind.name) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// burst puts traffic of a load on top, from a quarter of the measured time on.
func (b *breaker) burst(load float64, length time.Duration) *Scenario {
	s := *b.options.Scenario
	from := s.Warmup + Duration((s.Duration-s.Warmup).Std()/4)
	s.Bursts = append(slices.Clip(s.Bursts), Burst{From: from, To: from + Duration(length), Load: load})
	return &s
}

// interference slows all workers down, in the middle of the longest time in which nothing else does.
func (b *breaker) interference(more float64, length time.Duration) *Scenario {
	s := *b.options.Scenario
	from, to := b.calmest()
	if to-from < length {
		return nil
	}
	at := Duration(from + (to-from-length)/2)
	s.Interference = slices.Clip(s.Interference)
	for worker := range b.contest.workers() {
		s.Interference = append(s.Interference, Interference{Factor: 1 + more, From: at, To: at + Duration(length), Worker: worker})
	}
	return &s
}

// calmest is the longest piece of measured time without interference.
func (b *breaker) calmest() (from, to time.Duration) {
	at := b.options.Scenario.Warmup.Std()
	spans := append(slices.Clone(b.contest.truth.spans), reports.Span{From: b.options.Scenario.Duration.Std(), To: math.MaxInt64})
	for _, span := range spans {
		if span.From-at > to-from {
			from, to = at, span.From
		}
		at = max(at, span.To)
	}
	return from, to
}

// profileError makes service longer than policies believe.
func (b *breaker) profileError(share float64, _ time.Duration) *Scenario {
	s := *b.options.Scenario
	s.ProfileError = (1+s.ProfileError)*(1+share) - 1
	return &s
}

// red checks a scenario. It returns the first assertion that does not hold, empty if all do. Each is
// tested alone, without Holm's correction for others.
func (b *breaker) red(ctx context.Context, s *Scenario) (string, error) {
	asserts, err := s.assertions(false)
	if err != nil {
		return "", err
	}
	c, err := b.app.newContest(s.asserted(), b.contest.profile)
	if err != nil {
		return "", err
	}
	b.runs++
	ran := c.runAll(ctx, RunOptions{Scenario: s, Jobs: b.options.Jobs})
	if err := cmp.Or(ctx.Err(), ran.failed); err != nil {
		return "", err
	}
	for i := range asserts { // each alone, as in the files that are written
		checked, err := ran.test(ran.contenders(), asserts[i:i+1], b.options.Alpha)
		if err != nil {
			return "", err
		}
		if !checked[0].Holds {
			return checked[0].What, nil
		}
	}
	return "", nil
}

// The strengths between which one is looked for; the first is tried first, for the longest time.
const (
	startStrength = 0.25
	leastStrength = 1e-3
	mostStrength  = 1e3
)

// bracket is a strength that holds with one that breaks, for a length.
type bracket struct {
	length       time.Duration
	holds, fails float64
}

// find finds the smallest size of one kind, and writes it. Of each length it knows within a factor of two
// what breaks, first; then those are bisected that may still have the smallest size.
func (b *breaker) find(ctx context.Context, kind worsening) (result.Breakpoint, error) {
	best := result.Breakpoint{By: kind.name, Unit: kind.unit}
	brackets, err := b.brackets(ctx, kind)
	if err != nil {
		return best, err
	}
	slices.SortStableFunc(brackets, func(x, y bracket) int {
		return cmp.Compare(kind.size(x.holds, x.length), kind.size(y.holds, y.length))
	})
	var worst *Scenario
	for _, r := range brackets {
		if worst != nil && kind.size(r.holds, r.length) >= best.Size {
			continue
		}
		strength, err := b.narrow(ctx, kind, r)
		if err != nil {
			return best, err
		}
		if size := kind.size(strength, r.length); worst == nil || size < best.Size {
			best.Strength, best.LengthMS, best.Size = strength, ms(r.length), size
			worst = kind.at(strength, r.length)
		}
	}
	if worst != nil && worst.ProfileError != b.options.Scenario.ProfileError { // on top of its own: as in the file
		best.Strength, best.Size = worst.ProfileError, worst.ProfileError
	}
	if worst == nil {
		best.Why = "nothing breaks, or there is no room for it"
		return best, nil
	}
	return best, b.keep(ctx, worst, &best)
}

// brackets finds one for each length at which anything breaks.
func (b *breaker) brackets(ctx context.Context, kind worsening) (list []bracket, err error) {
	start := startStrength
	for i, length := range kind.lengths {
		if kind.at(start, length) == nil {
			continue
		}
		r, err := b.bracket(ctx, kind, length, start)
		if err != nil {
			return nil, err
		}
		if r.fails > 0 {
			list = append(list, r)
			if i+1 < len(kind.lengths) { // as much in all is a likely place to look
				start = r.fails * float64(length) / float64(kind.lengths[i+1])
			}
		}
	}
	return list, nil
}

// bracket doubles or halves a strength until it knows one that holds and one that breaks.
func (b *breaker) bracket(ctx context.Context, kind worsening, length time.Duration, at float64) (bracket, error) {
	r := bracket{length: length}
	for (r.fails == 0 || r.holds == 0) && at <= mostStrength && at >= leastStrength {
		broken, err := b.breaks(ctx, kind, length, at)
		switch {
		case err != nil:
			return r, err
		case broken:
			r.fails, at = at, at/2
		default:
			r.holds, at = at, at*2
		}
	}
	return r, nil
}

func (b *breaker) breaks(ctx context.Context, kind worsening, length time.Duration, strength float64) (bool, error) {
	red, err := b.red(ctx, kind.at(strength, length))
	return red != "", err
}

// narrow bisects a bracket to the precision asked for. It returns the end that breaks.
func (b *breaker) narrow(ctx context.Context, kind worsening, r bracket) (float64, error) {
	wide := func(holds, fails float64) bool { return fails > max(holds, leastStrength)*(1+b.options.Precision) }
	middle := func(holds, fails float64) float64 { return math.Sqrt(max(holds, leastStrength) * fails) }
	_, fails, err := bisect(r.holds, r.fails, wide, middle, func(at float64) (bool, error) {
		broken, err := b.breaks(ctx, kind, r.length, at)
		return !broken, err
	})
	return fails, err
}

// keep leaves out of a scenario what does not matter for the assertion that breaks, makes sure that it
// still does, and writes it.
func (b *breaker) keep(ctx context.Context, s *Scenario, found *result.Breakpoint) error {
	what, err := b.red(ctx, s)
	if err != nil {
		return err
	}
	found.Assertion, found.Runs = what, b.runs
	if smaller := s.about(what); smaller != nil {
		red, err := b.red(ctx, smaller)
		if err != nil {
			return err
		}
		if red != "" {
			s = smaller
		}
	}
	s.Title = fmt.Sprintf("Breakpoint of %s: %s", b.options.Scenario.Name, kindTitle(found))
	path, err := b.path(found.By)
	if err != nil {
		return err
	}
	if err := s.copyBaseline(strings.TrimSuffix(path, ".toml") + baselineEnding); err != nil {
		return err
	}
	s = s.movedTo(filepath.Dir(path))
	found.File = path
	header := fmt.Sprintf("# The smallest %s that breaks an assertion of %s: %s\n# It was found by slosim breakpoint on profile %.12s; check is red here, and green with %.3g %% less of it.\n\n",
		found.By, b.options.Scenario.Name, what, b.contest.profile.hash, 100*b.options.Precision)
	return result.WriteFile(path, func(w io.Writer) error {
		_, err := io.WriteString(w, header+s.Text())
		return err
	})
}

func kindTitle(found *result.Breakpoint) string {
	return fmt.Sprintf("%s of %.4g %s", found.By, found.Size, found.Unit)
}

// asserted is the scenario without contenders that no assertion names.
func (s *Scenario) asserted() *Scenario {
	one := *s
	one.Contenders = slices.DeleteFunc(slices.Clone(s.Contenders), func(c Contender) bool {
		return !slices.ContainsFunc(s.Asserts, func(a Assert) bool { return a.Contender == c.Name || a.NotWorseThan == c.Name })
	})
	return &one
}

// about is the scenario with one assertion and the contenders that it names; nil if it is not there.
func (s *Scenario) about(what string) *Scenario {
	asserts, err := s.assertions(false)
	if err != nil {
		return nil
	}
	i := slices.IndexFunc(asserts, func(a reports.Assertion) bool { return a.String() == what })
	if i < 0 {
		return nil
	}
	one := *s
	one.Asserts = []Assert{s.Asserts[i]}
	return one.asserted()
}

// path is where a breakpoint goes. A file that is there is somebody's: it is not written over.
func (b *breaker) path(by string) (string, error) {
	dir := b.options.Out
	if file := b.options.Scenario.problem("", "", "").File; dir == "" {
		dir = filepath.Dir(file)
		if _, err := os.Stat(file); err != nil {
			dir = "." // of a scenario that ships
		}
	}
	path := filepath.Join(dir, b.options.Scenario.Name+"-"+by+".toml")
	switch _, err := os.Lstat(path); {
	case err == nil:
		return "", Usagef("%s: want no file there, to write the breakpoint to, got one (move it, or give another folder with -o)", path)
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	return path, nil
}

// copyBaseline writes what the scenario's assertions need of its baseline, if they need one.
func (s *Scenario) copyBaseline(path string) error {
	var kept baseline
	for i := range s.Asserts {
		if s.Asserts[i].Within == "" {
			continue
		}
		base, err := s.readBaseline()
		if err != nil {
			return err
		}
		key := s.Asserts[i].key()
		kept = baseline{Schema: base.Schema, Seed: base.Seed, Means: map[string]float64{key: base.Means[key]}, Values: map[string][]float64{key: base.Values[key]}}
	}
	if kept.Means == nil {
		return nil
	}
	return result.WriteFile(path, func(w io.Writer) error { return result.EncodeJSON(w, kept) })
}

// movedTo is the scenario as a file in a folder names scripts and recordings.
func (s *Scenario) movedTo(dir string) *Scenario {
	moved := *s
	moved.Contenders = slices.Clone(s.Contenders)
	for i := range moved.Contenders {
		c := &moved.Contenders[i]
		if path, ok := strings.CutPrefix(c.Policy, scriptRoute); ok {
			c.Policy = scriptRoute + relocated(path, c.dir, dir)
		}
	}
	moved.Interference = slices.Clone(s.Interference)
	for i := range moved.Interference {
		block := &moved.Interference[i]
		from := filepath.Dir(s.problem("", "", "").File)
		if _, err := os.Stat(filepath.Join(from, block.File)); block.File != "" && err == nil {
			block.File = relocated(block.File, from, dir)
		}
	}
	return &moved
}

// relocated is a path relative to one folder as another one has it.
func relocated(path, from, to string) string {
	if filepath.IsAbs(path) {
		return path
	}
	a, err := filepath.Abs(filepath.Join(from, path))
	b, second := filepath.Abs(to)
	rel, third := filepath.Rel(b, a)
	if errors.Join(err, second, third) != nil {
		return path
	}
	return filepath.ToSlash(rel)
}
