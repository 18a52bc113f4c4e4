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
// # Sweeps
//
// A [Template] is a scenario with [sweep]; each point of its axes is a cell, the scenario that `slosim
// run` would have with the point's --set.
//
//  1. App.PlanSweep parses every cell, so that whatever is wrong is known at once, measures the profile
//     for all of them, and writes the plan. The profile stays in the folder: nothing measures after that.
//  2. SweepDir.Run shares out single replications of single contenders, one cell after the other: few
//     cells are under way at any moment, and all cores stay busy to the last. A cell's file is named by
//     the hash of its point, the template, the files that it names, the profile and this program, and is
//     whole or absent, so that whatever is killed costs the cells under way and no more.
//  3. App.SweepChunk runs those whose number is I modulo N: any scheduler can share a sweep out.
//  4. SweepDir.Merge reads each cell once, in order, into tables and averages that do not grow with the
//     number of cells. Equal cells make equal bytes, whoever ran them, in whatever order.
//
// What grows with the number of cells, measured on two cores of an AMD EPYC with the shipped sweep-load: 20
// cells of 6 contenders and 20 replications of 9 s, 20 million queries a cell on a measured profile:
//
//	planning         0.4 ms a cell: each is parsed, its trace is not read again
//	running          18 s a cell and core, 0.055 cells a second and core: 0.95 us a query, statistics included
//	two cores        1.03 of twice one (176 s and 364 s, one after the other); 0.90, 0.83 and 0.89 with 2 replications,
//	                 where the longest runs, which come last, are a tenth of the whole
//	bytes            90 to 97 kB a cell and file; merged 14 kB of CSV and 15 kB of Parquet a cell
//	resuming         0.06 ms a cell (10,000 small ones in 0.57 to 0.70 s, three runs): its file is read and hashed
//	merging          2.0 ms a cell, and 0.2 s (100 cells of 48 kB in 0.44 to 0.46 s, 400 in 0.98 to 1.16 s, three runs
//	                 each); memory follows from axes, contenders and replications (51 MB and 59 MB)
//	memory, running  what is kept of a replication's images: 0.4 MB a run of the cells under way, which are two or three
//
// What bounds 10^6 such cells on 1,000 cores: running, 5 hours; of cells that are 20 times shorter, as on the
// profile of the tests, 25 minutes, in which the shared folder must take 700 files a second, each of 66 kB and
// synced; it must hold 66 to 97 GB in 256 folders; merging, on one machine, takes half an hour.
//
// A caller:
//
//	s, err := scenarios.Load("scenarios/quickstart.toml", known, "replications=3")
//	if err != nil {
//		fmt.Fprintln(os.Stderr, err) // quickstart.toml:12: class[0].latency: want ..., got ...
//		os.Exit(scenarios.ExitCode(err))
//	}
package scenarios
