package antagonist

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be the antagonist that it starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "antagonist" {
		os.Exit(Main(os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func start(t *testing.T, spec Spec) *Process {
	t.Helper()
	if err := Supported(); err != nil {
		t.Skip(err)
	}
	launcher, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Start(launcher, spec)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryKindDisturbsAndStops(t *testing.T) {
	for _, kind := range Kinds() {
		t.Run(kind, func(t *testing.T) {
			p := start(t, Spec{Kind: kind, Intensity: 1, CPU: Cores()[0]})
			time.Sleep(50 * time.Millisecond)
			share, err := p.Share()
			if err != nil {
				t.Error(err)
			}
			// How much it gets depends on the machine's other load; that it runs does not.
			if share <= 0 || share > 1.05 {
				t.Errorf("share of its core: want above 0 and at most 1, got %.3f", share)
			}
			if err := p.Stop(); err != nil {
				t.Error(err)
			}
			if _, err := p.Share(); err == nil {
				t.Error("share of a stopped antagonist: want an error")
			}
		})
	}
}

func TestIntensityBoundsTheShare(t *testing.T) {
	p := start(t, Spec{Kind: "cpu", Intensity: 0.2, CPU: Cores()[0]})
	time.Sleep(300 * time.Millisecond)
	share, err := p.Share()
	if err != nil {
		t.Error(err)
	}
	if share > 0.35 {
		t.Errorf("share at intensity 0.2: want about 0.2 or less, got %.3f", share)
	}
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
}

func TestBadSpecs(t *testing.T) {
	for _, spec := range []Spec{
		{Kind: "disk", Intensity: 1},
		{Kind: "cpu", Intensity: 0},
		{Kind: "cpu", Intensity: 1.5},
		{Kind: "cpu", Intensity: 1, CPU: -1},
	} {
		if err := spec.Validate(); err == nil || !strings.Contains(err.Error(), "want") {
			t.Errorf("%+v: want an error that says what is wanted, got %v", spec, err)
		}
	}
}

func TestMainRefusesBadFlags(t *testing.T) {
	var out, errOut bytes.Buffer
	if code := Main([]string{"--kind=disk"}, strings.NewReader(""), &out, &errOut); code != 2 {
		t.Errorf("exit code: want 2, got %d", code)
	}
	if code := Main([]string{"--no-such-flag"}, strings.NewReader(""), &out, &errOut); code != 2 {
		t.Errorf("exit code: want 2, got %d", code)
	}
	if out.Len() != 0 {
		t.Errorf("output: want none, got %q", out.String())
	}
}

func TestStartReportsAProgramThatIsNoAntagonist(t *testing.T) {
	if _, err := Start(Launcher{Path: "/bin/true"}, Spec{Kind: "cpu", Intensity: 1}); err == nil {
		t.Error("want an error")
	}
	if _, err := Start(Launcher{Path: "/no/such/program"}, Spec{Kind: "cpu", Intensity: 1}); err == nil {
		t.Error("want an error")
	}
}

func TestPlace(t *testing.T) {
	if cpu, err := Place("cpu", 1, []int{0, 1}); err != nil || cpu != 1 {
		t.Errorf("cpu: want the worker's core 1, got %d, %v", cpu, err)
	}
	if cpu, err := Place("memory", 3, []int{0, 3}); err != nil || cpu != 0 {
		t.Errorf("memory: want the other core 0, got %d, %v", cpu, err)
	}
	if _, err := Place("cache", 0, []int{0}); err == nil {
		t.Error("cache on one core: want an error")
	}
}

func TestPlausibleShares(t *testing.T) {
	for _, test := range []struct {
		spec      Spec
		share     float64
		plausible bool
	}{
		{Spec{Kind: "cpu", Intensity: 1}, 0.5, true},
		{Spec{Kind: "cpu", Intensity: 1}, 0.41, true},
		{Spec{Kind: "cpu", Intensity: 1}, 0.35, false},
		{Spec{Kind: "cpu", Intensity: 0.5}, 0.25, true},
		{Spec{Kind: "cpu", Intensity: 0.5}, 0.5, true}, // the scheduler favours who has slept
		{Spec{Kind: "cpu", Intensity: 0.5}, 0.65, false},
		{Spec{Kind: "cpu", Intensity: 0.1}, 0.01, false}, // it hardly runs
		{Spec{Kind: "memory", Intensity: 0.8}, 0.8, true},
		{Spec{Kind: "memory", Intensity: 0.8}, 0.65, false},
		{Spec{Kind: "memory", Intensity: 0.1}, 0, false},
	} {
		if got := test.spec.Plausible(test.share); got != test.plausible {
			t.Errorf("%+v with a share of %g (implied %s): want %t, got %t", test.spec, test.share, test.spec.Implied(), test.plausible, got)
		}
	}
}

func TestChildEndsWithItsInput(t *testing.T) {
	if err := Supported(); err != nil {
		t.Skip(err)
	}
	in, end := io.Pipe()
	done := make(chan int)
	go func() {
		done <- Main([]string{"--kind=cpu"}, in, io.Discard, io.Discard)
	}()
	end.Close()
	if code := <-done; code != 0 {
		t.Errorf("exit code: want 0, got %d", code)
	}
}

func TestPausedTakesNothing(t *testing.T) {
	p := start(t, Spec{Kind: "cpu", Intensity: 1, CPU: Cores()[0]})
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond) // a signal takes its time
	share := func() float64 {
		t.Helper()
		if _, err := p.Share(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
		share, err := p.Share()
		if err != nil {
			t.Fatal(err)
		}
		return share
	}
	if got := share(); got != 0 {
		t.Errorf("paused: want nothing of its core, got %.3f", got)
	}
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	if got := share(); got <= 0 {
		t.Error("resumed: want a share of its core, got none")
	}
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err != nil {
		t.Errorf("a paused one stops all the same: %v", err)
	}
}
