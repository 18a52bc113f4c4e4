package result

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// The names of the files of a result folder.
const (
	ManifestFile     = "manifest.json"
	SummaryFile      = "summary.json"
	CSVFile          = "summary.csv"
	FiguresFile      = "figures.json"
	ReplicationsFile = "replications.json"
	QueriesFile      = "queries.parquet"
	ScheduleFile     = "schedule.json"
	ReportFile       = "report.html"
	PlotsFolder      = "plots"
)

// Folder is a result folder. Its methods may be called from several goroutines.
type Folder struct {
	dir   string
	clear sync.Once // removes a former result before the first write
	err   error     // of that
	owned bool      // by Create: may be written

	mu   sync.Mutex
	sums map[string]string // SHA-256 of the files of summed that were written here, by name
}

// summed are the files whose sums the manifest has: what other verbs read.
var summed = []string{SummaryFile, FiguresFile, ReplicationsFile}

// Create prepares dir for a result. It makes the folder if it does not exist,
// refuses one that holds anything but a former result, and fails when files
// cannot be made in it. A former result stays until the first write.
func Create(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("%s: cannot make the result folder: %w", dir, plainCause(err))
	}
	if err := checkPlots(dir); err != nil {
		return nil, err
	}
	if err := checkReplaceable(dir); err != nil {
		return nil, err
	}
	probe, err := newPartial(filepath.Join(dir, "probe"))
	if err != nil {
		return nil, fmt.Errorf("%s: the result folder cannot be written: %w", dir, errors.Unwrap(err))
	}
	probe.abort()
	return &Folder{dir: dir, owned: true}, nil
}

// Open returns an existing result folder for reading.
func Open(dir string) (*Folder, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: no result folder: %w", dir, plainCause(err))
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s: want a result folder, got a file", dir)
	}
	f := &Folder{dir: dir}
	if f.Has(unfinished) {
		return nil, fmt.Errorf("%s: want a whole result, got one of a run that did not end: run it again", dir)
	}
	if !f.holdsResult() {
		return nil, fmt.Errorf("%s: want a result of slosim, got a folder with neither %s nor %s", dir, ManifestFile, SummaryFile)
	}
	return f, nil
}

// Dir returns the folder's path.
func (f *Folder) Dir() string { return f.dir }

// Path returns the path of a file of the folder, e.g. Path(ReportFile).
func (f *Folder) Path(name string) string { return filepath.Join(f.dir, name) }

// Has says whether the folder holds a file.
func (f *Folder) Has(name string) bool {
	_, err := os.Stat(f.Path(name))
	return err == nil
}

