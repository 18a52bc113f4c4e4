//go:build !unix

package antagonist

import "os"

// Antagonists do not run here; see Supported.
var (
	pauseSignal  os.Signal = os.Kill
	resumeSignal os.Signal = os.Kill
)
