package result

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// The names of the files of a sweep's folder. Those of its merged results are MergedFile and following.
const (
	SweepPlanFile    = "sweep.json"
	SweepProfileFile = "profile"
	SweepCellsFolder = "cells"
	SweepNodesFolder = "nodes"
)

// SweepPlan is sweep.json: what the cells of a sweep are. It is written once.
type SweepPlan struct {
	Schema       int         `json:"schema"`
	Scenario     string      `json:"scenario"`      // name
	ScenarioFile string      `json:"scenario_file"` // absolute, or one that ships: what its paths start from
	ScenarioText string      `json:"scenario_text"` // the template, with [sweep]
	Sets         []string    `json:"sets"`          // of --set, which apply to the template
	Axes         []SweepAxis `json:"axes"`
	// Identity is the SHA-256 of all that every cell's hash holds beside the cell's own values.
	Identity       string      `json:"identity"`
	Files          []SweepFile `json:"files"`   // that cells name
	Profile        string      `json:"profile"` // SweepProfileFile
	ProfileHash    string      `json:"profile_hash"`
	ProfileOrigin  string      `json:"profile_origin"` // "measured", "cache" or the file given
	CPU            string      `json:"cpu"`            // of the profile
	ExecutableHash string      `json:"executable_hash"`
	Version        string      `json:"version"`
	Commit         string      `json:"commit"`
	Cells          int         `json:"cells"`
	// CellQueries is how many queries a cell is expected to simulate, all contenders and
	// replications together; 0: not known.
	CellQueries float64 `json:"cell_queries"`
	CellRuns    int     `json:"cell_runs"` // contenders x replications
}

// SweepAxis is one axis of a plan. Axes of one Group are sampled together: they have as many
// values, and cells take those of one index. Groups other than 0 belong to samples.
type SweepAxis struct {
	Name   string   `json:"name"`
	Key    string   `json:"key"`    // of the scenario
	Values []string `json:"values"` // in TOML, as --set takes them
	Labels []string `json:"labels"` // of the values, for tables and pictures
	// Numbers are the values as such, in Unit; empty: they are none, or have names of their own.
	Numbers []float64 `json:"numbers,omitempty"`
	Unit    string    `json:"unit,omitempty"`
	Group   int       `json:"group"`
	Log     bool      `json:"log"`    // its values are spread by their logarithm
	Choice  bool      `json:"choice"` // of whoever serves: a contender's technique, policy or parameter
}

// SweepFile is a file that a sweep's cells name.
type SweepFile struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

// SweepNode is nodes/NAME.json: a machine on which cells were simulated.
type SweepNode struct {
	Schema      int      `json:"schema"`
	CPU         string   `json:"cpu"`
	Cores       int      `json:"cores"`
	Differences []string `json:"differences"` // to the machine of the profile
}

// ReadSweepPlan reads a sweep.json. An error of what is there names the file.
func ReadSweepPlan(path string) (*SweepPlan, error) {
	var p SweepPlan
	if err := readJSON(path, &p, []string{"schema", "scenario_text", "axes", "cells", "profile_hash", "executable_hash", "identity"}); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &p, nil
}

// hexHash is a SHA-256 as this package writes it.
var hexHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// maxSweepCells bounds the cells of a plan.
const maxSweepCells = 1_000_000

func (p *SweepPlan) check() error {
	for _, h := range []struct{ key, got string }{{"identity", p.Identity}, {"profile_hash", p.ProfileHash}, {"executable_hash", p.ExecutableHash}} {
		if !hexHash.MatchString(h.got) {
			return fmt.Errorf("%s: want 64 hexadecimal digits, got %q", h.key, h.got)
		}
	}
	if len(p.Axes) == 0 {
		return errors.New("axes: want at least one, got none")
	}
	cells, groups := 1, map[int]int{}
	for i := range p.Axes {
		a := &p.Axes[i]
		n := len(a.Values)
		if n == 0 || n > maxSweepCells || len(a.Labels) != n || a.Key == "" || a.Name == "" || a.Group < 0 {
			return fmt.Errorf("axes[%d]: want a name, a key, and as many labels as values, at least one of them, got %q, %q, %d and %d", i, a.Name, a.Key, len(a.Labels), n)
		}
		if a.Group > 0 {
			if before, ok := groups[a.Group]; ok && before != n {
				return fmt.Errorf("axes[%d].values: want %d, as the other samples have, got %d", i, before, n)
			} else if ok {
				continue
			}
			groups[a.Group] = n
		}
		if cells *= n; cells > maxSweepCells {
			return fmt.Errorf("axes: want at most %d cells, got more", maxSweepCells)
		}
	}
	if cells != p.Cells {
		return fmt.Errorf("cells: want %d, the product of the axes, got %d", cells, p.Cells)
	}
	return nil
}

