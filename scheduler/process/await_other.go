//go:build !linux

package process

// awaitExit cannot wait without taking the child's id away: children of a child that ends by itself
// are not killed.
func awaitExit(int) bool { return false }
