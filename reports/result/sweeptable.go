package result

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// Column is a column of a table whose columns are known only when it is written.
type Column struct {
	Name string
	Kind ColumnKind
}

// ColumnKind says what a column holds.
type ColumnKind int

// The kinds of columns. In Parquet numbers are optional: NaN is null.
const (
	TextColumn ColumnKind = iota
	WholeColumn
	NumberColumn
)

// TableWriter writes rows of one set of columns to files, in a stream. The files appear under their
// names at Close.
type TableWriter struct {
	columns []Column
	order   []int // [Parquet column] of columns: the library sorts by name
	parquet *partial
	rows    *parquet.GenericWriter[any]
	csv     *partial
	lines   *csv.Writer
	row     parquet.Row
}

// CreateTable begins a table. A path that is empty is not written. End it with Close or Abort.
func CreateTable(csvPath, parquetPath string, columns []Column) (*TableWriter, error) {
	w := &TableWriter{columns: columns}
	if err := w.create(csvPath, parquetPath); err != nil {
		w.Abort()
		return nil, err
	}
	return w, nil
}

func (w *TableWriter) create(csvPath, parquetPath string) (err error) {
	if csvPath != "" {
		if w.csv, err = newPartial(csvPath); err != nil {
			return err
		}
		w.lines = csv.NewWriter(w.csv.file)
		header := make([]string, len(w.columns))
		for i := range w.columns {
			header[i] = w.columns[i].Name
		}
		if err := w.lines.Write(header); err != nil {
			return err
		}
	}
	if parquetPath != "" {
		if w.parquet, err = newPartial(parquetPath); err != nil {
			return err
		}
		w.begin()
	}
	return nil
}

// begin begins the Parquet file.
func (w *TableWriter) begin() {
	group := parquet.Group{}
	for i, c := range w.columns {
		w.order = append(w.order, i)
		switch c.Kind {
		case TextColumn:
			group[c.Name] = parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
		case WholeColumn:
			group[c.Name] = parquet.Leaf(parquet.Int64Type)
		default:
			group[c.Name] = parquet.Optional(parquet.Leaf(parquet.DoubleType))
		}
	}
	slices.SortFunc(w.order, func(a, b int) int { return strings.Compare(w.columns[a].Name, w.columns[b].Name) })
	w.rows = parquet.NewGenericWriter[any](w.parquet.file, parquet.NewSchema("row", group),
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
		parquet.MaxRowsPerRowGroup(rowsPerGroup/16), // rows are wide
		parquet.CreatedBy("slosim", "", ""))
}

// Write appends a row: a string, int64 or float64 for each column, of its kind. Floats have six
// digits in the CSV; infinite ones are "inf" there.
func (w *TableWriter) Write(row []any) error {
	if w.csv != nil {
		line := make([]string, len(row))
		for i, v := range row {
			line[i] = tableText(v)
		}
		if err := w.lines.Write(line); err != nil {
			return fmt.Errorf("%s: cannot write: %w", w.csv.path, plainCause(err))
		}
	}
	if w.parquet == nil {
		return nil
	}
	w.row = w.row[:0]
	for column, i := range w.order {
		w.row = append(w.row, tableValue(row[i], column))
	}
	if _, err := w.rows.WriteRows([]parquet.Row{w.row}); err != nil {
		return fmt.Errorf("%s: cannot write: %w", w.parquet.path, plainCause(err))
	}
	return nil
}

func tableText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		switch {
		case math.IsNaN(v):
			return ""
		case math.IsInf(v, 1):
			return "inf"
		}
		return FormatFloat(v)
	}
	panic(fmt.Sprintf("result: no text for %T", v))
}

func tableValue(v any, column int) parquet.Value {
	switch v := v.(type) {
	case string:
		return parquet.ByteArrayValue([]byte(v)).Level(0, 0, column)
	case int64:
		return parquet.Int64Value(v).Level(0, 0, column)
	case float64:
		if math.IsNaN(v) {
			return parquet.NullValue().Level(0, 0, column)
		}
		return parquet.DoubleValue(v).Level(0, 1, column)
	}
	panic(fmt.Sprintf("result: no value for %T", v))
}

// Close makes the files whole. After an error those that were not are absent.
func (w *TableWriter) Close() error {
	var err error
	if w.csv != nil {
		w.lines.Flush()
		if err = w.lines.Error(); err != nil {
			err = fmt.Errorf("%s: cannot write: %w", w.csv.path, plainCause(err))
		}
	}
	if w.parquet != nil && err == nil {
		if err = w.rows.Close(); err != nil {
			err = fmt.Errorf("%s: cannot write: %w", w.parquet.path, plainCause(err))
		}
	}
	if err != nil {
		w.Abort()
		return err
	}
	for _, p := range []*partial{w.csv, w.parquet} {
		if p != nil {
			err = errors.Join(err, p.commit())
		}
	}
	return err
}

// Abort leaves no file behind. It may follow an error of Write, not a Close.
func (w *TableWriter) Abort() {
	for _, p := range []*partial{w.csv, w.parquet} {
		if p != nil {
			p.abort()
		}
	}
}
