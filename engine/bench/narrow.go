package bench

// addNarrow adds the dense and the picking kernels for narrower weights.
func (t *table) addNarrow() {}

// addInputSparse adds the kernels that read the weights of some inputs only.
func (t *table) addInputSparse() {}
