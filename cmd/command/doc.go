// Package command is the command line of slosim, for its own main and for those of researchers
// who bring policies. slosim answers which way of trading accuracy for time keeps a service level
// objective, on given traffic and a noisy machine.
//
// It is thin: every verb reads its flags, checks them, and calls one method of
// scenarios.App. Nothing is simulated, measured or decided here.
//
//  1. Main stops at Ctrl-C through a context; run builds the commands and returns the
//     exit code, so that tests can call it.
//  2. Each verb stands in a file of its own: flags in, an options struct out.
//  3. Results go to stdout, progress and messages to stderr. Bars are drawn only on a
//     terminal; elsewhere there is a line now and then.
//
// Exit codes: 0 ok, 1 an assertion failed, 2 bad usage or scenario, 3 internal or I/O,
// 4 a contender failed while the others' results are kept, 130 interrupted.
//
// With --json each verb prints one object on stdout, with "schema": 1 and, for
//
//	run, report          title, cells, notes, bounds (as summary.json has them), folder, interrupted, failed
//	run --dry-run        what would run, as far as it is known (scenarios.Plan)
//	check                assertions (result.Checked)
//	capacity             scenario, target, accuracy, workers, contenders (result.Capacity)
//	compare              result.Comparison
//	breakpoint           scenario, found (result.Breakpoint)
//	sweep, sweep merge   result.SweepMerged; --dry-run scenarios.DrySweep; --chunk result.SweepChunk
//	sweep status         result.SweepStatus; resubmit, cancel result.SweepResubmitted, SweepCancelled
//	explain              one query (result.Told), or with --misses contenders (result.Blame)
//	measure              profile (the file), fronts, campaign; with --check scenarios.Drift
//	validate             result.Validation
//	tradeoff             loss, margin, networks (network, seeds, points, best), headline
//	bench                bench.Report; with --sim machine, cores, figures
//	selfcheck            family_error, lines
//	policytest           policy, holds, worlds (world, holds, broke)
//	list                 kind, entries (name, about, paper, params)
//	data                 name, folder, training, test, features, labels
//	train                network, files
//	init, init policy    files, next
//
// An error is text on stderr all the same; what it leaves whole is printed.
//
// A main with policies of its own is:
//
//	func main() {
//		os.Exit(command.Main(scheduler.Registry{"mine": newMine}))
//	}
//
// and knows all verbs of slosim:
//
//	slosim init                                # writes scenario.toml
//	slosim run scenario.toml --set seed=7
//	slosim run scenarios/quickstart.toml -o results/quick
//	slosim list policies
package command
