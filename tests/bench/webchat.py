"""./bench webhooks, the web chat's part: messages of visitors who are known and have an open chat."""
import pathlib
import statistics
import tempfile
import time

import limits
import server as S
from common import load, load_result, out

BODY = '{"text":"Oi, bom dia! Queria saber do meu pedido, ainda não chegou","clientId":"{id}"}'


def visitors_file(server, folder, first, last):
    path = pathlib.Path(folder, f'visitors-{first}')
    path.write_text('\n'.join(f'X-Visitor: {t}|X-Forwarded-For: {a}' for t, a in server.facts['visitors'][first:last]) + '\n')
    return path


def receive_statement(server):
    """What the program asks for a usual message, one message at a time, of a visitor at random."""
    org, channel = server.facts['org'], server.facts['channel']
    return f"""select r.* from (select gen_random_uuid()::text as client, k.visitor from bench_visitors k where k.n = (random() * 3999)::int) v,
        lateral inbox_receive_known('{org}'::uuid, jsonb_build_array(jsonb_build_object('channel', '{channel}', 'id', uuid_v7(), 'identityKind', 'webchat',
        'identifier', v.visitor, 'canonical', v.visitor, 'keys', jsonb_build_array('webchat:' || v.visitor), 'name', 'Visitante 1234', 'kind', 'text', 'text',
        'Oi, bom dia! Queria saber do meu pedido, ainda não chegou', 'clientId', v.client))) r;"""


def forget_visitors(server):
    """What the visitors of the benchmark wrote goes away again, so that every run begins alike."""
    org = server.facts['org']
    server.psql(f"""
        set session_replication_role = replica;
        create temp table gone as select k.id, k.customer_id from contacts k join bench_visitors v on v.visitor = k.canonical where k.org_id = '{org}' and k.kind = 'webchat';
        create temp table chats_gone as select c.id from chats c join gone g on g.id = c.contact_id where c.org_id = '{org}';
        delete from messages m using chats_gone c where m.org_id = '{org}' and m.chat_id = c.id;
        delete from chat_reads m using chats_gone c where m.org_id = '{org}' and m.chat_id = c.id;
        delete from chats c using chats_gone g where c.org_id = '{org}' and c.id = g.id;
        delete from contact_keys k using gone g where k.org_id = '{org}' and k.contact_id = g.id;
        delete from contacts k using gone g where k.org_id = '{org}' and k.id = g.id;
        delete from customers k using gone g where k.org_id = '{org}' and k.id = g.customer_id;
        delete from events""")
    server.psql('vacuum analyze chats'), server.psql('vacuum analyze messages'), server.psql('vacuum events')


def remember_visitors(server):
    rows = ','.join(f"({i}, '{t.split('.')[0]}')" for i, (t, _) in enumerate(server.facts['visitors']))
    server.psql(f'drop table if exists bench_visitors; create table bench_visitors (n int primary key, visitor text); '
                f'insert into bench_visitors values {rows}; grant select on bench_visitors to interflow_app; analyze bench_visitors')


def bench(server, args):
    org, key = server.facts['org'], server.facts['key']
    path = f'/webchat/{key}/messages'
    remember_visitors(server)
    forget_visitors(server)
    with tempfile.TemporaryDirectory() as folder:
        writers, probers = visitors_file(server, folder, 0, 4000), visitors_file(server, folder, 4000, 5000)
        # Everybody is known and has an open chat: the usual message.
        for part in (writers, probers):
            load_result(load(server, 'http', '-c', 32, '-d', 6 if part == writers else 2, '-m', 'POST', '-b', BODY, '-L', part, paths=[path]))
        ours, theirs = [], []
        for _ in range(args.rounds):
            ours.append(load_result(load(server, 'http', '-c', 64, '-d', args.seconds, '-m', 'POST', '-b', BODY, '-L', writers, paths=[path]))['per_second'])
            theirs.append(limits.pgbench(server, [receive_statement(server)], limits.values(server), clients=8, seconds=args.seconds)['per_second'])
        out('webhooks.webchat.most', statistics.median(ours), 'messages/s', statistics.median(theirs), statistics.median(a / b for a, b in zip(ours, theirs)))

        # The rate that is to be held, with screens of the team open.
        count = f"select count(*), count(distinct client_id) from messages m where org_id = '{org}' and client_id is not null and created_at > '%s'"
        since = server.psql('select clock_timestamp()')
        screen = load(server, 'screen', '-n', 2, '-d', args.hold, '-r', 10, '-w', f'/api/{org}/events', '-b', BODY, '-L', probers, paths=[path], headers=[f'Cookie: {server.cookie}'])
        r = load_result(load(server, 'http', '-c', 256, '-d', args.hold, '-r', args.rate, '-m', 'POST', '-b', BODY, '-L', writers, paths=[path]))
        s = load_result(screen)
        wanted = args.rate
        out('webhooks.webchat.held', r['per_second'], 'messages/s', wanted, r['per_second'] / wanted, r['p50_ms'], r['p99_ms'])
        out('webhooks.webchat.to_screen_p95', s['p95_ms'], 'ms', 300, s['p95_ms'] / 300, s['p50_ms'], s['p99_ms'])
        accepted = r['requests'] + s['posted'] - s['refused']
        time.sleep(1)
        found, once = map(int, server.psql(count % since).split('|'))
        out('webhooks.webchat.accepted_found_once', once, 'messages', accepted, once / accepted)
        if found != once or once < accepted or s['missed']:
            S.say(f'bench: {accepted} accepted, {found} found, {once} different, {s["missed"]} never seen on a screen, {r["errors"]} errors')
    forget_visitors(server)
