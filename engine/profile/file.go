package profile

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// A file is a header (magic, schema, length and SHA-256 of the content) and the
// deflated content. The hash is of the content, so that it does not depend on how
// well it was compressed.
const (
	magic      = "slosimpf"
	headerSize = len(magic) + 4 + 8 + sha256.Size
	maxContent = 1 << 31 // bytes; a campaign makes some ten million
)

// Hash identifies a profile: the SHA-256 of its canonical bytes, in hexadecimal.
func (p *Profile) Hash() string {
	sum := sha256.Sum256(encode(p))
	return hex.EncodeToString(sum[:])
}

// Write validates the profile and writes it. Equal profiles make equal bytes.
func (p *Profile) Write(w io.Writer) error {
	if err := p.Validate(); err != nil {
		return err
	}
	content := encode(p)
	if _, err := w.Write(header(p.Schema, content)); err != nil {
		return err
	}
	compressed, err := flate.NewWriter(w, flate.DefaultCompression)
	if err != nil {
		return err
	}
	if _, err := compressed.Write(content); err != nil {
		return err
	}
	return compressed.Close()
}

// header describes the content that follows it.
func header(schema int, content []byte) []byte {
	h := make([]byte, 0, headerSize)
	h = append(h, magic...)
	h = binary.LittleEndian.AppendUint32(h, uint32(schema))
	h = binary.LittleEndian.AppendUint64(h, uint64(len(content)))
	sum := sha256.Sum256(content)
	return append(h, sum[:]...)
}

// Read reads and validates a profile. What is not one, is of another version, cut
// short or changed gives an error that says which.
func Read(r io.Reader) (*Profile, error) {
	h := make([]byte, headerSize)
	if _, err := io.ReadFull(r, h); err != nil || string(h[:len(magic)]) != magic {
		return nil, fmt.Errorf("profile: not a profile file")
	}
	v := binary.LittleEndian.Uint32(h[len(magic):])
	if v != SchemaVersion && v != SchemaBatches {
		return nil, fmt.Errorf("profile: file version: want %d or %d, got %d; measure again", SchemaVersion, SchemaBatches, v)
	}
	length := binary.LittleEndian.Uint64(h[len(magic)+4:])
	content, err := inflate(r, length)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	if want := h[headerSize-sha256.Size:]; !bytes.Equal(want, sum[:]) {
		return nil, fmt.Errorf("profile: corrupt: want SHA-256 beginning with %x, got %x", want[:8], sum[:8])
	}
	p, err := decode(content)
	if err != nil {
		return nil, fmt.Errorf("profile: corrupt: content %w", err)
	}
	return p, p.Validate()
}

// inflate reads exactly length bytes of content.
func inflate(r io.Reader, length uint64) ([]byte, error) {
	if length > maxContent {
		return nil, fmt.Errorf("profile: corrupt: want at most %d bytes, got %d", maxContent, length)
	}
	var content bytes.Buffer
	n, err := io.Copy(&content, io.LimitReader(flate.NewReader(r), int64(length)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("profile: corrupt or cut short: %w", err)
	case uint64(n) != length:
		return nil, fmt.Errorf("profile: corrupt: want %d bytes of content, got %d or more", length, n)
	}
	return content.Bytes(), nil
}

// Load reads a profile from a file.
func Load(path string) (*Profile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	defer f.Close()
	p, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// Save writes a profile to a file that is whole or absent: under a temporary name,
// synced, then renamed. A device or a pipe is written to, never replaced.
func (p *Profile) Save(path string) (err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return fmt.Errorf("profile: %w", err)
		}
		return errors.Join(p.Write(f), f.Close())
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp*")
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	err = p.Write(f)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	if err = os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
