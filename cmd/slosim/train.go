package main

import (
	"github.com/spf13/cobra"

	"slosim/scenarios"
)

func trainCommand(app App) *cobra.Command {
	var o scenarios.TrainOptions
	cmd := &cobra.Command{
		Use:     "train NETWORK",
		Short:   "Train a network from its data set and write the weights that ship",
		Example: "  slosim train fashion-mnist -o weights",
		Args:    exactly("NETWORK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Network = args[0]
			if err := app.Known().OneNetwork("NETWORK", o.Network); err != nil {
				return err
			}
			o.Console = console(cmd)
			return app.Train(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.Int64Var(&o.Seed, "seed", 1, "seed of weights, order and dropout")
	f.StringVar(&o.Data, "data", scenarios.DataDir, "folder of the data set's training files")
	f.StringVarP(&o.Out, "output", "o", "", "folder for the weights")
	require(cmd, "output")
	return cmd
}
