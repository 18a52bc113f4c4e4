//go:build unix

package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"slosim/engine/antagonist"
)

// interrupted is a command line that goes on for long, and what is promised when it is interrupted.
type interrupted struct {
	line string
	// begun is what it writes to stderr before it is interrupted, or a file that is there then; empty: a
	// moment passes.
	begun string
	// keeps lists what is in its folder afterwards, beside what was there; nothing else may be.
	keeps []string
}

// interruptions has one for each verb that takes longer than a moment.
func interruptions() []interrupted {
	const long = " --profile golden.profile --jobs 1 --set duration=20s --set replications=2000"
	return []interrupted{
		{"run long.toml -o out" + long, "simulating: 500 of 2000", []string{"out"}},
		{"run hangs.toml -o hung --profile golden.profile", "child.pid", nil},
		{"check small.toml --junit junit.xml" + long, "", nil},
		{"capacity small.toml --precision 0.001 --profile golden.profile --set duration=60s --set replications=500 --jobs 1", "", nil},
		{"breakpoint small.toml" + long, "", nil},
		{"sweep sweep.toml -o swept --profile golden.profile --jobs 1", "", []string{"swept"}},
		{"selfcheck --jobs 1", "", nil},
		{"measure --network fashion-mnist --technique dense --antagonist cpu -o m.profile", "measuring: ", nil},
		{"run small.toml -o measured", "measuring: ", nil},
		{"validate live.toml --profile golden.profile -o validated", "", []string{"validated"}},
		{"bench", "", nil},
		{"tradeoff --network fashion-mnist --technique dense -o fronts", "measuring: ", []string{"fronts"}},
		{"train wordnet-13k -o weights", "weights", []string{"weights"}},
	}
}

// short are the verbs that end before anybody could interrupt them.
func short() map[string]bool {
	return map[string]bool{"list": true, "init": true, "init policy": true, "report": true, "explain": true, "compare": true, "data": true, "policytest": true,
		"sweep status": true, "sweep merge": true, "sweep resubmit": true, "sweep cancel": true}
}

// TestInterruptions: of every verb, Ctrl-C ends the process with 130, what it wrote is whole or absent, no
// temporary file is left, and no child.
func TestInterruptions(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	covered := map[string]bool{}
	for _, c := range interruptions() {
		verb := strings.Fields(c.line)[0]
		covered[verb] = true
		t.Run(c.line, func(t *testing.T) {
			if err := antagonist.Supported(); err != nil && strings.Contains(c.begun, "measuring") {
				t.Skip(err)
			}
			playground(t)
			hanging(t)
			before := entries(t)
			mark := fmt.Sprintf("SLOSIM_TEST_MARK=%d-%s", os.Getpid(), t.Name())
			c.interrupt(t, mark)
			nothingLeft(t, append(before, append(c.keeps, "cache", "child.pid")...), mark)
		})
	}
	for _, verb := range leaves(t) {
		if name := verbName(verb); !covered[name] && !short()[name] {
			t.Errorf("slosim %s: add a command line to interruptions, or to short if it ends at once", name)
		}
	}
}

// hanging adds a policy whose program starts a child of its own and never answers, and a long scenario.
func hanging(t *testing.T) {
	t.Helper()
	small, err := os.ReadFile("small.toml")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"long.toml":  string(small),
		"live.toml":  string(small) + "[validate]\nrepetitions = 50\n",
		"hangs.toml": strings.Replace(string(small), `"lcao"`, `"exec:sh hangs.sh"`, 1),
		"hangs.sh":   "read hello\necho '{\"slosim\":1}'\nread request\nsleep 1000 &\necho $! > child.pid\nwait\n",
	}
	for file, text := range files {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// entries lists the working folder.
func entries(t *testing.T) (names []string) {
	t.Helper()
	list, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// interrupt runs the command, interrupts it once it has begun, and wants 130.
func (c *interrupted) interrupt(t *testing.T, mark string) {
	t.Helper()
	cmd := exec.Command("slosim-itself", strings.Fields(c.line)...)
	stderr, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	var stdout bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, stderr
	cmd.Env = append(os.Environ(), mark, "XDG_CACHE_HOME="+filepath.Join(mustGetwd(t), "cache"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	c.await(t, stderr.Name(), ended)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(time.Minute):
		_ = cmd.Process.Kill()
		t.Fatal("want it to end when interrupted, it goes on")
	}
	said, _ := os.ReadFile(stderr.Name())
	if code := cmd.ProcessState.ExitCode(); code != 130 || !bytes.Contains(said, []byte("slosim: interrupted")) {
		t.Errorf("want exit code 130 and a word about it, got %d\n%s%s", code, &stdout, said)
	}
}

// await waits until the command has begun what it is to be interrupted in.
func (c *interrupted) await(t *testing.T, stderr string, ended <-chan error) {
	t.Helper()
	if c.begun == "" {
		time.Sleep(700 * time.Millisecond) // it takes minutes, and may be anywhere
		return
	}
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		said, _ := os.ReadFile(stderr)
		found, _ := filepath.Glob(c.begun + "*")
		if bytes.Contains(said, []byte(c.begun)) || len(found) > 0 {
			return
		}
		select {
		case err := <-ended:
			t.Fatalf("it ended before it said %q: %v\n%s", c.begun, err, said)
		default:
		}
	}
	t.Fatalf("want %q within two minutes, got none", c.begun)
}

func mustGetwd(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// nothingLeft looks for temporary files, files that nobody promised, and children.
func nothingLeft(t *testing.T, allowed []string, mark string) {
	t.Helper()
	may := map[string]bool{}
	for _, name := range allowed {
		may[name] = true
	}
	for _, name := range entries(t) {
		if !may[name] {
			t.Errorf("left behind: %s", name)
		}
	}
	err := filepath.WalkDir(".", func(path string, e os.DirEntry, err error) error {
		if name := e.Name(); strings.HasPrefix(name, ".slosim-") || strings.HasSuffix(name, ".part") || strings.Contains(name, ".tmp") {
			t.Errorf("temporary file: %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile("out/manifest.json"); err == nil {
		var manifest struct{ Interrupted bool }
		if err := json.Unmarshal(text, &manifest); err != nil || !manifest.Interrupted {
			t.Errorf("want a manifest that says it was interrupted, got %v\n%s", err, text)
		}
		if _, err := os.Stat("out/report.html"); err != nil {
			t.Errorf("want a whole result: %v", err)
		}
	} else if may["out"] {
		t.Errorf("want the replications that were whole kept: %v", err)
	}
	noChildren(t, mark)
}

// noChildren wants no process whose environment has the mark, where that can be seen.
func noChildren(t *testing.T, mark string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return
	}
	var left []string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		left = nil
		environments, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, file := range environments {
			if text, err := os.ReadFile(file); err == nil && bytes.Contains(text, []byte(mark)) {
				left = append(left, filepath.Base(filepath.Dir(file)))
			}
		}
		if len(left) == 0 {
			return
		}
	}
	for _, pid := range left {
		var n int
		if _, err := fmt.Sscan(pid, &n); err == nil {
			_ = syscall.Kill(n, syscall.SIGKILL) // this test's own
		}
	}
	t.Errorf("children left behind: %v", left)
}
