"""./bench webhooks, WhatsApp's part: bodies as Meta sends them, signed, one behind the other.

Of 20 bodies 16 bring one message, two bring three, one the states of a message of ours, one repeats the body before it. What counts is a
message: accepted when its body was answered, which is after its commit, and found when it stands in its chat, once."""
import base64
import json
import pathlib
import statistics
import tempfile
import time

import limits
import server as S
from common import load, load_result, out

PEOPLE = 4_400         # known, each with an open chat: 200 groups of 20 bodies are one message of each
PROBES = 200           # further ones, whose messages are looked for on the screens
GROUP = (16, 2)        # of 20 bodies: with one message, with three
PER_BODY = 22 / 20
STATES = ('sent', 'delivered', 'read')
SCREEN_MS = 300
ACCEPT_MS = 200
TEXT = 'Oi, bom dia! Queria saber do meu pedido, ainda não chegou'
PATIENCE_S = 600       # until everything that was accepted is processed


# --- bodies ---

def phone(n):
    return f'55119{70000000 + n}'


def message(n, message_id, text):
    return {'from': phone(n), 'id': f'wamid.HBgNNTUxMTk3MDAwMDAwMBUCABIYFA=={message_id}', 'timestamp': '{now}', 'text': {'body': text}, 'type': 'text'}


def body(account, value):
    value = {'messaging_product': 'whatsapp', 'metadata': {'display_phone_number': '551130001234', 'phone_number_id': account['phone']}, **value}
    # Meta escapes what is not ASCII, as json does.
    return json.dumps({'object': 'whatsapp_business_account', 'entry': [{'id': account['waba'], 'changes': [{'value': value, 'field': 'messages'}]}]},
                      separators=(',', ':'))


def messages(account, people, message_id='{id}', text=TEXT):
    return body(account, {'contacts': [{'profile': {'name': f'Pessoa {n}'}, 'wa_id': phone(n)} for n in people],
                          'messages': [message(n, message_id, text) for n in people]})


def states(account, n):
    rows = [{'id': ours(n), 'status': s, 'timestamp': '{now}', 'recipient_id': phone(n), 'pricing': {'billable': True, 'pricing_model': 'PMP', 'category': 'service'}}
            for s in STATES]
    return body(account, {'statuses': rows})


def ours(n):
    """A message that we sent to this one, as the platform calls it."""
    return f'wamid.bench.out.{n}'


