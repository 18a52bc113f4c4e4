package command

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"slosim/reports/result"
	"slosim/scenarios"
)

// template is the commented scenario that init writes.
//
//go:embed init.toml
var template string

func initCommand(app App) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "init [FILE]",
		Short:   "Write a commented scenario to start from (default scenario.toml)",
		Example: "  slosim init\n  slosim init experiments/mine.toml",
		Args:    atMost("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "scenario.toml"
			if len(args) == 1 {
				path = args[0]
			}
			if path == "" || strings.HasPrefix(path, "-") {
				return scenarios.Usagef("FILE: want a file's name, got %q", path)
			}
			if err := writeNew(path, template); err != nil {
				return err
			}
			return tellWritten(console(cmd), []string{path}, []string{"slosim run " + path},
				fmt.Sprintf("wrote %s; next: slosim run %s\n", path, path))
		},
	}
	cmd.AddCommand(initPolicyCommand(app))
	return cmd
}

// tellWritten says which files were written and what to do next.
func tellWritten(c scenarios.Console, files, next []string, text string) error {
	if c.JSON {
		return result.EncodeJSON(c.Out, struct {
			Schema int      `json:"schema"`
			Files  []string `json:"files"`
			Next   []string `json:"next"` // commands
		}{result.Schema, files, next})
	}
	_, err := fmt.Fprint(c.Out, text)
	return err
}

// writeNew writes a file that must not exist, in folders that are made.
func writeNew(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return scenarios.Usagef("init: want a file that does not exist, got %s, which is left as it is", path)
	}
	if err != nil {
		return fmt.Errorf("init: %w", err)
	}
	_, err = file.WriteString(text)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		os.Remove(path) // a part of it would be in the way
		return fmt.Errorf("init: write %s: %w", path, err)
	}
	return nil
}
