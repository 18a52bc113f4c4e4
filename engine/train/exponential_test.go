package train

import (
	"math"
	"testing"
)

func TestExponentialIsAccurate(t *testing.T) {
	worst := 0.0
	for x := float32(-86.9); x < 20; x += 1.0 / 1024 {
		want := math.Exp(float64(x))
		worst = max(worst, math.Abs(float64(exponential(x))-want)/want)
	}
	if worst > 2e-7 {
		t.Errorf("want a relative error below 2e-7, got %g", worst)
	}
	if got := exponential(0); got != 1 {
		t.Errorf("at 0: want 1, got %g", got)
	}
	if got := exponential(-1000); got != 0 {
		t.Errorf("far below: want 0, got %g", got)
	}
	if got := exponential(float32(math.NaN())); got == got {
		t.Errorf("of NaN: want NaN, got %g", got)
	}
}
