package process

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"slosim/scheduler"
	"slosim/scheduler/draft"
)

// version is that of the protocol.
const version = 1

const (
	defaultTimeout = 10 * time.Second
	leastTimeout   = time.Millisecond
	mostTimeout    = time.Hour
)

// policy is a program that decides. Its child lives from Bind to Close.
type policy struct {
	ctx     context.Context
	command string // as the scenario writes it
	words   []string
	dir     string
	timeout time.Duration
	params  map[string]any
	samples int // that it starts together at most

	child   *child // nil: not started, or closed
	wishes  answer // of the child
	picture picture
	draft   draft.Draft
	reasons draft.Reasons
}

// New returns the policy of a command, which will run in the folder dir. The child ends with ctx.
// An error says that there is no such program; problems with parameters are left in params.
func New(ctx context.Context, command, dir string, params *scheduler.Params) (scheduler.Policy, error) {
	p := &policy{ctx: ctx, command: command, dir: dir, reasons: draft.NewReasons()}
	p.timeout = params.Duration("timeout", defaultTimeout, leastTimeout, mostTimeout)
	p.samples = params.Int("max_batch", 1, 1, mostSamples)
	p.draft.Most = p.samples
	p.params = params.Rest()
	var err error
	if p.words, err = split(command); err != nil {
		return nil, fmt.Errorf("program %q: %w", command, err)
	}
	program := p.words[0]
	if strings.ContainsRune(program, filepath.Separator) && !filepath.IsAbs(program) {
		program = filepath.Join(dir, program)
	}
	if p.words[0], err = exec.LookPath(program); err != nil {
		return nil, fmt.Errorf("program %q: want a program: %w", command, err)
	}
	if p.words[0], err = filepath.Abs(p.words[0]); err != nil {
		return nil, err
	}
	return p, nil
}

// split cuts a command into words at blanks; single or double quotes keep blanks.
func split(command string) (words []string, err error) {
	var word strings.Builder
	quote, inside := rune(0), false
	for _, r := range command {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, inside = r, true
		case quote == 0 && (r == ' ' || r == '\t'):
			if inside {
				words = append(words, word.String())
			}
			word.Reset()
			inside = false
		default:
			word.WriteRune(r)
			inside = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("want a closing %c, got none", quote)
	}
	if inside {
		words = append(words, word.String())
	}
	if len(words) == 0 || words[0] == "" {
		return nil, errors.New("want a program, got nothing")
	}
	return words, nil
}

// MaxBatch implements scheduler.Batcher.
func (p *policy) MaxBatch() int { return p.samples }

// Replans implements policytest.Replanner: an exchange of lines allocates whenever it decides.
func (p *policy) Replans() int { return int(p.picture.seq) }

// Bind starts the child and shakes hands. A child that was started before is ended.
func (p *policy) Bind(s scheduler.Setting) error {
	if err := p.Close(); err != nil {
		return err
	}
	hello, err := greeting(s, p.params)
	if err != nil {
		return fmt.Errorf("program %q: params: %w", p.command, err)
	}
	if p.child, err = start(p.ctx, p.words, p.dir, p.timeout); err != nil {
		return fmt.Errorf("program %q: %w", p.command, err)
	}
	if err := p.greet(hello); err != nil {
		return errors.Join(err, p.Close())
	}
	p.picture = picture{quantiles: p.wishes.Quantiles, most: p.wishes.Show}
	return nil
}

// greet sends the hello and reads what the child wishes.
func (p *policy) greet(hello []byte) error {
	defer p.child.disarm()
	line, err := p.child.exchange(hello)
	if err != nil {
		return p.failure(err)
	}
	wishes, err := parseAnswer(line)
	if err != nil {
		return p.failure(err)
	}
	if wishes.Error != "" {
		return fmt.Errorf("program %q refuses: %s", p.command, shorten(wishes.Error))
	}
	p.wishes = wishes
	return nil
}

// Observe notes a finished query for the next request, if the child wants to know.
func (p *policy) Observe(c scheduler.Completion) {
	if p.wishes.Observe {
		p.picture.finish(&c)
	}
}

// Decide asks the child. It panics with a *scheduler.Failure when the child fails.
func (p *policy) Decide(v *scheduler.View, plan *scheduler.Plan) {
	if p.child == nil {
		panic(&scheduler.Failure{What: fmt.Sprintf("program %q: want Bind before Decide, and no Close", p.command)})
	}
	p.draft.Begin(v, plan)
	p.child.arm()
	err := p.converse(v)
	if !p.child.disarm() && err == nil {
		err = errors.New("its time ran out") // the child is killed; explain knows better
	}
	p.draft.End()
	if err != nil {
		panic(p.failure(err))
	}
}

// converse sends the request, answers questions, and drafts the commands.
func (p *policy) converse(v *scheduler.View) error {
	line, err := p.child.exchange(p.picture.request(v))
	for err == nil {
		var r reply
		if r, err = parseReply(line, p.picture.seq); err != nil {
			return err
		}
		if r.Error != "" {
			return fmt.Errorf("it gave up: %s", shorten(r.Error))
		}
		if r.Ask == nil {
			return p.take(r.Commands)
		}
		var answers []byte
		if answers, err = p.picture.answers(v, r.Ask); err == nil {
			line, err = p.child.exchange(answers)
		}
	}
	return err
}

// take drafts the commands of an answer.
func (p *policy) take(orders []order) error {
	for i := range orders {
		c, err := orders[i].command(p.reasons)
		if err == nil {
			err = p.draft.Check(&c)
		}
		if err == nil {
			err = p.draft.Add(&c)
		}
		if err != nil {
			return fmt.Errorf("commands[%d]: %w", i, err)
		}
	}
	return nil
}

// failure ends the child and says what it did and last wrote.
func (p *policy) failure(err error) *scheduler.Failure {
	name := fmt.Sprintf("program %q", p.command)
	if p.wishes.Name != "" {
		name += fmt.Sprintf(" (%s)", shorten(p.wishes.Name))
	}
	text := name + ": " + p.child.explain(err)
	if said := p.child.said.String(); said != "" {
		text += "; it last wrote to standard error: " + said
	}
	return &scheduler.Failure{What: text}
}

// Close ends the child, if there is one. The policy may be bound again.
func (p *policy) Close() error {
	if p.child == nil {
		return nil
	}
	p.child.end()
	p.child, p.wishes = nil, answer{}
	return nil
}
