package scenarios

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"slosim/reports/result"
	"slosim/sim/selfcheck"
)

// Selfcheck compares the simulator with queueing theory, prints every line, and fails if
// any line does.
func (a *App) Selfcheck(ctx context.Context, o SelfcheckOptions) error {
	lines, err := selfcheck.Run(ctx, selfcheck.Options{Jobs: o.Jobs, Seed: uint64(o.Seed)})
	if err != nil {
		return err
	}
	if err := tellSelfcheck(o.Console, lines); err != nil {
		return err
	}
	return failedLines(lines)
}

func tellSelfcheck(o Console, lines []selfcheck.Line) error {
	if !o.JSON {
		return printSelfcheck(o.Out, lines)
	}
	return result.EncodeJSON(o.Out, struct {
		Schema      int              `json:"schema"`
		FamilyError float64          `json:"family_error"`
		Lines       []selfcheck.Line `json:"lines"`
	}{result.Schema, selfcheck.FamilyError, lines})
}

func failedLines(lines []selfcheck.Line) error {
	var failed []string
	for _, l := range lines {
		if !l.Passed {
			failed = append(failed, fmt.Sprintf("selfcheck: %s: want %.6g, got %.6g (%.6g to %.6g)", l.Name, l.Theory, l.Measured, l.Lo, l.Hi))
		}
	}
	if len(failed) > 0 {
		return AssertionError{failed}
	}
	return nil
}

func printSelfcheck(w io.Writer, lines []selfcheck.Line) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "check\ttheory\tmeasured\t(interval)\tn\tunit\tverdict")
	for _, l := range lines {
		verdict := "ok"
		if !l.Passed {
			verdict = "FAILED"
		}
		between := "exact"
		if l.Lo < l.Hi {
			between = fmt.Sprintf("%.6g to %.6g", l.Lo, l.Hi)
		}
		fmt.Fprintf(t, "%s\t%.6g\t%.6g\t%s\t%d\t%s\t%s\n", l.Name, l.Theory, l.Measured, between, l.N, l.Unit, verdict)
	}
	fmt.Fprintf(t, "\nA sound simulator fails any of these once in %.0f runs at most. n: replications.\n", 1/selfcheck.FamilyError)
	return t.Flush()
}
