package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

const (
	// maxLine bounds what a child may answer, in bytes.
	maxLine = 1 << 20
	// grace is how long a child may take to end by itself.
	grace = time.Second
)

// child is a running program with a pipe to and from it. It leads a process group of its own, which
// ends with it.
type child struct {
	cmd     *exec.Cmd
	in, out *os.File // our ends
	reader  *bufio.Reader
	line    []byte
	said    tail // standard error
	timeout time.Duration
	timer   *time.Timer
	unwatch func() bool   // the context
	gone    chan struct{} // closed when the child has been waited for

	mu     sync.Mutex
	reaped bool  // its process id may be another's
	cause  error // why we killed it; nil: we did not
}

// start runs a program in a folder, until ctx ends. Its time until disarm begins now.
func start(ctx context.Context, words []string, dir string, timeout time.Duration) (*child, error) {
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, theirIn.Close(), in.Close())
	}
	c := &child{cmd: exec.Command(words[0], words[1:]...), in: in, out: out, timeout: timeout, gone: make(chan struct{})}
	c.cmd.Dir, c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = dir, theirIn, theirOut, &c.said
	c.cmd.Env = append(os.Environ(), "PYTHONUNBUFFERED=1") // a child that forgets to flush never answers
	c.cmd.WaitDelay = grace                                // for whoever else holds its standard error
	leadGroup(c.cmd)
	err = c.cmd.Start()
	err = errors.Join(err, theirIn.Close(), theirOut.Close())
	if err != nil {
		return nil, errors.Join(err, in.Close(), out.Close())
	}
	c.reader = bufio.NewReaderSize(out, 64<<10)
	go c.await()
	c.timer = time.AfterFunc(timeout, c.late)
	c.unwatch = context.AfterFunc(ctx, func() { c.kill(fmt.Errorf("it was stopped: %w", context.Cause(ctx))) })
	return c, nil
}

// await waits for the child's end and then ends what is left of its group.
func (c *child) await() {
	if awaitExit(c.cmd.Process.Pid) {
		c.mu.Lock()
		killGroup(c.cmd.Process.Pid)
		c.reaped = true
		c.mu.Unlock()
	}
	_ = c.cmd.Wait() // how it ended is in ProcessState
	c.mu.Lock()
	c.reaped = true
	c.mu.Unlock()
	close(c.gone)
}

// kill ends the child's group and whatever waits for it. The first cause is kept.
func (c *child) kill(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause == nil {
		c.cause = cause
	}
	if !c.reaped {
		killGroup(c.cmd.Process.Pid)
	}
	past := time.Unix(1, 0)
	_ = c.in.SetWriteDeadline(past) // an error says that the pipe is closed already
	_ = c.out.SetReadDeadline(past)
}

// arm gives the child its time until disarm.
func (c *child) arm() { c.timer.Reset(c.timeout) }

func (c *child) late() {
	c.kill(fmt.Errorf("want an answer within %v, got none (does it flush its output?)", c.timeout))
}

// disarm says whether the time sufficed.
func (c *child) disarm() bool { return c.timer.Stop() }

// exchange writes a line and reads one. The result is valid until the next call.
func (c *child) exchange(line []byte) ([]byte, error) {
	if _, err := c.in.Write(line); err != nil {
		return nil, err
	}
	c.line = c.line[:0]
	for {
		part, err := c.reader.ReadSlice('\n')
		c.line = append(c.line, part...)
		switch {
		case len(c.line) > maxLine:
			return nil, fmt.Errorf("want lines of at most %d bytes, got a longer one: %s", maxLine, shorten(string(c.line[:100])))
		case err == nil && c.reader.Buffered() > 0:
			more, _ := c.reader.Peek(min(100, c.reader.Buffered()))
			return nil, fmt.Errorf("want one line an answer, got more: %s", shorten(string(more)))
		case err == nil:
			return c.line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// explain ends the child and says what an error of exchange, or of what it answered, came from.
func (c *child) explain(err error) string {
	c.end()
	pipe := errors.Is(err, io.EOF) || errors.Is(err, os.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) || brokenPipe(err)
	c.mu.Lock()
	cause := c.cause
	c.mu.Unlock()
	switch {
	case cause != nil && !errors.Is(cause, errEnded):
		return cause.Error()
	case !pipe:
		return err.Error()
	case cause != nil:
		return "it closed its output without an answer"
	}
	return fmt.Sprintf("it ended without an answer (%v)", c.cmd.ProcessState)
}

// errEnded is the cause of a kill at the end.
var errEnded = errors.New("ended")

// end closes the child's input, waits a little, kills it, and waits for its end. It may be called again.
func (c *child) end() {
	c.unwatch()
	c.timer.Stop()
	_ = c.in.Close() // closed before, when the child is ended twice
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-c.gone:
	case <-patience.C:
		c.kill(errEnded)
		<-c.gone
	}
	_ = c.out.Close()
}
