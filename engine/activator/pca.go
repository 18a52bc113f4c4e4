package activator

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"slosim/engine/kernel"
)

// Subspace is a mean and an orthonormal basis: the directions in which the inputs
// vary most.
type Subspace struct {
	Mean  []float32      // of the inputs
	Basis *kernel.Matrix // dimensions x inputs, by falling variance
}

// PCA returns the principal subspace of images with the given number of inputs: the
// eigenvectors of their covariance with the largest eigenvalues. It fails on fewer than
// two images and on dimensions outside 1..inputs.
func PCA(images Images, inputs, dimensions int) (*Subspace, error) {
	mean, covariance, err := moments(images, inputs)
	if err != nil {
		return nil, err
	}
	basis, err := leading(covariance, dimensions)
	if err != nil {
		return nil, err
	}
	return &Subspace{Mean: narrow(mean), Basis: toMatrix(basis)}, nil
}

// chunkSize is how many images meet in one matrix product.
const chunkSize = 512

// moments returns mean and covariance of the images, accumulated in order.
func moments(images Images, inputs int) ([]float64, *mat.SymDense, error) {
	if images.Len() < 2 {
		return nil, nil, fmt.Errorf("covariance: want at least 2 images, got %d", images.Len())
	}
	mean := imageMean(images, inputs)
	covariance := mat.NewSymDense(inputs, nil)
	chunk := mat.NewDense(inputs, chunkSize, nil)
	each(images, inputs, func(i int, x []float32) {
		column := i % chunkSize
		for j, v := range x {
			chunk.Set(j, column, float64(v)-mean[j])
		}
		if column == chunkSize-1 || i == images.Len()-1 {
			addOuter(covariance, chunk.Slice(0, inputs, 0, column+1))
		}
	})
	covariance.ScaleSym(1/float64(images.Len()-1), covariance)
	return mean, covariance, nil
}

func addOuter(sum *mat.SymDense, part mat.Matrix) {
	var outer mat.SymDense
	outer.SymOuterK(1, part)
	sum.AddSym(sum, &outer)
}

func imageMean(images Images, inputs int) []float64 {
	mean := make([]float64, inputs)
	each(images, inputs, func(_ int, x []float32) {
		for j, v := range x {
			mean[j] += float64(v)
		}
	})
	for j := range mean {
		mean[j] /= float64(images.Len())
	}
	return mean
}

// leading returns the eigenvectors of the largest eigenvalues, one a row, each with
// its largest component positive: the sign of an eigenvector is arbitrary.
func leading(covariance *mat.SymDense, dimensions int) (*mat.Dense, error) {
	size := covariance.SymmetricDim()
	if dimensions < 1 || dimensions > size {
		return nil, fmt.Errorf("principal components: want 1..%d, got %d", size, dimensions)
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(covariance, true) {
		return nil, fmt.Errorf("principal components: the eigenvalues of a %d x %d covariance did not converge", size, size)
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	basis := mat.NewDense(dimensions, size, nil)
	for i := range dimensions {
		v := mat.Col(nil, size-1-i, &vectors)
		if v[largest(v)] < 0 {
			negate(v)
		}
		basis.SetRow(i, v)
	}
	return basis, nil
}

func largest(v []float64) int {
	best := 0
	for i := range v {
		if max(v[i], -v[i]) > max(v[best], -v[best]) {
			best = i
		}
	}
	return best
}

func negate(v []float64) {
	for i := range v {
		v[i] = -v[i]
	}
}

func narrow(v []float64) []float32 {
	out := kernel.Aligned(len(v))
	for i, f := range v {
		out[i] = float32(f)
	}
	return out
}

func toMatrix(d *mat.Dense) *kernel.Matrix {
	rows, cols := d.Dims()
	m := kernel.NewMatrix(rows, cols)
	for i := range rows {
		row := m.Row(i)
		for j := range row {
			row[j] = float32(d.At(i, j))
		}
	}
	return m
}

func toDense(m *kernel.Matrix) *mat.Dense {
	d := mat.NewDense(m.Rows, m.Cols, nil)
	for i := range m.Rows {
		for j, v := range m.Row(i) {
			d.Set(i, j, float64(v))
		}
	}
	return d
}
