// Package slurmtest is for tests of what speaks to Slurm: a fake of its commands that needs nothing but a
// shell ([NewFake]), and a real cluster of one node, where there is one that may be disturbed ([Real]).
//
// The fake runs array tasks at once, as many as there are, and knows the few options that package slurm
// uses. It is no model of Slurm: what depends on how Slurm behaves is tested against the real one.
//
//	fake := slurmtest.NewFake(t) // sbatch, squeue and scancel are on PATH
//	fake.Fail("squeue", "error: Unable to contact slurm controller (connect failure)")
package slurmtest
