package scenarios

import (
	"context"
	"fmt"
	"io"

	"slosim/reports"
	"slosim/reports/result"
)

// Report writes report.html of a result folder again, from its files alone.
func (a *App) Report(_ context.Context, o ReportOptions) error {
	folder, err := result.Open(o.Dir)
	if err != nil {
		return err
	}
	manifest, err := folder.Manifest()
	if err != nil {
		return err
	}
	summary, err := folder.Summary()
	if err != nil {
		return err
	}
	figures, err := folder.Figures()
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
