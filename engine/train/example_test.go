package train_test

import (
	"fmt"

	"slosim/engine/train"
)

func ExampleMatch() {
	recipes, err := train.Match("fashion-mnist.w64")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(recipes[0].About, recipes[0].Sizes)
	// Output: a network of two hidden layers of 64 nodes [784 64 64 10]
}
