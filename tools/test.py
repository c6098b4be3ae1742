#!/usr/bin/env python3
"""Runs the tests and counts them: ./test [--fuzz] [part...]

    source    rules of the sources (tools/check_source), their layout (clang-format), types of the tests
    unit      C unit tests and seeds of the fuzzers, under ASan and UBSan
    graph     the stand-in Graph API of the channels' tests, by itself
    api       the HTTP API of a running program (the sanitizer build)
    flows     golden runs of flows on the engine and its database, what is killed in between
    process   starting, stopping, crashing, restarting, backup and restore
    web       svelte-check, vitest, size of the interface
    e2e       browser, server and widget together, in Chromium
    fuzz      each fuzzer for a few seconds; a minute each with --fuzz

Without a part all of them run. Steps that need nothing of each other run side by side, two at a time; each has a time limit.
Only failures are shown in detail. The last line is `N passed, N failed`; the exit status is 1 when something failed.
"""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import web_size as web_bytes

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / 'build' / 'test'
FUZZ = ROOT / 'build' / 'fuzz'
OUT = ROOT / 'build' / 'test-results'
PROGRAM = BUILD / 'src' / 'server' / 'interflow'
SLOTS = 2
SCRIPT_LIMIT_BYTES = 200_000   # to the inbox, brotli
WIDGET_LIMIT_BYTES = 15_000    # the chat window's script, brotli
TAIL_LINES = 60

fuzz_seconds = 5
running = set()
running_lock = threading.Lock()


class Failed(Exception):
    """A step that could not do its work; its text is shown."""


class Result:
    def __init__(self, passed=0, failed=0, details=''):
        self.passed, self.failed, self.details = passed, failed, details


def run(args, limit_s, cwd=ROOT, env=None):
    """Exit status and output. At the time limit the whole group of processes is ended."""
    with subprocess.Popen([str(a) for a in args], cwd=cwd, env={**os.environ, 'NO_COLOR': '1', 'FORCE_COLOR': '0', **(env or {})}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True) as process:
        with running_lock:
            running.add(process.pid)
        try:
            out, _ = process.communicate(timeout=limit_s)
            status = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                out, _ = process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                out, _ = process.communicate()
            out += f'\ntime limit of {limit_s} s passed\n'.encode()
            status = 124
        finally:
            with running_lock:
                running.discard(process.pid)
    return status, out.decode(errors='replace')


def must(args, limit_s, cwd=ROOT, env=None):
    status, out = run(args, limit_s, cwd, env)
    if status:
        raise Failed(tail(out))
    return out


def tail(text, lines=TAIL_LINES):
    rows = text.rstrip().splitlines()
    return '\n'.join(rows[-lines:])


# --- building ------------------------------------------------------------------------------------------

def setup():
    if not (BUILD / 'build.ninja').exists():
        must(['meson', 'setup', BUILD, '-Db_sanitize=address,undefined', '-Dwerror=true'], 300)


def build():
    """The sanitizer build, warnings as errors."""
    status, out = run(['ninja', '-C', BUILD], 1800)
    if status:
        rows = [r[:300] for r in out.splitlines() if re.search(r'error:|^FAILED|undefined reference|multiple definition', r)]
        raise Failed('\n'.join(rows[:40]) or tail(out))


def build_fuzz():
    if not (FUZZ / 'build.ninja').exists():
        must(['meson', 'setup', FUZZ, '-Dfuzz=true', '--buildtype=debugoptimized'], 300, env={'CC': 'clang'})
    targets = [t for t in must(['ninja', '-C', FUZZ, '-t', 'targets', 'all'], 60).splitlines()
               if re.match(r'tests/fuzz/fuzz_\w+: c_LINKER', t)]
    must(['ninja', '-C', FUZZ, *[t.split(':')[0] for t in targets]], 1800)


def npm_web():
    must(['tools/build_web', '--install'], 600)


def npm_tests():
    stamp, lock = ROOT / 'build' / 'npm-tests', ROOT / 'tests' / 'package-lock.json'
    if not (ROOT / 'tests/node_modules').exists() or not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        must(['npm', 'ci', '--silent', '--no-audit', '--no-fund'], 600, ROOT / 'tests')
        stamp.write_bytes(lock.read_bytes())


def build_web():
    must(['tools/build_web'], 600)


# --- counting ------------------------------------------------------------------------------------------

def meson_tests(suites):
    OUT.mkdir(parents=True, exist_ok=True)
    args = ['meson', 'test', '-C', BUILD, '--no-rebuild', '--print-errorlogs', '--num-processes', '2', '--logbase',
            'log-' + suites[0]]
    for s in suites:
        args += ['--suite', s]
    status, out = run(args, 2400)
    result = Result()
    log = BUILD / 'meson-logs' / f'log-{suites[0]}.json'
    if not log.exists():
        raise Failed(tail(out))
    for line in log.read_text().splitlines():
        entry = json.loads(line)
        text = entry.get('stdout', '') + entry.get('stderr', '')
        passed = sum(int(n) for n in re.findall(r'\[  PASSED  \] (\d+) test', text))
        failed = sum(int(n) for n in re.findall(r'\[  FAILED  \] .*?(\d+) test', text))
        if entry['result'] in ('OK', 'EXPECTEDFAIL'):
            result.passed += max(passed, 1)
        elif entry['result'] != 'SKIP':
            result.passed += passed
            result.failed += max(failed, 1)
            result.details += f"{entry['name']} ({entry['result']})\n{tail(text)}\n"
    if status and not result.failed:
        raise Failed(tail(out))
    log.unlink()
    return result


