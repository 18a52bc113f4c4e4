package antagonist

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Launcher says how to start the program as an antagonist: Path with Args before
// the antagonist's own flags. The command `slosim antagonist` is one.
type Launcher struct {
	Path string
	Args []string
}

// childVariable is set in the environment of every antagonist, so that a program knows
// that it was started as one, whatever its own command line means.
const childVariable = "SLOSIM_ANTAGONIST"

// Become makes the process an antagonist and does not return, if it was started as one.
// A program that measures must call it before anything else that shows (scenarios.NewApp
// does): else its antagonists would be the program itself, which measures and starts the
// next one.
func Become() {
	if os.Getenv(childVariable) != "" && len(os.Args) > 1 {
		os.Exit(Main(os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
	}
}

// Self returns the launcher that re-executes the running program, which must call
// [Become] or understand the argument "antagonist".
func Self() (Launcher, error) {
	path, err := os.Executable()
	if err != nil {
		return Launcher{}, fmt.Errorf("antagonist: find the own program: %w", err)
	}
	return Launcher{Path: path, Args: []string{"antagonist"}}, nil
}

// Process is a running antagonist.
type Process struct {
	spec   Spec
	cmd    *exec.Cmd
	in     io.Closer
	errOut *bytes.Buffer
	thread int

	usedAt time.Time     // of the last Share
	used   time.Duration // CPU time at usedAt
}

// Start runs an antagonist and returns when it has begun to disturb.
func Start(l Launcher, spec Spec) (*Process, error) {
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	args := append(append([]string{}, l.Args...),
		"--kind="+spec.Kind,
		"--intensity="+strconv.FormatFloat(spec.Intensity, 'g', -1, 64),
		"--cpu="+strconv.Itoa(spec.CPU))
	for _, cpu := range spec.Also {
		args = append(args, "--also="+strconv.Itoa(cpu))
	}
	p := &Process{spec: spec, cmd: exec.Command(l.Path, args...), errOut: new(bytes.Buffer)}
	p.cmd.Stderr = p.errOut
	p.cmd.Env = append(os.Environ(), childVariable+"=1")
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("antagonist: %w", err)
	}
	p.in = in
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("antagonist: %w", err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("antagonist: start %s: %w", l.Path, err)
	}
	if err := p.ready(out); err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(p.stopped()))
	}
	return p, nil
}

// readyWithin is how long a child may take to begin.
const readyWithin = 20 * time.Second

// ready waits for the child's first line and takes the first reading.
func (p *Process) ready(out io.Reader) error {
	kill := time.AfterFunc(readyWithin, func() { p.cmd.Process.Kill() })
	defer kill.Stop()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("antagonist %q: want \"ready\", got end of output", p.spec.Kind)
	}
	if _, err := fmt.Sscanf(line, "ready %d", &p.thread); err != nil {
		return fmt.Errorf("antagonist %q: want \"ready THREAD\", got %q", p.spec.Kind, line)
	}
	_, err = p.Share()
	return err
}

// stopped ends a child that did not come up and returns what it said.
func (p *Process) stopped() string {
	p.Stop()
	return p.errOut.String()
}

// Share returns the part of its core that the antagonist got since the last call
// (or since it began). Windows well above Period are meaningful.
func (p *Process) Share() (float64, error) {
	used, err := p.cpuTime()
	if err != nil {
		return 0, err
	}
	now := time.Now()
	share := float64(used-p.used) / float64(now.Sub(p.usedAt))
	p.used, p.usedAt = used, now
	return share, nil
}

// cpuTime reads the disturbing thread's time on a core from the kernel's accounting.
func (p *Process) cpuTime() (time.Duration, error) {
	path := fmt.Sprintf("/proc/%d/task/%d/schedstat", p.cmd.Process.Pid, p.thread)
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("antagonist %q has ended or the kernel keeps no schedstat: %w", p.spec.Kind, err)
	}
	first, _, _ := strings.Cut(string(text), " ")
	ns, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("antagonist: %s: want nanoseconds first, got %q", path, text)
	}
	return time.Duration(ns), nil
}

// stopAfter is how long a child may take to notice the end of its input.
const stopAfter = 2 * time.Second

// Stop ends the antagonist and waits for it.
func (p *Process) Stop() error {
	p.in.Close()
	_ = p.Resume() // a paused one would not notice; one that has ended needs nothing
	kill := time.AfterFunc(stopAfter, func() { p.cmd.Process.Kill() })
	defer kill.Stop()
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("antagonist %q: %w", p.spec.Kind, err)
	}
	return nil
}

// Pause halts the antagonist where it is; Resume lets it go on. A paused antagonist keeps its
// memory and takes nothing else.
func (p *Process) Pause() error { return p.signal(pauseSignal) }

// Resume is the inverse of Pause. It does no harm to one that runs.
func (p *Process) Resume() error { return p.signal(resumeSignal) }

func (p *Process) signal(s os.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("antagonist %q: %w", p.spec.Kind, err)
	}
	return nil
}
