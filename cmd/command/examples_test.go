package command

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"slosim/scenarios"
)

// TestHelpIsWhatPeopleExpect: two examples or more, and lines that fit.
func TestHelpIsWhatPeopleExpect(t *testing.T) {
	for _, verb := range leaves(t) {
		if n := len(exampleLines(verb)); n < 2 {
			t.Errorf("slosim %s: want two examples or more, got %d", verbName(verb), n)
		}
		fits(t, append(strings.Fields(verbName(verb)), "--help"))
	}
	fits(t, []string{"--help"})
}

func fits(t *testing.T, args []string) {
	t.Helper()
	code, out, errOut := execute(context.Background(), fakeApp{}, args...)
	if code != 0 || errOut != "" {
		t.Errorf("slosim %s: exit code %d, %s", strings.Join(args, " "), code, errOut)
	}
	for _, line := range strings.Split(out, "\n") {
		if n := len([]rune(line)); n > helpColumns {
			t.Errorf("slosim %s: want lines of at most %d columns, got one of %d: %s", strings.Join(args, " "), helpColumns, n, line)
		}
	}
}

// exampleLines are the commands of a verb's examples. A line that ends with a backslash goes on.
func exampleLines(verb *cobra.Command) (lines []string) {
	for _, line := range strings.Split(strings.ReplaceAll(verb.Example, "\\\n", " "), "\n") {
		for _, command := range strings.Split(line, "&&") {
			if command = strings.TrimSpace(command); strings.HasPrefix(command, "slosim ") { // not what reads its output
				lines = append(lines, command)
			}
		}
	}
	return lines
}

// readmeLines are the commands of the README's code blocks.
func readmeLines(t *testing.T) (lines []string) {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(`(?m)^(?:    |\t)((?:go run \./cmd/slosim|slosim|go test) .*)$`).FindAllStringSubmatch(string(text), -1) {
		command, _, _ := strings.Cut(match[1], " # ")
		command, _, _ = strings.Cut(command, " >")
		lines = append(lines, command)
	}
	if len(lines) < 5 {
		t.Fatalf("want the README's commands, got %q", lines)
	}
	return lines
}

// parsing is an app that knows the real names and does nothing: what reaches it was well formed, and every
// flag, scenario, network, technique and policy that a command names is there.
type parsing struct {
	fakeApp
	real *scenarios.App
}

// Known returns what the real app knows.
func (p parsing) Known() scenarios.Known { return p.real.Known() }

// onlyParsed are the verbs whose examples are not executed by this test, and why. They are parsed all the
// same: with the real names, up to the call of the app.
func onlyParsed() map[string]string {
	return map[string]string{
		"measure":   "measures for minutes, and wants the machine for itself",
		"validate":  "runs live for minutes, and wants the machine for itself",
		"tradeoff":  "measures for minutes",
		"bench":     "measures for minutes",
		"train":     "trains for minutes",
		"data":      "wants WordNet's dictionary, which not every machine has",
		"selfcheck": "simulates for a minute; package selfcheck tests it",
		"check":     "runs whole scenarios, as TestGoldenSummaries does",
		"capacity":  "runs a scenario dozens of times",

		"breakpoint": "runs a scenario dozens of times",

		"sweep":          "runs for minutes, or on a cluster; testdata/real/sweep.txtar runs it",
		"sweep status":   "wants the sweep that it names; testdata/real/sweep.txtar runs it",
		"sweep merge":    "wants the sweep that it names; testdata/real/sweep.txtar runs it",
		"sweep resubmit": "wants Slurm",
		"sweep cancel":   "wants Slurm",
	}
}

// executed are the verbs whose examples end within seconds; run does with --dry-run.
func executed() []string {
	return []string{"list", "init", "init policy", "run", "report", "policytest", "compare", "explain"}
}

// TestExamples runs every example of help and every command of the README's code blocks.
func TestExamples(t *testing.T) {
	app, err := scenarios.NewApp()
	if err != nil {
		t.Fatal(err)
	}
	app.CacheDir = t.TempDir()
	lines := readmeLines(t)
	for _, verb := range leaves(t) {
		lines = append(lines, exampleLines(verb)...)
	}
	described(t)
	for _, line := range lines {
		example(t, app, line)
	}
}

