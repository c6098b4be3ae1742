#!/usr/bin/env python3
"""Named queries, migrations and SQL functions as C.

Reads src/**/sql/*.sql, sql/migrations/*.sql and sql/functions/*.sql and writes sql.h and sql.c. The rules of a query file
are in sql/README.md; the short form:

    -- name: tag_create
    -- Make a tag. (At least one line that says what it is for.)
    -- wakes: events           (optional: events, jobs; insert into events/jobs is seen by itself)
    -- class: search           (optional: search or report; otherwise fast)
    insert into tags (org_id, id, name) values (:org, :id, :name) returning tag_json(tags);

gives `extern const struct sql SQL_TAG_CREATE;`. A parameter is a colon and a name; it becomes $1, $2 … in order of first
use. Casts (::), := , strings, quoted names, dollar quotes and comments are left alone; comments do not reach the text.

Text that several queries share is a fragment, of any file for all files:

    -- fragment: chat_visible
    -- Chats that the actor may see.
    (:sees_all::boolean or ch.assignee_id = :actor::uuid)

Where a query (or another fragment) says {chat_visible} outside quotes, that text stands instead. {page: ch.status = 'closed'}
gives it a text of its own, which stands where the fragment says {given}. A fragment that nobody uses is a mistake.

A depfile names every file read and every folder looked into, so that a new file is noticed without configuring again.
Outputs keep their time when nothing changed. Any mistake ends the program with `file:line: what`.
"""
import argparse
import os
import re
import sys
from pathlib import Path

PARAMS_MAX = 40     # SQL_PARAMS_MAX of core/db.h
NAME_MAX = 63       # PostgreSQL cuts longer names of prepared statements

NAME = re.compile(r'--\s*(name|fragment):\s*(\S*)\s*$')
OPTION = re.compile(r'--\s*(wakes|class):\s*(.*?)\s*$')
IDENT = re.compile(r'[A-Za-z_][A-Za-z0-9_]*')
INCLUDE = re.compile(r'\{([a-z][a-z0-9_]*)\s*([:}])')
INCLUDES_MAX = 100  # of one query; more: fragments include each other without end
DOLLAR = re.compile(r'\$([A-Za-z_][A-Za-z0-9_]*)?\$')
WAKES = {'events': 'WAKE_EVENTS', 'jobs': 'WAKE_JOBS'}
CLASSES = {'search': 'DB_SEARCH', 'report': 'DB_REPORT', 'fast': 'DB_FAST'}


class Mistake(Exception):
    def __init__(self, where, line, what):
        super().__init__(f'{where}:{line}: {what}')


class Query:
    def __init__(self, name, where, line):
        self.name, self.where, self.line = name, where, line
        self.purpose, self.wakes, self.db_class = [], set(), 'DB_FAST'
        self.body, self.body_line = [], 0
        self.text, self.params = '', []
        self.source = ''    # as `text`, but with the parameters' names
        self.used = False   # of a fragment


def skip_quoted(text, at, quote, backslash):
    """Index after the closing quote; doubled quotes (and escapes when backslash) belong to the inside."""
    at += 1
    while at < len(text):
        if backslash and text[at] == '\\':
            at += 2
        elif text[at] == quote:
            if text[at:at + 2] == quote * 2:
                at += 2
            else:
                return at + 1
        else:
            at += 1
    return -1


def skip_comment(text, at):
    """Index after a block comment; they nest in PostgreSQL."""
    depth = 0
    while at < len(text):
        if text.startswith('/*', at):
            depth, at = depth + 1, at + 2
        elif text.startswith('*/', at):
            depth, at = depth - 1, at + 2
            if depth == 0:
                return at
        else:
            at += 1
    return -1


def closing_brace(text, at):
    """Index of the brace that closes what is open at `at`."""
    depth = 1
    while at < len(text):
        if text[at] in '\'"':
            at = skip_quoted(text, at, text[at], False)
            if at < 0:
                return -1
            continue
        depth += {'{': 1, '}': -1}.get(text[at], 0)
        if depth == 0:
            return at
        at += 1
    return -1


