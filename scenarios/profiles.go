package scenarios

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"slosim/engine"
	"slosim/engine/measure"
	"slosim/engine/profile"
)

// measured is a profile with where it came from.
type measured struct {
	*profile.Profile
	hash     string
	origin   string // "measured", "cache" or a file
	warnings []string

	beliefs *beliefs // shared by all contests that use it; nil: each has its own
}

// subject is what a campaign measures.
type subject struct {
	family     Family
	techniques []engine.Technique
	levels     []profile.Antagonist
	siblings   int   // levels of so many other busy workers
	batches    []int // sizes
	seed       uint64
}

// profileOf returns the subject's profile: the file given, one from the cache that a
// drift test confirms, or a new one.
func (a *App) profileOf(ctx context.Context, s subject, file string, p Progress) (measured, error) {
	if file != "" {
		return a.givenProfile(s, file)
	}
	path := a.cachePath(s)
	cached, why := a.cachedProfile(ctx, s, path, p)
	if why == nil {
		return cached, nil
	}
	if ctx.Err() != nil {
		return measured{}, ctx.Err()
	}
	m, err := a.measure(ctx, s, p)
	if err != nil {
		return measured{}, err
	}
	if !errors.Is(why, fs.ErrNotExist) {
		m.warnings = append(m.warnings, fmt.Sprintf("measured again: %v", why))
	}
	if measure.Busy(m.Profile) { // the next run is to measure again
		m.warnings = append(m.warnings, "the profile is not cached")
		return m, nil
	}
	if err := a.keepProfile(path, m.Profile); err != nil {
		m.warnings = append(m.warnings, fmt.Sprintf("the profile is not cached: %v", err))
	}
	return m, nil
}

// plan returns the campaign of a subject.
func (a *App) plan(s subject, p Progress) (measure.Config, error) {
	calibration, truth, err := a.data(s.family)
	if err != nil {
		return measure.Config{}, err
	}
	reference, nodes, features, err := a.reference(s.family)
	if err != nil {
		return measure.Config{}, err
	}
	names := make([]string, len(s.techniques))
	for i := range names {
		names[i] = s.family.Name
	}
	return measure.Config{
		Techniques:  s.techniques,
		Networks:    names,
		Reference:   reference,
		Nodes:       nodes,
		Inputs:      features,
		Dataset:     s.family.Truth,
		Calibration: calibration,
		Truth:       truth,
		Levels:      s.levels,
		Siblings:    s.siblings,
		Batches:     s.batches,
		Disturb:     measure.WithLauncher(a.Launcher),
		Machine:     a.machine(),
		Seed:        s.seed,
		Progress:    &stages{progress: p},
	}, nil
}

// measure runs the campaign.
func (a *App) measure(ctx context.Context, s subject, p Progress) (measured, error) {
	cfg, err := a.plan(s, p)
	if err != nil {
		return measured{}, err
	}
	defer cfg.Progress.(*stages).done()
	result, err := measure.Run(ctx, cfg)
	if err != nil {
		return measured{}, err
	}
	return measured{Profile: result, hash: result.Hash(), origin: "measured"}, nil
}

// stages turns a campaign's steps into pieces of progress.
type stages struct {
	progress Progress
	stage    string
	n        int
}

// Step implements measure.Progress.
func (s *stages) Step(stage string, n, total int) {
	if stage != s.stage {
		s.done()
		s.stage, s.n = stage, 0
		s.progress.Start("measuring: "+stage, total)
	}
	s.progress.Add(n - s.n)
	s.n = n
}

func (s *stages) done() {
	if s.stage != "" {
		s.progress.Done()
	}
	s.stage = ""
}

// cachePath names the cached profile of a subject on this machine: what is measured,
// and where, decides the name, and not the seed, which orders the campaign: runs with
// other seeds are to differ in nothing else. Empty without a cache folder.
func (a *App) cachePath(s subject) string {
	if a.CacheDir == "" {
		return ""
	}
	sum := sha256.New()
	fmt.Fprintln(sum, measure.Version, measure.DefaultPerLevel, profile.SchemaVersion, a.machine(), s.family.Name)
	for _, t := range s.techniques {
		fmt.Fprintln(sum, t.Name(), t.Hash())
	}
	fmt.Fprintln(sum, s.levels)
	if s.siblings > 0 || len(s.batches) > 0 {
		fmt.Fprintln(sum, "siblings", s.siblings, "batches", s.batches)
	}
	if s.family.Sparse { // data of the same name may be others next time
		digest, err := a.sparseDigest(s.family)
		if err != nil {
			return ""
		}
		fmt.Fprintln(sum, digest)
	}
	return filepath.Join(a.CacheDir, "profiles", hex.EncodeToString(sum.Sum(nil))[:32]+".profile")
}

