package measure

import (
	"bufio"
	"os"
	"runtime"
	"strings"

	"slosim/engine/antagonist"
	"slosim/engine/kernel"
	"slosim/engine/profile"
)

// ThisMachine returns the fingerprint of the machine and of the kernel variant in use.
// What the system does not tell stays empty or 0.
func ThisMachine(variant string) profile.Machine {
	return profile.Machine{
		CPU:     cpuModel(),
		Cores:   len(antagonist.Cores()),
		L2:      int64(kernel.CacheBytes(2)),
		L3:      int64(kernel.CacheBytes(3)),
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
