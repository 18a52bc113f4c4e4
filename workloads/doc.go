// Package workloads makes the queries of a run: when they arrive, which service
// level objective they carry, and which sample of a data set they ask about.
//
// It is not a load generator that waits for wall time (a driver releases the
// queries), and it does not know networks or service times. Arrivals of a closed loop
// (Closed) depend on completions, which the driver has to tell.
//
// The flow:
//
//  1. OpenTrace reads a recorded trace, embedded or a file, of single arrivals
//     or of counts per bin (ReadTrace states the format). Traces lists the
//     embedded ones.
//  2. ArrivalSpec is the scenario's table [arrivals]: a trace with a transform
//     to the wanted rate, or a generator such as poisson. Validate says all
//     that is wrong with it, by key.
//  3. NewProcess checks the spec, reads the trace and measures what the
//     transform keeps of it. Process.Caveat says what it loses; results print it.
//  4. Process.Start begins one replication: an Arrivals that yields instants of
//     virtual time in order. Its draws are functions of the seed, the
//     replication and the source (package rng).
//  5. NewStream merges the arrivals of all sources and gives each query its
//     class (by share) and its sample (uniform), both drawn by its ID alone.
//  6. Stream.Next yields one Query a call, without allocating. If the Stream is Closed,
//     a driver takes a query only when its instant (PeekAt) has come, and tells each
//     end (Done).
//  7. OpenSlowdowns reads a recorded slow-down of a machine, for those who model
//     interference.
//  8. Class.TargetAt says what a class promises at an instant; OpenDataset has
//     the samples, and Dataset.Input one of them as float32.
//
// # Rates
//
// A transform scales by the mean rate of the whole trace. With window =
// "random" each replication starts at a uniform place of the trace, which joins
// its end to its start, so the mean over replications is exactly the wanted
// rate, while one replication keeps being busier or quieter, as its window is.
// With window = "start" every replication has the same window, and Process.Rate
// says how busy it is. A trace shorter than the run needs is an error: no
// arrival is replayed twice (superpose states how often it does).
//
//   - none: the trace as recorded.
//   - compress: time runs faster. Real gaps and bursts, shorter span.
//   - modulate: the rate of each bin of the trace, scaled, time Speed times
//     faster; gamma gaps with each bin's measured dispersion. Keeps the shape
//     over minutes. The dispersion is the CV of the gaps inside a bin (with 8
//     or more; otherwise the trace's pooled one), kept between 0.1 and 30.
//   - thin: keeps each arrival with the same chance. Tends to Poisson.
//   - superpose: several windows overlaid. Tends to Poisson, loses bursts.
//
// # Data
//
// Embedded traces: Azure LLM inference traces 2023 (code and conversation), by
// Microsoft, from the Azure Public Dataset, CC-BY-4.0; cite Patel et al.,
// Splitwise, ISCA 2024. Changed: time shifted to start at 0, columns renamed.
//
// Embedded data set: Fashion-MNIST (Xiao, Rasul, Vollgraf 2017), copyright 2017
// Zalando SE, MIT licence: the test set, and 10,000 training images held out
// for calibration. FashionMNISTSplit defines which; LoadTraining reads the rest
// from the published files.
//
// Embedded sparse data set: wordnet-13k, glosses and hypernyms of WordNet 3.0, copyright
// 2006 Princeton University, WordNet licence: 13,723 labels. OpenSparseTraining opens it,
// OpenXMC a file of the Extreme Classification Repository's format. SyntheticXMC makes sets
// with planted topics up; SyntheticPresets have the sizes of published ones. OpenWordNet
// reads WordNet's dictionary files, and MakeSet makes wordnet-13k of them again, or the
// larger glosses-next-word.
package workloads
