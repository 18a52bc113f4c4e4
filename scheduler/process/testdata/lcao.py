"""lcao.py: latency-constrained, accuracy-optimised scheduling, as the built-in policy lcao does it:
the most accurate point that fits the head's slack and leaves the queue behind enough of its chances.
It decides the same as the built-in one with drop = "expired" and utilisation = 0."""

import json
import sys

LOOKAHEAD = 1024


def send(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def receive():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)


def slot_for(q, idle, stealing):
    """Which idle worker takes the query: the one that holds its activation, the one in whose queue it
    is, else the least slowed. -1: none may."""
    if q["probed"] and q["probed_on"] in idle:
        return idle.index(q["probed_on"])
    if q["queue"] == 0:
        return 0
    if q["queue"] - 1 in idle:
        return idle.index(q["queue"] - 1)
    return 0 if stealing else -1


class LCAO:
    def __init__(self, hello):
        params = {"quantile": 0.99, "headroom": 0.5}
        for key, value in hello["params"].items():
            if key not in params:
                send({"slosim": 1, "error": "params: %s: want one of headroom, quantile" % key})
                sys.exit(0)
            params[key] = value
        self.q = params["quantile"]
        self.slower = 1 / (1 - params["headroom"])
        self.order = []
        for model in hello["models"]:
            points = model["points"]
            self.order.append(sorted(range(len(points)), key=lambda p: (-points[p]["accuracy"], points[p]["mean"])))
        self.tables = {}

    def decide(self, view):
        self.now, self.waiting, self.workers = view["now"], view["waiting"], view["workers"]
        for table in view["tables"]:
            self.tables[table["worker"], table["model"]] = table
        commands = []
        idle = [i for i, w in enumerate(self.workers) if not w["busy"]]
        idle.sort(key=lambda i: self.workers[i]["slowdown"])
        probing = {w["running"] for w in self.workers if w["busy"] and w["probing"]}
        for i, q in enumerate(self.waiting):
            if not idle:
                break
            if q["ref"] in probing:
                continue
            slot = slot_for(q, idle, view["stealing"])
            if slot < 0:
                continue
            if q["deadline"] <= self.now:
                commands.append({"do": "drop", "query": q["ref"], "why": "late"})
                continue
            point, why = self.choose(idle[slot], i, q)
            commands.append({"do": "start", "worker": idle.pop(slot), "query": q["ref"], "point": point, "why": why})
        return commands

    def choose(self, worker, i, q):
        self.on = worker, q["model"]
        table, slack = self.tables[self.on], q["deadline"] - self.now
        self.singles, self.left = table["mean"], q["left"]
        means, quantiles = self.singles, [per_q[0] for per_q in table["quantiles"]]
        if self.left > 1:  # of several samples together
            means = self.ask([["batch_mean", *self.on, p, self.left] for p in range(len(means))])
            quantiles = self.ask([["batch_quantile", *self.on, p, self.left, self.q] for p in range(len(means))])
        self.means = means
        cheapest = means.index(min(means))
        self.cheapest, self.least = cheapest, means[cheapest]
        why = "fits"
        for p in self.order[q["model"]]:
            if p == cheapest:
                break
            self.point, self.mean, self.quantile = p, means[p], quantiles[p]
            if self.quantile > slack and not self.fits(slack, 0):
                continue
            if self.queue_fits(i):
                return p, why
            why = "queue"
        if why == "fits" and quantiles[cheapest] > slack:
            why = "cheapest"
        return cheapest, why

    def ask(self, questions):
        send({"ask": questions})
        return receive()["answers"]

    def within(self, point, limit):
        if self.left > 1:  # as if the time of several were spread like that of one
            limit = int(float(limit) * float(self.singles[point]) / float(max(self.means[point], 1)))
        return self.ask([["within", *self.on, point, limit]])[0]

    def fits(self, slack, need):
        """Whether the point leaves a query enough of its chances, need mean service times before it."""
        left = slack - int(need * self.slower * self.mean)
        if self.quantile <= left:
            return True
        chance = self.within(self.cheapest, slack - int(need * self.least))
        return chance > 0 and self.within(self.point, left) >= self.q * chance

    def lost(self, slack, need):
        """Whether even the cheapest point leaves a query no chance."""
        return (slack < int((need + 1) * self.least)
                and self.within(self.cheapest, slack - int(need * self.least)) == 0)

    def queue_fits(self, i):
        """Whether the point leaves the queries behind the i-th enough of their chances."""
        each = 1 / len(self.workers)
        need = each if len(self.workers) == 1 else 1
        for q in self.waiting[i + 1:i + 1 + LOOKAHEAD]:
            slack = q["deadline"] - self.now
            if self.lost(slack, need):
                continue
            if not self.fits(slack, need):
                return False
            need += each
        return True


def main():
    policy = LCAO(receive()["hello"])
    send({"slosim": 1, "name": "lcao in Python", "quantiles": [policy.q]})
    while True:
        send({"commands": policy.decide(receive())})


main()
