// Command gendata writes the embedded calibration set from the training files
// of Fashion-MNIST:
//
//	go run ./workloads/internal/gendata /usr/share/datasets/fashion-mnist workloads/data
//
// The folder is where Debian's package dataset-fashion-mnist puts them.
package main

import (
	"fmt"
	"os"

	"slosim/workloads"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: gendata FOLDER_OF_TRAINING_FILES OUTPUT_FOLDER")
		os.Exit(2)
	}
	if err := workloads.WriteCalibration(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "gendata:", err)
		os.Exit(3)
	}
}