// cachedProfile returns the cached profile if it is whole and a drift test confirms
// it, and otherwise why not; fs.ErrNotExist if there is none.
func (a *App) cachedProfile(ctx context.Context, s subject, path string, p Progress) (measured, error) {
	if path == "" {
		return measured{}, fs.ErrNotExist
	}
	loaded, err := profile.Load(path)
	if err != nil {
		return measured{}, err
	}
	if err := check(loaded, s); err != nil {
		return measured{}, err
	}
	cfg, err := a.plan(s, p)
	if err != nil {
		return measured{}, err
	}
	p.Start("checking the cached profile for drift", 1)
	err = measure.Check(ctx, cfg, loaded)
	if err == nil {
		p.Add(1)
	}
	p.Done()
	if busy := (measure.BusyError{}); errors.As(err, &busy) { // measuring again would be no better
		return measured{Profile: loaded, hash: loaded.Hash(), origin: "cache", warnings: []string{"the cached profile was not checked for drift: " + busy.Error()}}, nil
	}
	if err != nil {
		return measured{}, fmt.Errorf("the cached profile has drifted: %w", err)
	}
	return measured{Profile: loaded, hash: loaded.Hash(), origin: "cache"}, nil
}

// keepProfile writes a profile into the cache.
func (a *App) keepProfile(path string, p *profile.Profile) error {
	if path == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return p.Save(path)
}

// givenProfile loads the profile of --profile. It must be of the same networks,
// techniques and levels; another machine is only a warning.
func (a *App) givenProfile(s subject, file string) (measured, error) {
	loaded, err := profile.Load(file)
	if err != nil {
		return measured{}, badProfile(file, err)
	}
	if err := check(loaded, s); err != nil {
		return measured{}, UsageError{fmt.Errorf("%s: %w", file, err)}
	}
	m := measured{Profile: loaded, hash: loaded.Hash(), origin: file}
	if len(s.batches) > 0 && !batched(loaded) {
		m.warnings = append(m.warnings, "the profile has no batches: what runs together takes as long as one after another")
	}
	if differences := profile.Differences(loaded.Machine, a.machine()); len(differences) > 0 {
		m.warnings = append(m.warnings, "the profile is of another machine: "+strings.Join(differences, "; "))
	}
	return m, nil
}

// badProfile says what is wrong with a profile's file, as a mistake of the caller unless reading failed.
func badProfile(file string, err error) error {
	if info, looking := os.Stat(file); errors.Is(err, fs.ErrNotExist) || looking == nil && info.IsDir() {
		got := "nothing of that name"
		if looking == nil {
			got = "a folder"
		}
		return Usagef("--profile: want a file that slosim measure wrote, got %s: %s", got, file)
	}
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		return err
	}
	return UsageError{err}
}

// batched says whether batches of any technique were measured.
func batched(p *profile.Profile) bool {
	return slices.ContainsFunc(p.Sets, func(s profile.Set) bool { return len(s.Batches) > 0 })
}

// check says, all at once, why a profile cannot serve a subject: other data, a
// technique that it lacks or knows with other weights, a level that it lacks. Without levels of busy
// siblings, or batches, it serves all the same, which is said.
func check(p *profile.Profile, s subject) error {
	var errs []error
	if p.Dataset != s.family.Truth {
		errs = append(errs, fmt.Errorf("data set: want %s, got %s", s.family.Truth, p.Dataset))
	}
	for _, t := range s.techniques {
		set := findSet(p, t.Name())
		if set == nil {
			errs = append(errs, fmt.Errorf("technique %s: want it in the profile, got %s", t.Name(), strings.Join(setNames(p), ", ")))
			continue
		}
		if err := set.Check(t.Hash(), t.Points()); err != nil {
			errs = append(errs, err)
		}
	}
	for _, l := range s.levels {
		if _, ok := findLevel(p, l); !ok {
			errs = append(errs, fmt.Errorf("level %s %g: want it in the profile, got none", l.Kind, l.Intensity))
		}
	}
	return errors.Join(errs...)
}

// findSiblings returns the index of the level with so many busy siblings.
func findSiblings(p *profile.Profile, n int) (int, bool) {
	i := slices.IndexFunc(p.Levels, func(l profile.Level) bool { return l.BusySiblings == n })
	return i, i >= 0
}

func findSet(p *profile.Profile, technique string) *profile.Set {
	for i := range p.Sets {
		if p.Sets[i].Technique == technique {
			return &p.Sets[i]
		}
	}
	return nil
}

func setNames(p *profile.Profile) []string {
	names := make([]string, len(p.Sets))
	for i := range p.Sets {
		names[i] = p.Sets[i].Technique
	}
	return names
}

// findLevel returns the index of the level with one antagonist.
func findLevel(p *profile.Profile, want profile.Antagonist) (int, bool) {
	for i, l := range p.Levels {
		if len(l.Antagonists) == 1 && l.Antagonists[0] == want && l.BusySiblings == 0 {
			return i, true
		}
	}
	return 0, false
}