def include(found, source, fragments, mistake):
    """The text that stands for the inclusion `found` in source, and the index after it."""
    fragment = fragments.get(found.group(1))
    if not fragment:
        mistake(f'there is no fragment "{found.group(1)}"')
    fragment.used = True
    text, end, given = '\n'.join(fragment.body).strip(), found.end(), None
    if found.group(2) == ':':
        close = closing_brace(source, end)
        if close < 0:
            mistake('a brace without end')
        given, end = source[end:close].strip(), close + 1
    if (given is not None) != ('{given}' in text):
        mistake(f'the fragment "{fragment.name}" takes {"a" if "{given}" in text else "no"} text of its own')
    return text.replace('{given}', given or ''), end


def without_empty_lines(pieces):
    lines = [line.rstrip() for line in ''.join(pieces).split('\n')]
    return '\n'.join(line for line in lines if line.strip()).strip()


def bind(query, fragments):
    """Fill query.text, query.source and query.params from query.body."""
    source = '\n'.join(query.body)
    out, named, params, at, ended = [], [], [], 0, False
    included, added_lines = 0, 0

    def mistake(what):
        line = query.body_line + max(0, source.count('\n', 0, min(at, len(source))) - added_lines)
        raise Mistake(query.where, line, f'{query.name}: {what}')

    def keep(text, name=None):
        out.append(text)
        named.append(name or text)

    while at < len(source):
        c = source[at]
        found = INCLUDE.match(source, at)
        if found:
            text, end = include(found, source, fragments, mistake)
            included += 1
            if included > INCLUDES_MAX:
                mistake('fragments that include each other')
            added_lines += text.count('\n') - source.count('\n', at, end)
            source = source[:at] + text + source[end:]
            continue
        if ended and not c.isspace() and not source.startswith(('--', '/*'), at):
            mistake('more than one statement')
        if source.startswith('--', at):
            end = source.find('\n', at)
            at = len(source) if end < 0 else end
            continue
        if source.startswith('/*', at):
            end = skip_comment(source, at)
            if end < 0:
                mistake('comment without end')
            at = end
            continue
        if c in '\'"':
            escapes = c == "'" and at > 0 and source[at - 1] in 'eE' and (
                at < 2 or not (source[at - 2].isalnum() or source[at - 2] == '_'))
            end = skip_quoted(source, at, c, escapes)
            if end < 0:
                mistake('quote without end')
            keep(source[at:end])
            at = end
            continue
        if c == '$':
            tag = DOLLAR.match(source, at)
            if tag:
                end = source.find(tag.group(0), tag.end())
                if end < 0:
                    mistake('dollar quote without end')
                end += len(tag.group(0))
                keep(source[at:end])
                at = end
                continue
            if source[at + 1:at + 2].isdigit():
                mistake('parameters have names (:name), not numbers')
        if c == ':':
            if source.startswith(('::', ':='), at):
                keep(source[at:at + 2])
                at += 2
                continue
            name = IDENT.match(source, at + 1)
            if name:
                if name.group(0) not in params:
                    params.append(name.group(0))
                keep(f'${params.index(name.group(0)) + 1}', f':{name.group(0)}')
                at = name.end()
                continue
        if c == ';':
            ended = True
            at += 1
            continue
        word = IDENT.match(source, at)
        if word:
            keep(word.group(0))
            at = word.end()
            continue
        keep(c)
        at += 1
    query.text, query.source = without_empty_lines(out), without_empty_lines(named)
    query.params = params
    if not query.text:
        mistake('no statement')
    if len(params) > PARAMS_MAX:
        mistake(f'{len(params)} parameters, at most {PARAMS_MAX}')
    for word, wake in WAKES.items():
        if re.search(rf'\binsert\s+into\s+(public\.)?{word}\b', query.text, re.I):
            query.wakes.add(wake)