def vitest(cwd, name, project=None, limit_s=1200, env=None):
    OUT.mkdir(parents=True, exist_ok=True)
    report = OUT / f'{name}.json'
    report.unlink(missing_ok=True)
    # dot: says what the report does not, an error outside of any test.
    args = ['npx', 'vitest', 'run', '--passWithNoTests', '--reporter=json', '--reporter=dot',
            f'--outputFile.json={report}']
    if project:
        args += ['--project', project]
    status, out = run(args, limit_s, cwd, env)
    if not report.exists():
        if status == 0:
            return Result()
        raise Failed(tail(out))
    data = json.loads(report.read_text())
    result = Result(data['numPassedTests'], data['numFailedTests'])
    for file in data['testResults']:
        failures = [t for t in file['assertionResults'] if t['status'] == 'failed']
        where = os.path.relpath(file['name'], ROOT)
        for t in failures:
            words = '\n'.join(t.get('failureMessages') or [])
            result.details += f"{where}: {t['fullName']}\n{tail(words, 30)}\n"
        if file['status'] == 'failed' and not failures:  # it did not even load
            result.failed += 1
            result.details += f"{where}\n{tail(file.get('message', ''), 30)}\n"
    if status and not result.failed:
        result.failed += 1
        result.details += tail(out, 80)
    return result


def one(args, limit_s, cwd=ROOT, env=None):
    """A check that counts as one."""
    status, out = run(args, limit_s, cwd, env)
    return Result(0, 1, tail(out)) if status else Result(1)


def add(*results):
    return Result(sum(r.passed for r in results), sum(r.failed for r in results), ''.join(r.details for r in results))


# --- the parts -----------------------------------------------------------------------------------------

def source():
    sources = sorted(p for folder in ('src', 'tests') for p in (ROOT / folder).rglob('*.[ch]') if 'node_modules' not in p.parts)
    return add(one(['npm', 'run', '--silent', 'check'], 300, ROOT / 'tests'), meson_tests(['style']),
               one(['clang-format', '--dry-run', '-Werror', *sources], 300))


def unit():
    return meson_tests(['unit', 'fuzz'])


def program_env():
    return {'INTERFLOW_BIN': str(PROGRAM), 'ASAN_OPTIONS': 'detect_leaks=1:abort_on_error=0',
            'UBSAN_OPTIONS': 'print_stacktrace=1:halt_on_error=1'}


def api():
    return vitest(ROOT / 'tests', 'api', 'api', 3600, program_env())


def graph():
    return vitest(ROOT / 'tests', 'graph', 'graph', 900)


def flows():
    return vitest(ROOT / 'tests', 'flows', 'flows', 3600, program_env())


def process():
    return vitest(ROOT / 'tests', 'process', 'process', 2400, program_env())


def e2e():
    return vitest(ROOT / 'tests', 'e2e', 'e2e', 3600, program_env())


def web_check():
    return one(['npm', 'run', '--silent', 'check'], 300, ROOT / 'web')


def web_types():
    return one(['npm', 'run', '--silent', 'types', '--', '--check'], 120, ROOT / 'web', {'INTERFLOW_BIN': str(PROGRAM)})


def web_test():
    return vitest(ROOT / 'web', 'web', None, 600)


def web_size():
    dist = ROOT / 'web' / 'dist'
    try:
        checks = [('script to the inbox', web_bytes.inbox_bytes(dist), SCRIPT_LIMIT_BYTES)]
    except web_bytes.Missing as e:
        raise Failed(f'the size of the interface cannot be counted: {e}') from e
    for widget in (dist / 'widget.js', ROOT / 'web/widget/dist/widget.js'):
        if widget.exists():
            checks.append(('the chat window', web_bytes.brotli_bytes(widget), WIDGET_LIMIT_BYTES))
    result = Result()
    for what, size, limit in checks:
        print(f'      {what}: {size} bytes of at most {limit}', flush=True)
        if size <= limit:
            result.passed += 1
        else:
            result.failed += 1
            result.details += f'{what}: {size} bytes, the limit is {limit}\n'
    return result


