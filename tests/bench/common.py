"""What all benchmarks share: a line of figures, the load generator."""
import json
import subprocess

import server as S


def out(bench, value, unit, limit=None, ratio=None, p50=None, p99=None):
    def short(x):
        return None if x is None else round(x, 3 if abs(x) < 100 else 1)
    print(json.dumps({'bench': bench, 'value': short(value), 'unit': unit, 'limit': short(limit), 'ratio': short(ratio), 'p50_ms': short(p50),
                      'p99_ms': short(p99)}), flush=True)


def load(server, mode, *args, paths=(), headers=(), **popen):
    command = [S.LOAD, mode, '-a', '127.0.0.1', '-p', str(server.port), *map(str, args)]
    for h in headers:
        command += ['-H', h]
    return subprocess.Popen([*command, *paths], stdout=subprocess.PIPE, text=True, **popen)


def load_result(process):
    text, _ = process.communicate()
    if process.returncode:
        raise SystemExit('bench: the load ended with an error')
    return json.loads(text.strip().split('\n')[-1])
