// Package script runs a scheduling policy that is written in Starlark, a small language with the
// syntax of Python: no compiler, no set-up, one file.
//
//	# edf.star: earliest deadline first, each query at its most accurate point that fits
//	def decide(view):
//	    out = []
//	    idle = [w.index for w in view.workers if not w.busy]
//	    for q in sorted(view.waiting, key = lambda q: q.deadline):
//	        if idle:
//	            w = idle.pop(0)
//	            out.append(start(w, q, choose(view, w, q)))
//	    return out
//
//	def choose(view, w, q):
//	    fits = [p for p in range(len(view.points(q.model))) if view.quantile(w, q.model, p, 0.99) <= q.slack]
//	    return max(fits, key = lambda p: view.accuracy(q.model, p)) if fits else 0
//
// The way of a decision:
//
//  1. [New] reads and compiles the script and runs its top level once. What is wrong by then (no
//     file, syntax, an undefined name, no function decide) is an error with file:line:column.
//  2. Bind calls bind(setting), if there is one: setting.workers, setting.classes (name, share,
//     latency, accuracy, changes) and setting.models (points, has_confidence).
//  3. Decide calls decide(view). It must return a list (or tuple) of commands, which the functions
//     below make; only what is returned counts, in its order.
//  4. Every number is checked where the script hands it over, and every command against the view
//     and the commands before it (package scheduler/draft). A failure is a *[scheduler.Failure]
//     with the line of the script, and ends the contender.
//
// Times are whole numbers of nanoseconds of virtual time; us, ms and s are 1000, 1000000 and
// 1000000000. A float is taken where it is whole. Workers, classes, models and points are indices
// from 0. Where a worker or a query is asked for, its number (index, ref) does as well as the object.
//
//	start(worker, query, point, why="")        run a query on an idle worker
//	batch(worker, [(query, point), ...], why="")  run several of one model together
//	split(worker, query, point, count, why="") run so many samples of a large query
//	probe(worker, query)                       run its activator alone, to learn its confidence
//	drop(query, why="")                        give it up
//	wake(at)                                   call decide again at an instant
//
//	why: fits accurate cheapest fixed load queue late probe unmet known contrary; other texts are unstated
//
//	view.now  view.arrived  view.stealing
//	view.waiting    in queue order: ref cls model arrive_at deadline accuracy slack probed probed_on left queue
//	view.workers    index busy probing running point started_at slowdown samples (running: None while idle)
//	view.may(query, worker)                     where workers have queues: 0 is the common one, else worker + 1
//	view.points(model)                          name density ops bytes cascade accuracy mean (alone)
//	view.accuracy(model, point)                 calibrated
//	view.mean(worker, model, point)             service time at the believed slow-down
//	view.quantile(worker, model, point, q)
//	view.within(worker, model, point, limit)    share served within the limit
//	view.batch_mean(worker, model, point, count)
//	view.batch_quantile(worker, model, point, count, q)
//	view.confidence(query, point)               None before its probe is done
//
// Optional functions of the script: bind(setting); observe(completion), for what the scenario's
// feedback grants (cls model worker point arrive_at start_at finish_at deadline samples correct,
// the last None when it is not told); key(query, deadline), the queue's order, where a smaller
// number goes first (cls model arrive_at size).
//
// Other names: params, a dict of the scenario's parameters; state, an empty dict for what a policy
// remembers, one for each instance; math, Starlark's module. A script may set defaults, a dict, at
// its top level: then it completes params from it, and a parameter that is not in it is an
// error, as is one of another kind than its default (a number, a string, ...). One that starts several samples together says how many at most by max_batch = 8 at its top
// level, so that batches of that size are measured; larger ones are refused. The parameter max_steps (10000000) is ours: so many steps may one call take, about half a
// second of computing. It stops endless loops; memory has no limit.
//
// view and its lists always show the present; a query, a worker or a completion is a copy that may
// be kept. What it is not: a script has no files, clock, random numbers or output (load and print
// fail; fail("text") ends the run and shows the text), so that the same view gives the same answer.
package script
