// Package bench compares the kernels with what the machine's memory allows and with
// other libraries: the evidence that sparse techniques are judged against a fast dense
// kernel, not against a slow one.
//
// It is not a profile: profiles (engine/measure) are of techniques, with all that a query
// needs; here single kernels run on single tables, again and again.
//
//  1. A [Group] has a table ([Table]) or a whole network ([Network]), and [Case]s: ways to
//     use it, the first of which is our own dense float32 kernel.
//  2. [Measure] runs, in each of some rounds and for each case, a read of the table (or of
//     as many bytes as the network has), the dense kernel, and the case, one right after the other: a clock
//     that changes or a neighbour that passes by meets all three, and their ratios are of
//     one moment. A [Ratio] is the median over the rounds with its 95 % interval.
//  3. Rows that are picked come from disjoint sets in turn, so that no row is met again
//     before all others were: a table in DRAM stays cold, and one in a cache is read from
//     there, not from a nearer one. Tables in DRAM are shown with warm rows too: few sets
//     of them, which stay in the caches.
//  4. [Figures] names the ratios that are followed over time, and [FasterLibraries] says
//     where another library's dense kernel beats ours.
//
// Example:
//
//	g := bench.Table(kernel.Best(), 1024, 1024)
//	rows, err := bench.Measure(ctx, g, bench.Options{Rounds: 15})
package bench
