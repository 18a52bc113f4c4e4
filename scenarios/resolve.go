package scenarios

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/BurntSushi/toml"

	"slosim/workloads"
)

// The defaults of what a scenario may leave out.
const (
	defaultReplications = 10
	defaultSensorPeriod = Duration(50 * time.Millisecond)
	defaultSensorLag    = Duration(100 * time.Millisecond)
	defaultSensorNoise  = 0.1
	defaultObjective    = 0.99
)

// orElse fills a field that the scenario does not give.
func orElse[T any](c *checker, path string, field *T, value T) {
	if !c.given[path] {
		*field = value
	}
}

// resolve fills in the defaults.
func (c *checker) resolve(s *Scenario) {
	orElse(c, "title", &s.Title, s.Name)
	orElse(c, "seed", &s.Seed, 1)
	orElse(c, "replications", &s.Replications, defaultReplications)
	orElse(c, "sensor.period", &s.Sensor.Period, defaultSensorPeriod)
	orElse(c, "sensor.lag", &s.Sensor.Lag, defaultSensorLag)
	orElse(c, "sensor.noise", &s.Sensor.Noise, defaultSensorNoise)
	if s.Feedback != nil {
		orElse(c, "feedback.share", &s.Feedback.Share, 1)
	}
	for i := range s.Models {
		orElse(c, index("model", i)+".name", &s.Models[i].Name, s.Models[i].Network)
	}
	orElse(c, "machine", &s.Machines, []Machine{{}})
	for i := range s.Machines {
		orElse(c, index("machine", i)+".workers", &s.Machines[i].Workers, 1)
	}
	if s.Validate != nil {
		c.resolveValidate(s.Validate)
	}
	if s.Sweep != nil {
		c.resolveSweep(s.Sweep)
	}
	c.resolveArrivals(&s.Arrivals)
	c.resolveClasses(s.Classes)
	c.resolveInterference(s)
	for i := range s.Contenders {
		k := &s.Contenders[i]
		orElse(c, index("contender", i)+".name", &k.Name, k.Technique.Key()+"/"+k.Policy)
	}
	for i := range s.Asserts {
		path := index("assert", i)
		orElse(c, path+".class", &s.Asserts[i].Class, "all")
		orElse(c, path+".window", &s.Asserts[i].Window, "all")
	}
}

// defaultValidate is what peers report of simulators that they compared with reality: AlpaServe
// (OSDI 2023) of attainment, BLIS of the 99th percentile.
func defaultValidate() Validate {
	return Validate{
		Repetitions: 5, HalfWidth: 0.005, Attainment: 0.016, MeanAttainment: 0.005, KernelAttainment: 0.004,
		EffectiveAccuracy: 0.005, P50: 0.05, P99: 0.09, Drift: 0.1,
	}
}

func (c *checker) resolveValidate(v *Validate) {
	d := defaultValidate()
	orElse(c, "validate.repetitions", &v.Repetitions, d.Repetitions)
	orElse(c, "validate.half_width", &v.HalfWidth, d.HalfWidth)
	orElse(c, "validate.attainment", &v.Attainment, d.Attainment)
	orElse(c, "validate.mean_attainment", &v.MeanAttainment, d.MeanAttainment)
	orElse(c, "validate.kernel_attainment", &v.KernelAttainment, d.KernelAttainment)
	orElse(c, "validate.effective_accuracy", &v.EffectiveAccuracy, d.EffectiveAccuracy)
	orElse(c, "validate.p50", &v.P50, d.P50)
	orElse(c, "validate.p99", &v.P99, d.P99)
	orElse(c, "validate.drift", &v.Drift, d.Drift)
}

// resolveClasses gives an only class all of the arrivals, and each change what it
// leaves as it was.
func (c *checker) resolveClasses(classes []Class) {
	for i := range classes {
		class, path := &classes[i], index("class", i)
		if len(classes) == 1 {
			orElse(c, path+".share", &class.Share, 1)
		}
		orElse(c, path+".objective", &class.Objective, defaultObjective)
		latency, accuracy := class.Latency, class.Accuracy
		for j := range class.Changes {
			change, path := &class.Changes[j], index(path+".change", j)
			orElse(c, path+".latency", &change.Latency, latency)
			orElse(c, path+".accuracy", &change.Accuracy, accuracy)
			latency, accuracy = change.Latency, change.Accuracy
		}
	}
}

func (c *checker) resolveInterference(s *Scenario) {
	for i := range s.Interference {
		path, block := index("interference", i), &s.Interference[i]
		if c.given[path+".file"] {
			c.resolveRecording(block, path, s.Duration)
			continue
		}
		if !c.given[path+".factor"] {
			orElse(c, path+".intensity", &block.Intensity, 1)
		}
		orElse(c, path+".to", &block.To, s.Duration)
	}
}

// expand turns [factorial] into contenders.
func (s *Scenario) expand(dir string) {
	if s.Factorial == nil {
		return
	}
	for _, technique := range s.Factorial.Techniques {
		for _, policy := range s.Factorial.Policies {
			s.Contenders = append(s.Contenders, Contender{
				Name: technique.Key() + "/" + policy, Technique: technique, Policy: policy, dir: dir,
			})
		}
	}
	s.Factorial = nil
}

// Text returns the scenario as TOML, with every default filled in. Parse accepts it
// and gives the same scenario.
func (s *Scenario) Text() string {
	var b bytes.Buffer
	encoder := toml.NewEncoder(&b)
	encoder.Indent = ""
	if err := encoder.Encode(s); err != nil {
		panic("scenarios: a checked scenario cannot be written: " + err.Error())
	}
	return b.String()
}

// Hash returns the SHA-256, in hexadecimal, of the Text without title,
// assertions and sweep, and of the recorded slow-downs: of what decides the numbers. A trace from
// a file counts by its name.
func (s *Scenario) Hash() string {
	bare := *s
	bare.Title, bare.Asserts, bare.Sweep = "", nil, nil
	sum := sha256.New()
	io.WriteString(sum, bare.Text())
	for i := range s.Interference {
		if recording := s.Interference[i].Recording; recording != nil {
			fmt.Fprintln(sum, i, recording)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Workload returns the class as the workloads package has it.
func (k *Class) Workload() workloads.Class {
	class := workloads.Class{
		Size: k.Size, Spread: k.SizeSpread,
		Name: k.Name, Share: k.Share,
		Target: workloads.Target{Latency: k.Latency.Std(), Accuracy: k.Accuracy},
	}
	for _, change := range k.Changes {
		class.Changes = append(class.Changes, workloads.Change{
			At:     change.At.Std(),
			Target: workloads.Target{Latency: change.Latency.Std(), Accuracy: change.Accuracy},
		})
	}
	return class
}
