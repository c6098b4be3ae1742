#!/usr/bin/env python3
"""Small text files as a part of the program.

    texts.py --name NAME --header HEADER --source OUT FILE...

Writes a C file with `const struct NAME NAMEs[]`, declared in HEADER: {file name without its ending, content}, sorted by
name, a row of NULLs at the end. For what the program itself reads; what browsers load is embed.py's.
"""
import argparse
import os


def literal(text):
    out = []
    for line in text.split('\n'):
        escaped = line.replace('\\', '\\\\').replace('"', '\\"').replace('?', '\\?').replace('\t', '\\t')
        out.append(f'        "{escaped}\\n"')
    return '\n'.join(out)


def main():
    args = argparse.ArgumentParser()
    args.add_argument('--name', required=True)
    args.add_argument('--header', required=True)
    args.add_argument('--source', required=True)
    args.add_argument('files', nargs='*')
    args = args.parse_args()
    rows = []
    for path in sorted(args.files, key=os.path.basename):
        with open(path, encoding='utf-8') as f:
            rows.append((os.path.splitext(os.path.basename(path))[0], f.read().rstrip('\n')))
    with open(args.source, 'w', encoding='utf-8') as f:
        f.write(f'/* Made by tools/texts.py. */\n#include "{args.header}"\n\nconst struct {args.name} {args.name}s[] = {{\n')
        for name, text in rows:
            f.write(f'    {{"{name}",\n{literal(text)}}},\n')
        f.write('    {0},\n};\n')


if __name__ == '__main__':
    main()
