package slurmtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Variable names the folder of a cluster of one node that tests may disturb: that of .ci/slurm start.
const Variable = "SLOSIM_TEST_SLURM"

// Cluster is a real Slurm of one node.
type Cluster struct {
	tb  testing.TB
	dir string
}

// Real returns the cluster that [Variable] names, for a test alone, or skips the test. When the test ends the
// cluster runs again, whatever the test did to it, and no job is left.
func Real(tb testing.TB) *Cluster {
	tb.Helper()
	dir := os.Getenv(Variable)
	if dir == "" {
		tb.Skipf("want %s, the folder of a Slurm that may be disturbed (.ci/slurm start DIR), got none", Variable)
	}
	c := &Cluster{tb, dir}
	tb.Setenv("SLURM_CONF", filepath.Join(dir, "slurm.conf"))
	c.lock()
	c.Restore()
	tb.Cleanup(func() {
		c.Restore()
		c.command("scancel", "--user="+strconv.Itoa(os.Getuid()))
		c.eventually("no job is left", func() bool {
			out, err := exec.Command("squeue", "--noheader", "--states=pending,running,completing").Output()
			return err == nil && len(out) == 0
		})
	})
	return c
}

// lock waits until no other test has the cluster.
func (c *Cluster) lock() {
	file, err := os.OpenFile(filepath.Join(c.dir, "test.lock"), os.O_RDWR|os.O_CREATE, 0o644)
	must(c.tb, err)
	must(c.tb, syscall.Flock(int(file.Fd()), syscall.LOCK_EX))
	c.tb.Cleanup(func() { file.Close() })
}

// eventually waits until something holds.
func (c *Cluster) eventually(what string, holds func() bool) {
	c.tb.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			c.tb.Fatalf("%s: not within a minute; see %s/log", what, c.dir)
		}
	}
}

// command runs a command of Slurm's.
func (c *Cluster) command(name string, args ...string) {
	c.tb.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		c.tb.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// pid returns the process of a daemon; 0: it does not run.
func (c *Cluster) pid(daemon string) int {
	text, err := os.ReadFile(filepath.Join(c.dir, daemon+".pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	comm, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
	if err != nil || strings.TrimSpace(string(comm)) != daemon {
		return 0
	}
	return pid
}

// kill kills a daemon without warning and waits until it is gone.
func (c *Cluster) kill(daemon string) {
	c.tb.Helper()
	if pid := c.pid(daemon); pid > 0 {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	c.eventually(daemon+" is gone", func() bool { return c.pid(daemon) == 0 })
}

// start starts a daemon that does not run.
func (c *Cluster) start(daemon string) {
	c.tb.Helper()
	if c.pid(daemon) > 0 {
		return
	}
	c.command(daemon, "-f", filepath.Join(c.dir, "slurm.conf"))
	c.eventually(daemon+" runs", func() bool { return c.pid(daemon) > 0 })
}

// KillController kills slurmctld: its commands fail until StartController.
func (c *Cluster) KillController() { c.kill("slurmctld") }

// StartController starts it again. It may know less than before: what it had not saved yet.
func (c *Cluster) StartController() { c.start("slurmctld") }

// resume takes the node into use again, as an administrator would: a controller that has forgotten that it
// started tasks finds the node unfit.
func (c *Cluster) resume() {
	out, err := exec.Command("sinfo", "--noheader", "--format=%n").Output()
	if err == nil {
		_ = exec.Command("scontrol", "update", "nodename="+strings.TrimSpace(string(out)), "state=resume").Run()
	}
}

// KillNode kills all that runs on the node, as the loss of its power would: the daemon, those that look
// after tasks, and the tasks.
func (c *Cluster) KillNode() {
	c.kill("slurmd")
	for _, pid := range c.Tasks() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	for _, pid := range c.processes(func(pid int) bool { return c.isStep(pid) }) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// Restore starts what does not run, and waits until the node takes jobs. That of a node that was killed or of
// a controller that lost its memory may take some seconds.
func (c *Cluster) Restore() {
	c.tb.Helper()
	c.start("slurmctld")
	c.start("slurmd")
	c.eventually("the node takes jobs", func() bool {
		out, err := exec.Command("sinfo", "--noheader", "--format=%T").Output()
		switch strings.TrimSpace(string(out)) {
		case "idle", "mixed", "allocated":
			return err == nil
		}
		c.resume()
		return false
	})
}

// Tasks returns the processes that jobs run on the node.
func (c *Cluster) Tasks() []int {
	return c.processes(func(pid int) bool {
		environment, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
		text := "\x00" + string(environment)
		return err == nil && strings.Contains(text, "\x00SLURM_CONF="+filepath.Join(c.dir, "slurm.conf")) &&
			strings.Contains(text, "\x00SLURM_JOB_ID=") && !c.isStep(pid)
	})
}

// isStep says whether a process is the one of Slurm that looks after a task of this cluster.
func (c *Cluster) isStep(pid int) bool {
	comm, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
	if err != nil || strings.TrimSpace(string(comm)) != "slurmstepd" {
		return false
	}
	open := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	files, _ := os.ReadDir(open)
	for _, file := range files {
		if path, _ := os.Readlink(filepath.Join(open, file.Name())); strings.HasPrefix(path, c.dir+"/") {
			return true // its log: its environment is gone
		}
	}
	return false
}

// processes lists those that are wanted, but not this one.
func (c *Cluster) processes(wanted func(pid int) bool) (pids []int) {
	entries, err := os.ReadDir("/proc")
	must(c.tb, err)
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err == nil && pid != os.Getpid() && wanted(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}
