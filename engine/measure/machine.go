package measure

import (
	"bufio"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"slosim/engine/antagonist"
	"slosim/engine/profile"
)

// ThisMachine returns the fingerprint of the machine and of the kernel variant in use.
// What the system does not tell stays empty or 0.
func ThisMachine(variant string) profile.Machine {
	return profile.Machine{
		CPU:     cpuModel(),
		Cores:   len(antagonist.Cores()),
		L2:      cacheBytes(2),
		L3:      cacheBytes(3),
		Variant: variant,
		OS:      runtime.GOOS + "/" + runtime.GOARCH,
	}
}

// cpuModel reads the first processor's model, with family, model and stepping, since
// virtual machines hide the name.
func cpuModel() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer file.Close()
	fields := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		key, value, ok := strings.Cut(lines.Text(), ":")
		if !ok {
			break // the end of the first processor
		}
		fields[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	name := fields["model name"]
	if name == "" {
		return runtime.GOARCH
	}
	return name + " (family " + fields["cpu family"] + " model " + fields["model"] + " stepping " + fields["stepping"] + ")"
}

// cacheBytes reads the size of the first core's unified cache of a level; 0 if unknown.
func cacheBytes(level int) int64 {
	folders, _ := filepath.Glob("/sys/devices/system/cpu/cpu0/cache/index*")
	for _, folder := range folders {
		if word(folder, "level") == strconv.Itoa(level) {
			size := word(folder, "size")
			kib, err := strconv.ParseInt(strings.TrimSuffix(size, "K"), 10, 64)
			if err == nil {
				return kib << 10
			}
		}
	}
	return 0
}

func word(folder, name string) string {
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
