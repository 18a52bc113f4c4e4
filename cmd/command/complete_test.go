package command

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"slosim/scenarios"
)

// plainFiles are flags whose values are files or folders of any name, which a shell offers by itself, or
// free text.
func plainFiles() []string {
	return []string{"output", "data", "from", "cpuprofile", "scratch", "chunk", "slurm-option"}
}

// TestEverythingCompletes: each argument and each flag of every verb has completions, or takes a number, or
// is a file.
func TestEverythingCompletes(t *testing.T) {
	for _, verb := range leaves(t) {
		words := strings.Fields(verb.Use)[1:]
		for _, word := range words {
			word = strings.Trim(word, "[].")
			free := word == "QUERY" || verbName(verb) == "init policy" // a number, a new name
			if _, ok := argumentOffers(fakeApp{})[word]; !ok && len(verb.ValidArgs) == 0 && !free {
				t.Errorf("slosim %s: add %s to argumentOffers, or use one of its words", verbName(verb), word)
			}
		}
		verb.Flags().VisitAll(func(f *pflag.Flag) {
			text := strings.HasPrefix(f.Value.Type(), "string")
			_, offered := verb.GetFlagCompletionFunc(f.Name)
			if text && !offered && !slices.Contains(plainFiles(), f.Name) {
				t.Errorf("slosim %s --%s: add it to flagOffers, or to plainFiles", verbName(verb), f.Name)
			}
		})
	}
}

// TestSettableKeysAreSettable: what is offered for --set is accepted, with the value that it has.
func TestSettableKeysAreSettable(t *testing.T) {
	app, err := scenarios.NewApp()
	if err != nil {
		t.Fatal(err)
	}
	known := app.Known()
	known.CheckArrivals = nil // reading a trace takes its time, and this reads it for each key
	for _, name := range scenarios.ShippedNames() {
		for _, e := range scenarios.Settable(name, known) {
			if e.About == "" || strings.HasSuffix(e.About, "...") || strings.Contains(e.Name, ".technique") {
				continue // not set now, or too long to show
			}
			if _, err := scenarios.Load(name, known, e.Name+"="+e.About); err != nil {
				t.Errorf("%s: --set %s=%s: %v", name, e.Name, e.About, err)
			}
		}
	}
}

// The library's own verb for completion is there, as people expect, and documented.
func TestCompletionVerb(t *testing.T) {
	var found *cobra.Command
	started := false
	root := newRoot(fakeApp{}, streams{strings.NewReader(""), nil, nil}, &started)
	for _, verb := range root.Commands() {
		if verb.Name() == "completion" {
			found = verb
		}
	}
	if found == nil || found.Hidden || len(found.Commands()) != 4 {
		t.Errorf("want completion for four shells, got %v", found)
	}
}