// described makes what examples speak of: files and results of a user.
func described(t *testing.T) {
	t.Helper()
	source, err := filepath.Abs("../../scenarios/ci")
	if err != nil {
		t.Fatal(err)
	}
	playground(t)
	if err := os.CopyFS("scenarios/ci", os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	small, err := os.ReadFile("small.toml")
	if err != nil {
		t.Fatal(err)
	}
	// A result as lcao has it, long enough to have a query 20514 in replication 3.
	two := strings.Replace(string(small), "name = \"one\"\ntechnique", "name = \"slo-nn/full\"\ntechnique", 1)
	two = strings.Replace(two, "\"lcao\"", "\"full\"", 1)
	two = two[:strings.Index(two, "[[assert]]")] + "[[contender]]\nname = \"slo-nn/lcao\"\ntechnique = \"slo-nn\"\npolicy = \"lcao\"\n"
	two += "[[interference]]\nantagonist = \"cpu\"\nfrom = \"500ms\"\nto = \"1s\"\n"
	two = strings.NewReplacer("replications = 2", "replications = 4", `duration = "1s"`, `duration = "60s"`).Replace(two)
	for _, dir := range []string{"ci", "data/wiki10"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for file, text := range map[string]string{
		"ci/fashion.toml":       string(small),
		"two.toml":              two,
		"zoo.toml":              strings.NewReplacer("slo-nn/full", "zoo/lcao", "slo-nn/lcao", "zoo/mine", `duration = "60s"`, `duration = "2s"`).Replace(two),
		"data/wiki10/train.txt": xmc(50),
		"data/wiki10/test.txt":  xmc(20),
		"ci/promises.toml":      string(small),
	} {

		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	mine, err := policyFiles.ReadFile("policy/policy.star")
	if err == nil {
		err = os.WriteFile("mine.star", mine, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	app, err := scenarios.NewApp()
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"results/lcao-1", "results/quickstart-1", "results/lcao-2", "before", "after", "old", "new"} {
		if code, _, errOut := execute(context.Background(), app, "run", "two.toml", "--profile", "golden.profile", "-o", dir); code != 0 {
			t.Fatalf("%s: exit code %d\n%s", dir, code, errOut)
		}
	}
	for _, dir := range []string{"results/shootout-1", "results/shootout-2"} {
		if code, _, errOut := execute(context.Background(), app, "run", "zoo.toml", "--profile", "golden.profile", "-o", dir); code != 0 {
			t.Fatalf("%s: exit code %d\n%s", dir, code, errOut)
		}
	}
	if err := os.MkdirAll("experiments", 0o755); err != nil {
		t.Fatal(err)
	}
}

// xmc is a data set in the format of the extreme classification repository.
func xmc(samples int) string {
	var b strings.Builder
	b.WriteString(strings.Join([]string{strconv.Itoa(samples), "10", "5"}, " ") + "\n")
	for i := range samples {
		b.WriteString(strconv.Itoa(i%5) + " " + strconv.Itoa(i%5) + ":1 " + strconv.Itoa(5+i%5) + ":0.5\n")
	}
	return b.String()
}

// example parses one command, and executes it unless its verb is only parsed.
func example(t *testing.T, app *scenarios.App, line string) {
	t.Helper()
	if strings.HasPrefix(line, "go test ./...") {
		return // this test is a part of it
	}
	line = strings.TrimSpace(line)
	words := shellWords(t, strings.TrimPrefix(strings.Replace(line, "go run ./cmd/slosim", "slosim", 1), "slosim "))
	if i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, ">") }); i >= 0 {
		words = words[:i] // the shell's part
	}
	verb := verbOf(t, words)
	if why := onlyParsed()[verb]; why != "" {
		if code, _, errOut := execute(context.Background(), parsing{real: app}, words...); code != 0 {
			t.Errorf("%s: want it well formed, got exit code %d: %s", line, code, errOut)
		}
		return
	}
	if !slices.Contains(executed(), verb) {
		t.Errorf("slosim %s: say in executed that its examples end within seconds, or in onlyParsed why they are not executed", verb)
		return
	}
	if verb == "run" && !slices.Contains(words, "--dry-run") {
		words = append(words, "--dry-run") // minutes otherwise; TestGoldenSummaries runs all that ship
	}
	if verb == "init" && len(words) == 1 {
		_ = os.Remove("scenario.toml") // of an earlier example
	}
	if verb == "init policy" {
		if err := os.RemoveAll(words[2]); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(words, "--go") { // inside slosim's source
			if err := os.WriteFile("go.mod", []byte("module slosim\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if code, _, errOut := execute(context.Background(), app, words...); code != 0 {
		t.Errorf("%s (executed as slosim %s): want it to work, got exit code %d: %s", line, strings.Join(words, " "), code, errOut)
	}
}

// verbOf is the name of the verb that a command line is of.
func verbOf(t *testing.T, words []string) string {
	t.Helper()
	started := false
	root := newRoot(fakeApp{}, streams{strings.NewReader(""), io.Discard, io.Discard}, &started)
	verb, _, err := root.Find(words)
	if err != nil || verb == root {
		t.Fatalf("slosim %s: want a verb, got %v", strings.Join(words, " "), err)
	}
	return verbName(verb)
}

// shellWords cuts a command as a shell does: blanks, quotes, and patterns of files.
func shellWords(t *testing.T, line string) (words []string) {
	t.Helper()
	for _, match := range regexp.MustCompile(`(?:'[^']*'|"[^"]*"|[^\s'"])+`).FindAllString(line, -1) {
		bare := strings.NewReplacer("'", "", `"`, "").Replace(match)
		files, _ := filepath.Glob(bare)
		if strings.ContainsAny(match, "*?") && bare == match {
			if len(files) == 0 {
				t.Errorf("%s: want files for %s, got none", line, match)
			}
			words = append(words, files...)
			continue
		}
		words = append(words, bare)
	}
	return words
}
