package command

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"slosim/scenarios"
)

// policyFiles are what init policy writes, with NAME and POLICY for what the user says.
//
//go:embed policy/policy.star policy/scenario.toml policy/main.go.txt policy/main_test.go.txt
var policyFiles embed.FS

// policyName is what a policy may be called: the name stands in file names, TOML and Go.
var policyName = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

func initPolicyCommand(app App) *cobra.Command {
	inGo := false
	cmd := &cobra.Command{
		Use:   "policy NAME",
		Short: "Write a policy to start from, its test, and a scenario that compares it",
		Long: "Write a commented policy, a scenario that compares it with lcao, slackfit and a clairvoyant, and its\n" +
			"test into the folder NAME, which must not exist. The policy is a Starlark script; with --go it is a Go type\n" +
			"in a main of its own that knows all verbs of slosim, for a folder inside slosim's source.",
		Example: "  slosim init policy mine\n  slosim init policy mine --go",
		Args:    exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := args[0]
			if !policyName.MatchString(name) {
				return scenarios.Usagef("NAME: want a letter and then letters, digits, - and _, all lower case, got %q", name)
			}
			for _, known := range app.Known().Policies {
				if known.Name == name {
					return scenarios.Usagef("NAME: want one that no policy has, got %q", name)
				}
			}
			if slices.Contains(reservedNames(), name) {
				return scenarios.Usagef("NAME: want another one: %q means something else to Go, or stands in the scenario", name)
			}
			if inGo && !insideSource() {
				return scenarios.Usagef("--go: want a folder inside slosim's source, whose go.mod says module slosim; elsewhere write a module that replaces slosim by that folder")
			}
			written, err := writePolicy(name, inGo)
			if err != nil {
				return err
			}
			return tellWritten(console(cmd), written.files, written.next, written.text())
		},
	}
	cmd.Flags().BoolVar(&inGo, "go", false, "a Go type instead of a script")
	return cmd
}

// reservedNames are those of folders that Go treats in its own way, and of a contender of the scenario.
func reservedNames() []string {
	return []string{"clairvoyant", "internal", "main", "testdata", "vendor"}
}

// insideSource says whether the working folder is part of slosim's source.
func insideSource() bool {
	dir, err := os.Getwd()
	for err == nil {
		if text, reading := os.ReadFile(filepath.Join(dir, "go.mod")); reading == nil {
			return strings.HasPrefix(string(text), "module slosim\n")
		}
		up := filepath.Dir(dir)
		if up == dir {
			return false
		}
		dir = up
	}
	return false
}

// written are files that were written, and commands to run next.
type written struct{ files, next []string }

func (w written) text() string {
	return "wrote " + strings.Join(w.files, ", ") + "; next:\n  " + strings.Join(w.next, "\n  ") + "\n"
}

// writePolicy writes the folder and returns what to do next.
func writePolicy(name string, inGo bool) (w written, err error) {
	files, policy := [][2]string{{"policy.star", name + ".star"}, {"scenario.toml", "scenario.toml"}}, "file:"+name+".star"
	w.next = []string{"slosim policytest file:" + name + "/" + name + ".star", "slosim run " + name + "/scenario.toml"}
	if inGo {
		files = [][2]string{{"main.go.txt", "main.go"}, {"main_test.go.txt", "main_test.go"}, {"scenario.toml", "scenario.toml"}}
		policy = name
		w.next = []string{"go test ./" + name, "go run ./" + name + " run " + name + "/scenario.toml"}
	}
	if err := os.Mkdir(name, 0o755); errors.Is(err, fs.ErrExist) {
		return w, scenarios.Usagef("init: want a folder that does not exist, got %s, which is left as it is", name)
	} else if err != nil {
		return w, fmt.Errorf("init: %w", err)
	}
	for _, file := range files {
		from, to := file[0], filepath.Join(name, file[1])
		text, err := policyFiles.ReadFile("policy/" + from)
		if err == nil {
			filled := strings.NewReplacer("NAME", name, "POLICY", policy).Replace(string(text))
			err = writeNew(to, filled)
		}
		if err != nil {
			return w, errors.Join(err, os.RemoveAll(name)) // it was made here
		}
		w.files = append(w.files, to)
	}
	return w, nil
}
