//go:build !unix

package process

import (
	"errors"
	"os"
	"os/exec"
)

// leadGroup does nothing: there are no process groups.
func leadGroup(*exec.Cmd) {}

// killGroup kills the child alone.
func killGroup(leader int) {
	if p, err := os.FindProcess(leader); err == nil {
		_ = p.Kill()
	}
}

func brokenPipe(err error) bool { return errors.Is(err, os.ErrClosed) }
