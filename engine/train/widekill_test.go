package train

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"slosim/engine"
)

// The environment of the process that TestWideTrainingSurvivesKills starts and kills.
const (
	killedCheckpoint = "SLOSIM_TEST_CHECKPOINT"
	killedSampler    = "SLOSIM_TEST_SAMPLER"
)

// killedRecipe takes 96 steps.
func killedRecipe(sampler string) (WideRecipe, WideOptions) {
	r := wordRecipe(sampler)
	r.Hyper.Dropout = 0.1
	return r, WideOptions{Seed: 8, Set: pure(), CheckpointEvery: 1, Resume: true}
}

// stuckContext lets training take 20 steps and then stops it until it is killed, so that
// no kill comes too late, however busy the machine is.
type stuckContext struct {
	context.Context
	steps int
}

func (c *stuckContext) Err() error {
	if c.steps++; c.steps > 20 {
		time.Sleep(time.Minute)
	}
	return c.Context.Err()
}

// TestKilledWideTraining is the process that is killed: it trains and writes a checkpoint
// after every step. It does nothing when it is run as a test.
func TestKilledWideTraining(t *testing.T) {
	path := os.Getenv(killedCheckpoint)
	if path == "" {
		t.Skip("only runs as a child of TestWideTrainingSurvivesKills")
	}
	r, opt := killedRecipe(os.Getenv(killedSampler))
	opt.Checkpoint = path
	if _, _, err := TrainWideRecipe(&stuckContext{Context: context.Background()}, r, wordData(), opt); err != nil {
		t.Fatal(err)
	}
}

// killed trains in a process of its own and kills it with SIGKILL, which no process can
// handle, once there is a new checkpoint and then some time has passed.
func killed(t *testing.T, sampler, checkpoint string, after time.Duration) {
	t.Helper()
	before := writtenAt(checkpoint)
	var out bytes.Buffer
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWideTraining$")
	cmd.Env = append(os.Environ(), killedCheckpoint+"="+checkpoint, killedSampler+"="+sampler)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); writtenAt(checkpoint).Equal(before) && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(after)
	cmd.Process.Kill() // an error means that it has ended, which Wait tells too
	err := cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Fatalf("%s: want a process that was killed while it trained, got %v\n%s", sampler, err, out.Bytes())
	}
}

// writtenAt returns when a file was written, or the zero time.
func writtenAt(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// fileOf returns the file of a network: its weights, byte for byte.
func fileOf(t *testing.T, n *engine.Wide) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := engine.WriteWide(&file, n); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// A process that writes a checkpoint every step spends most of its time doing so: some of
// these kills hit it in the middle of writing.
func TestWideTrainingSurvivesKills(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts processes")
	}
	for _, sampler := range WideSamplers() {
		r, opt := killedRecipe(sampler)
		want, _ := trainWords(t, r, opt)
		opt.Checkpoint = filepath.Join(t.TempDir(), "words.ckpt")
		for _, after := range []time.Duration{0, 5, 12, 7} {
			killed(t, sampler, opt.Checkpoint, after*time.Millisecond)
		}
		got, report := trainWords(t, r, opt)
		if report.Resumed < 4 || report.Resumed >= report.Steps {
			t.Errorf("%s: want training that was killed in the middle of %d steps, got it after %d", sampler, report.Steps, report.Resumed)
		}
		if !bytes.Equal(fileOf(t, want), fileOf(t, got)) {
			t.Errorf("%s: training that was killed and resumed gave other bytes than undisturbed training", sampler)
		}
		if left, _ := filepath.Glob(opt.Checkpoint + "*"); len(left) != 1 {
			t.Errorf("%s: want the checkpoint alone, got %v", sampler, left)
		}
	}
}
