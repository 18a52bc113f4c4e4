package scenarios

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"slosim/reports/result"
	"slosim/scenarios/slurm"
)

// jobPath is a file of the job of a sweep's folder.
func (d *SweepDir) jobPath(name string) string {
	return filepath.Join(d.dir, result.SweepJobFolder, name)
}

// earlierJob returns the job that the folder has; nil: none.
func (d *SweepDir) earlierJob() (*result.SweepJob, error) {
	job, err := result.ReadSweepJob(d.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, Usagef("%w; which tasks were submitted is not known: cancel those that squeue shows, remove the file, and submit again", err)
	}
	return job, nil
}

// lockJob makes sure that one process at a time submits tasks of the folder: two would submit all of them
// twice. It is given back by unlock, or when the process ends. A file system without locks has none.
func (d *SweepDir) lockJob() (unlock func(), err error) {
	if err := os.MkdirAll(d.jobPath(""), 0o755); err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	path := d.jobPath(result.SweepJobLock)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		holder, _ := io.ReadAll(io.LimitReader(file, 200))
		file.Close()
		return nil, Usagef("%s: want a sweep whose job nobody watches, got one that %s watches (slosim sweep status %s shows it)", d.dir, cmp.Or(strings.TrimSpace(string(holder)), "another process"), d.dir)
	}
	host, _ := os.Hostname()
	_ = file.Truncate(0) // only for that message
	_, _ = fmt.Fprintf(file, "process %d on %s\n", os.Getpid(), host)
	return func() { file.Close() }, nil
}

// writeJob writes the files of a job: the program, the script, the folder of logs, and last job.json.
func (d *SweepDir) writeJob(job *result.SweepJob) error {
	if err := os.MkdirAll(d.jobPath(result.SweepJobLogs), 0o755); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	sum, err := d.copyProgram()
	if err != nil {
		return err
	}
	script := d.script(job, sum)
	err = result.WriteFile(d.jobPath(result.SweepJobScript), func(w io.Writer) error {
		_, err := io.WriteString(w, script.Text())
		return err
	})
	if err != nil {
		return err
	}
	return job.Write(d.dir)
}

// script is what each task runs.
func (d *SweepDir) script(job *result.SweepJob, checksum string) slurm.Script {
	dir := d.absolute()
	command := []string{
		filepath.Join(dir, result.SweepJobFolder, result.SweepJobProgram), "sweep",
		"--chunk=" + slurm.Index + "/" + strconv.Itoa(job.Tasks), "--jobs=" + strconv.Itoa(job.CPUs),
	}
	if job.Scratch != "" {
		command = append(command, "--scratch="+slurm.Scratch)
	}
	if job.AnyExecutable {
		command = append(command, "--any-executable")
	}
	return slurm.Script{
		About:   fmt.Sprintf("One task of %d of the sweep of %s in this folder.", job.Tasks, d.plan.Scenario),
		Command: append(command, "--", dir), Checksum: checksum, Restarts: job.Retries, Scratch: job.Scratch,
	}
}

// copyProgram copies this program into the folder, where nodes can read it, unless it is there.
func (d *SweepDir) copyProgram() (checksum string, err error) {
	own, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("sweep: which program this is: %w", err)
	}
	if checksum, err = fileHash(own); err != nil {
		return "", fmt.Errorf("sweep: %w", err)
	}
	path := d.jobPath(result.SweepJobProgram)
	there, err := fileHash(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("sweep: %w", err)
	}
	if there != checksum {
		if err := copyFile(own, path); err != nil {
			return "", err
		}
	}
	if err := os.Chmod(path, 0o755); err != nil {
		return "", fmt.Errorf("sweep: %w", err)
	}
	if there, err = fileHash(path); err == nil && there != checksum {
		err = fmt.Errorf("%s: want a copy of %s, got other bytes", path, own)
	}
	return checksum, err
}

// copyFile makes a copy that is whole or absent.
func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	defer source.Close()
	return result.WriteFile(to, func(w io.Writer) error {
		_, err := io.Copy(w, source)
		return err
	})
}

