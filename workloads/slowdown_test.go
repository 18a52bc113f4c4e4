package workloads

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadSlowdowns(t *testing.T) {
	got, err := ReadSlowdowns("x.csv", strings.NewReader("t_s,factor\n100,1\n100.5,2.5\n102,0.9\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Slowdowns{{0, 1}, {500 * time.Millisecond, 2.5}, {2 * time.Second, 0.9}}
	if diff := cmp.Diff(want, got); diff != "" || got.Span() != 2*time.Second {
		t.Errorf("span %v, rows (-want +got):\n%s", got.Span(), diff)
	}
}

// TestBadSlowdowns: every mistake is told, at its line.
func TestBadSlowdowns(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "x.csv:1: want the header t_s,factor, got an empty file",
		"t_s,factor\n":               "x.csv:1: want at least 2 rows, the last of which ends the recording, got 0",
		"t_s,factor\n0,1\n":          "x.csv:2: want at least 2 rows, the last of which ends the recording, got 1",
		"time,factor\n0,1\n1,1\n":    `x.csv:1: want the header t_s,factor, got "time,factor"`,
		"t_s,factor\n0,1\n0,2\n":     "x.csv:3: t_s: want ascending, got 0 after 0",
		"t_s,factor\n0,1,3\n1,1\n":   "x.csv:2: want 2 columns, got 3",
		"t_s,factor\n0,\"1\n1,1\n":   "want CSV, got extraneous or missing \" in quoted-field",
		"t_s,factor\n0,1\n\n1,-2\n":  `x.csv:4: factor: want a number, 0.001 to 1000, got "-2"`,
		"t_s,factor\n-1,NaN\n1, 2\n": "x.csv:2: t_s: want a number, 0 to 9e+09, got \"-1\"\nx.csv:2: factor: want a number, 0.001 to 1000, got \"NaN\"\nx.csv:3: factor: want a number, 0.001 to 1000, got \" 2\"",
	} {
		_, err := ReadSlowdowns("x.csv", strings.NewReader(text))
		var lines LineErrors
		if !errors.As(err, &lines) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want\n%s\ngot\n%v", text, want, err)
		}
	}
	_, err := ReadSlowdowns("x.csv", strings.NewReader("t_s,factor\n"+strings.Repeat("x,y\n", 100)))
	if lines := strings.Count(err.Error(), "\n") + 1; lines > 2*maxLineErrors {
		t.Errorf("want a bounded number of messages, got %d", lines)
	}
	if _, err := OpenSlowdowns("nowhere.csv"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("want that there is no such file, got %v", err)
	}
}

func TestPlayLaysARecordingOnVirtualTime(t *testing.T) {
	s := func(n float64) time.Duration { return time.Duration(n * 1e9) }
	recording := Slowdowns{{0, 1}, {s(1), 2}, {s(2), 2}, {s(3), 4}, {s(4), 9}}
	for name, test := range map[string]struct {
		from, to time.Duration
		speed    float64
		want     Slowdowns
	}{
		"whole":       {0, s(4), 1, Slowdowns{{0, 1}, {s(1), 2}, {s(3), 4}}},
		"later":       {s(10), s(12), 1, Slowdowns{{s(10), 1}, {s(11), 2}}},
		"twice fast":  {s(10), s(12), 2, Slowdowns{{s(10), 1}, {s(10.5), 2}, {s(11.5), 4}}},
		"half":        {0, s(2.5), 0.5, Slowdowns{{0, 1}, {s(2), 2}}},
		"one instant": {0, 1, 1e12, Slowdowns{{0, 4}}},
	} {
		if diff := cmp.Diff(test.want, recording.Play(test.from, test.to, test.speed)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func FuzzReadSlowdowns(f *testing.F) {
	f.Add(string(lines(shipped(f, "azure_vm_noise_cache.csv.gz", 1000))))
	f.Add("t_s,factor\n0,1\n1,2\n")
	f.Add("t_s,factor\n0,\"1\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ReadSlowdowns("x.csv", strings.NewReader(text))
		if err != nil {
			return
		}
		for i, row := range got {
			if !(row.Factor > 0) || i > 0 && row.At < got[i-1].At {
				t.Fatalf("row %d: got %v", i, row)
			}
		}
	})
}
