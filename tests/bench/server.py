"""The server under load: built, its data set made once and kept in build/bench/data, started, asked and stopped."""
import hashlib
import http.client
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / 'tests/bench'
BUILD = ROOT / 'build/bench'
DATA = pathlib.Path(os.environ.get('INTERFLOW_BENCH_DATA', BUILD / 'data'))
PROGRAM = pathlib.Path(os.environ.get('INTERFLOW_BIN', ROOT / 'build/release/src/server/interflow'))
LOAD = BUILD / 'load'
SIZES = {'customers': 200_000, 'chats': 120_000, 'open': 2_000, 'messages': 1_000_000}
PASSWORD = 'bench ' + 'x' * 20
VISITORS = 5_000
PEOPLE = 1_000    # of the team, for sockets: one person may hold 32 of a worker


def say(text):
    print(text, file=sys.stderr, flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def build_load():
    BUILD.mkdir(parents=True, exist_ok=True)
    source = HERE / 'load.c'
    if not LOAD.exists() or LOAD.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(['gcc', '-O2', '-D_GNU_SOURCE', '-Wall', '-o', LOAD, source, '-lcrypto'], check=True)


class Server:
    """interflow serve over the data folder."""

    def __init__(self, data=DATA):
        self.data = data
        self.port = free_port()
        self.process = None
        self.cookie = None
        self.facts = {}
        self.platform_port = free_port()    # where the stand-in of Meta will listen, if a benchmark starts it
        self.platform = None

    def start(self):
        """Returns the seconds from exec to the first answer that needs the database."""
        self.log = open(f'{self.data}.log', 'ab')
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [PROGRAM, 'serve', '--no-demo', '--data', self.data, '--listen', f'127.0.0.1:{self.port}'],
            stdout=self.log, stderr=self.log, env={
                **os.environ, 'INTERFLOW_LOG': 'warn', 'INTERFLOW_WORKERS': '2', 'INTERFLOW_ALLOW_PRIVATE': '127.0.0.1/32',
                'META_GRAPH_URL': f'http://127.0.0.1:{self.platform_port}', 'INTERFLOW_PUBLIC_URL': f'http://127.0.0.1:{self.port}'})
        while True:
            if self.process.poll() is not None:
                raise SystemExit(f'bench: the server ended, see {self.data}.log')
            try:
                c = http.client.HTTPConnection('127.0.0.1', self.port, timeout=30)
                c.request('GET', '/readyz')
                if c.getresponse().status == 200:
                    return time.monotonic() - begin
            except OSError:
                time.sleep(0.002)

    def start_platform(self):
        """The stand-in Graph API; returns its account: {'phone', 'waba', 'app': {'secret'}, 'tokens': {'whatsapp'}}."""
        if not (ROOT / 'tests/node_modules').exists():
            subprocess.run(['npm', 'ci', '--silent', '--no-audit', '--no-fund'], cwd=ROOT / 'tests', check=True)
        self.platform = subprocess.Popen(['node', ROOT / 'tests/graph/serve.mjs', '--port', str(self.platform_port), '--json'], stdout=subprocess.PIPE, text=True)
        return json.loads(self.platform.stdout.readline())

    def stop_platform(self):
        if self.platform:
            self.platform.terminate()
            self.platform.wait()
        self.platform = None

    def stop(self):
        self.stop_platform()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(90)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process = None

    def request(self, method, path, body=None, headers=None):
        c = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
        h = {'X-Requested-With': 'interflow', **(headers or {})}
        if self.cookie:
            h['Cookie'] = self.cookie
        data = None
        if body is not None:
            data = json.dumps(body)
            h['Content-Type'] = 'application/json'
        c.request(method, path, data, h)
        r = c.getresponse()
        text = r.read()
        if r.status >= 400:
            raise SystemExit(f'bench: {method} {path}: {r.status} {text[:500]!r}')
        if r.getheader('Set-Cookie'):
            self.cookie = r.getheader('Set-Cookie').split(';')[0]
        return json.loads(text) if text else None

    # --- the database, as its owner ---

    def psql(self, sql=None, file=None, variables=None):
        args = ['psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', self.data / 'run', '-U', 'interflow', '-d', 'interflow']
        for k, v in (variables or {}).items():
            args += ['-v', f'{k}={v}']
        args += ['-f', file or '-']
        r = subprocess.run(args, input=sql, capture_output=True, text=True)
        if r.returncode:
            raise SystemExit(f'bench: psql: {r.stderr[:2000]}')
        return r.stdout.strip()

    def pids(self):
        """{pid: name} of the supervisor, the workers and PostgreSQL's processes."""
        children = {}
        for p in pathlib.Path('/proc').iterdir():
            if p.name.isdigit():
                try:
                    stat = (p / 'stat').read_text()
                except OSError:
                    continue
                name, rest = stat[stat.index('(') + 1:stat.rindex(')')], stat[stat.rindex(')') + 2:].split()
                children.setdefault(int(rest[1]), []).append((int(p.name), name))
        found, queue = {}, [(self.process.pid, 'interflow')]
        while queue:
            pid, name = queue.pop()
            found[pid] = name
            queue += children.get(pid, [])
        return found

    def memory(self, pids=None, what='Pss'):
        """Proportional (or, 'Rss', whole) set size in bytes of these processes."""
        total = 0
        for pid in pids or self.pids():
            try:
                text = pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text()
            except OSError:
                continue
            total += int(re.search(rf'^{what}:\s+(\d+)', text, re.M).group(1)) * 1024
        return total

    def cpu_seconds(self):
        """Of the workers and of PostgreSQL's processes, since they began; those that ended meanwhile do not count."""
        spent = {'workers': 0.0, 'postgres': 0.0}
        for pid, name in self.pids().items():
            try:
                stat = pathlib.Path(f'/proc/{pid}/stat').read_text()
            except OSError:
                continue
            user, system = stat[stat.rindex(')') + 2:].split()[11:13]
            spent['postgres' if name == 'postgres' else 'workers'] += (int(user) + int(system)) / os.sysconf('SC_CLK_TCK')
        return spent

    def workers(self):
        main = self.process.pid
        return [pid for pid, name in self.pids().items() if pid != main and name != 'postgres']


