package result

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// maxJSON is the largest JSON file of a result that is read, in bytes: a thousand contenders make a
// tenth of it. Another kind of file must not cost the machine its memory.
const maxJSON = 1 << 28

// ErrTooLong is wrapped by the error of ReadBounded about a file that is longer.
var ErrTooLong = errors.New("want a shorter file")

// ReadBounded reads a file of at most so many bytes; of a longer one, or one without an end, it reads
// no more than that and returns an [ErrTooLong].
func ReadBounded(path string, most int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%s: %w: at most %d bytes", path, ErrTooLong, most)
	}
	return data, err
}
