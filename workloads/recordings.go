package workloads

import (
	"fmt"
	"time"
)

// RecordingInfo describes a recorded slow-down that ships.
type RecordingInfo struct {
	Name        string
	Description string
	Rows        int
	Span        time.Duration // recorded time
	Licence     string        // SPDX identifier
	Attribution string
	Cite        string
	Changes     string // what was changed from the original

	file string // embedded file
}

// Recordings lists the recorded slow-downs that ship, sorted by name.
func Recordings() []RecordingInfo {
	return []RecordingInfo{{
		Name:        "azure-vm-noise-cache",
		Description: "stress-ng's cpu-cache benchmark on a cloud VM (D8s v5), every hour and a half of three restless weeks: 1 is that VM's median",
		Rows:        370,
		Span:        1_807_815_800 * time.Millisecond,
		Licence:     "CC-BY-4.0",
		Attribution: "Azure Public Dataset (Microsoft), https://github.com/Azure/AzurePublicDataset",
		Cite:        "Freischuetz et al., TUNA: Tuning Unstable and Noisy Cloud Applications, EuroSys 2025",
		Changes:     "days 204 to 225 of one VM's series; throughputs turned into slow-downs: the VM's median / value; time shifted to start at 0",
		file:        "azure_vm_noise_cache.csv.gz",
	}}
}

// openRecording opens a recording that ships; ok is false for any other name.
func openRecording(name string) (s Slowdowns, ok bool, err error) {
	for _, info := range Recordings() {
		if info.Name != name {
			continue
		}
		file, err := embedded.Open("data/" + info.file)
		if err != nil {
			return nil, true, fmt.Errorf("recording %s: %w", name, err)
		}
		defer file.Close()
		s, err = ReadSlowdowns(name, file)
		return s, true, err
	}
	return nil, false, nil
}
