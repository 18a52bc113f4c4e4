package train

import "slosim/engine/kernel"

// Samples is a labelled set of inputs, such as *workloads.Dataset.
type Samples interface {
	Len() int
	// Input writes sample i into dst.
	Input(i int, dst []float32)
	// Label is the right answer of sample i, 0 to the number of classes minus one.
	Label(i int) int
}

// Data is what training reads. The parts must not overlap.
type Data struct {
	Name       string  // of the data set, for the network's file
	Fit        Samples // weights and activator lists are fitted on these
	Confidence Samples // held out: confidences, and the accuracy shown while training
	// Calibration judges the network, once, when it is finished, and changes nothing in
	// it. May be nil.
	Calibration Samples
	Features    int // numbers an input
	Classes     int
	// Width is the number of pixels in a row when the inputs are images, which lets
	// them be moved about; 0 when they are not.
	Width int
}

// pixelMean returns the mean of each feature over the samples, summed in float64 in
// the samples' order so that it has the same bits everywhere.
func pixelMean(s Samples, features int) []float32 {
	sum := make([]float64, features)
	x := kernel.Aligned(features)
	for i := range s.Len() {
		s.Input(i, x)
		for j, value := range x[:features] {
			sum[j] += float64(value)
		}
	}
	mean := kernel.Aligned(features)
	for j := range sum {
		mean[j] = float32(sum[j] / float64(max(1, s.Len())))
	}
	return mean
}
