package reports

import (
	"fmt"
	"io"
	"strings"

	"slosim/reports/result"
)

// PrintBreakpoints prints a paragraph a kind.
func PrintBreakpoints(w io.Writer, b *result.Breakpoints) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: the least that breaks an assertion\n", printable(b.Scenario))
	for i := range b.Found {
		f := &b.Found[i]
		fmt.Fprintf(&out, "\n%s: ", f.By)
		if f.Why != "" {
			fmt.Fprintln(&out, f.Why)
			continue
		}
		switch f.By {
		case "burst":
			fmt.Fprintf(&out, "%s queries on top, a load of %s for %s ms\n", three(f.Size), three(f.Strength), three(f.LengthMS))
		case "interference":
			fmt.Fprintf(&out, "%s times as long for %s ms (%s s lost)\n", three(1+f.Strength), three(f.LengthMS), three(f.Size))
		default:
			fmt.Fprintf(&out, "service takes %s %% longer than the profile says\n", three(100*f.Strength))
		}
		fmt.Fprintf(&out, "  breaks  %s\n  as      %s (check it: slosim check %s)\n", printable(f.Assertion), printable(f.File), printable(f.File))
	}
	_, err := io.WriteString(w, out.String())
	return err
}
