//go:build amd64 || arm64

package profile

// ask prefetches the line at p into the nearest cache.
//
//go:noescape
func ask(p *uint32)
