//go:build !linux

package antagonist

import (
	"errors"
	"os"
	"time"
)

// Pin does nothing here: threads stay where the system puts them.
func Pin(int) (undo func(), err error) { return func() {}, nil }

// Cores returns one core: without pinning no neighbour can be promised.
func Cores() []int { return []int{0} }

// ThreadTime is not available here; it is used only beside antagonists.
func ThreadTime() time.Duration { panic("antagonist: thread time needs Linux") }

// Supported says whether antagonists can run here: nil, or the reason why not.
func Supported() error {
	return errors.New("antagonists need Linux: they are pinned and watched through its accounting")
}

func threadID() int { return os.Getpid() }
