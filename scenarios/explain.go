package scenarios

import (
	"context"
	"errors"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"slosim/engine/profile"
	"slosim/reports"
	"slosim/reports/result"
)

// ExplainOptions are those of `slosim explain`.
type ExplainOptions struct {
	Console
	Dir         string   // a result folder
	Contenders  []string // --contender: of those alone; empty: all
	Replication int      // --replication: of the query, from 0
	Query       *uint64  // its number within the replication; nil: Misses
	Misses      bool     // --misses: blame for all of them
	Wrong       bool     // --wrong: an answer in time that is wrong is a miss too
	Profile     string   // --profile: file of the profile that the result is of; empty: where it came from
	Jobs        int      // --jobs: replications at a time
	// RunPrograms lets contenders be programs (exec:), which run with the user's rights: a result may come
	// from somebody else, and to look at one should start nothing.
	RunPrograms bool
}

// Explain says why queries of a result missed. It simulates the result's scenario again, which gives
// the same queries the same fates, and looks closer than records do.
func (a *App) Explain(ctx context.Context, o ExplainOptions) error {
	folder, err := result.Open(o.Dir)
	if err != nil {
		return UsageError{err}
	}
	c, summary, err := a.again(ctx, o, folder)
	if err != nil {
		return err
	}
	if err := c.only(o.Contenders); err != nil {
		return err
	}
	if err := o.trusts(c.entrants); err != nil {
		return err
	}
	if o.Query != nil {
		found, err := c.explainQuery(ctx, o, folder)
		if err != nil {
			return err
		}
		return tell(o.Console, found, func(w io.Writer) error { return reports.PrintTold(w, found) })
	}
	found, err := c.blame(ctx, o, summary)
	if found == nil || len(found.Contenders) == 0 && err != nil {
		return err
	}
	return errors.Join(err, tell(o.Console, found, func(w io.Writer) error { return reports.PrintBlame(w, found) }))
}

// tell prints a finding as JSON or text.
func tell(o Console, finding any, text func(io.Writer) error) error {
	if o.JSON {
		return result.EncodeJSON(o.Out, finding)
	}
	return text(o.Out)
}

// again makes the contest of a result: its scenario, its profile, its replications.
func (a *App) again(ctx context.Context, o ExplainOptions, folder *result.Folder) (*contest, *result.Summary, error) {
	manifest, err := folder.Manifest()
	if err != nil {
		return nil, nil, UsageError{err}
	}
	summary, err := folder.Summary()
	if err != nil {
		return nil, nil, UsageError{err}
	}
	if manifest.Service == KernelService {
		return nil, nil, Usagef("%s: want a result of --service profile, got one of real kernels, whose times are not drawn again", o.Dir)
	}
	for _, file := range []string{result.SummaryFile, result.ReplicationsFile} {
		if err := folder.Genuine(file); err != nil {
			return nil, nil, UsageError{err}
		}
	}
	s, err := a.scenarioOf(manifest)
	if err != nil {
		return nil, nil, err
	}
	if hash := s.Hash(); hash != manifest.ScenarioHash {
		return nil, nil, Usagef("%s: want the scenario that was run (%.12s), got another one (%.12s): a recording or the format has changed since", o.Dir, manifest.ScenarioHash, hash)
	}
	s.Replications = completeIn(summary)
	if _, err := a.readyFor(ctx, RunOptions{Console: o.Console, Scenario: s}); err != nil {
		return nil, nil, err
	}
	subject, err := a.subjectOf(s)
	if err != nil {
		return nil, nil, err
	}
	p, err := a.profileOfResult(subject, o.Profile, manifest)
	if err != nil {
		return nil, nil, err
	}
	c, err := a.newContest(s, p)
	return c, summary, err
}

// trusts refuses contenders whose programs are not to be run.
func (o *ExplainOptions) trusts(entrants []entrant) error {
	for i := range entrants {
		if command, ok := strings.CutPrefix(entrants[i].Policy, processRoute); ok && !o.RunPrograms {
			return Usagef("%s: contender %q is the program %q, which would run with your rights: say --run-programs if you trust whoever made this result, or choose others with --contender", o.Dir, entrants[i].Name, command)
		}
	}
	return nil
}

// completeIn is how many replications a result has, of each contender.
func completeIn(s *result.Summary) (n int) {
	for i := range s.Cells {
		n = max(n, s.Cells[i].Replications)
	}
	return n
}

// profileOfResult finds the profile that a result is of: the file given, the file that it was made
// with, or the cached one.
func (a *App) profileOfResult(s subject, file string, m *result.Manifest) (measured, error) {
	if file != "" {
		p, err := a.givenProfile(s, file)
		if err == nil && p.hash != m.ProfileHash {
			err = Usagef("--profile %s: want the profile that the result is of (%.12s), got another one (%.12s)", file, m.ProfileHash, p.hash)
		}
		return p, err
	}
	for _, path := range []string{m.ProfileOrigin, filepath.Join(m.Folder, m.ProfileOrigin), a.cachePath(s)} {
		if p, err := profile.Load(path); path != "" && err == nil && p.Hash() == m.ProfileHash {
			return measured{Profile: p, hash: m.ProfileHash, origin: path}, check(p, s)
		}
	}
	return measured{}, Usagef("want the profile that the result is of (%.12s): neither %s nor the cache has it; give it with --profile", m.ProfileHash, m.ProfileOrigin)
}

// only leaves out all contenders but those named.
func (c *contest) only(names []string) error {
	if len(names) == 0 {
		return nil
	}
	var kept []entrant
	var known []Entry
	for _, e := range c.entrants {
		known = append(known, Entry{Name: e.Name})
		if slices.Contains(names, e.Name) {
			kept = append(kept, e)
		}
	}
	for _, name := range names {
		if err := OneOf("--contender", "contenders", name, known); err != nil {
			return err
		}
	}
	c.entrants = kept
	return nil
}

// sameAsBefore makes sure that simulating again gave what the result says: the attainment of each
// contender, to the digits that are written.
func sameAsBefore(summary *result.Summary, contender string, met, queries []int) error {
	attainment := 0.0
	for i := range met {
		attainment += float64(met[i]) / float64(max(queries[i], 1)) / float64(len(met))
	}
	for i := range summary.Cells {
		cell := &summary.Cells[i]
		m := cell.Metrics["attainment"].Mean
		if cell.Contender != contender || cell.Class != "all" || cell.Window != "all" || m == nil {
			continue
		}
		if math.Abs(*m-attainment) > 1e-5*max(*m, attainment) {
			return anotherResult(contender, attainment, *m)
		}
	}
	return nil
}

func anotherResult(contender string, got, want float64) error {
	return Usagef("contender %q: simulating again gives an attainment of %.6g, the result says %.6g: another version of slosim, or of a script, made it, or its files are of several results", contender, got, want)
}

// scenarioOf parses the scenario of a result. Its scripts, programs and recordings are looked for from
// where its file was, or from where the run was started (--policy).
func (a *App) scenarioOf(m *result.Manifest) (*Scenario, error) {
	file := m.ScenarioFile
	if file == "" {
		file = m.Scenario + ".toml"
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(m.Folder, file)
	}
	s, err := Parse(file, []byte(m.ScenarioText), a.Known())
	if err == nil || filepath.Dir(file) == m.Folder || m.Folder == "" {
		return s, err
	}
	if other, second := Parse(filepath.Join(m.Folder, filepath.Base(file)), []byte(m.ScenarioText), a.Known()); second == nil {
		return other, nil
	}
	return nil, err
}
