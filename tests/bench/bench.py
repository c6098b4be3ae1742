"""./bench [api|search|webhooks|email|flows|sockets|start]...: figures as JSON lines, each beside the limit that was measured in the same run.

The machine is shared and noisy, so that a figure alone says little: server and limit take turns, and the ratio is the median of the
turns' ratios. Words about what happens go to standard error."""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import flows
import limits
import mails
import server as S
import web_size
import webchat
import whatsapp
from common import load, load_result, out

CONNECTIONS = 16


# --- lists and details against pgbench with the same statement ---

def api_cases(server):
    org = server.facts['org']
    api = f'/api/{org}'

    def ids(sql):
        return server.psql(sql).split()
    # One of each: pgbench plans a statement anew for every script, which would count against it.
    talking = ids(f"select id from chats where org_id = '{org}' and status <> 'closed' and message_count between 8 and 60 order by last_message_at desc limit 1")
    long = ids(f"select id from chats where org_id = '{org}' and message_count = 300 order by last_message_at desc limit 1")
    people = ids(f"select customer_id from chats where org_id = '{org}' order by last_message_at desc limit 1")
    for view in ('all', 'mine', 'unassigned', 'waiting', 'closed'):
        yield f'chats.{view}', [f'{api}/chats?view={view}'], 'chats_list_' + ('open' if view == 'all' else view), [{}]
    yield 'chat', [f'{api}/chats/{c}' for c in talking], 'chat_get', [{'chatId': c} for c in talking]
    yield 'chat.messages', [f'{api}/chats/{c}/messages' for c in talking], 'messages_list', [{'chatId': c} for c in talking]
    yield 'chat.messages.long', [f'{api}/chats/{c}/messages' for c in long], 'messages_list', [{'chatId': c} for c in long]
    for sort in ('recent', 'name', 'activity'):
        yield f'customers.{sort}', [f'{api}/customers?sort={sort}'], 'customer_list', [{'in': json.dumps({'sort': sort, 'limit': 50})}]
    yield 'customer', [f'{api}/customers/{c}' for c in people], 'customer_get', [{'customerId': c} for c in people]


def pgbench(server, query, sets, seconds, rate=None):
    """Each set of values is a script of its own, with its own names for what differs."""
    text, scripts, variables = limits.statement(query), [], limits.values(server)
    for i, more in enumerate(sets):
        script = text
        for k, v in more.items():
            script = re.sub(rf'(?<!:):{k}\b', f':{k}{i}', script)
            variables[f'{k}{i}'] = v
        scripts.append(script)
    return limits.pgbench(server, scripts, variables, clients=8, seconds=seconds, rate=rate)


def bench_api(server, args):
    cookie = [f'Cookie: {server.cookie}']
    for name, paths, query, sets in api_cases(server):
        if args.only and args.only not in name:
            continue
        ours, theirs = [], []
        pgbench(server, query, sets, 1)
        for _ in range(args.rounds):
            ours.append(load_result(load(server, 'http', '-c', CONNECTIONS, '-d', args.seconds, paths=paths, headers=cookie)))
            theirs.append(pgbench(server, query, sets, args.seconds)['per_second'])
        if any(r['errors'] for r in ours):
            raise SystemExit(f'bench: {name}: the server answered with errors')
        rates = [r['per_second'] for r in ours]
        rate = statistics.median(rates)
        # Half of that, asked whether or not answers come: of us, and of PostgreSQL alone, whose tail is the machine's.
        half = load_result(load(server, 'http', '-c', 2 * CONNECTIONS, '-d', args.seconds, '-r', rate / 2, paths=paths, headers=cookie))
        bare = pgbench(server, query, sets, args.seconds, rate=rate / 2)
        out(f'api.{name}', rate, 'requests/s', statistics.median(theirs), statistics.median(a / b for a, b in zip(rates, theirs)), half['p50_ms'], half['p99_ms'])
        if bare['p99_ms']:
            out(f'api.{name}.half_load_p99', half['p99_ms'], 'ms', bare['p99_ms'], half['p99_ms'] / bare['p99_ms'], half['p50_ms'], half['p99_ms'])


SEARCH_MS = 50    # of the 99th percentile, one after the other


def bench_search(server, args):
    """One search after the other; the limit is a time, since no other program searches by the same rules."""
    org = server.facts['org']
    cookie = [f'Cookie: {server.cookie}']
    cases = [(f'customers.{name}', f'customers?search={words}') for name, words in
             (('name', 'maria'), ('two_names', 'joao silva'), ('digits', '99123'), ('rare', 'carament'))]
    cases += [(f'messages.{name}', f'search?q={words}') for name, words in
              (('frequent', 'pedido'), ('middling', 'receita'), ('two_words', 'boleto garantia'), ('rare', 'caravel'), ('nothing', 'zyxwvut'))]
    for name, path in cases:
        r = load_result(load(server, 'http', '-c', 1, '-d', args.seconds, paths=[f'/api/{org}/{path.replace(" ", "%20")}'], headers=cookie))
        if r['errors'] or not r['requests']:
            raise SystemExit(f'bench: {name}: the server answered with errors')
        out(f'search.{name}', r['p99_ms'], 'ms', SEARCH_MS, r['p99_ms'] / SEARCH_MS, r['p50_ms'], r['p99_ms'])


