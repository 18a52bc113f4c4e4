"""head.py: the head of the queue on the first idle worker, at the first point."""

import json
import sys

json.loads(sys.stdin.readline())
print('{"slosim": 1}', flush=True)
for line in sys.stdin:
    view, commands = json.loads(line), []
    idle = [i for i, w in enumerate(view["workers"]) if not w["busy"]]
    if idle and view["waiting"]:
        commands.append({"do": "start", "worker": idle[0], "query": view["waiting"][0]["ref"], "point": 0})
    print(json.dumps({"commands": commands}), flush=True)
