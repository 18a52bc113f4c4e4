package kernel_test

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"

	"slosim/engine/kernel"
)

// A large table starts on a huge page, and the system was asked for such pages: the flag
// hg of its mapping.
func TestLargeTablesAskForHugePages(t *testing.T) {
	mode, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	if err != nil || strings.Contains(string(mode), "[never]") {
		t.Skip("no transparent huge pages here")
	}
	w := kernel.NewMatrix(8192, 512) // 16 MiB
	start := uintptr(unsafe.Pointer(unsafe.SliceData(w.Data)))
	if start%(2<<20) != 0 {
		t.Errorf("starts %d bytes past a huge page", start%(2<<20))
	}
	if flags, ok := flagsAt(t, start+(4<<20)); !ok {
		t.Skip("the system does not tell")
	} else if !strings.Contains(" "+flags+" ", " hg ") {
		t.Errorf("flags of the mapping: want hg, got %q", flags)
	}
}

// flagsAt returns the flags of the mapping that holds an address.
func flagsAt(t *testing.T, at uintptr) (flags string, ok bool) {
	t.Helper()
	file, err := os.Open("/proc/self/smaps")
	if err != nil {
		return "", false
	}
	defer file.Close()
	inside := false
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var from, to uintptr
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x ", &from, &to); n == 2 {
			inside = from <= at && at < to
		}
		if rest, is := strings.CutPrefix(lines.Text(), "VmFlags:"); is && inside {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}
