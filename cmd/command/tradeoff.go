package command

import (
	"github.com/spf13/cobra"

	"slosim/scenarios"
)

func tradeoffCommand(app App) *cobra.Command {
	var (
		o          scenarios.TradeoffOptions
		techniques []string
	)
	cmd := &cobra.Command{
		Use:   "tradeoff",
		Short: "Accuracy against time of every technique and point; best speed-up within a loss",
		Example: "  slosim tradeoff --network fashion-mnist --loss 0.003\n" +
			"  slosim tradeoff --network wordnet-13k,xmc:data/wiki10 --technique slo-nn -o fronts",
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			known := app.Known()
			if len(o.Networks) == 0 {
				return scenarios.Usagef("--network: want a network (slosim list networks), got none")
			}
			for _, network := range o.Networks {
				if err := known.OneNetwork("--network", network); err != nil {
					return err
				}
			}
			if o.Techniques, err = parseAll("--technique", techniques, known.ParseTechnique); err != nil {
				return err
			}
			if !(o.Loss >= 0 && o.Loss <= 1) {
				return scenarios.Usagef("--loss: want 0 to 1, a share of answers, got %v", o.Loss)
			}
			if !(o.Loss5 >= 0 && o.Loss5 <= 1) {
				return scenarios.Usagef("--loss5: want 0 to 1, a share of answers, got %v", o.Loss5)
			}
			if !(o.Margin >= 0 && o.Margin <= 10) {
				return scenarios.Usagef("--margin: want 0 to 10 standard errors, got %v", o.Margin)
			}
			if err := atLeast1("--seeds", o.Seeds); err != nil {
				return err
			}
			o.Console = console(cmd)
			return app.Tradeoff(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.Networks, "network", nil, "network (slosim list networks), or xmc:FOLDER with files of the extreme classification repository")
	f.StringArrayVar(&techniques, "technique", nil, "technique, with options as NAME:OPTION=VALUE,...; may be repeated (default: all)")
	f.IntVar(&o.Seeds, "seeds", 1, "training seeds to average over; more than 1 trains")
	f.StringVar(&o.Data, "data", scenarios.DataDir, "folder of the data set's training files, for seeds that do not ship")
	f.Float64Var(&o.Loss, "loss", 0.003, "accuracy that may be lost, as a share")
	f.Float64Var(&o.Loss5, "loss5", 0.005, "precision at 5 that a point of the last table may lose, as a share; of very many outputs only")
	f.Float64Var(&o.Margin, "margin", 0, "standard errors of the loss by which a point must stay within --loss")
	f.StringVarP(&o.Out, "output", "o", "", "folder for the fronts as pictures and their rows as JSON")
	require(cmd, "network")
	return cmd
}
