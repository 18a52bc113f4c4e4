package slurm

import (
	"fmt"
	"strings"
)

// Script is what each task of an array runs.
type Script struct {
	About    string   // what it does, one line
	Command  []string // program and arguments, as they are; Index and Scratch replace those words
	Checksum string   // SHA-256 of the program in hexadecimal; empty: not checked
	Restarts int      // how often Slurm itself may run a task again, after its node died or it had to give way
	Scratch  string   // a folder of the node; $NAME and ${NAME} are replaced there; empty: none
}

// Words of a Script's Command that each task replaces.
const (
	Index   = "\x00index"   // the task's index in its array
	Scratch = "\x00scratch" // the folder of the node
)

// Text returns the script: POSIX sh that ends as the program does. A task that Slurm started again too
// often, whose program is not the one that was submitted, or whose Scratch names a variable that is not set,
// says so and fails.
func (s Script) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "#!/bin/sh\n# %s\n# Run by: sbatch --array=FIRST-LAST THIS-FILE\nset -eu\n", oneLine(s.About))
	fmt.Fprintf(&b, "echo \"task $SLURM_ARRAY_TASK_ID of job ${SLURM_ARRAY_JOB_ID:-?} on $(uname -n), $(date)\"\n")
	fmt.Fprintf(&b, restarts, s.Restarts)
	if s.Checksum != "" {
		fmt.Fprintf(&b, checksum, quote(s.Command[0]), s.Checksum)
	}
	if s.Scratch != "" {
		fmt.Fprintf(&b, "scratch=%s\nmkdir -p -- \"$scratch\"\n", quoteExpanding(s.Scratch))
	}
	words := make([]string, len(s.Command))
	for i, word := range s.Command {
		words[i] = inShell(word)
	}
	// exec: the program itself gets the signals of a time limit.
	fmt.Fprintf(&b, "exec %s\n", strings.Join(words, " "))
	return b.String()
}

const restarts = `if [ "${SLURM_RESTART_COUNT:-0}" -gt %d ]; then
  echo "started again $SLURM_RESTART_COUNT times: given up" >&2
  exit 1
fi
`

const checksum = `program=%s
if command -v sha256sum >/dev/null; then
  found=$(sha256sum <"$program")
  if [ "${found%%%% *}" != %s ]; then
    echo "$program: not the program that was submitted" >&2
    exit 1
  fi
fi
`

// inShell writes a word of a command, or the variable that it stands for.
func inShell(word string) string {
	word = quote(word)
	word = strings.ReplaceAll(word, Index, `'"$SLURM_ARRAY_TASK_ID"'`)
	return strings.ReplaceAll(word, Scratch, `'"$scratch"'`)
}

// quote writes a text so that the shell takes it as it is.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// quoteExpanding writes a text so that the shell replaces variables in it, and does nothing else.
func quoteExpanding(text string) string {
	escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", "$(", `\$(`).Replace(text)
	return `"` + escaped + `"`
}

// LogPattern is a path as sbatch's --output takes it: what it would replace is kept as it is. The file's
// name may have %A and %a.
func LogPattern(folder, name string) string {
	return strings.ReplaceAll(folder, "%", "%%") + "/" + name
}

// oneLine makes one line of a text.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
