// Package engine holds networks, their forward passes, and the techniques that
// trade a network's accuracy for time.
//
// A technique turns a network into operating points, from cheap to dear: the same
// query can run at any of them. The package does not train (engine/train), does
// not time anything (engine/measure), and decides nothing about which point a
// query gets (scheduler).
//
// The flow of a query:
//
//  1. A [Network] is opened from the embedded weights, a file or bytes ([Open],
//     [Read]); its weights are node-major float32 tables whatever the file holds.
//  2. A technique ([NewDense], [NewReLUSkip], [NewSLONN], [NewSLONNLSH], [NewZoo])
//     adds what its kernels need: feature-major copies, an activator's tables.
//  3. Each worker asks it for a [Session], which owns all scratch memory.
//  4. Session.Activate does the part of the work that does not depend on the point,
//     where the technique has such a part.
//  5. Session.Execute computes the chosen nodes and returns a [Result]: the answer,
//     what was computed, and how sure the network is. Sessions of dense layers are also a
//     [Batcher], which runs several queries for less than each takes alone.
//
// [NewNarrow] stands beside the techniques: it tells what narrower weights would do to
// the answers.
//
// A first use:
//
//	net, err := engine.Open("fashion-mnist.full")
//	if err != nil {
//		return err
//	}
//	technique, err := engine.NewDense(net, kernel.Best())
//	if err != nil {
//		return err
//	}
//	result := technique.NewSession().Execute(0, pixels)
package engine
