package train

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"
)

// FuzzReadCheckpoint feeds checkpoints, the sum made right: reading does not panic, and what is
// accepted is written again as it was read.
func FuzzReadCheckpoint(f *testing.F) {
	const classes = 12
	hyper := WideHyper{Sampler: LSHSampler, Samples: 5, Adaptive: WideAdaptive{Rebuild: 5, Growth: 1.3, Bits: 3, Tables: 2, Leaf: 7, Dims: 8}}
	digest := "some samples"
	c := &checkpoints{digest: digest}
	written := func(t testing.TB, fitting *wideFitting) []byte {
		var out bytes.Buffer
		if err := c.write(&out, fitting); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	whole := newTangle(f, classes, hyper)
	whole.step = 1
	f.Add(written(f, whole))
	f.Add([]byte(checkpointMagic + "\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if n := len(file) - sha256.Size; n >= 0 {
			sum := sha256.Sum256(file[:n])
			file = append(slices.Clone(file[:n]), sum[:]...)
		}
		fitting := newTangle(t, classes, hyper)
		if err := c.read(bytes.NewReader(file), fitting); err != nil {
			return
		}
		again := newTangle(t, classes, hyper)
		if err := c.read(bytes.NewReader(written(t, fitting)), again); err != nil {
			t.Fatalf("what was read and written cannot be read: %v", err)
		}
		if !bytes.Equal(written(t, fitting), written(t, again)) {
			t.Error("what was read is written differently")
		}
	})
}
