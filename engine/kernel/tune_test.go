package kernel

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// fakeTuning has a clock that only its products move: a form takes what the test says,
// picked rows in proportion to their number.
func fakeTuning(rows int, dense [denseForms]time.Duration, picked [pickedForms]time.Duration) (t *tuning, sizes map[int]int) {
	var clock time.Duration
	sizes = map[int]int{}
	t = &tuning{now: func() time.Duration { return clock }}
	for i := range rows {
		t.order = append(t.order, int32(i))
	}
	t.runner = runner{
		dense: func(f DenseForm) { clock += dense[f] },
		picked: func(f PickedForm, ids []int32) {
			sizes[len(ids)]++
			clock += picked[f] * time.Duration(len(ids)) / time.Duration(rows)
		},
	}
	return t, sizes
}

func TestTuneTakesTheFastestForms(t *testing.T) {
	const us = time.Microsecond
	for name, test := range map[string]struct {
		dense  [denseForms]time.Duration
		picked [pickedForms]time.Duration
		want   Forms
	}{
		"the expected ones":   {[3]time.Duration{50 * us, 40 * us, 60 * us}, [3]time.Duration{80 * us, 100 * us, 90 * us}, Forms{Dense: InTurn, Picked: AsTheyCome, BreakEven: 0.5}},
		"others":              {[3]time.Duration{50 * us, 60 * us, 40 * us}, [3]time.Duration{90 * us, 80 * us, 50 * us}, Forms{Dense: InTurnAhead, Picked: AskFar, BreakEven: 0.8}},
		"hardly faster":       {[3]time.Duration{39 * us, 40 * us, 60 * us}, [3]time.Duration{50 * us, 49 * us, 90 * us}, Forms{Dense: InTurn, Picked: AsTheyCome, BreakEven: 0.8}},
		"picking always wins": {[3]time.Duration{90 * us, 80 * us, 90 * us}, [3]time.Duration{50 * us, 60 * us, 90 * us}, Forms{Dense: InTurn, Picked: AsTheyCome, BreakEven: 1}},
	} {
		fake, sizes := fakeTuning(1000, test.dense, test.picked)
		test.want.Measured = true
		if got := fake.measure(Forms{Dense: InTurn, BreakEven: 0.95}); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
		if len(sizes) != 2 || sizes[100] == 0 || sizes[500] == 0 {
			t.Errorf("%s: picked sets of sizes %v, want 100 and 500 of 1,000", name, sizes)
		}
	}
}

// A neighbour that slows most calls down must not choose: the lower quartile is compared.
func TestTuneForgetsDisturbedCalls(t *testing.T) {
	var clock time.Duration
	calls := 0
	fake := &tuning{now: func() time.Duration { return clock }}
	times := fake.interleave(2, func(kind int) {
		calls++
		clock += time.Duration(30+10*kind) * time.Microsecond
		if kind == 0 && calls%3 == 0 {
			clock += time.Second
		}
	})
	if times[0] != 30*time.Microsecond || times[1] != 40*time.Microsecond {
		t.Errorf("got %v", times)
	}
}

func TestTuneRepeatsShortCalls(t *testing.T) {
	var clock time.Duration
	calls := 0
	fake := &tuning{now: func() time.Duration { return clock }}
	fake.interleave(1, func(int) { calls++; clock += time.Microsecond })
	if want := 1 + tuneRounds*int(tuneSample/time.Microsecond); calls != want {
		t.Errorf("got %d calls, want %d", calls, want)
	}
	calls = 0
	fake.interleave(1, func(int) { calls++; clock += tuneBudget / 10 })
	if want := 1 + 10; calls != want {
		t.Errorf("of long calls: got %d, want %d", calls, want)
	}
	calls = 0
	fake.interleave(1, func(int) { calls++; clock += time.Second })
	if want := 1 + tuneLeast; calls != want {
		t.Errorf("of very long calls: got %d, want %d", calls, want)
	}
}

// Sets of rows take turns, so that they do not stay in the nearest cache.
func TestTuneMovesThroughTheRows(t *testing.T) {
	fake, _ := fakeTuning(10, [3]time.Duration{}, [3]time.Duration{})
	seen := []int32{}
	for range 4 {
		seen = append(seen, fake.some(0.3)...)
	}
	if want := []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2}; !slices.Equal(seen, want) {
		t.Errorf("got %v, want %v", seen, want)
	}
}

// fakeReader reads in ways that take as long as the test says.
func fakeReader(size int, ways ...time.Duration) *Reader {
	var clock time.Duration
	r := &Reader{size: size, now: func() time.Duration { return clock }}
	for _, took := range ways {
		r.ways = append(r.ways, func(*byte, int) { clock += took })
	}
	return r
}

func TestReaderTakesTheFastestWay(t *testing.T) {
	r := fakeReader(0, 900*time.Microsecond, 300*time.Microsecond, 700*time.Microsecond)
	l := r.limit("L3", 3_000_000)
	size := 3_000_000 / readStep * readStep
	if r.way != 1 || l.Bytes != size || l.Level != "L3" || l.Rounds != limitRounds {
		t.Errorf("got way %d and %+v", r.way, l)
	}
	if want := float64(size) / 300e-6; l.PerSecond < 0.999*want || l.PerSecond > 1.001*want || l.Lo > l.PerSecond || l.Hi < l.PerSecond {
		t.Errorf("want %.4g bytes a second, got %+v", want, l)
	}
}

func TestLimitSizes(t *testing.T) {
	const mib = 1 << 20
	for _, test := range []struct {
		l2, l3 int
		want   [4]int
	}{
		{mib, 32 * mib, [4]int{mib / 2, 8 * mib, 16 * mib, 128 * mib}},
		{2 * mib, 4 * mib, [4]int{mib, 2 * mib, 4 * mib, 64 * mib}},
		{mib, 512 * mib, [4]int{mib / 2, 128 * mib, 256 * mib, 512 * mib}},
	} {
		for i, l := range limitSizes(test.l2, test.l3) {
			if l.Bytes != test.want[i] {
				t.Errorf("caches of %d and %d: buffer %d: got %d, want %d", test.l2, test.l3, i, l.Bytes, test.want[i])
			}
		}
	}
}

func TestMatricesOfNoSize(t *testing.T) {
	for what, f := range map[string]func(){
		"rows below 0": func() { NewMatrix(-1, 5) },
		"too many":     func() { NewMatrix(1<<40, 1<<40) },
		"corner":       func() { NewMatrix(3, 3).Corner(4, 3) },
		"nil matrix":   func() { Pure().MatVec(nil, nil, nil, nil) },
		"nil table":    func() { Pure().Axpy(nil, nil, nil, nil) },
	} {
		func() {
			defer func() {
				if cause, ok := recover().(string); !ok || !strings.HasPrefix(cause, "kernel: ") {
					t.Errorf("%s: got %v", what, cause)
				}
			}()
			f()
			t.Errorf("%s: no panic", what)
		}()
	}
}