// isCancelled says that the job was cancelled.
func (d *SweepDir) isCancelled() (bool, error) {
	_, err := os.Stat(d.jobPath(result.SweepJobCancelled))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// forgetCancelled allows submissions again.
func (d *SweepDir) forgetCancelled() error {
	if err := os.Remove(d.jobPath(result.SweepJobCancelled)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("sweep: %w", err)
	}
	return nil
}

// jobWork is the work of the tasks of a job: the cells of their chunks.
type jobWork struct {
	dir   *SweepDir
	job   *result.SweepJob
	left  map[string][]int // cells without a whole file, by hash: points of equal values are one file
	lacks []int            // [task] of them
	total int              // of them in the beginning
}

// newJobWork looks at all cells once.
func (d *SweepDir) newJobWork(job *result.SweepJob) (*jobWork, error) {
	missing, err := d.Missing()
	if err != nil {
		return nil, err
	}
	w := &jobWork{dir: d, job: job, left: map[string][]int{}, lacks: make([]int, job.Tasks), total: len(missing)}
	for _, i := range missing {
		hash := cellHash(d.plan, i)
		w.left[hash] = append(w.left[hash], i)
		w.lacks[i%job.Tasks]++
	}
	return w, nil
}

// Missing returns the number of cells that each task lacks. It lists folders, which shared file systems answer
// soon and truly, and reads the files that are new.
func (w *jobWork) Missing() ([]int, error) {
	hashes, err := w.dir.store.Hashes()
	if err != nil {
		return nil, err
	}
	for _, hash := range hashes {
		if err := w.settle(hash); err != nil {
			return nil, err
		}
	}
	return slices.Clone(w.lacks), nil
}

// settle takes note of a cell's file that is there, if it is new and whole.
func (w *jobWork) settle(hash string) error {
	cells := w.left[hash]
	if len(cells) == 0 {
		return nil
	}
	missing, err := w.dir.lacking(cells[:1])
	if err != nil || len(missing) > 0 {
		return err
	}
	delete(w.left, hash)
	for _, cell := range cells {
		w.lacks[cell%w.job.Tasks]--
	}
	return nil
}

// due lists the tasks that lack cells and are not among those in the queue.
func (w *jobWork) due(live []slurm.Task) (tasks []int) {
	queued := slurm.Latest(live)
	for i, lacks := range w.lacks {
		if _, ok := queued[i]; lacks > 0 && !ok {
			tasks = append(tasks, i)
		}
	}
	return tasks
}

// Cancelled says that the job was cancelled.
func (w *jobWork) Cancelled() (bool, error) { return w.dir.isCancelled() }

// Submitted notes a job in the folder.
func (w *jobWork) Submitted(job slurm.Job) error {
	w.job.LastJob = job.ID
	if job.Cluster != "" && !slices.Contains(w.job.Clusters, job.Cluster) {
		w.job.Clusters = append(w.job.Clusters, job.Cluster)
	}
	return w.job.Write(w.dir.dir)
}

// LastWords returns the end of a task's last log.
func (w *jobWork) LastWords(task int) string {
	logs, _ := filepath.Glob(filepath.Join(globQuoted(w.dir.jobPath(result.SweepJobLogs)), fmt.Sprintf("*_%d.log", task)))
	if len(logs) == 0 {
		return ""
	}
	return tail(slices.MaxFunc(logs, func(a, b string) int { return cmp.Compare(logNumber(a), logNumber(b)) }))
}

// globQuoted is a folder's name for a glob that takes it as it is.
func globQuoted(folder string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(folder)
}

// logNumber is the job of a log's name.
func logNumber(path string) int {
	number, _, _ := strings.Cut(filepath.Base(path), "_")
	n, _ := strconv.Atoi(number)
	return n
}

// tail returns the last lines of a file, at most four and two kilobytes.
func tail(path string) string {
	const most, lines = 2048, 4
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > most {
		_, _ = file.Seek(-most, io.SeekEnd)
	}
	text, _ := io.ReadAll(io.LimitReader(file, most))
	all := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(text), "?")), "\n")
	return strings.Join(all[max(len(all)-lines, 0):], "\n")
}

