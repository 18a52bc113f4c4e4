package slurm_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"slosim/scenarios/slurm"
)

// expand reads ranges back, as sbatch would.
func expand(t interface{ Fatal(...any) }, ranges string) (indices []int) {
	for part := range strings.SplitSeq(ranges, ",") {
		first, last, found := strings.Cut(part, "-")
		from, err := strconv.Atoi(first)
		to := from
		if err == nil && found {
			to, err = strconv.Atoi(last)
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := from; i <= to; i++ {
			indices = append(indices, i)
		}
	}
	return indices
}

// runScript runs a script as task 7 of a job.
func runScript(t interface{ Fatal(...any) }, dir string, s slurm.Script, env ...string) (out string, err error) {
	path := filepath.Join(dir, "script")
	if err := os.WriteFile(path, []byte(s.Text()), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", path)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "SLURM_ARRAY_TASK_ID=7", "SLURM_ARRAY_JOB_ID=3"}, env...)
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// printer writes a program that prints its arguments, one a line, and its checksum.
func printer(t *testing.T) (path, checksum string) {
	path = filepath.Join(t.TempDir(), "it's a $HOME program")
	text := []byte("#!/bin/sh\nfor a; do printf '<%s>\\n' \"$a\"; done\n")
	if err := os.WriteFile(path, text, 0o755); err != nil {
		t.Fatal(err)
	}
	return path, fmt.Sprintf("%x", sha256.Sum256(text))
}

func TestScriptRunsItsCommand(t *testing.T) {
	program, checksum := printer(t)
	dir := t.TempDir()
	s := slurm.Script{
		About: "two\nlines", Checksum: checksum, Restarts: 2, Scratch: `$BASE/a "b" $(touch ` + dir + `/bad) c`,
		Command: []string{program, "--chunk", slurm.Index + "/9", "--scratch", slurm.Scratch, "$HOME `id`"},
	}
	out, err := runScript(t, dir, s, "BASE="+dir, "SLURM_RESTART_COUNT=2")
	scratch := dir + `/a "b" $(touch ` + dir + `/bad) c`
	want := fmt.Sprintf("<--chunk>\n<7/9>\n<--scratch>\n<%s>\n<$HOME `id`>\n", scratch)
	first, rest, _ := strings.Cut(out, "\n")
	if err != nil || rest != want || !strings.HasPrefix(first, "task 7 of job 3 on ") {
		t.Errorf("want a first line and %q, got %q, %v", want, out, err)
	}
	if info, err := os.Stat(scratch); err != nil || !info.IsDir() {
		t.Errorf("the scratch folder: %v", err)
	}
	if _, err := os.Stat(dir + "/bad"); err == nil {
		t.Error("a command in the name of the scratch folder was run")
	}
}

// Any word reaches the program as it is.
func TestScriptKeepsWords(t *testing.T) {
	program, _ := printer(t)
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[ -~äπ]{0,20}`).Draw(t, "word")
		out, err := runScript(t, dir, slurm.Script{Command: []string{program, word}})
		if _, rest, _ := strings.Cut(out, "\n"); err != nil || rest != "<"+word+">\n" {
			t.Fatalf("want <%s>, got %q, %v", word, out, err)
		}
	})
}

func TestScriptRefuses(t *testing.T) {
	program, checksum := printer(t)
	for _, test := range []struct {
		name, want string
		change     func(*slurm.Script)
		env        string
	}{
		{"another program", "not the program that was submitted", func(s *slurm.Script) { s.Checksum = strings.Repeat("0", 64) }, ""},
		{"started too often", "started again 3 times: given up", func(*slurm.Script) {}, "SLURM_RESTART_COUNT=3"},
		{"no variable", "NOT_SET", func(s *slurm.Script) { s.Scratch = "$NOT_SET/x" }, ""},
		{"no program", "gone", func(s *slurm.Script) { s.Command, s.Checksum = []string{program + "gone"}, "" }, ""},
	} {
		s := slurm.Script{Command: []string{program, "ran"}, Checksum: checksum, Restarts: 2}
		test.change(&s)
		out, err := runScript(t, t.TempDir(), s, test.env)
		if err == nil || !strings.Contains(out, test.want) || strings.Contains(out, "<ran>") {
			t.Errorf("%s: want %q and a failure, got %q, %v", test.name, test.want, out, err)
		}
	}
}
