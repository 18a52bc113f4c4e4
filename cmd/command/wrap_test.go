package command

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWrapped(t *testing.T) {
	long := strings.Repeat("word ", 30)
	got := wrapped("One\nparagraph.\n\n  name   " + long + "\n  other  text\nAnother.")
	want := "One paragraph.\n\n  name   " + strings.TrimSpace(strings.Repeat("word ", 18)) + "\n         " +
		strings.TrimSpace(strings.Repeat("word ", 12)) + "\n  other  text\nAnother."
	if got != want {
		t.Errorf("want\n%s\ngot\n%s", want, got)
	}
}

// No word is lost or moved, and lines fit unless a word does not.
func TestWrappedKeepsWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.StringMatching(` {0,4}([a-z,]{1,15} {1,3}){0,30}`), 0, 6).Draw(t, "lines")
		text := strings.Join(lines, "\n")
		got := wrapped(text)
		if strings.Join(strings.Fields(text), " ") != strings.Join(strings.Fields(got), " ") {
			t.Fatalf("want the words of %q, got %q", text, got)
		}
		for _, line := range strings.Split(got, "\n") {
			if len(line) > helpColumns && len(line)-len(strings.TrimLeft(line, " ")) < helpColumns-25 {
				t.Fatalf("a line of %d columns: %q", len(line), line)
			}
		}
	})
}
