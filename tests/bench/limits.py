"""The limit of each figure: PostgreSQL itself, asked by pgbench with the same statement, sent in the same way as the program sends it."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from server import ROOT

sys.path.insert(0, str(ROOT / 'tools'))
import sqlgen  # noqa: E402


def statement(name):
    """The text of a named query of src/*/sql/*.sql, parameters by name."""
    for query in sqlgen.load(ROOT, sorted(ROOT.glob('src/**/sql/*.sql'))):
        if query.name == name:
            return query.source + ';'
    raise SystemExit(f'bench: there is no query {name}')


def values(server, **more):
    """What the program binds for the owner of the bench organization. A name that is missing is null, as in the program."""
    return {'org': server.facts['org'], 'actor': server.facts['owner'], 'sees_all': 'true', 'sees_contacts': 'true', 'teams': '{}',
            'limit': '50', 'archived': 'false', 'snoozed': 'false', **more}


OPTIONS = '-c role=interflow_app -c timezone=UTC -c jit=off -c statement_timeout=10000'


def pgbench_script(server, script, clients, seconds):
    """A script as it stands, which says itself where its transactions are: how often a second all of it was done."""
    with tempfile.NamedTemporaryFile('w', suffix='.sql') as f:
        f.write(script + '\n')
        f.flush()
        r = subprocess.run(['pgbench', '-n', '-M', 'prepared', '-c', str(clients), '-j', '2', '-T', str(max(1, round(seconds))), '-h', str(server.data / 'run'), '-U', 'interflow',
                            '-f', f.name, 'interflow'], capture_output=True, text=True, env={**os.environ, 'PGOPTIONS': OPTIONS})
    return per_second(r)


def per_second(r):
    tps = re.search(r'^tps = ([\d.]+)', r.stdout, re.M)
    if r.returncode or not tps:
        raise SystemExit(f'bench: pgbench: {r.stderr[-1500:]}')
    return float(tps.group(1))


def pgbench(server, scripts, variables, clients=8, seconds=3, rate=None):
    """scripts: texts, chosen at random. {'per_second', 'latency_ms', 'p50_ms', 'p99_ms'} of the whole pipelines; with a rate the latency counts
    from the moment when a pipeline should have begun."""
    with tempfile.TemporaryDirectory() as folder:
        args = ['pgbench', '-n', '-M', 'prepared', '-c', str(clients), '-j', '2', '-T', str(max(1, round(seconds))), '-h', str(server.data / 'run'), '-U', 'interflow']
        if rate:
            args += ['-R', str(round(rate)), '-l', '--log-prefix', f'{folder}/log']
        for k, v in variables.items():
            args += ['-D', f'{k}={v}']
        for i, text in enumerate(scripts):
            file = pathlib.Path(folder, f'{i}.sql')
            file.write_text("\\startpipeline\nselect set_config('app.org', :org, true);\n" + text + '\n\\endpipeline\n')
            args += ['-f', str(file)]
        r = subprocess.run([*args, 'interflow'], capture_output=True, text=True, env={**os.environ, 'PGOPTIONS': OPTIONS})
        took = sorted(int(line.split()[2]) / 1000 for f in pathlib.Path(folder).glob('log*') for line in f.read_text().splitlines())
    return {'per_second': per_second(r), 'latency_ms': float(re.search(r'latency average = ([\d.]+)', r.stdout).group(1)),
            'p50_ms': took[len(took) // 2] if took else None, 'p99_ms': took[len(took) * 99 // 100] if took else None}
