package command

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"slosim/reports/result"
	"slosim/scenarios"
)

func listCommand(app App) *cobra.Command {
	kinds := []string{"antagonists", "arrivals", "datasets", "metrics", "networks", "policies", "recordings", "scenarios", "techniques", "traces"}
	return &cobra.Command{
		Use:       "list KIND",
		Short:     "List what a scenario may name: policies, techniques, networks, traces, arrivals, ...",
		Example:   "  slosim list policies\n  slosim list traces --json",
		Args:      exactly("KIND"),
		ValidArgs: kinds,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := scenarios.OneOf("KIND", "lists", args[0], scenarios.Entries(kinds...)); err != nil {
				return err
			}
			c := console(cmd)
			return writeEntries(c, args[0], entriesOf(app.Known(), args[0]))
		},
	}
}

// entriesOf returns the entries of a kind that listCommand has checked.
func entriesOf(known scenarios.Known, kind string) []scenarios.Entry {
	return map[string][]scenarios.Entry{
		"antagonists": known.Antagonists,
		"arrivals":    known.Arrivals,
		"datasets":    known.Datasets,
		"metrics":     known.Metrics,
		"networks":    known.Networks,
		"policies":    known.Policies,
		"recordings":  known.Recordings,
		"scenarios":   scenarios.ShippedScenarios(),
		"techniques":  known.Techniques,
		"traces":      known.Traces,
	}[kind]
}

func writeEntries(c scenarios.Console, kind string, entries []scenarios.Entry) error {
	if c.JSON {
		return result.EncodeJSON(c.Out, struct {
			Schema  int               `json:"schema"`
			Kind    string            `json:"kind"`
			Entries []scenarios.Entry `json:"entries"`
		}{result.Schema, kind, entries})
	}
	table := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
	for _, entry := range entries {
		if entry.About == "" {
			fmt.Fprintln(table, entry.Name)
			continue
		}
		fmt.Fprintf(table, "%s\t%s\n", entry.Name, entry.About)
		if entry.Paper != "" {
			fmt.Fprintf(table, "\t  %s\n", entry.Paper)
		}
		for _, param := range entry.Params {
			fmt.Fprintf(table, "\t  %s\n", param)
		}
	}
	return table.Flush()
}
