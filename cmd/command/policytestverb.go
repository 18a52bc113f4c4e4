package command

import (
	"github.com/spf13/cobra"

	"slosim/scenarios"
)

func policytestCommand(app App) *cobra.Command {
	var params []string
	cmd := &cobra.Command{
		Use:   "policytest POLICY",
		Short: "Check a policy against its contract: a name, file:SCRIPT.star or exec:COMMAND",
		Long: "Drives a policy through small worlds (one point, overload, batches, probes, a slowing machine, ...) and checks\n" +
			"that it breaks no rule, leaves no worker idle while queries wait, decides the same when run again, and keeps\n" +
			"nothing of what it was shown. Exit code 1 when it does not hold.",
		Example: "  slosim policytest lcao\n  slosim policytest file:mine.star --param quantile=0.9",
		Args:    exactly("POLICY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			values, err := scenarios.ParseParams(params)
			if err != nil {
				return err
			}
			return app.Policytest(cmd.Context(), scenarios.PolicytestOptions{Console: console(cmd), Policy: args[0], Params: values})
		},
	}
	cmd.Flags().StringArrayVar(&params, "param", nil, "a parameter of the policy, `key=value` as in TOML; may be repeated")
	return cmd
}
