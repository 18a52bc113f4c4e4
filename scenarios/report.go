package scenarios

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"slosim/reports"
	"slosim/reports/result"
)

// Report writes report.html of a result folder again, from its files alone.
func (a *App) Report(_ context.Context, o ReportOptions) error {
	folder, manifest, summary, figures, err := readResult(o.Dir)
	if err != nil {
		return err
	}
	if o.Versus != "" {
		if err := reports.Differences(io.Discard, summary, o.Versus); err != nil {
			return UsageError{Err: fmt.Errorf("--versus: %w", err)} // before anything is written
		}
	}
	path := o.Out
	if path == "" {
		path = folder.Path(result.ReportFile)
	}
	if err := result.WriteFile(path, func(w io.Writer) error { return reports.HTML(w, manifest, summary, figures) }); err != nil {
		return err
	}
	said := result.Ran{Summary: *summary, Folder: o.Dir, Interrupted: manifest.Interrupted, Failed: manifest.Failed}
	if err := printSummary(o.Console, said); err != nil || o.Versus == "" || o.JSON {
		return err
	}
	return reports.Differences(o.Console.Out, summary, o.Versus)
}

// readResult reads the files that a report is made of. What is no result is the caller's mistake.
func readResult(dir string) (folder *result.Folder, m *result.Manifest, s *result.Summary, g *result.Figures, err error) {
	if folder, err = result.Open(dir); err == nil {
		if m, err = folder.Manifest(); err == nil {
			if s, err = folder.Summary(); err == nil {
				g, err = folder.Figures()
			}
		}
	}
	if err != nil && !errors.Is(err, fs.ErrPermission) {
		err = UsageError{Err: err}
	}
	return folder, m, s, g, err
}
