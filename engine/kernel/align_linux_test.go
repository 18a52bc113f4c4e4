package kernel_test

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"slosim/engine/kernel"
)

// A large table starts on a huge page, and the system was asked for such pages: the flag
// hg of its mapping.
func TestLargeTablesAskForHugePages(t *testing.T) {
	mode, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	if err != nil || strings.Contains(string(mode), "[never]") {
		t.Skip("no transparent huge pages here")
	}
	if !tellsOfHugePages(t) {
		t.Skip("the system does not tell (an emulator, say)")
	}
	w := kernel.NewMatrix(8192, 512) // 16 MiB
	start := uintptr(unsafe.Pointer(unsafe.SliceData(w.Data)))
	if start%(2<<20) != 0 {
		t.Errorf("starts %d bytes past a huge page", start%(2<<20))
	}
	if flags := flagsAt(t, start+(4<<20)); !strings.Contains(flags, " hg ") {
		t.Errorf("flags of the mapping: want hg, got %q", flags)
	}
}

// tellsOfHugePages asks for them without the package and looks whether that shows.
func tellsOfHugePages(t *testing.T) bool {
	t.Helper()
	mem, err := unix.Mmap(-1, 0, 8<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(mem)
	asked := unix.Madvise(mem, unix.MADV_HUGEPAGE)
	return asked == nil && strings.Contains(flagsAt(t, uintptr(unsafe.Pointer(unsafe.SliceData(mem)))), " hg ")
}

// flagsAt returns the flags of the mapping that holds an address, each between blanks; ""
// if the system does not tell.
func flagsAt(t *testing.T, at uintptr) string {
	t.Helper()
	file, err := os.Open("/proc/self/smaps")
	if err != nil {
		return ""
	}
	defer file.Close()
	inside := false
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var from, to uintptr
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x ", &from, &to); n == 2 {
			inside = from <= at && at < to
		}
		if rest, is := strings.CutPrefix(lines.Text(), "VmFlags:"); is && inside {
			return " " + strings.TrimSpace(rest) + " "
		}
	}
	return ""
}
