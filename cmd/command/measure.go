package command

import (
	"strings"

	"github.com/spf13/cobra"

	"slosim/scenarios"
)

func measureCommand(app App) *cobra.Command {
	var (
		o                       scenarios.MeasureOptions
		techniques, antagonists []string
	)
	cmd := &cobra.Command{
		Use:   "measure",
		Short: "Measure a profile: accuracy and time of every point, alone and disturbed",
		Example: "  slosim measure --network fashion-mnist --technique slo-nn,zoo --antagonist cpu -o quick.profile\n" +
			"  slosim measure --network fashion-mnist --technique slo-nn:activator=lsh -o lsh.profile\n" +
			"  slosim measure --check quick.profile",
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			known := app.Known()
			o.Console = console(cmd)
			if cmd.Flags().Changed("check") {
				return checkProfile(cmd, app, o)
			}
			if err := given(cmd, "network", "technique", "output"); err != nil {
				return err
			}
			if err := known.OneNetwork("--network", o.Network); err != nil {
				return err
			}
			if o.Techniques, err = parseAll("--technique", techniques, known.ParseTechnique); err != nil {
				return err
			}
			if o.Antagonists, err = parseAll("--antagonist", antagonists, known.ParseAntagonist); err != nil {
				return err
			}
			if err := atLeast1("--workers", o.Workers); err != nil {
				return err
			}
			return app.Measure(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Network, "network", "", "network to measure (slosim list networks), or xmc:FOLDER")
	f.StringArrayVar(&techniques, "technique", nil, "technique to measure, with options as NAME:OPTION=VALUE,...; may be repeated")
	f.StringArrayVar(&antagonists, "antagonist", nil, "disturb with it as well, KIND or KIND:INTENSITY; may be repeated")
	f.IntVar(&o.Workers, "workers", 1, "workers that are busy at the same time")
	f.Int64Var(&o.Seed, "seed", 1, "seed of the order of measuring")
	f.StringVarP(&o.Out, "output", "o", "", "file for the profile")
	f.StringVar(&o.Check, "check", "", "measure nothing anew: say whether this profile still describes this machine")
	return cmd
}

// checkProfile tests a profile for drift. What it is of stands in it.
func checkProfile(cmd *cobra.Command, app App, o scenarios.MeasureOptions) error {
	for _, flag := range []string{"network", "technique", "antagonist", "workers", "output"} {
		if cmd.Flags().Changed(flag) {
			return scenarios.Usagef("--%s: want nothing beside --check: the profile says what it is of", flag)
		}
	}
	return app.CheckProfile(cmd.Context(), o)
}

// given wants flags that only one of a verb's ways needs.
func given(cmd *cobra.Command, flags ...string) error {
	var missing []string
	for _, flag := range flags {
		if !cmd.Flags().Changed(flag) {
			missing = append(missing, `"`+flag+`"`)
		}
	}
	if len(missing) > 0 {
		return scenarios.Usagef("required flag(s) %s not set (see %s --help)", strings.Join(missing, ", "), cmd.CommandPath())
	}
	return nil
}

// parseAll parses every value of a repeated flag; the first error ends it.
func parseAll[T any](flag string, texts []string, parse func(where, text string) (T, error)) ([]T, error) {
	var list []T
	for _, text := range texts {
		for _, name := range separate(text) {
			v, err := parse(flag, name)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
	}
	return list, nil
}

// separate divides a list at its commas, but not before an option, which belongs to the name
// before it: "dense,slo-nn:activator=lsh,size=3".
func separate(text string) []string {
	var list []string
	for _, part := range strings.Split(text, ",") {
		if n := len(list); n > 0 && strings.Contains(part, "=") && !strings.Contains(part, ":") {
			list[n-1] += "," + part
			continue
		}
		list = append(list, part)
	}
	return list
}

// require marks flags that must be given.
func require(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		if err := cmd.MarkFlagRequired(flag); err != nil {
			panic("slosim: " + err.Error())
		}
	}
}
