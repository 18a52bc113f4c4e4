//go:build !amd64

package kernel

// native returns nothing: other processors have the plain Go variant only.
func native() []*Set { return nil }
