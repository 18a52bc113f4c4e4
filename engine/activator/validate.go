package activator

import (
	"fmt"
	"math"

	"slosim/engine/kernel"
)

// validateParts reports whether first cuts whole into so many parts, none of them empty.
func validateParts(what string, first []int32, parts, whole int) error {
	if len(first) != parts+1 || first[0] != 0 || int(first[parts]) != whole {
		return fmt.Errorf("%s: want %d bounds from 0 to %d, got %d", what, parts+1, whole, len(first))
	}
	for i := 1; i <= parts; i++ {
		if first[i] <= first[i-1] {
			return fmt.Errorf("%s: want ascending bounds, got %d after %d", what, first[i], first[i-1])
		}
	}
	return nil
}

// validateScorer reports what is wrong with a matrix and the bias of its rows.
func validateScorer(what string, m *kernel.Matrix, bias []float32) error {
	if m == nil || m.Rows < 1 || m.Cols < 1 || m.Stride < m.Cols || m.Rows > math.MaxInt32 || len(m.Data)/m.Stride < m.Rows {
		return fmt.Errorf("%s: want a matrix of 1 or more rows with all of its elements, got %s", what, sizeOf(m))
	}
	if len(bias) != m.Rows {
		return fmt.Errorf("%s: want a bias for each of %d rows, got %d", what, m.Rows, len(bias))
	}
	for i := range m.Rows {
		if !finite(m.Row(i)) || !finite(bias[i:i+1]) {
			return fmt.Errorf("%s: row %d: want finite numbers, got others", what, i)
		}
	}
	return nil
}

func sizeOf(m *kernel.Matrix) string {
	if m == nil {
		return "none"
	}
	return fmt.Sprintf("%d x %d, stride %d, of %d", m.Rows, m.Cols, m.Stride, len(m.Data))
}

func finite(numbers []float32) bool {
	for _, v := range numbers {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return false
		}
	}
	return true
}

// validateExamples reports what keeps examples from being clustered by hidden vectors.
func validateExamples(e *Examples) error {
	if e == nil || e.Inputs == nil || e.Inputs.Len() < 1 {
		return fmt.Errorf("examples: want 1 or more, got none")
	}
	if err := validateScorer("examples: output layer", e.Rows, e.Bias); err != nil {
		return err
	}
	if h := e.Hidden; h == nil || h.Rows != e.Inputs.Len() || h.Cols != e.Rows.Cols || h.Stride < h.Cols || len(h.Data)/h.Stride < h.Rows {
		return fmt.Errorf("examples: want hidden vectors of %d x %d, got %s", e.Inputs.Len(), e.Rows.Cols, sizeOf(h))
	}
	for i := range e.Inputs.Len() {
		if err := validateLikely(e.Inputs.Likely(i), e.Nodes()); err != nil {
			return fmt.Errorf("examples: %d: %w", i, err)
		}
		if !finite(e.Hidden.Row(i)) {
			return fmt.Errorf("examples: %d: want a finite hidden vector, got another", i)
		}
	}
	return nil
}

func validateLikely(likely []Scored, nodes int) error {
	if len(likely) == 0 {
		return fmt.Errorf("want likely nodes, got none")
	}
	for _, s := range likely {
		if s.Node < 0 || int(s.Node) >= nodes || !(s.Share > 0) || math.IsInf(float64(s.Share), 0) {
			return fmt.Errorf("want nodes 0..%d with shares above 0, got %d with %g", nodes-1, s.Node, s.Share)
		}
	}
	return nil
}
