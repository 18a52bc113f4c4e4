package reports

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Spans against a look at every nanosecond, in any order of looking.
func TestSpans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []Span
		at := time.Duration(0)
		for range rapid.IntRange(0, 6).Draw(t, "spans") {
			from := at + time.Duration(rapid.IntRange(0, 5).Draw(t, "gap"))
			at = from + time.Duration(rapid.IntRange(1, 5).Draw(t, "length"))
			list = append(list, Span{from, at})
		}
		s := newSpans(list)
		for _, look := range rapid.SliceOf(rapid.IntRange(0, 70)).Draw(t, "looks") {
			instant, want, on := time.Duration(look), time.Duration(0), false
			for _, one := range list {
				want += max(0, min(one.To, instant)-one.From)
				on = on || instant >= one.From && instant < one.To
			}
			if got := s.until(instant); got != want {
				t.Fatalf("%v until %d: got %d, want %d", list, look, got, want)
			}
			if got := s.on(instant); got != on {
				t.Fatalf("%v at %d: got %v, want %v", list, look, got, on)
			}
		}
	})
}
