package process

import "golang.org/x/sys/unix"

// awaitExit returns true when a child has ended, and leaves it to be waited for: until then its id,
// and that of its group, is no one else's.
func awaitExit(pid int) bool {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return err == nil
		}
	}
}