// Point returns the index of each axis's value in a cell. The first axis varies slowest.
func (p *SweepPlan) Point(cell int) []int {
	point := make([]int, len(p.Axes))
	ofGroup := map[int]int{}
	for i := len(p.Axes) - 1; i >= 0; i-- {
		a := &p.Axes[i]
		if at, ok := ofGroup[a.Group]; ok && a.Group > 0 {
			point[i] = at
			continue
		}
		point[i] = cell % len(a.Values)
		cell /= len(a.Values)
		ofGroup[a.Group] = point[i]
	}
	return point
}

// ExclusiveFile writes a file, whole or not at all, unless one is there under the name: that
// one stays, and made is false.
func ExclusiveFile(path string, write func(io.Writer) error) (made bool, err error) {
	p, err := newPartial(path)
	if err != nil {
		return false, err
	}
	if err := write(p.file); err != nil {
		p.abort()
		return false, fmt.Errorf("%s: %w", path, plainCause(err))
	}
	if err := errors.Join(p.file.Chmod(0o644), p.file.Sync(), p.file.Close()); err != nil {
		os.Remove(p.file.Name())
		return false, fmt.Errorf("%s: cannot write: %w", path, plainCause(err))
	}
	err = os.Link(p.file.Name(), path)
	os.Remove(p.file.Name())
	switch {
	case errors.Is(err, os.ErrExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("%s: cannot write: %w", path, plainCause(err))
	}
	return true, syncFolder(filepath.Dir(path))
}

// WriteSweepNode notes a machine in a folder, once however often it is noted.
func WriteSweepNode(dir string, n *SweepNode) error {
	var text bytes.Buffer
	if err := EncodeJSON(&text, n); err != nil {
		return err
	}
	sum := sha256.Sum256(text.Bytes())
	path := filepath.Join(dir, hex.EncodeToString(sum[:8])+".json")
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("%s: cannot write: %w", dir, plainCause(err))
	}
	return WriteFile(path, func(w io.Writer) error { _, err := w.Write(text.Bytes()); return err })
}

// ReadSweepNodes lists the machines that a sweep's folder names, in order of their files.
func ReadSweepNodes(dir string) (nodes []SweepNode, err error) {
	entries, err := os.ReadDir(filepath.Join(dir, SweepNodesFolder))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: cannot read: %w", dir, plainCause(err))
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".json" {
			continue
		}
		var n SweepNode
		if err := readJSON(filepath.Join(dir, SweepNodesFolder, e.Name()), &n, []string{"schema", "cpu"}); err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// RemoveHalfWritten removes from a folder, if it is there, the files of this package's writers that
// were killed.
func RemoveHalfWritten(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s: cannot read: %w", dir, plainCause(err))
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !strings.HasPrefix(e.Name(), temporary) || e.IsDir() {
			continue
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s: cannot remove: %w", path, plainCause(err))
		}
	}
	return nil
}

// SweepStatus is what `slosim sweep status` says. Missing cells have no file, corrupt ones one that
// is not what was written; both are run next.
type SweepStatus struct {
	Schema   int    `json:"schema"`
	Dir      string `json:"dir"`
	Scenario string `json:"scenario"`
	Cells    int    `json:"cells"`
	Done     int    `json:"done"`
	Missing  int    `json:"missing"`
	Corrupt  int    `json:"corrupt"`
	// CorruptCells are their numbers, in ascending order.
	CorruptCells []int `json:"corrupt_cells,omitempty"`
	// ProfileProblem says why the folder's profile is not the plan's; absent: it is.
	ProfileProblem string `json:"profile_problem,omitempty"`
	// Tasks are those of the job array to which the sweep went; absent: there is none, or
	// TasksUnknown says why nothing is known of them.
	Tasks        *SweepTasks `json:"tasks,omitempty"`
	TasksUnknown string      `json:"tasks_unknown,omitempty"`
}

// SweepChunk is what `slosim sweep --chunk` says once its cells are done.
type SweepChunk struct {
	Schema int    `json:"schema"`
	Dir    string `json:"dir"`
	Chunk  int    `json:"chunk"`
	Chunks int    `json:"chunks"`
	Cells  int    `json:"cells"` // of the chunk
	Ran    int    `json:"ran"`   // of these, that were missing
}