// SweepCancel stops the jobs of a sweep's folder. Finished cells are kept. Whoever watches stops too.
func (a *App) SweepCancel(ctx context.Context, o JobOptions) error {
	d, job, err := a.openJob(o)
	if err != nil {
		return err
	}
	first, err := liveTasks(ctx, job)
	if err != nil {
		return fmt.Errorf("%s: not cancelled: %w", d.dir, err)
	}
	mark := func(w io.Writer) error { return printLine(w, "by slosim sweep cancel") }
	if err := result.WriteFile(d.jobPath(result.SweepJobCancelled), mark); err != nil {
		return err
	}
	if err := cancelTasks(ctx, o.Clock, job, first); err != nil { // the jobs go on, and so is whoever watches to
		return errors.Join(fmt.Errorf("%s: not cancelled: %w", d.dir, err), d.forgetCancelled())
	}
	if o.JSON {
		return result.EncodeJSON(o.Out, &result.SweepCancelled{Schema: result.Schema, Dir: d.dir, Tasks: len(first)})
	}
	return printLine(o.Out, "%s: %d tasks cancelled; finished cells are kept", d.dir, len(first))
}

// cancelPatience is how long tasks may take to be gone: Slurm gives them time to end, and a watch may have
// submitted some at the same moment.
const cancelPatience = 2 * time.Minute

// cancelTasks cancels until nothing is in the queue.
func cancelTasks(ctx context.Context, clock slurm.Clock, job *result.SweepJob, live []slurm.Task) error {
	begin := clock.Now()
	for len(live) > 0 {
		failed := slurm.Client{}.Cancel(ctx, jobsOf(live)...)
		if err := clock.Sleep(ctx, time.Second); err != nil {
			return err
		}
		var err error
		if live, err = liveTasks(ctx, job); err != nil {
			return errors.Join(failed, err)
		}
		if len(live) > 0 && clock.Now().Sub(begin) > cancelPatience {
			return cmp.Or(failed, fmt.Errorf("scancel: %d tasks are still in the queue after %v", len(live), cancelPatience))
		}
	}
	return nil
}

// jobsOf lists the jobs of tasks, each once.
func jobsOf(tasks []slurm.Task) (jobs []slurm.Job) {
	for _, t := range tasks {
		if !slices.Contains(jobs, t.Job) {
			jobs = append(jobs, t.Job)
		}
	}
	return jobs
}

// tasksStatus says what became of the tasks of the folder's job, or why that is not known. A folder without a
// job has neither.
func (d *SweepDir) tasksStatus(ctx context.Context, todo []int) (tasks *result.SweepTasks, unknown string) {
	job, err := d.earlierJob()
	if err == nil && job == nil {
		return nil, ""
	}
	if err == nil {
		tasks, err = d.countTasks(ctx, job, todo)
	}
	if err != nil {
		return nil, err.Error()
	}
	return tasks, ""
}

// countTasks counts the tasks of a job by what became of them.
func (d *SweepDir) countTasks(ctx context.Context, job *result.SweepJob, todo []int) (*result.SweepTasks, error) {
	listed, err := slurm.Client{}.Tasks(ctx, job.Name, job.Clusters...)
	if err != nil {
		return nil, err
	}
	lacks := make([]int, job.Tasks)
	for _, i := range todo {
		lacks[i%job.Tasks]++
	}
	counts := &result.SweepTasks{Total: job.Tasks, Reasons: map[string]int{}}
	latest := slurm.Latest(listed)
	for i, n := range lacks {
		task := latest[i]
		switch {
		case n == 0:
			counts.Done++
		case task.State.Running():
			counts.Running++
		case task.State.Waiting():
			counts.Waiting++
			counts.Reasons[cmp.Or(task.Reason, "no reason given")]++
		default:
			counts.Ended++
			counts.Reasons[cmp.Or(string(task.State), "in no queue")]++
		}
	}
	return counts, nil
}

// describeTasks says it in a line, or in none.
func describeTasks(s result.SweepStatus) string {
	c := s.Tasks
	switch {
	case s.TasksUnknown != "":
		return fmt.Sprintf("tasks: not known: %s\n", s.TasksUnknown)
	case c == nil:
		return ""
	}
	text := fmt.Sprintf("%d tasks: %d done, %d running, %d waiting, %d ended with cells missing", c.Total, c.Done, c.Running, c.Waiting, c.Ended)
	if len(c.Reasons) == 0 {
		return text + "\n"
	}
	var reasons []string
	for _, reason := range slices.Sorted(maps.Keys(c.Reasons)) {
		reasons = append(reasons, fmt.Sprintf("%s %d", reason, c.Reasons[reason]))
	}
	return text + " (" + strings.Join(reasons, ", ") + ")\n"
}
