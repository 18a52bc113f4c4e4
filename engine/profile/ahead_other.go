//go:build !amd64 && !arm64

package profile

// ask does nothing: asking ahead saves time and changes no result.
func ask(*uint32) {}