def mixed(account):
    lines, n = [], 0
    for group in range(PEOPLE // 22):
        for i in range(20):
            if i == 9:
                lines.append(states(account, group))
            elif i == 14:
                lines.append(messages(account, [n - 1], '{last}'))
            else:
                count = 3 if i in (5, 17) else 1
                lines.append(messages(account, range(n, n + count)))
                n += count
    assert n == PEOPLE
    return lines


def bodies_file(folder, name, lines):
    path = pathlib.Path(folder, name)
    path.write_text('\n'.join(lines) + '\n')
    return path


# --- the account and what it leaves behind ---

def account_of(server):
    """The account of the stand-in, connected once as a person would do it."""
    org, account = server.facts['org'], server.start_platform()
    find = f"select id, public_key from channels where org_id = '{org}' and kind = 'whatsapp' and external_account = '{account['phone']}' and deleted_at is null"
    row = server.psql(find)
    if not row:
        server.request('POST', f'/api/{org}/channels', {
            'kind': 'whatsapp', 'name': 'WhatsApp', 'settings': {'phoneNumberId': account['phone'], 'wabaId': account['waba'], 'verifyToken': 'verify'},
            'secrets': {'token': account['tokens']['whatsapp'], 'appSecret': account['app']['secret']}})
        row = server.psql(find)
    account['channel'], account['key'] = row.split('|')
    return account


def forget(server, account):
    """Everything that came through this account goes away again, so that every run begins alike."""
    org = server.facts['org']
    server.psql(f"""
        set session_replication_role = replica;
        create temp table chats_gone as select c.id, c.contact_id, c.customer_id from chats c where c.org_id = '{org}' and c.channel_id = '{account['channel']}';
        create temp table people_gone as select distinct customer_id from chats_gone;
        delete from messages m using chats_gone c where m.org_id = '{org}' and m.chat_id = c.id;
        delete from chat_reads m using chats_gone c where m.org_id = '{org}' and m.chat_id = c.id;
        delete from chats c using chats_gone g where c.org_id = '{org}' and c.id = g.id;
        delete from contact_keys k using contacts o, people_gone g where k.org_id = '{org}' and o.org_id = '{org}' and o.customer_id = g.customer_id and k.contact_id = o.id;
        delete from contacts k using people_gone g where k.org_id = '{org}' and k.customer_id = g.customer_id;
        delete from customers k using people_gone g where k.org_id = '{org}' and k.id = g.customer_id;
        delete from jobs where org_id = '{org}' and kind <> 'channel.upkeep';
        delete from events;
        truncate channel_bodies, channel_early_statuses""")
    for table in ('chats', 'messages', 'customers', 'contacts', 'contact_keys', 'channel_bodies', 'events', 'jobs'):
        server.psql(f'vacuum analyze {table}')


def add_ours(server, account):
    """A message to the first people, whose states are told then."""
    org = server.facts['org']
    server.psql(f"""
        insert into messages (org_id, chat_id, seq, customer_id, channel_id, direction, kind, content, status, author_kind, author_name, external_id)
        select c.org_id, c.id, c.message_count + 1, c.customer_id, c.channel_id, 'out', 'text', 'Bom dia!', 'queued', 'user', 'Agente', 'wamid.bench.out.' || x.n
        from (select row_number() over (order by id) - 1 as n, * from chats where org_id = '{org}' and channel_id = '{account['channel']}') c
        cross join lateral (select c.n) x where c.n < {PEOPLE // 22};
        update chats c set message_count = c.message_count + 1 where c.org_id = '{org}' and c.channel_id = '{account['channel']}'
            and exists (select from messages m where m.org_id = c.org_id and m.chat_id = c.id and m.external_id like 'wamid.bench.out.%')""")


def drained(server, account):
    """Waits until no body waits; seconds that it took."""
    begin = time.monotonic()
    waiting = f"select exists (select from channel_bodies where org_id = '{server.facts['org']}' and channel_id = '{account['channel']}' and state = 'waiting')"
    while server.psql(waiting) == 't':
        if time.monotonic() - begin > PATIENCE_S:
            raise SystemExit('bench: bodies still wait after ten minutes')
        time.sleep(0.1)
    return time.monotonic() - begin


def count_bodies(server, account, state):
    return int(server.psql(f"select count(*) from channel_bodies where org_id = '{server.facts['org']}' and channel_id = '{account['channel']}' and state = '{state}'"))


def keep_statement(account):
    """What the program asks to keep one body, alone."""
    one = messages(account, [1]).replace('{id}', '0' * 32).replace('{now}', '1795262400')
    item = json.dumps([{'channel': account['channel'], 'account': '', 'body': base64.b64encode(one.encode()).decode()}])
    return limits.statement('channel_bodies_add').replace(':list::jsonb', f"'{item}'::jsonb")


# --- the benchmark ---

def bench(server, args):
    account = account_of(server)
    try:
        run(server, args, account)
    finally:
        server.stop_platform()


def run(server, args, account):
    org = server.facts['org']
    path = f'/hooks/whatsapp/{account["key"]}'
    forget(server, account)

    def post(seconds, file, *more, connections=64):
        return load(server, 'http', '-c', connections, '-d', seconds, '-m', 'POST', '-B', file, '-k', account['app']['secret'], *more, paths=[path])
    with tempfile.TemporaryDirectory() as folder:
        first = bodies_file(folder, 'first', [messages(account, [n]) for n in range(PEOPLE + PROBES)])
        mix = bodies_file(folder, 'mix', mixed(account))
        probes = bodies_file(folder, 'probes', [messages(account, [n], text=f'{TEXT} {{last}}') for n in range(PEOPLE, PEOPLE + PROBES)])
        begin = time.monotonic()
        r = load_result(post(600, first, '-x', PEOPLE + PROBES))
        drained(server, account)
        people = int(server.psql(f"select count(*) from chats where org_id = '{org}' and channel_id = '{account['channel']}' and status <> 'closed'"))
        if r['errors'] or people != PEOPLE + PROBES:
            raise SystemExit(f'bench: {r["errors"]} errors, {people} chats where {PEOPLE + PROBES} people wrote')
        out('webhooks.whatsapp.new_people', people / (time.monotonic() - begin), 'messages/s')
        add_ours(server, account)
        server.psql('vacuum analyze messages'), server.psql('vacuum analyze chats')

        # As fast as they are answered, in turn with PostgreSQL keeping the same bodies one by one (of an account that nobody drains: the
        # job's row is there already, as it is here).
        ours, theirs = [], []
        for _ in range(args.rounds):
            ours.append(load_result(post(args.seconds, mix))['per_second'])
            drained(server, account)
            theirs.append(limits.pgbench(server, [keep_statement(account)], limits.values(server), clients=8, seconds=args.seconds)['per_second'])
            server.psql(f"update channel_bodies set state = 'done' where org_id = '{org}' and state = 'waiting'")
        out('webhooks.whatsapp.most_bodies', statistics.median(ours), 'bodies/s', statistics.median(theirs), statistics.median(a / b for a, b in zip(ours, theirs)))
        server.psql('truncate channel_bodies')
        time.sleep(1)

        # The rate that is to be held, with screens of the team open.
        bodies = f"select count(*), count(distinct external_id) from messages where org_id = '{org}' and channel_id = '{account['channel']}' and direction = 'in'"
        before = int(server.psql(bodies).split('|')[0])
        spent = server.cpu_seconds()
        begin = time.monotonic()
        screen = load(server, 'screen', '-n', 2, '-d', args.hold, '-r', 10, '-w', f'/api/{org}/events', '-B', probes, '-k', account['app']['secret'], paths=[path],
                      headers=[f'Cookie: {server.cookie}'])
        r = load_result(post(args.hold, mix, '-r', args.rate / PER_BODY, connections=256))
        left = count_bodies(server, account, 'waiting')
        loaded = time.monotonic() - begin
        rest = drained(server, account)
        s = load_result(screen)
        used = {k: v - spent[k] for k, v in server.cpu_seconds().items()}
        accepted = r['ids'] + s['posted'] - s['refused']
        rate = r['ids'] / r['seconds']
        out('webhooks.whatsapp.accepted', rate, 'messages/s', args.rate, rate / args.rate, r['p50_ms'], r['p99_ms'])
        out('webhooks.whatsapp.accepted_p99', r['p99_ms'], 'ms', ACCEPT_MS, r['p99_ms'] / ACCEPT_MS, r['p50_ms'], r['p99_ms'])
        out('webhooks.whatsapp.processed_after', rest, 's')
        out('webhooks.whatsapp.processed', accepted / (loaded + rest), 'messages/s', args.rate, accepted / (loaded + rest) / args.rate)
        out('webhooks.whatsapp.to_screen_p95', s['p95_ms'], 'ms', SCREEN_MS, s['p95_ms'] / SCREEN_MS, s['p50_ms'], s['p99_ms'])
        found, once = map(int, server.psql(bodies).split('|'))
        parked = count_bodies(server, account, 'parked')
        read = int(server.psql(f"select count(*) from messages where org_id = '{org}' and channel_id = '{account['channel']}' and direction = 'out' and status = 'read'"))
        out('webhooks.whatsapp.accepted_found_once', found - before, 'messages', accepted, (found - before) / accepted)
        S.say(f'bench: {left} bodies waited when the load ended; CPU of the workers {used["workers"] / accepted * 1e6:.0f} us a message, of PostgreSQL '
              f'{used["postgres"] / accepted * 1e6:.0f}; {read} of {PEOPLE // 22} of ours read; machine\'s load {pathlib.Path("/proc/loadavg").read_text().strip()}')
        if found != once or found - before != accepted or parked or r['errors'] or r['unanswered'] or s['missed'] or read != PEOPLE // 22:
            S.say(f'bench: {accepted} accepted, {found - before} found, {found - once} twice, {parked} parked, {r["errors"]} errors, {r["unanswered"]} unanswered, '
                  f'{s["missed"]} never seen on a screen')
    forget(server, account)
