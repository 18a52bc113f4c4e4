package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"slosim/scenarios"
)

func trainCommand(app App) *cobra.Command {
	var o scenarios.TrainOptions
	cmd := &cobra.Command{
		Use:     "train NETWORK",
		Short:   "Train a network from its data set and write the weights that ship",
		Long:    trainLong(),
		Example: "  slosim train fashion-mnist -o weights\n  slosim train wordnet-13k --sampler log-uniform --samples 1000 -o weights",
		Args:    exactly("NETWORK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Network = args[0]
			if err := app.Known().OneNetwork("NETWORK", o.Network); err != nil {
				return err
			}
			if o.Sampler != "" {
				if err := scenarios.OneOf("--sampler", "samplers", o.Sampler, scenarios.Samplers()); err != nil {
					return err
				}
			}
			o.Console = console(cmd)
			return app.Train(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.Int64Var(&o.Seed, "seed", 1, "seed of weights, order and dropout")
	f.StringVar(&o.Data, "data", scenarios.DataDir, "folder of the data set's training files")
	f.StringVarP(&o.Out, "output", "o", "", "folder for the weights")
	f.StringVar(&o.Sampler, "sampler", "", "sampler of a wide network's classes, see above (default: the network's own)")
	f.IntVar(&o.Samples, "samples", 0, "classes that the sampler draws; with lsh, the fewest a sample is told apart from (default: by the sampler)")
	require(cmd, "output")
	return cmd
}

// trainLong describes the verb with the samplers.
func trainLong() string {
	text := "Train a network from its data set and write the weights that ship.\n\n" +
		"Wide networks (wordnet-13k) may tell each answer apart from some of their classes only,\n" +
		"while they are trained. --sampler says from which:\n"
	for _, s := range scenarios.Samplers() {
		text += fmt.Sprintf("  %-12s %s\n", s.Name, s.About)
	}
	return text
}
