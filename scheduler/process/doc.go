// Package process runs a scheduling policy that is a program: any language, a child that reads
// requests from its standard input and answers on its standard output, one line of JSON each.
//
//	policy = "exec:python3 my.py"
//
// WARNING: this runs a program with the rights of the user who runs slosim: it may read, write
// and send whatever that user may. Run no scenario from a stranger that has an exec: policy. (A
// script, package scheduler/script, can do none of this.)
//
// The command is split at blanks, quotes keep blanks together, and there is no shell. It runs in
// the folder of the scenario, so that my.py is looked for there; a program without a slash is
// looked for in the PATH. A whole policy in Python:
//
//	import json, sys
//	def send(x): print(json.dumps(x), flush=True)
//	hello = json.loads(sys.stdin.readline())
//	send({"slosim": 1, "name": "head first"})
//	for line in sys.stdin:
//	    view, commands = json.loads(line), []
//	    idle = [i for i, w in enumerate(view["workers"]) if not w["busy"]]
//	    for q in view["waiting"][:len(idle)]:
//	        commands.append({"do": "start", "worker": idle.pop(0), "query": q["ref"], "point": 0})
//	    send({"commands": commands})
//
// The way of a run:
//
//  1. [New] splits the command and looks for the program. Nothing runs yet.
//  2. Bind starts the child and says hello:
//     {"slosim":1,"hello":{"workers":1,"classes":[{"name","share","latency","accuracy","changes":[{"at","latency","accuracy"}]}],
//     "models":[{"has_confidence","points":[{"name","density","ops","bytes","cascade","accuracy","mean"}]}],"params":{...}}}
//     mean is the mean service time alone. The child answers {"slosim":1}, with what it wishes:
//     "name" (for messages); "quantiles":[0.5,0.9,0.99] for the tables; "show":n, the most waiting
//     queries that it wants to see (0: all); "observe":true, to be told of finished queries; or
//     {"slosim":1,"error":"..."} to refuse the setting or a parameter.
//  3. Each Decide is a request:
//     {"seq":1,"now":0,"arrived":1,"queued":1,"stealing":false,
//     "waiting":[{"ref","class","model","arrive_at","deadline","accuracy","left","queue","probed","probed_on","confidence":[...]}],
//     "workers":[{"busy","probing","running","point","started_at","samples","slowdown"}],
//     "tables":[{"worker","model","mean":[point],"quantiles":[point][q]}],"finished":[{...}]}
//     queued counts all that wait; queue is 0 for the common queue, else that of worker queue - 1,
//     from which others may take only if stealing is true. confidence is there once probed, by point, null where there is
//     none. A table holds service times at the believed slow-down; it is sent when it has changed
//     and holds until the next of its worker and model. running is null while a worker is idle.
//  4. The child answers {"commands":[...]} with any of
//     {"do":"start","worker":0,"query":ref,"point":0}  {"do":"batch","worker":0,"queries":[[ref,point],...]}
//     {"do":"split","worker":0,"query":ref,"point":0,"count":1}  {"do":"probe","worker":0,"query":ref}
//     {"do":"drop","query":ref}  {"do":"wake","at":1000000}
//     and "why" if it likes ("fits", "accurate", "cheapest", "fixed", "load", "queue", "late", ...; other texts are unstated). Before that it may ask, as often as it likes:
//     {"ask":[["within",worker,model,point,limit],...]}, and is answered {"seq":1,"answers":[0.97,...]}.
//     Questions are mean, quantile (q), within (limit), batch_mean (count), batch_quantile (count, q),
//     all after worker, model and point; and confidence (ref, point). A "seq" in an answer is compared.
//  5. Close, or the end of the context, ends the child: its input is closed, and a second later
//     it is killed with its process group.
//
// Times are whole numbers of nanoseconds of virtual time, which stands still while the child
// thinks. The parameter timeout ("10s") is ours and bounds the wall time of one decision, and of
// the hello. max_batch (1) is ours, too: how many samples the policy starts together at most, so that
// batches of that size are measured; larger ones are refused. All other parameters are handed on.
//
// A crash, an early end, a time-out, anything but one line of the above, a line above 1 MiB or an
// illegal command (package scheduler/draft) is a *[scheduler.Failure] that names the command and
// the last of what the child wrote to its standard error. Neither a process nor a pipe nor a
// goroutine outlives Close.
//
// What it is not: the child sees no sample and no outcome. That it decides the same for the same
// requests is its own duty; simulations are repeatable only then. A policy needs no Key here: the
// child sees the queue and takes whom it likes.
package process
