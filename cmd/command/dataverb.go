package command

import (
	"github.com/spf13/cobra"

	"slosim/scenarios"
	"slosim/workloads"
)

func dataCommand(app App) *cobra.Command {
	var o scenarios.DataOptions
	cmd := &cobra.Command{
		Use:   "data NAME",
		Short: "Make a data set of WordNet's dictionary files (Debian: apt install wordnet-base)",
		Long: "data makes a data set of WordNet's dictionary files, in the text format of the extreme classification\n" +
			"repository: " + scenarios.DataAbout(),
		Example:   "  slosim data glosses-next-word && slosim tradeoff --network glosses-next-word\n  slosim data wordnet-13k -o wordnet && slosim tradeoff --network xmc:wordnet",
		Args:      exactly("NAME"),
		ValidArgs: workloads.MadeSets(),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Name = args[0]
			if err := scenarios.OneOf("NAME", "data sets", o.Name, scenarios.Entries(workloads.MadeSets()...)); err != nil {
				return err
			}
			o.Console = console(cmd)
			return app.Data(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.From, "from", workloads.WordNetDir, "folder of the dictionary files")
	f.StringVarP(&o.Out, "output", "o", "", "folder for the set (default: one in the cache folder, where networks look for it)")
	return cmd
}
