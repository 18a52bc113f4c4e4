// Package train fits networks to labelled samples and builds the tables of their
// activators. It wrote the weights that ship.
//
// It is not a general learning framework: it trains perceptrons with rectified linear
// units, plain or winner-take-all, by Adam on the cross-entropy of softmax. It reads
// no files and no clock, and it never sees the images that a network is judged on.
//
// The flow:
//
//  1. A [Recipe] names a network: its layers, its levels and its settings.
//  2. [Train] draws the weights, then runs through the samples epoch by epoch. Each
//     sample is varied, and given a level, by draws that depend on the seed, the epoch
//     and the sample alone.
//  3. A batch's rows go forward and back on all cores; then the cores share the nodes,
//     and each computes its nodes' gradients over the whole batch and updates them. No
//     sum crosses threads: the bits are the same for any GOMAXPROCS on one kernel
//     variant.
//  4. The weights are rounded to what a file holds, the activators' tables built from
//     the rounded network, and accuracies taken on held-out samples.
//
// Inputs are centred while training, which learns faster; afterwards the mean moves
// into the first layer's biases, so that a network takes inputs as they are.
//
// [TrainWide] trains networks from few of very many features to very many outputs, whose
// output layer would take most of the time. A sampler, one of [WideSamplers], says which
// outputs a sample's labels are told apart from:
//
//   - [FullSampler], [UniformSampler] and [LogUniformSampler] take the same for all samples
//     of a batch, so that all is a product of dense matrices.
//   - [LSHSampler] and [TreeSampler] find outputs for each sample by its hidden vector, in
//     tables or a tree of the outputs' weights. These are built before the first batch and
//     then after intervals that grow, and they are part of checkpoints: between two
//     buildings they are of weights that no longer exist. So a checkpoint may be written
//     after any batch, and training that goes on from it ends in the same bits.
//
// Example:
//
//	data := train.Data{Fit: fit, Confidence: confidence, Calibration: calibration, Features: 784, Classes: 10, Width: 28}
//	net, report, err := train.Train(ctx, "fashion-mnist.full", data, train.Options{Seed: 1})
//	if err != nil {
//		return err
//	}
//	err = engine.Save("fashion-mnist-full.slonn", net)
package train
