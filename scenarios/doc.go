// Package scenarios turns a scenario, one TOML file, into a checked value and
// everything that a run needs. It is the only place where all other packages meet.
//
// It is not a simulator and holds no policy, network or trace: what a scenario may
// name is handed in as a Known.
//
//  1. Load finds the text: a file, or a scenario that ships with the command.
//  2. Parse reads the TOML, applies the overrides of --set and decodes the keys;
//     lines are remembered, so that every problem says where it is.
//  3. The values are checked, all of them: a Problems lists everything that is
//     wrong at once.
//  4. What was left out gets its default and [factorial] becomes contenders, so that
//     Text and Hash speak of the scenario that really runs.
//
// A caller:
//
//	s, err := scenarios.Load("scenarios/quickstart.toml", known, "replications=3")
//	if err != nil {
//		fmt.Fprintln(os.Stderr, err) // quickstart.toml:12: class[0].latency: want ..., got ...
//		os.Exit(scenarios.ExitCode(err))
//	}
package scenarios
