// Package reports turns a run's queries into statistics, and statistics into
// tables, pictures and a page. It reads result files and never runs anything:
// it knows no simulator, network or policy.
//
// How numbers come to be:
//
//  1. A Tally listens to one contender over one replication and adds up counts,
//     sums and response times per class and window. It allocates nothing per query.
//  2. Summarise turns the tallies of all contenders and replications into a
//     result.Summary: means over replications with Student-t intervals, and paired
//     differences between contenders, which saw the same queries and draws.
//  3. DrawnSeries keeps the timelines and distributions that pictures need.
//  4. Replications keeps each metric's value by replication, and Compare pairs those of two
//     results under common draws; PrintComparison and WriteBenchmarks show it.
//  5. Table, Tradeoff, HTML and WritePlots show them; Headline says the finding
//     in words. A best or a difference is only claimed with an interval that
//     excludes 0.
//
// Of a sweep, SummariseCell makes the statistics of each cell and SweepMerge adds cells up, in a stream:
// averages over cells along axes and pairs of them, who is best where, fronts of choices. Their intervals
// are Student's over replications, which are what is independent where all cells see the same draws
// (average in sweepaverage.go has the formula). PrintSweep, SweepHTML and WriteSweepPlots show them.
// Samples share bins, about as many bins as each has samples: which of them fell into a bin, and where those
// lie on the other sampled axes, is in no interval, as notes and pictures say.
//
// Three things put the numbers in proportion: regret (points of effective accuracy
// below a clairvoyant on the same technique, paired by replication), an upper bound
// (every query alone at its cheapest right point) and reliability diagrams of the
// confidences. The last two come from the profile's truth half, in the result files.
//
// The metrics of a cell (a contender, class and window):
//
//	attainment          finished within the latency target / arrived
//	effective_accuracy  finished within it and right / arrived
//	accuracy            right / finished
//	accuracy_met        1 when the class's accuracy target lies below accuracy's interval, else 0; "all": every class's
//	slo_met             attainment of the classes whose accuracy_met is 1 (others count 0) / arrived
//	goodput_qps         finished within the latency target / seconds of the window
//	throughput_qps      finished inside the window, whenever they arrived / seconds of the window
//	utilisation         busy time inside the window / (workers x window); class "all" only
//	capacity_qps        finished inside the window / busy time x workers: what they could serve of this mix; class "all" only
//	mean_density        mean density of the points of finished queries
//	mean_ms waiting_ms  mean response and waiting time of finished queries
//	p50_ms ... p999_ms  quantiles of finish - intended arrival over arrived queries; one that never finished is +infinity
//	p99_served_ms       the same over finished queries
//	budget_spent        misses / (1 - objective) x arrived in the whole measured window; above 1 the objective is broken
//	burn_1h burn_6h burn_3d  largest burn rate, share of misses / (1 - objective), that a long and a short window saw at once
//	dropped             arrived and never finished, per replication
//
// Each is a mean over replications. A q-quantile needs 20/(1-q) queries in each
// replication; when only all of them together have as many, it is theirs,
// without an interval.
//
// Error budgets (budget.go): misses count when the query arrived. The windows quiet and interference say which
// part of the whole budget their queries spent, so that the two add up to all; their burn rates are of the
// instants within them, looking back over whatever was before. Class "all" is the misses of all classes over
// the sum of their budgets, each by its own objective. burn_3d and the like take the measured window for the
// SRE workbook's 30 days: 3 d is a tenth of it. Instants at which the long window would begin before the
// measured one are left out, and a rate is missing where so few queries arrive that one miss is an alert.
// A single replication's batches give burn rates no interval.
//
// Intervals are Student's over replications. Those of attainment, effective_accuracy,
// accuracy and slo_met, and of paired differences of the first three, allow for the luck
// of the images as well: replications draw their images from one test set, so an image in
// several replications is one cluster, and more replications do not make the test set
// larger (luck.go has the formula). Their ends come from the log-odds, so that they stay
// within 0 and 1 and are longer on the side of the skew; those of differences are
// symmetric; those of quantiles come from the logarithm for the same reason.
// Measured times are taken as they are: a profile of another day is another experiment.
// Differences between two results (Compare) are intervals of the same kind, for which a result
// keeps counts by 32 groups of images: what they cover is other arrivals, draws and images of
// the same distributions, not another campaign, as both results are of one profile. Many are
// printed at once, so that better and worse are words for what Holm's correction leaves.
// Of more than 24 contenders, those of one technique or one policy are compared, and each
// with whoever is best in something; a factorial of so many is printed as matrices.
//
//	tally := reports.NewTally(config)
//	tally.Add(&observation) // for each query
//	...
//	summary, err := reports.Summarise(reports.Heading{Title: "noisy"}, contenders)
//	err = reports.Table(os.Stdout, &summary, reports.TableOptions{})
package reports
