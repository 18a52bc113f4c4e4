package command

import (
	"github.com/spf13/cobra"

	"slosim/engine/antagonist"
)

// antagonistCommand is not for people: the command starts itself again with it, so
// that what disturbs a measurement is another process.
func antagonistCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "antagonist",
		Short:              "Disturb a core until standard input ends (for the command's own use)",
		Hidden:             true,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			code := antagonist.Main(args, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
			if code != 0 {
				return exitCode(code)
			}
			return nil
		},
	}
}
