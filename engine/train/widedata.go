package train

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
)

// SparseSamples is a set of inputs that have few of very many features, and some of very
// many labels, such as *workloads.SparseSet. It is read from several goroutines.
type SparseSamples interface {
	Len() int
	// Sparse returns the features of sample i that are not zero, and their values. The
	// caller does not change them.
	Sparse(i int) (ids []int32, values []float32)
	// Labels returns the labels of sample i, ascending, none twice; there may be none.
	Labels(i int) []int32
	// Right says whether an answer is one of sample i's labels.
	Right(i, answer int) bool
}

// WideData is what [TrainWide] reads. The parts must not overlap.
type WideData struct {
	Name       string        // of the data set, for the network's file
	Fit        SparseSamples // weights are fitted on these; those without labels are skipped
	Confidence SparseSamples // held out: the precision shown while training
	Features   int           // ids of features are 0 to Features-1
	Classes    int           // labels are 0 to Classes-1
}

// check reports data that no network of the sizes could take.
func (d *WideData) check(name string) error {
	if d.Fit == nil || d.Confidence == nil || d.Fit.Len() == 0 || d.Confidence.Len() == 0 {
		return fmt.Errorf("training %s: want samples to fit and samples for confidences, got none", name)
	}
	for part, s := range map[string]SparseSamples{"fit": d.Fit, "confidence": d.Confidence} {
		for i := range s.Len() {
			if err := d.checkSample(s, i); err != nil {
				return fmt.Errorf("training %s: %s sample %d: %w", name, part, i, err)
			}
		}
	}
	return nil
}

func (d *WideData) checkSample(s SparseSamples, i int) error {
	ids, values := s.Sparse(i)
	if len(ids) != len(values) {
		return fmt.Errorf("want a value for each feature, got %d for %d", len(values), len(ids))
	}
	for k, id := range ids {
		if id < 0 || int(id) >= d.Features {
			return fmt.Errorf("want features from 0 to %d, got %d", d.Features-1, id)
		}
		if v := float64(values[k]); math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("want finite values, got %g", v)
		}
	}
	last := int32(-1)
	for _, label := range s.Labels(i) {
		if label <= last || int(label) >= d.Classes {
			return fmt.Errorf("want ascending labels from 0 to %d, got %v", d.Classes-1, s.Labels(i))
		}
		last = label
	}
	return nil
}

// labelled lists the samples to fit that have labels.
func (d *WideData) labelled() []int {
	var list []int
	for i := range d.Fit.Len() {
		if len(d.Fit.Labels(i)) > 0 {
			list = append(list, i)
		}
	}
	return list
}

// digest is a checksum of the samples to fit, which with the settings decide the weights.
func (d *WideData) digest() string {
	sum := sha256.New()
	var text []byte
	number := func(v uint32) { text = binary.LittleEndian.AppendUint32(text, v) }
	for i := range d.Fit.Len() {
		ids, values := d.Fit.Sparse(i)
		labels := d.Fit.Labels(i)
		text = text[:0]
		number(uint32(len(ids)))
		number(uint32(len(labels)))
		for k, id := range ids {
			number(uint32(id))
			number(math.Float32bits(values[k]))
		}
		for _, label := range labels {
			number(uint32(label))
		}
		sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
