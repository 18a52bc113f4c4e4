//go:build !linux

package kernel

// hugePage is the alignment of large tables; other systems are not asked for huge pages.
const hugePage = lineBytes

func advise([]byte) {}