def read_queries(path, where):
    """(queries, fragments) of a file, not bound yet."""
    both, query, in_head = {'name': [], 'fragment': []}, None, False
    for number, line in enumerate(path.read_text(encoding='utf-8').split('\n'), 1):
        stripped = line.strip()
        named = NAME.match(stripped)
        if named:
            name = named.group(2)
            if not re.fullmatch(r'[a-z][a-z0-9_]*', name) or len(name) > NAME_MAX:
                raise Mistake(where, number, f'bad name "{name}": a-z 0-9 _, at most {NAME_MAX}')
            query, in_head = Query(name, where, number), True
            both[named.group(1)].append(query)
            continue
        if query is None:
            if stripped and not stripped.startswith('--'):
                raise Mistake(where, number, 'a statement without "-- name:" before it')
            continue
        if in_head and (not stripped or stripped.startswith('--')):
            option = OPTION.match(stripped)
            if option and option.group(1) == 'wakes':
                for wake in filter(None, re.split(r'[,\s]+', option.group(2))):
                    if wake not in WAKES:
                        raise Mistake(where, number, f'wakes: "{wake}" is not one of {", ".join(WAKES)}')
                    query.wakes.add(WAKES[wake])
            elif option:
                if option.group(2) not in CLASSES:
                    raise Mistake(where, number, f'class: "{option.group(2)}" is not one of {", ".join(CLASSES)}')
                query.db_class = CLASSES[option.group(2)]
            elif stripped:
                words = stripped.lstrip('-').strip()
                if words:
                    query.purpose.append(words)
            continue
        if in_head:
            in_head, query.body_line = False, number
        query.body.append(line)
    for query in both['name'] + both['fragment']:
        if not query.purpose:
            raise Mistake(where, query.line, f'{query.name}: a line must say what it is for')
        if not query.body:
            raise Mistake(where, query.line, f'{query.name}: no statement')
    return both['name'], both['fragment']


def by_name(entries):
    names = {}
    for q in entries:
        if q.name in names:
            other = names[q.name]
            raise Mistake(q.where, q.line, f'"{q.name}" is already in {other.where}:{other.line}')
        names[q.name] = q
    return names


def load(root, files):
    """All queries of the files, bound, in order."""
    queries, fragments = [], []
    for path in files:
        more = read_queries(path, str(path.relative_to(root)))
        queries += more[0]
        fragments += more[1]
    by_name(queries)
    fragments = by_name(fragments)
    for query in queries:
        bind(query, fragments)
    for fragment in fragments.values():
        if not fragment.used:
            raise Mistake(fragment.where, fragment.line, f'nobody uses the fragment "{fragment.name}"')
    return queries


def c_string(text, indent='    '):
    """C string literal, one source line per text line."""
    out = []
    for line in text.split('\n'):
        escaped = []
        for byte in (line + '\n').encode('utf-8'):
            c = chr(byte)
            if c == '\n':
                escaped.append('\\n')
            elif c in '"\\':
                escaped.append('\\' + c)
            elif c == '?':
                escaped.append('\\?')
            elif 32 <= byte < 127:
                escaped.append(c)
            elif c == '\t':
                escaped.append('\\t')
            else:
                escaped.append(f'\\{byte:03o}')
        out.append(f'{indent}"{"".join(escaped)}"')
    if out:
        out[-1] = out[-1].removesuffix('\\n"') + '"'
    return '\n'.join(out)


def write_header(queries):
    out = ['/* Made by tools/sqlgen.py: every named query. Not to be edited. */',
           '#ifndef INTERFLOW_SQL_H', '#define INTERFLOW_SQL_H', '', '#include "core/db.h"', '']
    where = None
    for q in queries:
        if q.where != where:
            where = q.where
            out.append(f'/* --- {where} --- */')
        words = ' '.join(q.purpose).replace('*/', '* /')
        out.append(f'/* {words}{"  (" + ", ".join(q.params) + ")" if q.params else ""} */')
        out.append(f'extern const struct sql SQL_{q.name.upper()};')
    return '\n'.join(out + ['', '#endif', ''])