# --- the data set ---

def fingerprint():
    h = hashlib.sha256(repr((sorted(SIZES.items()), VISITORS, PEOPLE)).encode())
    for f in sorted((ROOT / 'sql/migrations').glob('*.sql')) + [HERE / 'data.sql']:
        h.update(f.read_bytes())
    return h.hexdigest()[:16]


def make_data(server):
    mark = fingerprint()
    say('bench: making the data set, some minutes')
    server.request('POST', '/api/signup', {
        'organization': 'Bench', 'name': 'Bench Owner', 'email': 'owner@bench.example', 'password': PASSWORD, 'language': 'pt',
        'timeZone': 'America/Sao_Paulo', 'currency': 'BRL', 'country': 'BR'})
    me = server.request('GET', '/api/me')
    org, owner = me['organizations'][0]['id'], me['user']['id']
    channels = [server.request('POST', f'/api/{org}/channels', {'kind': 'webchat', 'name': name, 'settings': {}}) for name in ('Loja', 'Site', 'Ajuda')]
    begin = time.monotonic()
    server.psql(file=HERE / 'data.sql', variables={'org': org, 'owner': owner, **SIZES})
    say(f'bench: made in {time.monotonic() - begin:.0f} s')
    key = server.psql(f"select public_key from channels where id = '{channels[0]['id']}'")
    tokens = []
    for i in range(VISITORS):
        address = f'10.{i // 62500}.{i // 250 % 250}.{i % 250 + 1}'
        token = server.request('POST', f'/webchat/{key}/visitor', {}, {'X-Forwarded-For': address})['token']
        tokens.append((token, address))
    people = [secrets.token_urlsafe(32) for _ in range(PEOPLE)]
    hashes = ','.join(f"('{hashlib.sha256(t.encode()).hexdigest()}')" for t in people)
    server.psql(f"""
        create temp table p as select uuid_v7() as id, row_number() over () as n, h from (values {hashes}) x (h);
        insert into users (id, email, name, password_hash, language) select id, 'pessoa' || n || '@bench.example', 'Pessoa ' || n, '', 'pt' from p;
        insert into memberships (org_id, user_id, role_id) select '{org}', p.id, r.id from p join roles r on r.org_id = '{org}' and r.kind = 'agent';
        insert into sessions (user_id, token_hash) select id, h from p""")
    return {'fingerprint': mark, 'people': people, 'org': org, 'owner': owner, 'channel': channels[0]['id'], 'key': key, 'visitors': tokens}


def open_server():
    """A running server with the data set, logged in as its owner."""
    build_load()
    facts_file = DATA.parent / f'{DATA.name}.json'
    facts = json.loads(facts_file.read_text()) if facts_file.exists() else {}
    keep = os.environ.get('INTERFLOW_BENCH_KEEP')
    if not facts or (facts['fingerprint'] != fingerprint() and not keep):
        shutil.rmtree(DATA, ignore_errors=True)
        facts = {}
    DATA.parent.mkdir(parents=True, exist_ok=True)
    server = Server()
    server.start()
    try:
        if not facts:
            facts = make_data(server)
            facts_file.write_text(json.dumps(facts))
        server.cookie = None
        server.request('POST', '/api/login', {'email': 'owner@bench.example', 'password': PASSWORD})
    except BaseException:
        server.stop()
        raise
    server.facts = facts
    return server
