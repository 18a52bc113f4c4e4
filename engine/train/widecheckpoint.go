package train

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
)

// A checkpoint, all numbers little-endian:
//
//	 0  8 bytes   magic
//	 8  uint32    length of the header
//	12  header    JSON, fields of checkpointHeader
//	    float32   the tables of wideFitting.state, one after the other
//	    bytes     what the sampler keeps, if it keeps anything
//	    32 bytes  SHA-256 of everything before
//
// Numbers are exact: training goes on as if it had never stopped.
const (
	checkpointMagic     = "slowide\x01"
	checkpointMaxHeader = 1 << 20
)

// ErrCheckpoint is wrapped by the errors about checkpoints that cannot be used.
var ErrCheckpoint = errors.New("not a checkpoint to go on from")

// checkpointHeader is the JSON part of a checkpoint.
type checkpointHeader struct {
	Network  string
	Settings string // all that decides the weights but the data
	Data     string // digest of the samples to fit
	Step     int    // done
	Loss     uint64 // bits of the sum over this epoch so far
	Sampler  int    // bytes
}

// keeper is a head whose sampler cannot be had from the weights alone.
type keeper interface {
	// keep returns what restore needs.
	keep() []byte
	restore(kept []byte) error
}

// settings is a text of all that decides the weights but the data's content.
func (f *wideFitting) settings() string {
	return fmt.Sprintf("%d features, %d hidden nodes, %d classes, seed %d, kernels %s, %+v",
		f.data.Features, f.net.Embed.Cols, f.data.Classes, f.key.Seed, f.set.Name, f.hyper)
}

// state lists all numbers that training changes.
func (f *wideFitting) state() [][]float32 {
	var all [][]float32
	for _, t := range []adamTable{f.embed, f.out} {
		all = append(all, t.weights.Data, t.mean.Data, t.square.Data)
	}
	for _, v := range []adamVector{f.hiddenBias, f.outBias} {
		all = append(all, v.weights, v.mean, v.square)
	}
	return all
}

// checkpoints writes a fitting's checkpoints and goes on from them.
type checkpoints struct {
	path   string // "": none
	every  int    // steps
	digest string // of the data
}

func newCheckpoints(f *wideFitting, path string, every int) checkpoints {
	if path == "" {
		return checkpoints{}
	}
	if every < 1 {
		every = f.batches()
	}
	return checkpoints{path, every, f.data.digest()}
}

// stepped writes a checkpoint if it is time for one, and in any case at the end.
func (c *checkpoints) stepped(f *wideFitting) error {
	if c.path == "" || f.step%c.every != 0 && f.step < f.steps {
		return nil
	}
	if err := c.save(f); err != nil {
		return fmt.Errorf("training %s: checkpoint: %w", f.net.Name, err)
	}
	return nil
}

// save writes a file that is whole or absent: a temporary name, synced, then renamed. The
// temporary name is always the same, so that kills leave one file at most.
func (c *checkpoints) save(f *wideFitting) error {
	part := c.path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666) // never through a link
	if err != nil {
		return err
	}
	err = c.write(file, f)
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(part, c.path)
	}
	if err != nil {
		os.Remove(part)
		return err
	}
	return syncFolder(filepath.Dir(c.path))
}

// syncFolder makes a rename last through a crash of the machine.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

func (c *checkpoints) write(w io.Writer, f *wideFitting) error {
	var kept []byte
	if k, ok := f.head.(keeper); ok {
		kept = k.keep()
	}
	head, err := json.Marshal(checkpointHeader{
		Network: f.net.Name, Settings: f.settings(), Data: c.digest,
		Step: f.step, Loss: math.Float64bits(f.loss), Sampler: len(kept),
	})
	if err != nil {
		return err
	}
	sum := sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<20)
	out.WriteString(checkpointMagic) // bufio keeps the first error for Flush
	out.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(head))))
	out.Write(head)
	for _, v := range f.state() {
		writeFloats(out, v)
	}
	out.Write(kept)
	if err := out.Flush(); err != nil {
		return err
	}
	_, err = w.Write(sum.Sum(nil))
	return err
}

// restore goes on from the checkpoint if there is one, and otherwise leaves f as it is.
// After an error f is not to be used.
func (c *checkpoints) restore(f *wideFitting) error {
	file, err := os.Open(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = c.read(file, f)
		file.Close()
	}
	if err != nil {
		return fmt.Errorf("training %s: checkpoint %s: %w", f.net.Name, c.path, err)
	}
	return nil
}

