package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"slosim/scenarios"
)

// leaves returns the verbs that do something: the ones of the tree that people see, without the
// library's own.
func leaves(t *testing.T) []*cobra.Command {
	t.Helper()
	var list []*cobra.Command
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, verb := range cmd.Commands() {
			if verb.Hidden || verb.Name() == "help" || verb.Name() == "completion" {
				continue
			}
			if verb.Runnable() {
				list = append(list, verb)
			}
			walk(verb)
		}
	}
	started := false
	walk(newRoot(fakeApp{}, streams{strings.NewReader(""), io.Discard, io.Discard}, &started))
	if len(list) < 15 {
		t.Fatalf("want the verbs of the command, got %d", len(list))
	}
	return list
}

// verbName is the verb as a user types it, without the command's name.
func verbName(cmd *cobra.Command) string {
	_, name, _ := strings.Cut(cmd.CommandPath(), " ")
	return name
}

// printsJSON has, for each verb, command lines that print JSON on any machine in seconds, and their
// exit codes; they run in this order of keys' verbs, in one folder. Verbs that measure are left out with the
// reason: package scenarios tests what they print.
func printsJSON() []struct {
	line string
	code int
} {
	return []struct {
		line string
		code int
	}{
		{"run small.toml --profile golden.profile -o out", 0},
		{"run small.toml --profile golden.profile --dry-run", 0},
		{"run broken.toml --profile golden.profile -o broken", 4},
		{"run hopeless.toml --profile golden.profile -o hopeless", 4},
		{"report out", 0},
		{"report broken", 0},
		{"check small.toml --profile golden.profile", 0},
		{"check red.toml --profile golden.profile", 1},
		{"capacity small.toml --profile golden.profile --precision 1", 0},
		{"explain out --misses --profile golden.profile", 0},
		{"explain out 3 --contender one --profile golden.profile", 0},
		{"compare out out", 0},
		{"breakpoint small.toml --profile golden.profile --by profile-error --precision 1", 0},
		{"sweep sweep.toml --profile golden.profile --set replications=1 --set duration=1s -o swept", 0},
		{"sweep status swept", 0},
		{"sweep merge swept", 0},
		{"list policies", 0}, {"list scenarios", 0}, {"list metrics", 0},
		{"init scenario.toml", 0},
		{"init policy mine", 0},
		{"policytest lcao", 0},
		{"policytest file:illegal.star", 1},
		{"data wordnet-13k --from dictionary -o made", 0},
		{"train xmc:made -o weights", 0},
	}
}

// measures are the verbs that need the machine for themselves or minutes; what they print as JSON is
// tested in package scenarios, on made-up measurements.
func measures() map[string]string {
	return map[string]string{
		"measure":   "TestMeasuredJSON",
		"validate":  "TestValidateSmall",
		"tradeoff":  "TestTradeoff...",
		"bench":     "TestBench...",
		"selfcheck": "TestMeasuredJSON; it simulates for a minute",

		"sweep cancel":   "package scenarios, with a Slurm that is made up",
		"sweep resubmit": "package scenarios, with a Slurm that is made up",
	}
}

// Every --json is one object with a schema, on stdout alone, of every verb there is.
func TestEveryJSONIsAnObjectWithASchema(t *testing.T) {
	app, err := scenarios.NewApp()
	if err != nil {
		t.Fatal(err)
	}
	app.CacheDir = t.TempDir()
	playground(t)
	covered := map[string]bool{}
	for _, c := range printsJSON() {
		args := append(strings.Fields(c.line), "--json")
		code, out, errOut := execute(context.Background(), app, args...)
		if code != c.code {
			t.Errorf("%s: want exit code %d, got %d\n%s%s", c.line, c.code, code, out, errOut)
			continue
		}
		var object map[string]any
		decoder := json.NewDecoder(strings.NewReader(out))
		if err := decoder.Decode(&object); err != nil || object["schema"] != 1.0 {
			t.Errorf("%s: want one object with schema 1, got %v\n%s", c.line, err, out)
		}
		if _, err := decoder.Token(); err != io.EOF {
			t.Errorf("%s: want one object, got more\n%s", c.line, out)
		}
		if failed, ok := object["failed"].([]any); strings.HasPrefix(c.line, "run broken") || strings.HasPrefix(c.line, "report broken") || strings.HasPrefix(c.line, "run hopeless") {
			if !ok || len(failed) != 1 || !strings.HasPrefix(failed[0].(string), "bad: ") {
				t.Errorf("%s: want the contender that failed listed, got %v", c.line, object["failed"])
			}
		}
		covered[args[0]] = true
		if len(args) > 2 && (args[0] == "init" || args[0] == "sweep") {
			covered[args[0]+" "+args[1]] = true
		}
	}
	for _, verb := range leaves(t) {
		if name := verbName(verb); !covered[name] && measures()[name] == "" {
			t.Errorf("slosim %s: add a command line to printsJSON that prints its --json, or to measures why not", name)
		}
	}
}

// playground makes a folder with small inputs the working one.
func playground(t *testing.T) {
	t.Helper()
	golden, err := filepath.Abs("../../scenarios/testdata/golden-fashion-mnist.profile")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := copyFile(golden, "golden.profile"); err != nil {
		t.Fatal(err)
	}
	const head = "schema = 1\nseed = 1\nreplications = 2\nduration = \"1s\"\n[[model]]\nnetwork = \"fashion-mnist\"\n" +
		"[arrivals]\nkind = \"poisson\"\nload = 0.8\n[[class]]\nname = \"only\"\nlatency = \"15ms\"\n"
	contender := func(name, policy string) string {
		return "[[contender]]\nname = \"" + name + "\"\ntechnique = \"slo-nn\"\npolicy = \"" + policy + "\"\n"
	}
	assert := func(least string) string {
		return "[[assert]]\ncontender = \"one\"\nmetric = \"attainment\"\nmin = " + least + "\n"
	}
	files := map[string]string{
		"small.toml":    head + contender("one", "lcao") + assert("0.5"),
		"red.toml":      head + contender("one", "lcao") + assert("0.5") + "[[assert]]\ncontender = \"one\"\nmetric = \"attainment\"\nmax = 0.5\n",
		"broken.toml":   head + contender("one", "lcao") + contender("bad", "file:illegal.star"),
		"hopeless.toml": head + contender("bad", "file:illegal.star"),
		"sweep.toml": strings.NewReplacer("replications = 2", "replications = 5000", `duration = "1s"`, `duration = "20s"`).Replace(head) + contender("one", "lcao") +
			"[[sweep.axis]]\nkey = \"arrivals.load\"\nvalues = [0.3, 0.6]\n",
		"illegal.star": "def decide(view):\n    return [start(99, 0, 0)]\n",
	}
	for file, text := range files {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dictionary(t, "dictionary")
}

// dictionary writes a small dictionary as WordNet has it.
func dictionary(t *testing.T, dir string) {
	t.Helper()
	var noun bytes.Buffer
	noun.WriteString("  1 Made up.  \n00000001 03 n 01 root 0 000 | the root of all\n")
	for i := 2; i < 300; i++ {
		noun.WriteString(synset(i))
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string][]byte{"data.noun": noun.Bytes(), "data.verb": nil, "data.adj": nil, "data.adv": nil} {
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func synset(i int) string {
	return fmt.Sprintf("%08d 03 n 01 word_%c 0 001 @ %08d n 0000 | a kind of %c; \"it is %c\"\n", i, 'a'+i%26, max(1, i%8), 'a'+i%7, 'a'+i%5)
}
