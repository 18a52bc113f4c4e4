package kernel

import "golang.org/x/sys/unix"

// hugePage is the size of a huge page on the processors that have kernels here.
const hugePage = 2 << 20

// advise asks for huge pages under a table that starts on one, as far as whole ones fit,
// and does without where the system refuses: rows picked from a large table otherwise
// miss the TLB one by one.
func advise(table []byte) {
	_ = unix.Madvise(table[:len(table)/hugePage*hugePage], unix.MADV_HUGEPAGE)
}
