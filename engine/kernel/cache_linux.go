package kernel

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// CacheBytes returns the size of the first processor's data or unified cache of a level; 0
// if the system does not tell.
func CacheBytes(level int) int {
	indexes, _ := filepath.Glob("/sys/devices/system/cpu/cpu0/cache/index*")
	for _, dir := range indexes {
		read := func(name string) string {
			text, _ := os.ReadFile(filepath.Join(dir, name))
			return strings.TrimSpace(string(text))
		}
		kib, err := strconv.Atoi(strings.TrimSuffix(read("size"), "K"))
		if read("level") == strconv.Itoa(level) && read("type") != "Instruction" && err == nil && kib > 0 {
			return kib << 10
		}
	}
	return 0
}
