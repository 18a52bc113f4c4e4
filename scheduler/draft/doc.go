// Package draft checks commands that come from outside Go before they enter a plan.
//
// A policy in Go that asks for what cannot be is told so by the serving system, which knows no
// line of a script and no program. Policies that run scripts or programs (scheduler/script,
// scheduler/process) draft each command here instead, so that its author is told where it was
// made:
//
//  1. [Draft.Begin] takes the view and the plan of one Decide;
//  2. [Draft.Check] compares a command with the view: the worker, the query, the point, the
//     instant. It may be asked about commands that are never given;
//  3. [Draft.Add] checks it against the commands before it as well (a worker takes one query, a
//     query is given once) and writes it into the plan.
//
// What a view cannot tell, such as whether parts of a large query run already, is left to the
// serving system. Errors read "start: worker: want 0..1, got 2".
//
//	var d draft.Draft
//	d.Begin(view, plan)
//	err := d.Add(&scheduler.Command{Kind: scheduler.Start, Worker: 0, Query: view.Waiting[0].Ref})
package draft
