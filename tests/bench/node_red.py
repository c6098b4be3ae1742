"""./bench flows, beside Node-RED: an HTTP call, a condition, a text, an answer.

The two do not do the same, and the figures say so: Node-RED keeps nothing and answers with the text; here the call is committed and
answered, then a job finds customer and chat, and a session with its log is committed."""
import json
import pathlib
import signal
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import flow_graphs as graphs
import flows
import server as S
from common import load, load_result, out

VERSION = '4.1.8'    # the newest that Debian's Node.js runs
HOME = S.BUILD / 'node-red'
HOOKS = 10         # a hook takes 1,200 calls a minute
CALLS = 3_000
FLOW = [
    {'id': 'tab', 'type': 'tab', 'label': 'Bench'},
    {'id': 'in', 'z': 'tab', 'type': 'http in', 'url': '/order', 'method': 'post', 'wires': [['if']]},
    {'id': 'if', 'z': 'tab', 'type': 'switch', 'property': 'payload.total', 'propertyType': 'msg', 'rules': [{'t': 'gt', 'v': '100', 'vt': 'num'}, {'t': 'else'}],
     'checkall': 'false', 'outputs': 2, 'wires': [['free'], ['paid']]},
    {'id': 'free', 'z': 'tab', 'type': 'template', 'field': 'payload', 'fieldType': 'msg', 'syntax': 'mustache', 'template': 'Pedido de {{payload.name}}: frete grátis', 'wires': [['out']]},
    {'id': 'paid', 'z': 'tab', 'type': 'template', 'field': 'payload', 'fieldType': 'msg', 'syntax': 'mustache', 'template': 'Pedido de {{payload.name}}: frete de 10', 'wires': [['out']]},
    {'id': 'out', 'z': 'tab', 'type': 'http response', 'statusCode': '200', 'wires': []},
]


class NodeRed:
    def __init__(self):
        self.port = S.free_port()

    def __enter__(self):
        if not (HOME / 'node_modules/node-red').exists():
            S.say(f'bench: fetching node-red {VERSION}')
            HOME.mkdir(parents=True, exist_ok=True)
            subprocess.run(['npm', 'install', '--silent', '--no-audit', '--no-fund', '--prefix', HOME, f'node-red@{VERSION}'], check=True)
        user = HOME / 'user'
        user.mkdir(exist_ok=True)
        (user / 'flows.json').write_text(json.dumps(FLOW))
        (user / 'settings.js').write_text(f"module.exports = {{ uiPort: {self.port}, uiHost: '127.0.0.1', flowFile: 'flows.json', httpAdminRoot: false, "
                                          "logging: { console: { level: 'warn' } } };\n")
        self.process = subprocess.Popen(['node', HOME / 'node_modules/node-red/red.js', '-u', user, '-s', user / 'settings.js'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                call = urllib.request.Request(f'http://127.0.0.1:{self.port}/order', b'{"total": 120, "name": "Bia"}', {'Content-Type': 'application/json'})
                if 'frete grátis' in urllib.request.urlopen(call).read().decode():
                    return self
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise SystemExit('bench: Node-RED does not answer')

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def bench(server, args):
    org, channel = server.facts['org'], server.facts['channel']
    with tempfile.TemporaryDirectory() as folder, NodeRed() as red:
        flows.new_talkers(server, folder)
        paths = []
        for i in range(HOOKS):
            flow = graphs.publish(server, f'called {i}', graphs.called(channel))
            paths.append('/flow-hooks/' + server.request('GET', f'/api/{org}/flows/{flow}/hooks/t')['url'].rsplit('/', 1)[1])
        bodies, callers = pathlib.Path(folder, 'bodies'), pathlib.Path(folder, 'callers')
        people = server.facts['visitors'][:CALLS]
        bodies.write_text(''.join(json.dumps({'total': 50 + i % 100, 'name': f'Pessoa {i}', 'person': {'id': token.split('.')[0]}}) + '\n' for i, (token, _) in enumerate(people)))
        callers.write_text(''.join(f'X-Forwarded-For: {address}\n' for _, address in people))
        theirs, ours, done = [], [], []
        for _ in range(args.rounds):
            there = type('There', (), {'port': red.port})
            theirs.append(load_result(load(there, 'http', '-c', 16, '-d', args.seconds, '-m', 'POST', '-B', bodies, paths=['/order']))['per_second'])
            begin, before = time.monotonic(), flows.log_lines(server)
            r = load_result(load(server, 'http', '-c', 16, '-d', 600, '-m', 'POST', '-B', bodies, '-L', callers, '-x', CALLS, paths=paths))
            flows.drained(server)
            made = flows.log_lines(server) - before
            if r['errors'] or made != 4 * CALLS:
                S.say(f'bench: {r["errors"]} calls refused, {made} steps where {4 * CALLS} were awaited')
            ours.append(r['per_second']), done.append(made / 4 / (time.monotonic() - begin))
            time.sleep(max(0.0, 61 - (time.monotonic() - begin)) if CALLS * 2 > HOOKS * 1200 else 0)
        out('flows.node_red_calls', statistics.median(ours), 'calls/s, kept and answered', statistics.median(theirs), statistics.median(a / b for a, b in zip(ours, theirs)))
        out('flows.node_red_sessions', statistics.median(done), 'sessions/s, whole', statistics.median(theirs), statistics.median(a / b for a, b in zip(done, theirs)))
