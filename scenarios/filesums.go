package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

// fileSums returns the SHA-256 sums of what the scenario's files hold that all contenders see,
// by key: a trace that is a file, and recorded slow-downs as they were read. The scenario's
// text has only their names.
func (s *Scenario) fileSums() (map[string]string, error) {
	sums := map[string]string{}
	if s.Arrivals.Trace != "" && isFile(s.Arrivals.Trace) {
		file, err := os.Open(s.Arrivals.Trace)
		if err != nil {
			return nil, fmt.Errorf("arrivals.trace: %w", err)
		}
		defer file.Close()
		sum := sha256.New()
		if _, err := io.Copy(sum, file); err != nil {
			return nil, fmt.Errorf("arrivals.trace: %w", err)
		}
		sums["arrivals.trace"] = hex.EncodeToString(sum.Sum(nil))
	}
	for i := range s.Interference {
		if recording := s.Interference[i].Recording; recording != nil {
			sum := sha256.Sum256([]byte(fmt.Sprintln(recording)))
			sums[index("interference", i)+".file"] = hex.EncodeToString(sum[:])
		}
	}
	return sums, nil
}
