package kernel

import "testing"

// rowStub is a form that notes that it was called.
func rowStub(called *string, name string) rowsFunc {
	return func(*float32, *float32, int, *int32, int, *float32, int, *float32) { *called = name }
}

// What Tune finds must reach the kernels.
func TestFormsReachTheKernels(t *testing.T) {
	var called string
	a := &assembly{maxID: func([]int32) uint32 { return 0 }}
	for f := range denseForms {
		a.dense[f] = rowStub(&called, DenseForm(f).String())
	}
	for f := range pickedForms {
		a.picked[f] = rowStub(&called, PickedForm(f).String())
		a.bare[f] = rowStub(&called, "bare "+PickedForm(f).String())
	}
	s := a.set("stub", selector{}, blocking{})
	w, x, y := NewMatrix(4, 20), make([]float32, 20), make([]float32, 4)
	expect := func(want string) {
		t.Helper()
		if called != want {
			t.Errorf("called %q, want %q", called, want)
		}
	}
	for f := range denseForms {
		SetForms(s, w, Forms{Dense: DenseForm(f)})
		s.MatVec(y, w, x, nil)
		expect(DenseForm(f).String())
		s.run(w).dense(DenseForm(f))
		expect(DenseForm(f).String())
	}
	for f := range pickedForms {
		SetForms(s, w, Forms{Picked: PickedForm(f)})
		s.GatherMatVec(y, w, []int32{0}, x, nil)
		expect(PickedForm(f).String())
		s.ReadRows(y, w, []int32{0}, x)
		expect("bare " + PickedForm(f).String())
		s.run(w).picked(PickedForm(f), []int32{0})
		expect(PickedForm(f).String())
	}
}

func TestFormsReachTheNarrowKernels(t *testing.T) {
	var called string
	n := &narrowAssembly{}
	for f := range denseForms {
		n.denseBF16[f] = func(*float32, *uint16, int, *int32, int, *float32, int, *float32) {
			called = "bf16 " + DenseForm(f).String()
		}
		n.denseInt8[f] = func(*float32, *int8, int, *int32, int, *uint8, int, *float32, *float32, *int32, float32, int32) {
			called = "int8 " + DenseForm(f).String()
		}
	}
	for f := range pickedForms {
		n.pickedBF16[f] = func(*float32, *uint16, int, *int32, int, *float32, int, *float32) {
			called = "bf16 " + PickedForm(f).String()
		}
		n.pickedInt8[f] = func(*float32, *int8, int, *int32, int, *uint8, int, *float32, *float32, *int32, float32, int32) {
			called = "int8 " + PickedForm(f).String()
		}
	}
	set := &Set{forms: &tuned{}}
	n.addNarrow(set, quantiser{})
	half, bytes, x, q, y := NewBF16(NewMatrix(4, 20)), NewInt8(NewMatrix(4, 20)), make([]float32, 20), NewQuantised(20), make([]float32, 4)
	for f := range denseForms {
		SetForms(set, half, Forms{Dense: DenseForm(f), Picked: PickedForm(f)})
		set.MatVecBF16(y, half, x, nil)
		if want := "bf16 " + DenseForm(f).String(); called != want {
			t.Errorf("called %q, want %q", called, want)
		}
		set.GatherBF16(y, half, []int32{0}, x, nil)
		if want := "bf16 " + PickedForm(f).String(); called != want {
			t.Errorf("called %q, want %q", called, want)
		}
		SetForms(set, bytes, Forms{Dense: DenseForm(f), Picked: PickedForm(f)})
		set.MatVecInt8(y, bytes, q, nil)
		if want := "int8 " + DenseForm(f).String(); called != want {
			t.Errorf("called %q, want %q", called, want)
		}
		set.GatherInt8(y, bytes, []int32{0}, q, nil)
		if want := "int8 " + PickedForm(f).String(); called != want {
			t.Errorf("called %q, want %q", called, want)
		}
	}
}

// The narrow kernels of a set look where its Tune writes.
func TestNarrowKernelsSeeWhatWasTuned(t *testing.T) {
	a := &assembly{}
	s := a.set("stub", selector{}, blocking{})
	if withNarrowAVX2(s).forms != s.forms || withNarrowAVX512(s).forms != s.forms || s.forms != &a.forms {
		t.Error("they look elsewhere")
	}
}

// Two or more inputs are divided so that none is left over, and with three at a time.
func TestInputsAreDividedIntoTiles(t *testing.T) {
	none := func(*[]float32, *float32, int, int, int, *[]float32, int, *float32) {}
	for name, a := range map[string]*batchAssembly{"16 registers": {pair: none, triple: none}, "32 registers": {pair: none, triple: none, four: none}} {
		for inputs := 2; inputs <= 64; inputs++ {
			tiles := 0
			for left := inputs; left > 0; tiles++ {
				n, multiply := a.next(left)
				if left -= n; left < 0 || left == 1 || multiply == nil {
					t.Fatalf("%s: %d inputs: got a tile of %d, %d are left", name, inputs, n, left)
				}
			}
			want := (inputs + 2) / 3
			if a.four != nil && inputs%3 == 1 {
				want = inputs / 3
			}
			if tiles != want {
				t.Errorf("%s: %d inputs: got %d tiles, want %d", name, inputs, tiles, want)
			}
		}
	}
}
