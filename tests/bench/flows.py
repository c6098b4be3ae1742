"""./bench flows: what a flow costs, and what waiting for a customer costs.

A step is a node that was executed and whose log line is committed. Conversations come in as a visitor's browser brings them and their
answers go out; PostgreSQL is asked by pgbench to do the same statements for the same chats, without web server, queue and engine."""
import json
import pathlib
import statistics
import tempfile
import time

import flow_graphs as graphs
import limits
import node_red
import server as S
import webchat
from common import load, load_result, out

GOAL = 5_000       # steps a second on two cores
TALKERS = 3_000
PATIENCE_S = 120


def bench(server, args):
    webchat.remember_visitors(server)
    for name, part in (('steps', steps), ('inbound', inbound), ('waiting', waiting), ('node_red', node_red.bench)):
        if not args.only or args.only in name:
            graphs.forget(server)
            webchat.forget_visitors(server)
            part(server, args)
    graphs.forget(server)
    webchat.forget_visitors(server)


# --- conversations ---

def post(server, file, text, count, *more):
    body = json.dumps({'text': text, 'clientId': '{id}'}, ensure_ascii=False)
    return load(server, 'http', '-c', 64, '-d', 600, '-m', 'POST', '-b', body, '-L', file, '-x', count, *more, paths=[f'/webchat/{server.facts["key"]}/messages'])


def drained(server):
    """Waits until no flow and no message has anything to do now."""
    begin = time.monotonic()
    busy = "select exists (select from jobs where kind in ('flow.run', 'flow.wake', 'flow.http', 'flow.hook', 'message.send') and state <> 'parked' and due_at <= now())"
    while server.psql(busy) == 't':
        if time.monotonic() - begin > PATIENCE_S:
            raise SystemExit('bench: flows still have work after two minutes')
        time.sleep(0.05)


def new_talkers(server, folder):
    """Who is known and has an open chat in the queue."""
    talkers = webchat.visitors_file(server, folder, 0, TALKERS)
    load_result(post(server, talkers, 'Oi', TALKERS))
    return talkers


def log_lines(server):
    return int(server.psql(f"select count(*) from flow_steps where org_id = '{server.facts['org']}'"))


def steps(server, args):
    org = server.facts['org']
    with tempfile.TemporaryDirectory() as folder:
        talkers = new_talkers(server, folder)

        def played(text, runs):
            """Steps and sessions a second while everybody writes the text once for each of the runs, which have so many steps."""
            begin, before, spent = time.monotonic(), log_lines(server), server.cpu_seconds()
            for _ in runs:
                r = load_result(post(server, talkers, text, TALKERS))
                if r['errors']:
                    raise SystemExit('bench: messages were refused')
                drained(server)
            took, made = time.monotonic() - begin, log_lines(server) - before
            used = {k: v - spent[k] for k, v in server.cpu_seconds().items()}
            done = int(server.psql(f"select count(*) from flow_sessions where org_id = '{org}' and status = 'done' and started_at > now() - interval '{took + 1} seconds'"))
            if made != TALKERS * sum(runs):
                S.say(f'bench: {made} steps where {TALKERS * sum(runs)} were awaited')
            S.say(f'bench: CPU of the workers {used["workers"] / made * 1e6:.0f} us a step, of PostgreSQL {used["postgres"] / made * 1e6:.0f}; '
                  f'machine\'s load {pathlib.Path("/proc/loadavg").read_text().strip()}')
            return made / took, done / took

        thought = []
        think = graphs.publish(server, 'think', graphs.think())
        for _ in range(args.rounds + 1):
            thought.append(played(graphs.THINK_TEXT, [graphs.THINK_STEPS])[0])
        graphs.switch(server, think, False)
        out('flows.steps_thinking', statistics.median(thought[1:]), 'steps/s', GOAL, statistics.median(thought[1:]) / GOAL)

        ours, theirs, ends = [], [], []
        flow = graphs.publish(server, 'talk', graphs.TALK)
        played(graphs.TALK_TEXT, graphs.TALK_STEPS)
        limit_tables(server, flow)
        for _ in range(args.rounds):
            a, b = played(graphs.TALK_TEXT, graphs.TALK_STEPS)
            ours.append(a), ends.append(b)
            graphs.switch(server, flow, False)    # what pgbench asks for is looked at by the queue, too, and shall begin nothing
            theirs.append(limit(server, args.seconds) * sum(graphs.TALK_STEPS))
            drained(server)
            end_talks(server)
            graphs.switch(server, flow, True)
        out('flows.steps', statistics.median(ours), 'steps/s', GOAL, statistics.median(ours) / GOAL)
        out('flows.steps_of_pgbench', statistics.median(ours), 'steps/s', statistics.median(theirs), statistics.median(a / b for a, b in zip(ours, theirs)))
        out('flows.sessions', statistics.median(ends), 'sessions/s from the first message to the end')


