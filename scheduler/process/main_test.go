//go:build unix

package process_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childRole tells the test's program to be the child instead: so programs in tests need no Python.
const childRole = "SLOSIM_TEST_CHILD"

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		play(role)
		return
	}
	os.Exit(m.Run())
}

// stage is a child's view of its pipes.
type stage struct{ in *bufio.Scanner }

func (s *stage) hear() string {
	if !s.in.Scan() {
		os.Exit(0)
	}
	return s.in.Text()
}

func (s *stage) say(line string) { fmt.Println(line) }

// sleep waits for its own end.
func (s *stage) sleep() { select {} }

// play is a child with a good or a bad habit; most shake hands first.
func play(role string) {
	s := &stage{bufio.NewScanner(os.Stdin)}
	s.in.Buffer(nil, 1<<24)
	go func() { // a child that never ends would outlive a broken test
		for os.Getppid() != 1 {
			time.Sleep(50 * time.Millisecond)
		}
		os.Exit(1)
	}()
	habit, ok := habits()[role]
	if !ok {
		fmt.Fprintln(os.Stderr, "no such habit:", role)
		os.Exit(9)
	}
	habit(s)
}

// answering shakes hands and answers every request with the same line, {} standing for its number.
func answering(line string) func(s *stage) {
	return func(s *stage) {
		s.hear()
		s.say(`{"slosim":1,"name":"test"}`)
		for {
			var request struct {
				Seq int `json:"seq"`
			}
			if err := json.Unmarshal([]byte(s.hear()), &request); err != nil {
				panic(err)
			}
			s.say(strings.ReplaceAll(line, "{}", fmt.Sprint(request.Seq)))
		}
	}
}

// greeting answers the hello with a line and listens.
func greeting(line string) func(s *stage) {
	return func(s *stage) {
		s.hear()
		s.say(line)
		for {
			s.hear()
		}
	}
}

// thinking shakes hands and does something else at the first request.
func thinking(do func(s *stage)) func(s *stage) {
	return func(s *stage) {
		s.hear()
		s.say(`{"slosim":1}`)
		s.hear()
		do(s)
	}
}

// habits are what children do.
func habits() map[string]func(s *stage) {
	return map[string]func(s *stage){
		"idle":           answering(`{"seq":{},"commands":[]}`),
		"exits at once":  func(*stage) { os.Exit(3) },
		"closes at once": func(s *stage) { os.Stdout.Close(); s.sleep() },
		"mute":           func(s *stage) { s.hear(); s.sleep() },
		"wrong version":  greeting(`{"slosim":2}`),
		"no version":     greeting(`{"name":"x"}`),
		"no JSON":        greeting(`hello!`),
		"bad quantile":   greeting(`{"slosim":1,"quantiles":[50]}`),
		"unknown wish":   greeting(`{"slosim":1,"speed":"high"}`),
		"refuses":        greeting(`{"slosim":1,"error":"params: margn: want margin"}`),
		"two greetings":  greeting("{\"slosim\":1}\n{\"slosim\":1}"),

		"crashes": thinking(func(*stage) {
			fmt.Fprint(os.Stderr, strings.Repeat("noise ", 10_000)+"\n\x1b[31mTraceback: my.py, line 7\nValueError: no such point\n")
			os.Exit(1)
		}),
		"kills itself": thinking(func(*stage) { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) }),
		"never answers": thinking(func(s *stage) {
			fmt.Fprintln(os.Stderr, "thinking hard")
			s.sleep()
		}),
		"closes its output": thinking(func(s *stage) { os.Stdout.Close(); s.sleep() }),
		"endless line": thinking(func(s *stage) {
			chunk := strings.Repeat("x", 1<<20)
			for range 100 {
				if _, err := os.Stdout.WriteString(chunk); err != nil {
					os.Exit(0)
				}
			}
		}),
		"leaves a child": thinking(func(s *stage) {
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), childRole+"=mute")
			child.Stdout, child.Stderr = os.Stdout, os.Stderr
			if err := child.Start(); err != nil {
				panic(err)
			}
			fmt.Fprintf(os.Stderr, "child %d\n", child.Process.Pid)
			os.Exit(0)
		}),
		"asks for ever": answering(`{"ask":[["mean",0,0,0]]}`),
		"says":          answering(os.Getenv("REPLY")),
		"tells its id":  answering(fmt.Sprintf(`{"commands":[{"do":"wake","at":%d}]}`, 1_000_000_000+os.Getpid())),
		"gives up":      answering(`{"error":"nothing fits"}`),
	}
}
