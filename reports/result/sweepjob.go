package result

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The names in the folder of a sweep that runs on a cluster.
const (
	SweepJobFolder    = "slurm"
	SweepJobFile      = "job.json"
	SweepJobScript    = "array.sh"
	SweepJobProgram   = "slosim"
	SweepJobLogs      = "logs"
	SweepJobCancelled = "cancelled" // somebody cancelled: nothing is submitted any more
	SweepJobLock      = "lock"      // held by who submits
)

// SweepJob is slurm/job.json: how a sweep is shared out to the tasks of a job array, so that tasks are
// found, cancelled and submitted again by whoever has the folder.
type SweepJob struct {
	Schema  int      `json:"schema"`
	Name    string   `json:"name"`    // of the job: its tasks are found by it
	Tasks   int      `json:"tasks"`   // task i has the cells whose number is i modulo Tasks
	CPUs    int      `json:"cpus"`    // of each task
	Minutes int      `json:"minutes"` // time limit of each task
	Scratch string   `json:"scratch"` // folder of the nodes; empty: cells are written to the sweep's
	Options []string `json:"options"` // of sbatch
	Retries int      `json:"retries"`
	// AnyExecutable says that the program is another build than the plan's.
	AnyExecutable bool `json:"any_executable"`
	// Clusters are those to which jobs went, by name, if it was not the default one.
	Clusters []string `json:"clusters"`
	LastJob  string   `json:"last_job"`
}

// ReadSweepJob reads that of a sweep's folder; without one the error is fs.ErrNotExist.
func ReadSweepJob(dir string) (*SweepJob, error) {
	path := filepath.Join(dir, SweepJobFolder, SweepJobFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var j SweepJob
	if err := readJSON(path, &j, []string{"schema", "name", "tasks"}); err != nil {
		return nil, err
	}
	if j.Tasks < 1 || j.Tasks > maxSweepCells || j.Name == "" || strings.Contains(j.Name, ",") {
		return nil, fmt.Errorf("%s: want a name without a comma and 1 to %d tasks, got %q and %d", path, maxSweepCells, j.Name, j.Tasks)
	}
	return &j, nil
}

// Write writes it into a sweep's folder.
func (j *SweepJob) Write(dir string) error {
	return WriteFile(filepath.Join(dir, SweepJobFolder, SweepJobFile), func(w io.Writer) error { return EncodeJSON(w, j) })
}

// SweepTasks counts the tasks of a sweep's job array by what became of them.
type SweepTasks struct {
	Total   int `json:"total"`
	Done    int `json:"done"` // lack no cell
	Running int `json:"running"`
	Waiting int `json:"waiting"` // in the queue
	// Ended lack cells and are in no queue: they failed, were killed or were never submitted.
	Ended int `json:"ended"`
	// Reasons are Slurm's for waiting, and how it says that tasks ended, with the number of tasks.
	Reasons map[string]int `json:"reasons"`
}

// SweepResubmitted is what `slosim sweep resubmit` says.
type SweepResubmitted struct {
	Schema int    `json:"schema"`
	Dir    string `json:"dir"`
	Job    string `json:"job"`   // empty: nothing was due
	Tasks  []int  `json:"tasks"` // submitted
	Live   int    `json:"live"`  // in the queue already
}

// SweepCancelled is what `slosim sweep cancel` says.
type SweepCancelled struct {
	Schema int    `json:"schema"`
	Dir    string `json:"dir"`
	Tasks  int    `json:"tasks"` // that were in the queue
}

// Copy makes a cell's file in another store, unless one is there; the file is whole or absent. Its
// checksum is compared before. The errors are those of Check, or about writing.
func (s SweepStore) Copy(hash string, to SweepStore) error {
	if _, err := to.Check(hash); err == nil {
		return nil
	}
	path := s.Path(hash)
	data, err := readCell(path)
	if err != nil {
		return err
	}
	if _, _, err := cellContent(path, hash, data); err != nil {
		return err
	}
	target := to.Path(hash)
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return fmt.Errorf("%s: cannot write: %w", target, plainCause(err))
	}
	return WriteFile(target, func(w io.Writer) error { _, err := w.Write(data); return err })
}

// Hashes lists the cells that have a file, whole or not.
func (s SweepStore) Hashes() (hashes []string, err error) {
	folders, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: cannot read: %w", s.dir, plainCause(err))
	}
	for _, folder := range folders {
		path := filepath.Join(s.dir, folder.Name())
		files, err := os.ReadDir(path)
		if err != nil {
			return nil, fmt.Errorf("%s: cannot read: %w", path, plainCause(err))
		}
		for _, file := range files {
			if hash, ok := cellFile(file.Name()); ok {
				hashes = append(hashes, hash)
			}
		}
	}
	return hashes, nil
}

// cellFile returns the hash of a cell's file.
func cellFile(name string) (hash string, ok bool) {
	const ending = ".json"
	if len(name) != 64+len(ending) || name[64:] != ending || !hexHash.MatchString(name[:64]) {
		return "", false
	}
	return name[:64], true
}