def end_talks(server):
    """Nobody has a flow any more: the next talk begins at its beginning."""
    org = server.facts['org']
    server.psql(f"""
        set session_replication_role = replica;
        update flow_sessions set status = 'done', ended_at = now() where org_id = '{org}' and status = 'waiting';
        update chats set owner = 'human', flow = null, flow_seq = message_count where org_id = '{org}' and flow is not null""")


# --- the same in PostgreSQL alone ---

def limit_tables(server, flow):
    """What pgbench's scripts look up: the talkers' sessions, and the log of a whole session by its runs."""
    org = server.facts['org']
    server.psql(f"""
        drop table if exists bench_talks, bench_logs;
        create table bench_talks as
        select row_number() over () - 1 as n, s.chat_id, s.id as session_id, k.canonical as visitor
          from (select distinct on (chat_id) * from flow_sessions where org_id = '{org}' and flow_id = '{flow}' order by chat_id, started_at desc) s
          join chats c on c.org_id = s.org_id and c.id = s.chat_id join contacts k on k.org_id = s.org_id and k.id = c.contact_id;
        alter table bench_talks add primary key (n);
        create table bench_logs as
        select t.n, to_jsonb(t) - 'org_id' - 'session_id' - 'xid' as line from flow_steps t
         where t.org_id = '{org}' and t.session_id = (select session_id from bench_talks where n = 0);
        grant select on bench_talks, bench_logs to interflow_app; analyze bench_talks; analyze bench_logs""")


def limit(server, seconds):
    """Sessions a second: for each message what receives it, loads the session, writes the answers, saves, and marks them as sent."""
    org, channel = server.facts['org'], server.facts['channel']
    chat = '(select t.chat_id from bench_talks t where t.n = :n)'
    lines, first = [f'\\set n random(0, {TALKERS - 1})', '\\startpipeline'], 0
    begin = f"begin;\nselect set_config('app.org', '{org}', true);"
    for count, sends in zip(graphs.TALK_STEPS, graphs.TALK_SENDS):
        lines += [begin, f"""select r.* from bench_talks v, lateral inbox_receive_known('{org}'::uuid, jsonb_build_array(jsonb_build_object('channel', '{channel}', 'id', uuid_v7(),
            'identityKind', 'webchat', 'identifier', v.visitor, 'canonical', v.visitor, 'keys', jsonb_build_array('webchat:' || v.visitor), 'name', 'Visitante 1234',
            'kind', 'text', 'text', '{graphs.TALK_TEXT}', 'clientId', gen_random_uuid()))) r where v.n = :n;""", 'commit;', begin,
                  f"select flow_load('{org}'::uuid, jsonb_build_object('chatId', {chat}));"]
        for _ in range(sends):
            lines += ['savepoint step;', limits.statement('inbox_send_chat').replace(':org', f"'{org}'").replace(':chat', chat),
                      f"""select inbox_send('{org}'::uuid, {chat}, jsonb_build_object('id', uuid_v7(), 'content', 'O pedido está a caminho. Posso ajudar em mais alguma coisa?',
                  'files', '[]'::jsonb, 'clientId', gen_random_uuid(), 'keepPending', true, 'authorKind', 'bot', 'authorName', 'Bench', 'data', '{{}}'::jsonb));""",
                      'release savepoint step;']
        lines += [f"""select flow_save('{org}'::uuid, jsonb_build_object('session', to_jsonb(s) - 'org_id' || jsonb_build_object('status', 'waiting', 'steps', s.steps + {count}, 'seen_seq', c.message_count),
            'steps', (select jsonb_agg(l.line || jsonb_build_object('n', s.steps + l.n - {first})) from bench_logs l where l.n > {first} and l.n <= {first + count}),
            'silent', false, 'own', true, 'flow', jsonb_build_object('sessionId', s.id, 'flowId', s.flow_id, 'name', 'Bench', 'nodeName', 'question', 'status', 'waiting')))
            from bench_talks t join flow_sessions s on s.org_id = '{org}' and s.id = t.session_id join chats c on c.org_id = s.org_id and c.id = s.chat_id where t.n = :n;""", 'commit;']
        lines += [begin] + [f"""select inbox_sent('{org}'::uuid, (select m.id from messages m where m.org_id = '{org}' and m.chat_id = {chat} and m.direction = 'out' and m.seq > 0
            order by m.seq desc limit 1), 'sent', null);"""] * sends + ['commit;']
        first += count
    return limits.pgbench_script(server, '\n'.join(lines + ['\\endpipeline']), clients=8, seconds=seconds)