// Write writes one file of the folder, whole or not at all. The name may have
// one folder in front ("plots/front.svg"), which is made.
func (f *Folder) Write(name string, write func(io.Writer) error) error {
	if !filepath.IsLocal(name) {
		return fmt.Errorf("%s: want the name of a file in the result folder", name)
	}
	if err := f.prepare(name); err != nil {
		return err
	}
	if !slices.Contains(summed, name) {
		return WriteFile(f.Path(name), write)
	}
	sum := sha256.New()
	if err := WriteFile(f.Path(name), func(w io.Writer) error { return write(io.MultiWriter(w, sum)) }); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sums == nil {
		f.sums = map[string]string{}
	}
	f.sums[name] = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// Genuine makes sure that summary.json, figures.json or replications.json is the one that was written with the
// manifest: a folder that was put together of two results, or was edited, would be taken for what it is not.
// Manifests of versions before they had sums have nothing to say, nor have folders without one.
func (f *Folder) Genuine(name string) error {
	m, err := f.Manifest()
	if err != nil || m.Files[name] == "" {
		return nil
	}
	data, err := ReadBounded(f.Path(name), maxJSON)
	if err != nil {
		return nil // reading it says why
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(data)); got != m.Files[name] {
		return fmt.Errorf("%s: want the file that was written with %s, SHA-256 %.12s, got %.12s: it is of another result, or was changed since", f.Path(name), ManifestFile, m.Files[name], got)
	}
	return nil
}

// prepare clears a former result once and makes the folder that name lies in.
func (f *Folder) prepare(name string) error {
	if err := checkPlots(f.dir); err != nil {
		return err
	}
	if f.owned {
		f.clear.Do(func() { f.err = errors.Join(removeResult(f.dir), os.WriteFile(f.Path(unfinished), nil, 0o644)) })
	}
	if f.err != nil {
		return f.err
	}
	if err := os.MkdirAll(filepath.Dir(f.Path(name)), 0o755); err != nil {
		return fmt.Errorf("%s: cannot write: %w", f.Path(name), plainCause(err))
	}
	return nil
}

// WriteSummary writes summary.json and summary.csv.
func (f *Folder) WriteSummary(s *Summary) error {
	return errors.Join(
		f.Write(SummaryFile, func(w io.Writer) error { return EncodeJSON(w, s) }),
		f.Write(CSVFile, func(w io.Writer) error { return WriteCSV(w, s) }))
}

// WriteManifest writes manifest.json, the last file of a result, with the sums of those before it.
func (f *Folder) WriteManifest(m *Manifest) error {
	if f.owned {
		with := *m
		f.mu.Lock()
		with.Files = maps.Clone(f.sums)
		f.mu.Unlock()
		m = &with
	}
	if err := f.Write(ManifestFile, func(w io.Writer) error { return EncodeJSON(w, m) }); err != nil || !f.owned {
		return err
	}
	return os.Remove(f.Path(unfinished))
}

// WriteFigures writes figures.json.
func (f *Folder) WriteFigures(g *Figures) error {
	return f.Write(FiguresFile, func(w io.Writer) error { return EncodeJSON(w, g) })
}

// holdsResult says whether one of the files that only slosim writes is there.
func (f *Folder) holdsResult() bool {
	_, manifest := f.Manifest()
	_, summary := f.Summary()
	return manifest == nil || summary == nil
}

// unfinished is in a folder from the first file to the manifest, which is the last: what a
// run that was killed has left may be replaced.
const unfinished = temporary + "unfinished"

// fileNames lists the files of a result, the manifest last.
func fileNames() []string {
	return []string{QueriesFile, ScheduleFile, ReportFile, FiguresFile, ReplicationsFile, CSVFile, SummaryFile, ManifestFile}
}

// Discard removes what was written, after an error: nothing is better than a part.
func (f *Folder) Discard() error {
	if err := removeResult(f.dir); err != nil {
		return err
	}
	if err := os.Remove(f.Path(PlotsFolder)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s: cannot remove an empty folder: %w", f.Path(PlotsFolder), plainCause(err))
	}
	return nil
}

func checkReplaceable(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("%s: cannot read the result folder: %w", dir, plainCause(err))
	}
	strange := slices.ContainsFunc(entries, func(e os.DirEntry) bool { return !strings.HasPrefix(e.Name(), temporary) })
	if f := (&Folder{dir: dir}); strange && !f.holdsResult() && !f.Has(unfinished) {
		return fmt.Errorf("%s: want an empty folder or a former result of slosim, got a folder with %q in it", dir, entries[0].Name())
	}
	return nil
}

// removeResult removes the files that slosim writes, and nothing else. The
// manifest goes last: a folder that is half cleared is still a result.
func removeResult(dir string) error {
	paths, err := entriesLike(dir, temporary+"*")
	if err != nil {
		return err
	}
	plots, err := entriesLike(filepath.Join(dir, PlotsFolder), "*.svg", "*.png", "*.pdf", temporary+"*")
	if err != nil {
		return err
	}
	paths = append(paths, plots...)
	for _, name := range fileNames() {
		paths = append(paths, filepath.Join(dir, name))
	}
	for _, path := range paths {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s: cannot remove the former result: %w", path, plainCause(err))
		}
	}
	return nil
}

// entriesLike lists what stands in a folder under names of the patterns; nothing in one that is not
// there. (filepath.Glob would take the folder's own name for a pattern.)
func entriesLike(dir string, patterns ...string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: cannot read: %w", dir, plainCause(err))
	}
	var paths []string
	for _, e := range entries {
		for _, pattern := range patterns {
			if ok, _ := filepath.Match(pattern, e.Name()); ok { // patterns are well-formed
				paths = append(paths, filepath.Join(dir, e.Name()))
				break
			}
		}
	}
	return paths, nil
}

// checkPlots refuses a folder for pictures that is a link, or a file: pictures would be written, and
// former ones removed, where nobody said.
func checkPlots(dir string) error {
	plots := filepath.Join(dir, PlotsFolder)
	info, err := os.Lstat(plots)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: cannot look at it: %w", plots, plainCause(err))
	}
	if !info.IsDir() {
		return fmt.Errorf("%s: want a folder, got a link or a file: remove it", plots)
	}
	return nil
}
