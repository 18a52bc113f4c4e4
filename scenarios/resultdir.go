package scenarios

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// ResultsRoot is the folder, below the working one, that holds results by default.
const ResultsRoot = "results"

// maxDirs bounds the search for a free folder.
const maxDirs = 1_000_000

// ClaimDir makes the folder for a result and returns it. An explicit dir is made if
// missing and used as it is: files of the same name are replaced. Otherwise it is
// the first free one of root/name-1, root/name-2, and so on; two runs at the same
// time never get the same one.
func ClaimDir(dir, root, name string) (string, error) {
	if dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", fmt.Errorf("result folder: %w", err)
		}
		return dir, nil
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", fmt.Errorf("result folder: %w", err)
	}
	for n := 1; n <= maxDirs; n++ {
		dir := filepath.Join(root, name+"-"+strconv.Itoa(n))
		err := os.Mkdir(dir, 0o755)
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("result folder: %w", err)
		}
	}
	return "", fmt.Errorf("result folder: want a free one of %s, got %d taken ones", filepath.Join(root, name+"-N"), maxDirs)
}