# --- messages that come in ---

def bench_webhooks(server, args):
    for name, part in (('webchat', webchat.bench), ('whatsapp', whatsapp.bench)):
        if not args.only or args.only in name:
            part(server, args)


# --- many live connections ---

def kernel_bytes():
    """Socket buffers and slabs of the whole machine."""
    info = dict(line.split(':') for line in pathlib.Path('/proc/meminfo').read_text().strip().split('\n'))
    tcp = re.search(r'^TCP:.* mem (\d+)', pathlib.Path('/proc/net/sockstat').read_text(), re.M)
    return int(info['Slab'].split()[0]) * 1024 + int(tcp.group(1)) * os.sysconf('SC_PAGE_SIZE')


def bench_sockets(server, args):
    org = server.facts['org']
    with tempfile.TemporaryDirectory() as folder:
        people = pathlib.Path(folder, 'people')
        people.write_text('\n'.join(f'Cookie: if_session={t}' for t in server.facts['people']) + '\n')
        for _ in range(2):
            server.request('GET', f'/api/{org}/bootstrap')
        before, kernel = server.memory(), kernel_bytes()
        p = load(server, 'sockets', '-n', args.sockets, '-L', people, paths=[f'/api/{org}/events'], stdin=subprocess.PIPE)
        if p.stdout.readline().strip() != 'ready':
            raise SystemExit('bench: the sockets did not open')
        time.sleep(3)
        each = (server.memory() - before) / args.sockets
        out('sockets.bytes_each', each, 'bytes', 16384, each / 16384)
        out('sockets.kernel_bytes_each', (kernel_bytes() - kernel) / args.sockets, 'bytes (both ends, whole machine)')
        rounds = []
        for i in range(args.rounds + 2):
            p.stdin.write('go\n')
            p.stdin.flush()
            p.stdout.readline()
            server.request('POST', f'/api/{org}/tags', {'name': f'Bench {time.time_ns()}', 'color': '#5a4fd6'})
            rounds.append(json.loads(p.stdout.readline()))
            time.sleep(0.5)
        rounds = rounds[1:]
        last, p50, p99 = (statistics.median(r[k] for r in rounds) for k in ('last_ms', 'p50_ms', 'p99_ms'))
        out('sockets.broadcast_last', last, 'ms', 150, last / 150, p50, p99)
        p.stdin.close()
        p.wait()
    server.psql(f"delete from tags where org_id = '{org}' and name like 'Bench %'")


# --- start, memory, script ---

WORKER_MIB = 60    # of one; in its proportional set size what is shared counts by its share


def bench_start(server, args):
    server.stop()
    times = []
    for _ in range(args.rounds + 2):
        times.append(server.start())
        server.stop()
    out('start.first_answer', statistics.median(times) * 1000, 'ms', 1000, statistics.median(times))
    server.start()
    cookie = [f'Cookie: {server.cookie}']
    org = server.facts['org']

    def memory(name):
        for what in ('Pss', 'Rss'):
            most = max(server.memory([pid], what) for pid in server.workers()) / 2**20
            out(f'start.worker_{name}_{what.lower()}', most, 'MiB', WORKER_MIB, most / WORKER_MIB)
    server.request('GET', f'/api/{org}/bootstrap')
    memory('idle')
    load_result(load(server, 'http', '-c', 64, '-d', 3, paths=[f'/api/{org}/chats', f'/api/{org}/customers'], headers=cookie))
    memory('after_load')
    bench_script()


def bench_script():
    """The script that a browser loads to show the inbox."""
    dist = S.ROOT / 'web/dist'
    if not (dist / 'index.html').exists():
        return
    size = web_size.inbox_bytes(dist)
    out('start.inbox_script', size / 1000, 'kB brotli', 200, size / 1000 / 200)


def main():
    parser = argparse.ArgumentParser(prog='./bench', description=__doc__)
    benches = {'api': bench_api, 'search': bench_search, 'webhooks': bench_webhooks, 'email': mails.bench, 'flows': flows.bench, 'sockets': bench_sockets, 'start': bench_start}
    parser.add_argument('names', nargs='*', metavar='NAME', help=', '.join(benches))
    parser.add_argument('--seconds', type=float, default=3, help='of one turn')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--only', help='of api: names that hold this; of webhooks: webchat or whatsapp; of flows: steps, inbound, waiting or node_red')
    parser.add_argument('--rate', type=int, default=3000, help='messages a second of webhooks and flows.inbound')
    parser.add_argument('--hold', type=int, default=60, help='seconds that webhooks holds the rate')
    parser.add_argument('--sockets', type=int, default=10000)
    args = parser.parse_args()
    for name in args.names:
        if name not in benches:
            parser.error(f'unknown benchmark {name}')
    server = S.open_server()
    try:
        for name in args.names or benches:
            benches[name](server, args)
    finally:
        server.stop()


if __name__ == '__main__':
    sys.exit(main())