def fuzz():
    result = Result()
    for program in sorted((FUZZ / 'tests' / 'fuzz').glob('fuzz_*')):
        if not program.is_file() or not os.access(program, os.X_OK):
            continue
        name = program.name.removeprefix('fuzz_')
        found = OUT / 'fuzz' / name
        shutil.rmtree(found, ignore_errors=True)
        found.mkdir(parents=True)
        work = found / 'corpus'
        work.mkdir()
        seeds = ROOT / 'tests' / 'fuzz' / 'corpus' / name
        args = [program, f'-max_total_time={fuzz_seconds}', '-timeout=10', '-rss_limit_mb=2048', f'-artifact_prefix={found}/', work]
        status, out = run(args + ([seeds] if seeds.exists() else []), fuzz_seconds + 120)
        if status:
            result.failed += 1
            result.details += f'{program.name}: its input is in {os.path.relpath(found, ROOT)}\n{tail(out)}\n'
        else:
            result.passed += 1
    return result


# Name: what it does, what must have gone well before, the part that it belongs to (None: only preparation).
STEPS = {
    'setup': (setup, [], None),
    'build': (build, ['setup'], None),
    'npm-web': (npm_web, [], None),
    'npm-tests': (npm_tests, [], None),
    'build-web': (build_web, ['npm-web'], None),
    'embed': (build, ['build', 'build-web'], None),   # again, now with the interface
    'source': (source, ['setup', 'npm-tests'], 'source'),
    'web-check': (web_check, ['npm-web'], 'web'),
    'web-test': (web_test, ['npm-web'], 'web'),
    'web-types': (web_types, ['build', 'npm-web'], 'web'),
    'web-size': (web_size, ['build-web'], 'web'),
    'unit': (unit, ['build'], 'unit'),
    'graph': (graph, ['npm-tests'], 'graph'),
    'api': (api, ['embed', 'npm-tests'], 'api'),
    'flows': (flows, ['embed', 'npm-tests'], 'flows'),
    'process': (process, ['embed', 'npm-tests'], 'process'),
    'e2e': (e2e, ['embed', 'npm-tests'], 'e2e'),
    'build-fuzz': (build_fuzz, [], None),
    'fuzz': (fuzz, ['build-fuzz'], 'fuzz'),
}
PARTS = ['source', 'unit', 'graph', 'api', 'flows', 'process', 'web', 'e2e', 'fuzz']


def wanted_steps(parts):
    names = [n for n, (_, _, part) in STEPS.items() if part in parts]
    for n in names:
        names += [need for need in STEPS[n][1] if need not in names]
    return [n for n in STEPS if n in names]


def run_step(name):
    try:
        return STEPS[name][0]() or Result()
    except Failed as e:
        return Result(0, 1, str(e) + '\n')
    except Exception as e:  # a mistake in here is a failure, not a pass
        return Result(0, 1, f'{type(e).__name__}: {e}\n')


def schedule(names):
    """Steps in order of the table, as soon as what they need is done; SLOTS at a time."""
    results, waiting, threads = {}, list(names), {}
    done = threading.Condition()

    def work(name):
        began = time.monotonic()
        result = run_step(name)
        with done:
            results[name] = result
            took = time.monotonic() - began
            if STEPS[name][2] or result.failed:
                print(f'{name:10} {result.passed} passed, {result.failed} failed ({took:.0f} s)', flush=True)
            if result.failed:
                print('\n'.join('    ' + line for line in result.details.rstrip().splitlines()), flush=True)
            done.notify_all()

    with done:
        while waiting or len(results) < len(threads):
            for name in list(waiting):
                needs = [n for n in STEPS[name][1] if n in names]
                if any(n in results and (results[n].failed or results[n].details == 'skipped') and not STEPS[n][2] for n in needs):
                    waiting.remove(name)
                    threads[name] = None
                    # What could not be built was not tested.
                    results[name] = Result(0, 1 if STEPS[name][2] else 0, 'skipped')
                    if STEPS[name][2]:
                        print(f'{name:10} not run: what it needs failed', flush=True)
                elif all(n in results for n in needs) and len(threads) - len(results) < SLOTS:
                    waiting.remove(name)
                    threads[name] = threading.Thread(target=work, args=(name,), daemon=True)
                    threads[name].start()
            if len(results) < len(threads):
                done.wait()
    return results


def stop(signum, frame):
    with running_lock:
        for pid in running:
            try:
                os.killpg(pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
    print('\nstopped', flush=True)
    os._exit(130)


def main():
    global fuzz_seconds
    parser = argparse.ArgumentParser(prog='./test', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--fuzz', action='store_true', help='each fuzzer for a minute')
    parser.add_argument('parts', nargs='*', metavar='part', help=' '.join(PARTS))
    args = parser.parse_args()
    for part in args.parts:
        if part not in PARTS:
            parser.error(f'there is no part {part}; there are: {" ".join(PARTS)}')
    if args.fuzz:
        fuzz_seconds = 60
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    parts = set(args.parts or PARTS) | ({'fuzz'} if args.fuzz else set())
    results = schedule(wanted_steps(parts))
    passed = sum(r.passed for r in results.values())
    failed = sum(r.failed for r in results.values())
    print(f'{passed} passed, {failed} failed')
    return 1 if failed or passed == 0 else 0


if __name__ == '__main__':
    sys.exit(main())
