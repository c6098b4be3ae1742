"""Flows of the benchmarks: graphs, published over the API, and taken away again."""

TRIGGER = {'id': 't', 'enabled': True, 'priority': 0}


def graph(triggers, nodes, ways):
    """nodes: (id, type, data); ways: 'from.port > to'."""
    edges = []
    for i, way in enumerate(ways):
        start, end = way.split(' > ')
        edges.append({'id': f'e{i}', 'from': start.split('.')[0], 'port': start.split('.')[1], 'to': end})
    nodes = [('start', 'start', {'triggers': [{**TRIGGER, **t} for t in triggers]}), *nodes]
    return {'format': 1, 'nodes': [{'id': i, 'type': t, 'name': '', 'x': 0, 'y': 0, 'data': d} for i, t, d in nodes], 'edges': edges, 'groups': [], 'comments': [],
            'variables': [], 'settings': {}}


def case(left, kind, op, right):
    return {'cases': [{'id': 'yes', 'title': '', 'when': {'op': 'all', 'rows': [{'left': left, 'type': kind, 'op': op, 'right': right}]}}]}


def assign(**values):
    return {'assignments': [{'name': k, 'kind': 'expression' if v.startswith('=') else 'value', 'value': v.lstrip('=')} for k, v in values.items()]}


# Where is my order: three messages of the visitor, four of the flow, seventeen steps.
TALK_TEXT = 'Oi, bom dia! Queria saber do meu pedido 4711, ainda não chegou'
TALK_STEPS = (5, 6, 6)
TALK_SENDS = (2, 1, 1)
TALK = graph([{'kind': 'keyword', 'words': ['pedido', 'encomenda'], 'match': 'contains'}], [
    ('a', 'set', assign(vezes='=0', assunto='pedido')),
    ('b', 'condition', case('customer.name', 'text', 'empty', '')),
    ('c', 'message', {'text': 'Olá, {{customer.firstName|default:"tudo bem"}}! Aqui é a {{organization.name}}.'}),
    ('d', 'question', {'text': 'Qual é o número do pedido?', 'kind': 'text', 'variable': 'numero'}),
    ('e', 'set', assign(vezes='=vezes + 1', resumo='{{assunto}}: {{numero}}')),
    ('f', 'condition', case('numero', 'text', 'contains', '4711')),
    ('g', 'set', assign(estado='a caminho')),
    ('h', 'condition', case('vezes', 'number', 'less', '3')),
    ('i', 'question', {'text': 'O pedido está {{estado}}. Posso ajudar em mais alguma coisa?', 'kind': 'text', 'variable': 'mais'}),
    ('j', 'condition', case('mais', 'text', 'contains', 'não')),
    ('k', 'set', assign(vezes='=vezes + 1', fim='{{assunto|upper}}')),
    ('l', 'condition', case('vezes', 'number', 'greater', '1')),
    ('m', 'message', {'text': 'Obrigado pelo contato, {{customer.firstName|default:"até mais"}}.'}),
    ('n', 'end', {}),
], ['start.next > a', 'a.next > b', 'b.yes > d', 'b.else > c', 'c.next > d', 'd.next > e', 'e.next > f', 'f.yes > g', 'f.else > g', 'g.next > h', 'h.yes > i', 'h.else > m',
    'i.next > j', 'j.yes > k', 'j.else > k', 'k.next > l', 'l.yes > m', 'l.else > m', 'm.next > n'])

# Nodes that only decide and reckon: one message of the visitor, no answer, as many steps as an automation that scores a lead.
THINK_TEXT = 'calcule'
THINK_TURNS = 24
THINK_STEPS = 2 * THINK_TURNS + 2    # start and end, too


def think():
    nodes, ways, last = [], [], 'start.next'
    for i in range(THINK_TURNS):
        nodes += [(f's{i}', 'set', assign(**{'vezes': '=vezes + 1' if i else '=1', 'resumo': '{{customer.name}}: {{vezes}}'})),
                  (f'c{i}', 'condition', case('vezes', 'number', 'greater', '0'))]
        ways += [f'{last} > s{i}', f's{i}.next > c{i}']
        last = f'c{i}.yes'
    return graph([{'kind': 'keyword', 'words': [THINK_TEXT], 'match': 'contains'}], [*nodes, ('z', 'end', {})], [*ways, f'{last} > z'])


# Words that nobody of the benchmark writes.
DEAF = graph([{'id': f't{i}', 'kind': 'keyword', 'words': [f'palavra{i}x{j}' for j in range(10)], 'match': 'contains'} for i in range(10)],
             [('a', 'message', {'text': 'Oi'})], ['start.next > a'])

REMIND_TEXT = 'lembrete'
REMIND_STEPS = 4    # of one that is woken: the delay's end, and what comes up to the next delay
REMIND = graph([{'kind': 'keyword', 'words': [REMIND_TEXT], 'match': 'contains'}], [
    ('a', 'delay', {'mode': 'duration', 'durationMs': 36_000_000}),
    ('b', 'set', assign(vezes='=1')),
    ('c', 'condition', case('vezes', 'number', 'greater', '0')),
    ('d', 'delay', {'mode': 'duration', 'durationMs': 36_000_000}),
    ('e', 'end', {}),
], ['start.next > a', 'a.next > b', 'b.next > c', 'c.yes > d', 'c.else > d', 'd.next > e'])


def called(channel):
    """HTTP in, a condition, a text: what Node-RED does between its HTTP nodes."""
    hook = {'kind': 'webhook', 'conditions': None, 'check': 'none', 'channelId': channel, 'contactKind': 'webchat', 'contactPath': 'person.id', 'mapping': []}
    return graph([hook], [
        ('a', 'condition', case('trigger.data.total', 'number', 'greater', '100')),
        ('b', 'set', assign(texto='Pedido de {{trigger.data.name}}: frete grátis')),
        ('c', 'set', assign(texto='Pedido de {{trigger.data.name}}: frete de 10')),
        ('d', 'end', {}),
    ], ['start.next > a', 'a.yes > b', 'a.else > c', 'b.next > d', 'c.next > d'])


def publish(server, name, drawn, enabled=True):
    """The id of a live flow."""
    org = server.facts['org']
    flow = server.request('POST', f'/api/{org}/flows', {'name': f'Bench {name}', 'kind': 'general'})['id']
    server.request('PUT', f'/api/{org}/flows/{flow}/draft', {'graph': drawn, 'revision': 1})
    server.request('POST', f'/api/{org}/flows/{flow}/publish', {'note': ''})
    switch(server, flow, enabled)
    return flow


def switch(server, flow, on):
    server.request('PATCH', f'/api/{server.facts["org"]}/flows/{flow}', {'enabled': on})


def forget(server):
    """Everything that flows of the benchmark left."""
    org = server.facts['org']
    server.psql(f"""
        set session_replication_role = replica;
        delete from flow_steps where org_id = '{org}';
        delete from flow_sessions where org_id = '{org}';
        delete from flow_counts where org_id = '{org}';
        delete from flow_hook_calls where org_id = '{org}';
        delete from flow_hooks where org_id = '{org}';
        delete from flow_triggers where org_id = '{org}';
        delete from flow_versions where org_id = '{org}';
        delete from flows where org_id = '{org}';
        update chats set owner = 'human', flow = null where org_id = '{org}' and (owner = 'bot' or flow is not null);
        delete from jobs where org_id = '{org}' and (kind like 'flow.%' or kind like 'message.%')""")
    for table in ('flow_steps', 'flow_sessions', 'jobs'):
        server.psql(f'vacuum analyze {table}')
