"""How much script a browser loads before it shows the inbox. One way of counting for the tests (tools/test.py) and the benchmarks
(tests/bench/bench.py): what index.html names, the inbox's page and the words of the first language, and all that these import; each
file compressed by brotli as the server does it, and the sum of that."""
import re
import subprocess

# One of each is loaded by name at run time, so that no other script names it: missing here would mean not counted.
PAGES = ('Inbox-*.js', 'pt-*.js')


class Missing(Exception):
    pass


def brotli_bytes(path):
    script = ('const z=require("zlib");process.stdout.write(String(z.brotliCompressSync('
              'require("fs").readFileSync(process.argv[1])).length))')
    done = subprocess.run(['node', '-e', script, str(path)], capture_output=True, text=True, timeout=60, check=True)
    return int(done.stdout)


def imports(path):
    """Scripts that one needs before it runs."""
    return {path.parent / name for name in
            re.findall(r'(?:import|export)\s*(?:[\w*{][^"\';()]*?from\s*)?["\']\./([\w.-]+\.js)["\']', path.read_text())}


def inbox_scripts(dist):
    """Paths of the scripts. Missing: a page's script is not there, or no longer called so."""
    assets = dist / 'assets'
    todo = [assets / name for name in re.findall(r'assets/([\w.-]+\.js)', (dist / 'index.html').read_text())]
    for pattern in PAGES:
        found = list(assets.glob(pattern))
        if len(found) != 1:
            raise Missing(f'{len(found)} files {pattern} in {assets}, not one')
        todo += found
    seen = set()
    while todo:
        script = todo.pop()
        if script not in seen:
            if not script.exists():
                raise Missing(f'{script.name} is named but not there')
            seen.add(script)
            todo.extend(imports(script))
    return seen


def inbox_bytes(dist):
    return sum(map(brotli_bytes, inbox_scripts(dist)))
