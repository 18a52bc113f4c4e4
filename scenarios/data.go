package scenarios

import (
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"slosim/reports/result"
	"slosim/workloads"
)

// The text beside a set that was made.
const licenceFile = "LICENSE.txt"

// DataAbout says in words what `slosim data` makes.
func DataAbout() string {
	return "glosses-next-word (the next word of a gloss, from the eight before it)\n" +
		"and wordnet-13k (hypernyms from glosses: line by line the set that ships)."
}

// Data makes a data set and writes its files. Files are whole or absent; the training file
// is written last, so that a set that has one is complete.
func (a *App) Data(ctx context.Context, o DataOptions) error {
	dir := cmp.Or(o.Out, a.dataFolder(o.Name))
	if dir == "" {
		return Usagef("--output: want a folder, there being no cache folder: set it, or HOME or XDG_CACHE_HOME")
	}
	dictionary, err := workloads.OpenWordNet(cmp.Or(o.From, workloads.WordNetDir))
	if err != nil {
		return UsageError{fmt.Errorf("data %s: %w", o.Name, err)}
	}
	made, err := workloads.MakeSet(o.Name, dictionary)
	if err != nil {
		return UsageError{fmt.Errorf("data: %w", err)}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("data: folder for the set: %w", err)
	}
	if err := os.Remove(filepath.Join(dir, trainFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("data: %w", err)
	}
	return writeSet(ctx, dir, made, o.Console)
}

// writeSet writes the files of a set, the training file last.
func writeSet(ctx context.Context, dir string, made *workloads.MadeSet, o Console) error {
	files := []struct {
		name  string
		write func(io.Writer) error
	}{
		{licenceFile, func(w io.Writer) error { return writeLicence(w, made) }},
		{labelsFile, zipped(func(w io.Writer) error { return writeLines(w, made.Labels) })},
		{testFile, zipped(func(w io.Writer) error { return workloads.WriteXMCIDs(w, made.Test) })},
		{trainFile, zipped(func(w io.Writer) error { return workloads.WriteXMCIDs(w, made.Train) })},
	}
	o.progress().Start("writing "+made.Name, len(files))
	defer o.progress().Done()
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := result.WriteFile(filepath.Join(dir, file.name), file.write); err != nil {
			return fmt.Errorf("data: %w", err)
		}
		o.progress().Add(1)
	}
	if o.JSON {
		return result.EncodeJSON(o.Out, madeJSON{result.Schema, made.Name, dir, made.Train.Len(), made.Test.Len(), made.Train.Features, made.Train.Classes})
	}
	_, err := fmt.Fprintf(o.Out, "%s: %d samples for training, %d for the test, %d features, %d labels\n",
		dir, made.Train.Len(), made.Test.Len(), made.Train.Features, made.Train.Classes)
	return err
}

// madeJSON is what data prints as JSON.
type madeJSON struct {
	Schema   int    `json:"schema"`
	Name     string `json:"name"`
	Folder   string `json:"folder"`
	Training int    `json:"training"` // samples
	Test     int    `json:"test"`
	Features int    `json:"features"`
	Labels   int    `json:"labels"`
}

// zipped compresses what write writes. The header names no file and no time: equal
// content gives equal bytes.
func zipped(write func(io.Writer) error) func(io.Writer) error {
	return func(w io.Writer) error {
		z := gzip.NewWriter(w)
		return errors.Join(write(z), z.Close())
	}
}

func writeLines(w io.Writer, lines []string) error {
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

func writeLicence(w io.Writer, made *workloads.MadeSet) error {
	_, err := fmt.Fprintf(w, "%s was made by slosim from the dictionary files of WordNet: words became numbers, synsets or\n"+
		"words labels, and samples were divided into training and test. The licence of the dictionary:\n\n%s", made.Name, made.Licence)
	return err
}
