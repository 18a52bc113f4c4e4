package scheduler

import (
	"math"
	"testing"
)

// TestClimbFindsTheSize: the tail is least at 16 samples, from wherever the climb starts.
func TestClimbFindsTheSize(t *testing.T) {
	for _, from := range []int{1, 16, 100, 1024} {
		c := climb{size: from, least: 1, most: 1024, tail: 0.95, window: 10, calm: 0.9, tolerance: 0.01}
		near := 0
		for i := range 400 {
			tail := 2 + math.Abs(math.Log2(float64(c.size)/16))
			for range c.window {
				c.observe(tail)
			}
			if i >= 100 && c.size >= 8 && c.size <= 32 {
				near++
			}
		}
		if near < 250 {
			t.Errorf("from %d: want 8 to 32 in most of 300 windows, got %d", from, near)
		}
	}
}

func TestClimbRestsWhenCalm(t *testing.T) {
	c := climb{size: 7, least: 1, most: 64, tail: 0.95, window: 4, calm: 0.9, tolerance: 0.1}
	for range 100 {
		c.observe(0.5)
	}
	if c.size != 7 {
		t.Errorf("want the size left alone, got %d", c.size)
	}
	c.least = 4
	for range 100 {
		c.observe(2)
		if c.size < c.least || c.size > c.most {
			t.Fatalf("want 4..64, got %d", c.size)
		}
	}
	if c.size == 7 {
		t.Error("want it to move under pressure")
	}
}
