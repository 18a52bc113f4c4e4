package slurm

import (
	"fmt"
	"strings"
)

// reserved are the options of sbatch that an Array sets, or that would make sbatch do something else than
// to hand in its script; short ones under their letter.
var reserved = map[string]string{
	"array": "a", "chdir": "D", "error": "e", "input": "i", "job-name": "J", "output": "o", "parsable": "", "wait": "W",
	"test-only": "", "wrap": "", "help": "h", "usage": "", "version": "V", "export-file": "", "open-mode": "",
	"ntasks": "n", "nodes": "N", "cpus-per-task": "c", "quiet": "Q",
}

// CheckOption says what is wrong with an option of sbatch in a user's words; nil: nothing that can be told
// without sbatch.
func CheckOption(option string) error {
	switch {
	case strings.ContainsAny(option, "\n\x00"):
		return fmt.Errorf("want one line, got %q", option)
	case len(option) < 2 || option[0] != '-' || option == "--":
		return fmt.Errorf("want an option of sbatch with its value, such as --partition=long, got %q", option)
	}
	if long, found := strings.CutPrefix(option, "--"); found {
		return checkLong(long, option)
	}
	for name, letter := range reserved {
		if option[1:2] == letter {
			return reservedError(name, option)
		}
	}
	return nil
}

// checkLong checks a long option without its dashes. sbatch knows it by its beginning too.
func checkLong(long, option string) error {
	typed, _, _ := strings.Cut(long, "=")
	for name := range reserved {
		if typed == name || len(typed) >= 2 && typed != "export" && strings.HasPrefix(name, typed) {
			return reservedError(name, option)
		}
	}
	return nil
}

// reservedError is about an option that is not the user's.
func reservedError(name, option string) error {
	return fmt.Errorf("want no --%s, which is set already, got %q", name, option)
}
