package kernel

// SetForms makes the kernels of s use forms for tables of w's shape, whatever its size,
// and forget those of other shapes.
func SetForms(s *Set, w Table, f Forms) {
	s.forms.list.Store(&[]tunedShape{{w.shape(), f}})
}

// Counts of forms.
const (
	DenseForms  = denseForms
	PickedForms = pickedForms
)
