//go:build !linux

package scenarios

import "errors"

func mountTmpfs(string, int) error { return errors.New("not on this system") }

func unmount(string) {}

func remountReadOnly(string) error { return errors.New("not on this system") }
