package measure

import (
	"math"
	"testing"
	"time"
)

// TestSpread: two blocks of 10 calls at 1 us and 2 us have a mean of 1.5 and a standard
// error of 0.5 of it, however many calls there are; equal blocks have none. As two rounds,
// it is 12.706/1.96 times as much.
func TestSpread(t *testing.T) {
	var h halfSurfaces
	h.blocks = make([][]blockTime, 3)
	h.block(0, 0, 10*time.Microsecond, 10)
	if got := spread(h.blocks[0]); got != 0 {
		t.Errorf("one block: want 0, got %v", got)
	}
	h.block(0, 0, 20*time.Microsecond, 10)
	want := math.Sqrt(2*2*5*5) / 30
	if got := spread(h.blocks[0]); math.Abs(got-want) > 1e-12 {
		t.Errorf("want %v, got %v", want, got)
	}
	h.block(1, 0, 10*time.Microsecond, 10)
	h.block(1, 0, 5*time.Microsecond, 5)
	if got := spread(h.blocks[1]); got > 1e-12 {
		t.Errorf("blocks of the same mean: want 0, got %v", got)
	}
	h.block(2, 0, 10*time.Microsecond, 10)
	h.block(2, 1, 20*time.Microsecond, 10)
	if got, want := spread(h.blocks[2]), want*12.7062/1.95996; math.Abs(got-want) > 1e-4 {
		t.Errorf("two rounds: want %v, got %v", want, got)
	}
}
