package kernel

import "golang.org/x/sys/unix"

// hugePage is the size of a huge page on the processors that have kernels here.
const hugePage = 2 << 20

// collapsed is from which size on a table is brought together in huge pages at once: memory
// that has been used before lies in small ones, and stays there. It takes some 0.3 ms a
// megabyte, which smaller tables, that are loaded again and again, would not earn back.
const collapsed = 32 << 20

// advise asks for huge pages under a table that starts on one, as far as whole ones fit,
// and does without where the system refuses: rows picked from a large table otherwise
// miss the TLB one by one.
func advise(table []byte) {
	whole := table[:len(table)/hugePage*hugePage]
	_ = unix.Madvise(whole, unix.MADV_HUGEPAGE)
	if len(whole) >= collapsed {
		_ = unix.Madvise(whole, unix.MADV_COLLAPSE)
	}
}
