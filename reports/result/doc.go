// Package result holds the file formats of a result folder, and nothing that
// computes: statistics and pictures are package reports.
//
// It is not a store: a folder holds the result of one run, and a new run into
// the same folder replaces it.
//
// How a folder comes to be:
//
//  1. Create checks that the folder is empty or holds a former result, and
//     that it can be written. Nothing is removed yet.
//  2. The first write removes the files of the former result, so that two runs
//     never mix.
//  3. Every file is whole or absent: it is written under a temporary name in
//     the same folder, synced and renamed.
//  4. JSON has its keys in the order of the Go fields (maps: sorted), floats
//     with six significant digits and null for what is not finite, so that
//     equal results are equal bytes.
//
// A sweep has a folder of its own: sweep.json (SweepPlan, written once), profile, a file a finished cell
// in cells/HH/HASH.json (SweepStore), the machines that ran them in nodes, and, once merged, sweep.csv,
// sweep.parquet, replications.parquet, wins.csv, plots, report.html and merged.json (SweepMerged) last.
//
// Readers check the schema and answer with one message that names the file.
//
// The files: manifest.json (Manifest: how the result came to be), summary.json (Summary) and
// summary.csv (the statistics), replications.json (Replications: each metric's value in each
// replication, for comparisons with another result), figures.json (Figures: what pictures
// draw), report.html and plots; queries.parquet and schedule.json where they were asked for.
//
//	folder, err := result.Create("out")
//	...
//	err = folder.WriteSummary(&summary)
//	...
//	folder, err = result.Open("out")
//	summary, err := folder.Summary()
package result
