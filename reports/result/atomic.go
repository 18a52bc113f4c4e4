package result

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// temporary is the beginning of the name of every file that is not whole yet.
const temporary = ".slosim-"

// partial is a file on its way: nobody sees it under its name before commit.
type partial struct {
	file *os.File
	path string
}

func newPartial(path string) (*partial, error) {
	file, err := os.CreateTemp(filepath.Dir(path), temporary+filepath.Base(path)+"-*")
	if err != nil {
		return nil, fmt.Errorf("%s: cannot write: %w", path, plainCause(err))
	}
	return &partial{file: file, path: path}, nil
}

// commit makes the file whole under its name, or removes it and says why not.
func (p *partial) commit() error {
	err := errors.Join(p.file.Chmod(0o644), p.file.Sync(), p.file.Close())
	if err == nil {
		err = os.Rename(p.file.Name(), p.path)
	}
	if err != nil {
		os.Remove(p.file.Name())
		return fmt.Errorf("%s: cannot write: %w", p.path, plainCause(err))
	}
	return syncFolder(filepath.Dir(p.path))
}

// abort removes the file.
func (p *partial) abort() {
	p.file.Close()
	os.Remove(p.file.Name())
}

// WriteFile writes a file so that it is whole or absent: under a temporary name
// in the same folder, synced, then renamed. What stood under the name before
// stays until then. When write fails, its error is returned and nothing changes.
// What is no file (a pipe, /dev/stdout, /dev/null) is written to, never replaced.
func WriteFile(path string, write func(io.Writer) error) error {
	if IsDevice(path) {
		return writeDevice(path, write)
	}
	p, err := newPartial(path)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(p.file, 1<<16)
	err = write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err != nil {
		p.abort()
		if own, ok := err.(*os.PathError); ok { // of the temporary file
			err = own.Err
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	return p.commit()
}

// IsDevice says whether a path is something that is written to but cannot be replaced: a pipe, a
// device, or whatever stands in /dev and /proc.
func IsDevice(path string) bool {
	if whole, err := filepath.Abs(path); err == nil && (strings.HasPrefix(whole, "/dev/") || strings.HasPrefix(whole, "/proc/")) {
		return true
	}
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

func writeDevice(path string, write func(io.Writer) error) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("%s: cannot write: %w", path, plainCause(err))
	}
	buffered := bufio.NewWriterSize(file, 1<<16)
	err = write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("%s: cannot write: %w", path, plainCause(err))
	}
	return nil
}

// syncFolder makes the rename last. Systems that cannot sync a folder are left alone.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	_ = folder.Sync()
	return nil
}

// plainCause strips the temporary path from a file error.
func plainCause(err error) error {
	var pathError *os.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	var linkError *os.LinkError
	if errors.As(err, &linkError) {
		return linkError.Err
	}
	return err
}
