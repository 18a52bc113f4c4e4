package antagonist

import (
	"flag"
	"fmt"
	"io"
	"runtime"
	"strconv"
)

// Main is the child's program: it parses the arguments that Start passes, disturbs
// until in ends, and returns the exit code.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	var spec Spec
	flags := flag.NewFlagSet("antagonist", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.StringVar(&spec.Kind, "kind", "", "one of cache, cpu, memory")
	flags.Float64Var(&spec.Intensity, "intensity", 1, "share of time that it is active")
	flags.IntVar(&spec.CPU, "cpu", 0, "core to pin to")
	flags.Func("also", "a further core to run on; may be repeated", func(text string) error {
		cpu, err := strconv.Atoi(text)
		spec.Also = append(spec.Also, cpu)
		return err
	})
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if err := spec.Validate(); err != nil {
		fmt.Fprintln(errOut, err)
		return 2
	}
	if err := run(spec, in, out); err != nil {
		fmt.Fprintln(errOut, err)
		return 3
	}
	return 0
}

// run disturbs on a pinned thread while a second goroutine waits for the end of in.
func run(spec Spec, in io.Reader, out io.Writer) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	w := works()[spec.Kind]()
	w() // fault the buffers' first pages in before "ready"
	unpin, err := Pin(spec.CPU)
	if err != nil {
		return err
	}
	defer unpin()
	stop := make(chan struct{})
	go func() {
		// Any end of the input ends the child: a parent that dies closes it too.
		io.Copy(io.Discard, in)
		close(stop)
	}()
	for _, cpu := range spec.Also {
		if err := beside(spec, cpu, stop); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(out, "ready %d\n", threadID()); err != nil {
		return fmt.Errorf("antagonist: say ready: %w", err)
	}
	disturb(w, spec.Intensity, stop)
	return nil
}

// beside disturbs on a further core until stop is closed. It returns when it has begun.
func beside(spec Spec, cpu int, stop <-chan struct{}) error {
	begun := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		w := works()[spec.Kind]()
		w()
		if _, err := Pin(cpu); err != nil {
			begun <- err
			return
		}
		begun <- nil
		disturb(w, spec.Intensity, stop)
	}()
	return <-begun
}
