package scenarios

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of virtual time, written as Go does: "15ms", "1m30s".
type Duration time.Duration

// Std returns the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String prints it as it is written in a scenario.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes it as a scenario has it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads it. It refuses what is negative.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return err
	}
	if v < 0 {
		return errors.New("negative duration")
	}
	*d = Duration(v)
	return nil
}

func (d *Duration) want() string { return `a duration of 0 or more, such as "15ms"` }

// Size is a number of bytes, written with a unit: "64MB" (powers of 1000) or
// "64MiB" (powers of 1024).
type Size int64

// unit pairs a suffix with its bytes; longer suffixes come first, then larger units.
type unit struct {
	suffix string
	bytes  int64
}

func units() []unit {
	return []unit{
		{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
		{"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"kB", 1e3}, {"B", 1},
	}
}

// String prints it in the largest unit that leaves a whole number.
func (s Size) String() string {
	for _, u := range units() {
		if s != 0 && int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.suffix
		}
	}
	return "0B"
}

// MarshalText writes it as a scenario has it.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// maxSize bounds a size: 1 PB, far above any machine and far below overflow.
const maxSize = 1e15

// UnmarshalText reads it. It refuses sizes of 0 or less, and fractions of a byte.
func (s *Size) UnmarshalText(text []byte) error {
	for _, u := range units() {
		number, ok := strings.CutSuffix(string(text), u.suffix)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		bytes := v * float64(u.bytes)
		if err != nil || !(bytes > 0 && bytes <= maxSize) || bytes != float64(int64(bytes)) {
			return errors.New("no positive whole number of bytes")
		}
		*s = Size(bytes)
		return nil
	}
	return errors.New("no unit")
}

func (s *Size) want() string { return `a size above 0, such as "64MB"` }
