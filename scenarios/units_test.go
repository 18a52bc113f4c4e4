package scenarios

import (
	"testing"

	"pgregory.net/rapid"
)

func TestSizes(t *testing.T) {
	for text, want := range map[string]Size{
		"64MB": 64_000_000, "64MiB": 64 << 20, "1 GB": 1e9, "1.5KB": 1500, "1kB": 1000, "7B": 7, "0.5GiB": 1 << 29,
	} {
		var got Size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s: want %d, got %d, %v", text, want, got, err)
		}
	}
	for _, text := range []string{"", "64", "MB", "-1MB", "0MB", "0.0001KB", "nanMB", "infB", "64mb", "1e30GB", "1 MB B"} {
		var got Size
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: want an error, got %d", text, got)
		}
	}
}

func TestSizesPrintThemselves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Size(rapid.Int64Range(1, maxSize).Draw(t, "bytes"))
		var got Size
		if err := got.UnmarshalText([]byte(want.String())); err != nil || got != want {
			t.Errorf("%d prints %s, which reads as %d, %v", want, want, got, err)
		}
	})
}

func TestNearest(t *testing.T) {
	names := []string{"latency", "share", "cpu", "memory", "azure-llm-2023-code", "azure-llm-2023-conv"}
	for got, want := range map[string]string{
		"latncy": "latency", "LATENCY": "latency", "sahre": "share", "cpus": "cpu", "mem": "memory",
		"disk": "", "": "", "azure": "", "azure-llm-2023-cod": "azure-llm-2023-code",
	} {
		if near := Nearest(got, names); near != want {
			t.Errorf("%q: want %q, got %q", got, want, near)
		}
	}
}
