// Command slosim answers which way of trading accuracy for time keeps a service level
// objective, on given traffic and a noisy machine. What it does stands in cmd/command.
//
// default.pgo is a profile of the simulator, with which go build makes its hot path a tenth
// faster. To renew it after that path has changed:
//
//	go build -trimpath -pgo=off -o /tmp/slosim ./cmd/slosim
//	/tmp/slosim bench --sim --rounds 15 --cpuprofile cmd/slosim/default.pgo
package main

import (
	"os"

	"slosim/cmd/command"
)

func main() { os.Exit(command.Main(nil)) }