# --- messages that no flow wants ---

def inbound(server, args):
    """Messages in as fast as they are answered, without a live flow and, in turn, with a hundred keywords that none of them holds; then the
    rate that is to be held, with these."""
    with tempfile.TemporaryDirectory() as folder:
        talkers = new_talkers(server, folder)
        flow = graphs.publish(server, 'deaf', graphs.DEAF, enabled=False)
        without, live = [], []
        for _ in range(args.rounds):
            for on, rates in ((False, without), (True, live)):
                graphs.switch(server, flow, on)
                rates.append(load_result(load(server, 'http', '-c', 64, '-d', args.seconds, '-m', 'POST', '-b', webchat.BODY, '-L', talkers,
                                              paths=[f'/webchat/{server.facts["key"]}/messages']))['per_second'])
        out('flows.inbound_most', statistics.median(live), 'messages/s', statistics.median(without), statistics.median(a / b for a, b in zip(live, without)))
        r = load_result(load(server, 'http', '-c', 256, '-d', args.hold, '-r', args.rate, '-m', 'POST', '-b', webchat.BODY, '-L', talkers,
                             paths=[f'/webchat/{server.facts["key"]}/messages']))
        out('flows.inbound_held', r['per_second'], 'messages/s', args.rate, r['per_second'] / args.rate, r['p50_ms'], r['p99_ms'])
        if log_lines(server) or r['errors']:
            S.say(f'bench: {r["errors"]} errors, {log_lines(server)} steps where no flow was to start')


# --- many that wait ---

WAITERS = 100_000
DUE = 1_000
IDLE_S = 10


def sizes(server):
    return {t: int(server.psql(f"select pg_total_relation_size('{t}')")) for t in ('flow_sessions', 'jobs', 'chats')}


def at_rest(server):
    """Proportional set size of the largest worker, and the processor that nobody's wish costs, in seconds a second."""
    time.sleep(2)
    spent, begin = sum(server.cpu_seconds().values()), time.monotonic()
    time.sleep(IDLE_S)
    return max(server.memory([pid]) for pid in server.workers()), (sum(server.cpu_seconds().values()) - spent) / (time.monotonic() - begin)


def usual_work(server, args, talkers):
    """A list of chats and messages in, a second."""
    org = server.facts['org']
    lists = load_result(load(server, 'http', '-c', 16, '-d', args.seconds, paths=[f'/api/{org}/chats?view=unassigned'], headers=[f'Cookie: {server.cookie}']))['per_second']
    return lists, load_result(load(server, 'http', '-c', 64, '-d', args.seconds, '-m', 'POST', '-b', webchat.BODY, '-L', talkers,
                                   paths=[f'/webchat/{server.facts["key"]}/messages']))['per_second']


