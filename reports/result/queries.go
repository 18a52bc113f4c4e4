package result

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// rowsPerGroup bounds the memory of a writer and of a reader.
const rowsPerGroup = 1 << 17

// batch is the number of rows that a reader decodes at a time.
const batch = 1024

// QueriesWriter writes queries.parquet, a row a query, in a stream. The file
// appears under its name at Close.
type QueriesWriter struct {
	partial *partial
	rows    *parquet.GenericWriter[Row]
}

// CreateQueries begins the folder's queries.parquet (zstd, dictionaries for
// names). End it with Close or Abort.
func (f *Folder) CreateQueries() (*QueriesWriter, error) {
	if err := f.prepare(QueriesFile); err != nil {
		return nil, err
	}
	p, err := newPartial(f.Path(QueriesFile))
	if err != nil {
		return nil, err
	}
	rows := parquet.NewGenericWriter[Row](p.file,
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
		parquet.MaxRowsPerRowGroup(rowsPerGroup),
		parquet.CreatedBy("slosim", "", ""))
	return &QueriesWriter{partial: p, rows: rows}, nil
}

// Write appends rows. It copies what it keeps.
func (w *QueriesWriter) Write(rows []Row) error {
	if _, err := w.rows.Write(rows); err != nil {
		return fmt.Errorf("%s: cannot write: %w", w.partial.path, plainCause(err))
	}
	return nil
}

// Close makes the file whole. After an error the file is absent.
func (w *QueriesWriter) Close() error {
	if err := w.rows.Close(); err != nil {
		w.partial.abort()
		return fmt.Errorf("%s: cannot write: %w", w.partial.path, plainCause(err))
	}
	return w.partial.commit()
}

// Abort leaves no file behind. It may follow an error of Write, not a Close.
func (w *QueriesWriter) Abort() { w.partial.abort() }

// Queries yields the rows of the folder's queries.parquet in the order written.
// The first error ends the sequence.
func (f *Folder) Queries() iter.Seq2[Row, error] { return ReadQueries(f.Path(QueriesFile)) }

// ReadQueries yields the rows of a queries.parquet. A file that is missing, cut
// off, corrupt or of other columns yields one error that names it.
func ReadQueries(path string) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		reader := &queriesReader{path: path}
		defer reader.close()
		if err := reader.guard(reader.open); err != nil {
			yield(Row{}, err)
			return
		}
		for {
			var n int
			err := reader.guard(func() (err error) { n, err = reader.next(); return err })
			for _, row := range reader.buffer[:n] {
				if !yield(row, nil) {
					return
				}
			}
			if err != nil {
				yield(Row{}, err)
				return
			}
			if n == 0 {
				return
			}
		}
	}
}

type queriesReader struct {
	path   string
	file   *os.File
	rows   *parquet.GenericReader[Row]
	left   int64 // rows that the footer promises still
	buffer []Row
}

// guard names the file in errors, and turns the decoder's panics about corrupt
// bytes into errors: the file is not ours to trust.
func (r *queriesReader) guard(step func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%s: corrupt: %v", r.path, cause)
		}
	}()
	if err := step(); err != nil {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	return nil
}

func (r *queriesReader) open() error {
	file, err := os.Open(r.path)
	if err != nil {
		return fmt.Errorf("cannot read: %w", plainCause(err))
	}
	r.file = file
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("cannot read: %w", plainCause(err))
	}
	if err := checkFooter(file, info.Size()); err != nil {
		return err
	}
	opened, err := parquet.OpenFile(file, info.Size())
	if err != nil {
		return fmt.Errorf("want a whole parquet file, got %d bytes: %w", info.Size(), err)
	}
	if err := checkColumns(opened.Schema()); err != nil {
		return err
	}
	r.rows, r.left = parquet.NewGenericReader[Row](opened), opened.NumRows()
	r.buffer = make([]Row, batch)
	return nil
}

// checkFooter wants a footer that fits into the file: the decoder takes the memory that its length
// claims before it looks (format: the length, 4 bytes, little-endian, then "PAR1" at the end).
func checkFooter(file io.ReaderAt, size int64) error {
	const magic, tail = 4, 8
	end := make([]byte, tail)
	if size < magic+tail {
		return fmt.Errorf("want a whole parquet file, got %d bytes", size)
	}
	if _, err := file.ReadAt(end, size-tail); err != nil {
		return fmt.Errorf("cannot read: %w", plainCause(err))
	}
	if length := int64(binary.LittleEndian.Uint32(end)); length > size-magic-tail {
		return fmt.Errorf("want a whole parquet file, got %d bytes with a footer of %d", size, length)
	}
	return nil
}

// checkColumns wants every column of Row, of its type. Others may stand beside.
func checkColumns(got *parquet.Schema) error {
	for _, want := range parquet.SchemaOf(Row{}).Fields() {
		column, ok := got.Lookup(want.Name())
		if !ok {
			return fmt.Errorf("want a column %s, got none: not a queries file of this version", want.Name())
		}
		if column.Node.Type().Kind() != want.Type().Kind() || column.Node.Optional() || column.Node.Repeated() {
			return fmt.Errorf("column %s: want %s, got %s", want.Name(), want.Type(), column.Node.Type())
		}
	}
	return nil
}

// next reads a batch; 0 rows is the end.
func (r *queriesReader) next() (int, error) {
	n, err := r.rows.Read(r.buffer)
	r.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("corrupt: %w", err)
	}
	if n == 0 && r.left != 0 {
		return 0, fmt.Errorf("corrupt: want %d more rows, got the end", r.left)
	}
	return n, nil
}

func (r *queriesReader) close() {
	if r.rows != nil {
		r.rows.Close()
	}
	if r.file != nil {
		r.file.Close()
	}
}
