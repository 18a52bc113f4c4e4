// Package activator chooses, for one input, the nodes of a layer that are worth
// computing.
//
// It holds no network and runs no layer: it ranks nodes, and engine computes them.
// All are built without labels. Four activators are here, weakest first:
//
//   - [LSH]: sign hashing of the input, a table of node importances per bucket, and
//     confidences per bucket. Our reconstruction of the node activators of Mendoza
//     and Trippel, "Dynamic Network Adaptation at Inference", arXiv 2204.08400.
//   - [Ranked]: the same hashing, but ranked lists of nodes in the buckets, as the paper
//     says: with one table the hash is all it costs. No network ships with such tables.
//   - [Clustered]: the nearest of k-means centroids in a PCA space, a ranked list each.
//   - [Linear]: a low-rank approximation of the layer itself.
//
// Dense inputs are hashed by a [Rotation] (or by planes of their own, as older files hold
// them), sparse ones by a [SparseHasher]; [Probes] lists the buckets that an input nearly
// fell into.
//
// Other tables propose nodes of a wide output layer for a query: [OutputTables], each
// through a [Proposer]. They rank nothing, and what they propose is computed exactly:
//
//   - [FeatureLists]: a list for each feature of a sparse input, and their union.
//   - [HiddenLists]: k-means of hidden vectors in two levels, a list for each leaf.
//   - [LabelBeam]: clusters of nodes, and learnt predictors of which are likely.
//   - [SignLists]: sign hashing of the input (the paper's way) or of the hidden vector, and
//     a ranked list of nodes in each bucket.
//   - [KernelTree]: a beam over a balanced tree of the output rows, after Blanc and Rendle,
//     "Adaptive Sampled Softmax with Kernel Based Sampling", ICML 2018.
//   - [RowBuckets]: the rows are hashed and the hidden vector asks: SLIDE's buckets, those
//     for inner products, and MONGOOSE's with trained planes.
//
// The flow:
//
//  1. A builder ([BuildLSH], [BuildRanked], [BuildClustered], [BuildLinear], [BuildReducedRank])
//     reads the images that the network was fitted on and returns tables. The same
//     images, key and kernel variant give the same tables.
//  2. The tables are kept with the network (engine packs them into its files), those of
//     [Ranked] in memory alone.
//  3. New... binds tables to a kernel set and yields an [Activator].
//  4. Score ranks the nodes for an input, in scratch memory of the worker.
//  5. Top lists the best k; the lists are nested in k, so one ranking serves all
//     operating points.
//
// Example:
//
//	tables, err := activator.BuildLinear(set, activator.PCA(images, 32), w, bias)
//	a := activator.NewLinear(set, tables)
//	s := a.NewScratch()
//	a.Score(s, x)
//	n := a.Top(ids, s, 307)
package activator
