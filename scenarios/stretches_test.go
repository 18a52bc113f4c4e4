package scenarios

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func seconds(from, to float64) Stretch {
	return Stretch{time.Duration(from * float64(time.Second)), time.Duration(to * float64(time.Second))}
}

func TestStretches(t *testing.T) {
	second := Duration(time.Second)
	for _, test := range []struct {
		name string
		i    Interference
		want []Stretch
	}{
		{"one", Interference{From: second, To: 4 * second}, []Stretch{seconds(1, 4)}},
		{"periodic", Interference{From: second, To: 6 * second, Every: 2 * second, For: second / 2},
			[]Stretch{seconds(1, 1.5), seconds(3, 3.5), seconds(5, 5.5)}},
		{"cut at the end", Interference{To: 3 * second, Every: 2 * second, For: second + second/2},
			[]Stretch{seconds(0, 1.5), seconds(2, 3)}},
	} {
		if diff := cmp.Diff(test.want, test.i.Stretches()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestOverlapAgreesWithLookingEverywhere compares with trying every instant.
func TestOverlapAgreesWithLookingEverywhere(t *testing.T) {
	draw := func(t *rapid.T, name string) []Stretch {
		edges := rapid.SliceOfN(rapid.IntRange(0, 30), 0, 8).Draw(t, name)
		slices.Sort(edges)
		edges = slices.Compact(edges)
		var list []Stretch
		for i := 0; i+1 < len(edges); i += 2 {
			list = append(list, Stretch{time.Duration(edges[i]), time.Duration(edges[i+1])})
		}
		return list
	}
	active := func(list []Stretch, at time.Duration) bool {
		return slices.ContainsFunc(list, func(s Stretch) bool { return s.From <= at && at < s.To })
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, "a"), draw(t, "b")
		want, found := time.Duration(0), false
		for at := time.Duration(0); at < 31 && !found; at++ {
			if active(a, at) && active(b, at) {
				want, found = at, true
			}
		}
		if got, both := overlap(a, b); both != found || got != want {
			t.Errorf("%v and %v: want %v %t, got %v %t", a, b, want, found, got, both)
		}
	})
}

func TestTheSameAntagonistTwiceAtOnceIsRefused(t *testing.T) {
	again := "[[interference]]\nantagonist = \"cpu\"\nintensity = 0.5\nfrom = \"3s\"\nto = \"5s\"\n"
	got := problemsOf(t, good+again)
	if len(got) != 1 || !strings.HasSuffix(got[0], "both at 3s") {
		t.Errorf("want one problem, both at 3s, got\n%s", strings.Join(got, "\n"))
	}
	mustParse(t, good+strings.Replace(again, `"3s"`, `"4s"`, 1))     // one after the other
	mustParse(t, good+strings.Replace(again, `"cpu"`, `"cache"`, 1)) // two kinds at once
}
