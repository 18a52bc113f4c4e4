package command

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"testing"

	"slosim/scenarios"
)

func TestLinesOnePerQuarterFromManyGoroutines(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b)
	p.Start("simulating", 100)
	var wait sync.WaitGroup
	for range 10 {
		wait.Go(func() {
			for range 10 {
				p.Add(1)
			}
		})
	}
	wait.Wait()
	p.Done()
	want := "simulating: 25 of 100\nsimulating: 50 of 100\nsimulating: 75 of 100\nsimulating: 100 of 100\n"
	if b.String() != want {
		t.Errorf("want\n%s\ngot\n%s", want, b.String())
	}
}

func TestLinesSayWhereTheyStopped(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b)
	p.Start("measuring", 10)
	p.Add(4)
	p.Done()
	if want := "measuring: stopped at 4 of 10\n"; !strings.HasSuffix(b.String(), want) {
		t.Errorf("want %q last, got %q", want, b.String())
	}
	p.Start("nothing", 0)
	p.Add(0)
	p.Done()
}

func TestBarsEnd(t *testing.T) {
	var p scenarios.Progress = &bars{w: new(bytes.Buffer)}
	for _, add := range []int{0, 2, 5} { // nothing, a part, all
		p.Start("simulating", 5)
		p.Add(add)
		p.Done()
	}
}

func TestColoursOnlyOnATerminal(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if isTerminal(file) || colorful(file) || colorful(new(bytes.Buffer)) {
		t.Error("a file and a buffer are no terminals")
	}
}
