package measure

import (
	"math"
	"testing"
	"time"
)

// TestSpread: two blocks of 10 calls at 1 us and 2 us have a mean of 1.5 and a standard
// error of 0.5 of it, however many calls there are; equal blocks have none.
func TestSpread(t *testing.T) {
	var h halfSurfaces
	h.blocks = make([][]blockTime, 2)
	h.block(0, 10*time.Microsecond, 10)
	if got := spread(h.blocks[0]); got != 0 {
		t.Errorf("one block: want 0, got %v", got)
	}
	h.block(0, 20*time.Microsecond, 10)
	if got, want := spread(h.blocks[0]), math.Sqrt(2*2*5*5)/30; math.Abs(got-want) > 1e-12 {
		t.Errorf("want %v, got %v", want, got)
	}
	h.block(1, 10*time.Microsecond, 10)
	h.block(1, 5*time.Microsecond, 5)
	if got := spread(h.blocks[1]); got > 1e-12 {
		t.Errorf("blocks of the same mean: want 0, got %v", got)
	}
}