func (c *checkpoints) read(file io.ReadSeeker, f *wideFitting) error {
	size, err := checkedSize(file)
	if err != nil {
		return err
	}
	in := bufio.NewReaderSize(file, 1<<20)
	head, length, err := readCheckpointHeader(in)
	if err != nil {
		return err
	}
	if err := c.fits(head, f); err != nil {
		return err
	}
	want := length + int64(head.Sampler) + sha256.Size
	for _, v := range f.state() {
		want += 4 * int64(len(v))
	}
	if head.Sampler < 0 || want != size {
		return fmt.Errorf("%w: want %d bytes, got %d", ErrCheckpoint, want, size)
	}
	for _, v := range f.state() {
		if err := readFloats(in, v); err != nil {
			return err
		}
	}
	kept := make([]byte, head.Sampler)
	if _, err := io.ReadFull(in, kept); err != nil {
		return err
	}
	f.step, f.loss = head.Step, math.Float64frombits(head.Loss)
	if k, ok := f.head.(keeper); ok {
		return k.restore(kept)
	}
	return nil
}

// checkedSize returns the size of a file whose sum is right, and goes back to its start.
func checkedSize(file io.ReadSeeker) (int64, error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	if size < sha256.Size {
		return 0, fmt.Errorf("%w: want at least %d bytes, got %d", ErrCheckpoint, sha256.Size, size)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	sum := sha256.New()
	if _, err := io.CopyN(sum, file, size-sha256.Size); err != nil {
		return 0, err
	}
	var want [sha256.Size]byte
	if _, err := io.ReadFull(file, want[:]); err != nil {
		return 0, err
	}
	if !bytes.Equal(sum.Sum(nil), want[:]) {
		return 0, fmt.Errorf("%w: the checksum is wrong: truncated or damaged", ErrCheckpoint)
	}
	_, err = file.Seek(0, io.SeekStart)
	return size, err
}

// readCheckpointHeader returns the header and where it ends.
func readCheckpointHeader(in io.Reader) (*checkpointHeader, int64, error) {
	prefix := make([]byte, len(checkpointMagic)+4)
	if _, err := io.ReadFull(in, prefix); err != nil || string(prefix[:len(checkpointMagic)]) != checkpointMagic {
		return nil, 0, fmt.Errorf("%w: want a file that starts with %q", ErrCheckpoint, checkpointMagic)
	}
	length := binary.LittleEndian.Uint32(prefix[len(checkpointMagic):])
	if length > checkpointMaxHeader {
		return nil, 0, fmt.Errorf("%w: header: want at most %d bytes, got %d", ErrCheckpoint, checkpointMaxHeader, length)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(in, text); err != nil {
		return nil, 0, fmt.Errorf("%w: header: %w", ErrCheckpoint, err)
	}
	head := &checkpointHeader{}
	if err := json.Unmarshal(text, head); err != nil {
		return nil, 0, fmt.Errorf("%w: header: %w", ErrCheckpoint, err)
	}
	return head, int64(len(prefix)) + int64(length), nil
}

// fits says whether a checkpoint is of the training that f is about to do.
func (c *checkpoints) fits(head *checkpointHeader, f *wideFitting) error {
	switch {
	case head.Network != f.net.Name:
		return fmt.Errorf("%w: it is of network %s, not of %s", ErrCheckpoint, head.Network, f.net.Name)
	case head.Settings != f.settings():
		return fmt.Errorf("%w: it is of other settings: want %s, got %s", ErrCheckpoint, f.settings(), head.Settings)
	case head.Data != c.digest:
		return fmt.Errorf("%w: it is of other samples", ErrCheckpoint)
	case head.Step < 1 || head.Step > f.steps:
		return fmt.Errorf("%w: want 1 to %d steps, got %d", ErrCheckpoint, f.steps, head.Step)
	}
	return nil
}

// floatsAtOnce is how many numbers are copied at a time.
const floatsAtOnce = 1 << 14

func writeFloats(out *bufio.Writer, v []float32) {
	buffer := make([]byte, 0, 4*floatsAtOnce)
	for len(v) > 0 {
		n := min(len(v), floatsAtOnce)
		buffer = buffer[:0]
		for _, f := range v[:n] {
			buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(f))
		}
		out.Write(buffer) // it keeps the first error for Flush
		v = v[n:]
	}
}

func readFloats(in io.Reader, v []float32) error {
	buffer := make([]byte, 4*floatsAtOnce)
	for len(v) > 0 {
		n := min(len(v), floatsAtOnce)
		if _, err := io.ReadFull(in, buffer[:4*n]); err != nil {
			return err
		}
		for i := range v[:n] {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(buffer[4*i:]))
		}
		v = v[n:]
	}
	return nil
}
