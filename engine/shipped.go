package engine

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/exp/mmap"
)

//go:embed weights
var weights embed.FS

const fileSuffix = ".slonn"

// Networks lists the shipped networks by name, such as "fashion-mnist.full", in
// alphabetical order. The list is what the weights folder held when it was built.
func Networks() []string {
	files, err := fs.ReadDir(weights, "weights")
	if err != nil {
		panic("engine: embedded weights: " + err.Error())
	}
	var names []string
	for _, file := range files {
		if base, ok := strings.CutSuffix(file.Name(), fileSuffix); ok {
			names = append(names, networkName(base))
		}
	}
	return names
}

// networkName turns "fashion-mnist-wta" into "fashion-mnist.wta".
func networkName(base string) string {
	if i := strings.LastIndexByte(base, '-'); i >= 0 {
		return base[:i] + "." + base[i+1:]
	}
	return base
}

// fileName turns "fashion-mnist.wta" into "fashion-mnist-wta.slonn".
func fileName(name string) string { return strings.ReplaceAll(name, ".", "-") + fileSuffix }

// Open opens a shipped network by name, or a file if name ends with ".slonn".
func Open(name string) (*Network, error) {
	if strings.HasSuffix(name, fileSuffix) {
		return openFile(name)
	}
	data, err := weights.ReadFile("weights/" + fileName(name))
	if err != nil {
		return nil, fmt.Errorf("network %s: want one of %s, or a file that ends with %s", name, strings.Join(Networks(), ", "), fileSuffix)
	}
	n, err := ReadBytes(data)
	if err != nil {
		return nil, fmt.Errorf("network %s: %w", name, err)
	}
	return n, nil
}

func openFile(path string) (*Network, error) {
	file, err := mmap.Open(path)
	if err != nil {
		return nil, fmt.Errorf("network %s: %w", path, err)
	}
	n, err := readMapped(file)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return nil, fmt.Errorf("network %s: %w", path, err)
	}
	return n, nil
}

// readMapped reads a mapped file, packed or not.
func readMapped(file *mmap.ReaderAt) (*Network, error) {
	if file.Len() < packPrefix {
		return Read(file, int64(file.Len()))
	}
	start := make([]byte, len(packMagic))
	if _, err := file.ReadAt(start, 0); err != nil {
		return nil, err
	}
	if !isPacked(start) {
		return Read(file, int64(file.Len()))
	}
	data := make([]byte, file.Len())
	if _, err := file.ReadAt(data, 0); err != nil {
		return nil, err
	}
	return ReadBytes(data)
}

// Save writes the network to a plain file that is whole or absent: a temporary name in
// the same folder, synced, then renamed.
func Save(path string, n *Network) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".slonn-*")
	if err != nil {
		return fmt.Errorf("network %s: %w", n.Name, err)
	}
	defer os.Remove(file.Name()) // fails after the rename, as it should
	if err := writeAndSync(file, n); err != nil {
		return fmt.Errorf("network %s: %w", n.Name, err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("network %s: %w", n.Name, err)
	}
	return nil
}

func writeAndSync(file *os.File, n *Network) error {
	err := Write(file, n)
	if err == nil {
		err = file.Chmod(0o644)
	}
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}
