//go:build unix

package antagonist

import "syscall"

// What Pause and Resume send.
const (
	pauseSignal  = syscall.SIGSTOP
	resumeSignal = syscall.SIGCONT
)
