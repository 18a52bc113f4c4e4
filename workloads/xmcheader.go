package workloads

import (
	"bufio"
	"errors"
	"io"
)

// XMCSizes are what the first line of an extreme-classification file says.
type XMCSizes struct {
	Samples  int
	Features int // ids of features are 0 to Features-1
	Classes  int // labels are 0 to Classes-1
}

// ReadXMCSizes reads the first line of a file in the format of [ReadXMC], and no more.
func ReadXMCSizes(path string) (XMCSizes, error) { return readFile(path, decodeXMCSizes) }

func decodeXMCSizes(name string, r io.Reader) (XMCSizes, error) {
	x := &xmcReader{name: name, line: 1, set: &SparseSet{}}
	plain, err := decompress(r)
	if err != nil {
		x.fail("file", "plain text or gzip", err.Error())
		return XMCSizes{}, errors.Join(x.problems...)
	}
	x.lines, x.line = bufio.NewReader(plain), 0
	if !x.readHeader() {
		return XMCSizes{}, errors.Join(x.problems...)
	}
	return XMCSizes{Samples: x.samples, Features: x.set.Features, Classes: x.set.Classes}, nil
}