def multiply(server, flow):
    """The one session that waits becomes many, each in a chat of its own; what the copies are made of is real."""
    org = server.facts['org']
    server.psql(f"""
        set session_replication_role = replica;
        create temp table one as select s as session, c as chat, j as job from flow_sessions s join chats c on c.org_id = s.org_id and c.id = s.chat_id
            join jobs j on j.org_id = s.org_id and j.unique_key = 'flow.wake:' || s.id where s.org_id = '{org}' and s.flow_id = '{flow}' and s.status = 'waiting';
        drop table if exists bench_waiting;
        create table bench_waiting as select uuid_v7() as chat, uuid_v7() as session, k.id as contact, k.customer_id as customer from contacts k cross join one o
            where k.org_id = '{org}' and not exists (select from chats c where c.org_id = k.org_id and c.contact_id = k.id and c.channel_id = (o.chat).channel_id and c.status <> 'closed')
            limit {WAITERS - 1};
        insert into chats select (jsonb_populate_record(o.chat, jsonb_build_object('id', m.chat, 'contact_id', m.contact, 'customer_id', m.customer,
            'flow', (o.chat).flow || jsonb_build_object('sessionId', m.session)))).* from one o, bench_waiting m;
        insert into flow_sessions select (jsonb_populate_record(o.session, jsonb_build_object('id', m.session, 'chat_id', m.chat, 'customer_id', m.customer))).* from one o, bench_waiting m;
        insert into jobs (org_id, kind, payload, due_at, unique_key)
        select (o.job).org_id, 'flow.wake', jsonb_build_object('sessionId', m.session, 'token', (o.session).token), (o.job).due_at, 'flow.wake:' || m.session from one o, bench_waiting m""")


def waiting(server, args):
    org = server.facts['org']
    with tempfile.TemporaryDirectory() as folder:
        talkers = new_talkers(server, folder)
        one = webchat.visitors_file(server, folder, TALKERS, TALKERS + 1)
        flow = graphs.publish(server, 'remind', graphs.REMIND)
        load_result(post(server, one, 'Oi', 1))
        load_result(post(server, one, graphs.REMIND_TEXT, 1))
        drained(server)
        work, (memory, cpu), size = usual_work(server, args, talkers), at_rest(server), sizes(server)
        multiply(server, flow)
        for table in ('chats', 'flow_sessions', 'jobs'):
            server.psql(f'analyze {table}')
        more, (memory2, cpu2), size2 = usual_work(server, args, talkers), at_rest(server), sizes(server)
        out('flows.waiting_bytes_each', sum(size2[t] - size[t] for t in ('flow_sessions', 'jobs')) / WAITERS, 'bytes of the database, without the chat')
        out('flows.waiting_worker_more', (memory2 - memory) / 2**20, 'MiB of the largest worker')
        out('flows.waiting_cpu', cpu2, 'of a core while nothing happens', cpu)
        out('flows.waiting_chat_list', more[0], 'requests/s', work[0], more[0] / work[0])
        out('flows.waiting_messages_in', more[1], 'messages/s', work[1], more[1] / work[1])

        server.psql(f"""
            create table bench_due as select now() + interval '{IDLE_S} seconds' as at;
            with due as (select s.id from flow_sessions s where s.org_id = '{org}' and s.flow_id = '{flow}' and s.status = 'waiting' limit {DUE}),
            s as (update flow_sessions x set wake_at = b.at, wait = x.wait || jsonb_build_object('untilMs', (extract(epoch from b.at) * 1000)::bigint)
                  from due, bench_due b where x.org_id = '{org}' and x.id = due.id)
            update jobs j set due_at = b.at from due, bench_due b where j.org_id = '{org}' and j.unique_key = 'flow.wake:' || due.id""")
        time.sleep(IDLE_S)
        drained(server)
        found, p50, p99, last = server.psql(f"""select count(*), percentile_disc(0.5) within group (order by x.ms), percentile_disc(0.99) within group (order by x.ms), max(x.ms)
            from (select extract(epoch from max(t.at) - b.at) * 1000 as ms from flow_steps t, bench_due b where t.org_id = '{org}' and t.at > b.at group by t.session_id, b.at) x""").split('|')
        server.psql('drop table bench_due')
        out('flows.wake_last', float(last), f'ms until the last of {found} that were due at once has run', None, None, float(p50), float(p99))
        server.psql(f"""
            set session_replication_role = replica;
            delete from chats c using bench_waiting w where c.org_id = '{org}' and c.id = w.chat;
            drop table bench_waiting""")
        server.psql('vacuum analyze chats')
