// Package kernel multiplies, adds and selects float32 numbers with the vector
// instructions of the CPU it runs on: the inner loops of sparse inference, where a
// query reads only some rows of a weight matrix, and of training.
//
// It is not a linear-algebra library: it knows no networks, starts no goroutines and
// allocates nothing after construction. What it computes is defined by the plain Go
// variant, [Pure], which also runs where there is no assembly.
//
//  1. [NewMatrix] lays a table out in rows on cache-line boundaries, large ones on huge
//     pages where the system has them; [Aligned] does the same for vectors.
//  2. [Best] picks the fastest variant that the CPU can run: AVX-512, AVX2 with FMA, or Go.
//     [All] and [ByName] are for tests and comparisons.
//  3. Node-major tables (a row is a node's weights) are read with Set.MatVec, all rows,
//     or Set.GatherMatVec, chosen rows. A row's result has the same bits in both, so
//     dropping nodes changes nothing about those that stay. Both have several forms, which
//     differ in time only; [Set.Tune] measures once a shape which serve it best, and above
//     which share of rows [Set.PickMatVec] had better compute all of them.
//     For several queries at once, Set.MatMat reads each row once for all inputs, with the
//     same bits again.
//  4. Feature-major tables (a row is an input's weights) are read with Set.Axpy, only
//     the rows of inputs that are not zero, which Set.Compress finds.
//  5. [NewCSR] compresses a table that has lost most of its weights for good; Set.MatVecCSR
//     multiplies it. It overtakes Set.MatVec where fewer than about one in five weights
//     is left, later if the table is too large for the L2 cache.
//  6. [NewBF16] and [NewInt8] round a table to 16 or 8 bits a weight; Set.MatVecBF16,
//     Set.GatherInt8 and so on are the same products. Those of int8 take inputs of 7 bits,
//     which Set.Quantise makes, and are exact up to the scaling, so that all variants give
//     the same bits.
//  7. [NewBlocks] keeps nodes in blocks of 16; Set.BlockMatVec reads chosen inputs of
//     chosen blocks only, for queries that are sparse on both sides.
//  8. Set.TopK selects, exactly and with ties broken by index; Set.AddBytes sums vote
//     tables, Set.Widen makes floats of the sums, and Set.Union merges lists of ids.
//  9. Set.Hadamard and Set.Signs are what hashing dense inputs takes.
//  10. Set.Gemm is for training batches; its result does not depend on how rows or
//     columns are split between threads.
//  11. [Limits] and [Set.NewReader] measure what one core reads from each level of the memory.
//
// A dense matrix-vector product is bound by memory: judge it in bytes of rows a second.
// So is one of chosen rows: without its arithmetic ([Set.ReadRows]) it takes 1 to 8 % less
// time (Zen 4, rows of 4 KB and of 512 bytes), and that is longer a byte than reading in order, because the hardware cannot know
// which row comes next and starts anew in each. Tried on Zen 4 against that, without gain:
// asking for the first lines of the next rows only, for every second line, into the L1
// and the L2 cache at 4 to 64 rows ahead, two, three and six rows side by side, and rows
// staggered by a quarter.
// A CSR product is bound by the loads of single inputs, so a zero input saves it nothing;
// feature-major sparse tables, which could skip such inputs, measured no faster with half
// of the inputs zero, because they store every sum again for every weight.
// Variants differ in rounding, so results agree between CPUs to about 1e-6 relative,
// not bit by bit; within one variant they are reproducible.
//
// To run without an instruction set: GODEBUG=cpu.avx512f=off leaves [Best] AVX2, and
// GODEBUG=cpu.avx2=off or cpu.all=off leaves it Go. This is read once, as a process starts.
//
// The assembly is written by the module in gen; run go generate after changing it.
//
//	k := kernel.Best()
//	k.MatVec(hidden, w1, x, b1)                    // a dense layer
//	n := k.CompressPositive(ids, vals, hidden)     // its ReLU, as a list
//	k.Axpy(out, w2t, ids[:n], vals[:n])            // the next layer, sparse in its input
package kernel