def write_source(queries, migrations, functions):
    out = ['/* Made by tools/sqlgen.py: every named query, the migrations and the functions. Not to be edited. */',
           '#include "sql.h"', '']
    for q in queries:
        names = ', '.join(f'"{p}"' for p in q.params)
        out.append(f'static const char *const params_{q.name}[] = {{{names + ", " if names else ""}NULL}};')
        out.append(f'const struct sql SQL_{q.name.upper()} = {{')
        out.append(f'    .name = "{q.name}",')
        out.append(f'    .params = params_{q.name},')
        out.append(f'    .param_count = {len(q.params)},')
        out.append(f'    .wakes = {" | ".join(sorted(q.wakes)) or "0"},')
        out.append(f'    .db_class = {q.db_class},')
        out.append(f'    .text =\n{c_string(q.text, "        ")},')
        out.append('};')
        out.append('')
    out.append('const struct sql *const sql_all[] = {')
    out += [f'    &SQL_{q.name.upper()},' for q in queries]
    out += ['    NULL,', '};', '']
    for variable, files in (('sql_migrations', migrations), ('sql_functions', functions)):
        out.append(f'const struct sql_file {variable}[] = {{')
        for version, name, text in files:
            out.append(f'    {{.version = {version}, .name = "{name}", .text =\n{c_string(text, "        ")}}},')
        out += ['    {.name = NULL},', '};', '']
    return '\n'.join(out)


def write_if_changed(path, text):
    if path.exists() and path.read_text(encoding='utf-8') == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + '.new')
    temporary.write_text(text, encoding='utf-8')
    os.replace(temporary, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--root', type=Path, required=True, help="the project's folder")
    parser.add_argument('--source', type=Path, required=True, help='sql.c to write')
    parser.add_argument('--header', type=Path, required=True, help='sql.h to write')
    parser.add_argument('--depfile', type=Path, help='for ninja')
    args = parser.parse_args()
    root, dependencies = args.root, []

    def sql_files(folder):
        dependencies.append(folder)
        found = sorted(folder.glob('*.sql')) if folder.is_dir() else []
        dependencies.extend(found)
        return found

    files = []
    for folder, _, _ in sorted(os.walk(root / 'src')):
        folder = Path(folder)
        if folder.name != 'sql':
            dependencies.append(folder)
            continue
        files += sql_files(folder)
    queries = load(root, files)

    migrations = []
    for path in sql_files(root / 'sql' / 'migrations'):
        number = re.fullmatch(r'(\d{4})_[a-z0-9_]+', path.stem)
        if not number:
            raise Mistake(path.relative_to(root), 1, 'a migration is named NNNN_what.sql')
        version = int(number.group(1))
        if version != len(migrations) + 1:
            # A hole or a double: both would give two databases different histories.
            raise Mistake(path.relative_to(root), 1, f'expected number {len(migrations) + 1:04d}')
        migrations.append((version, path.stem, path.read_text(encoding='utf-8')))
    functions = [(0, path.stem, path.read_text(encoding='utf-8')) for path in sql_files(root / 'sql' / 'functions')]

    write_if_changed(args.header, write_header(queries))
    write_if_changed(args.source, write_source(queries, migrations, functions))
    if args.depfile:
        escaped = ' '.join(str(d).replace(' ', '\\ ') for d in dependencies if Path(d).exists())
        args.depfile.write_text(f'{args.source} {args.header}: {escaped}\n', encoding='utf-8')


if __name__ == '__main__':
    try:
        main()
    except Mistake as mistake:
        sys.exit(f'{mistake}')
