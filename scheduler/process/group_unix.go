//go:build unix

package process

import (
	"errors"
	"os/exec"
	"syscall"
)

// leadGroup lets the child lead a process group: the terminal's signals do not reach it, and it
// can be killed with its own children.
func leadGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills a process group. The leader must not have been waited for: its id could be
// another's.
func killGroup(leader int) { _ = syscall.Kill(-leader, syscall.SIGKILL) }

func brokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
