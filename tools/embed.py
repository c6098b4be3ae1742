#!/usr/bin/env python3
"""The interface and other pages as a part of the binary.

    embed.py --blob OUT --asm OUT --source OUT [--depfile OUT] [--cache DIR] FOLDER...

Every file below the folders (web/dist, the widget's, src/server/pages; one that is not there is skipped) becomes a row of
`embedded_files` (src/server/embedded.h) under its path inside its folder: raw, and gzip and brotli where that is smaller. The
bytes go into one blob, which an assembler file includes; the rows are C and sorted by path. The ETag is a hash of the content.

Compressing at the highest level is slow, so results are kept in the cache folder by content hash. Without web/dist there is
no index.html: the server then shows a page that says how to build it (static.c). A file name that two folders have is a mistake.
"""
import argparse
import ctypes
import ctypes.util
import gzip
import hashlib
import os
import sys

TYPES = {
    '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8',
    '.json': 'application/json', '.webmanifest': 'application/manifest+json', '.svg': 'image/svg+xml', '.png': 'image/png',
    '.jpg': 'image/jpeg', '.webp': 'image/webp', '.ico': 'image/x-icon', '.woff2': 'font/woff2', '.txt': 'text/plain; charset=utf-8',
    '.mp3': 'audio/mpeg', '.ogg': 'audio/ogg', '.wasm': 'application/wasm', '.map': 'application/json',
}
PACKED = {'.png', '.jpg', '.webp', '.woff2', '.mp3', '.ogg'}  # compressed already


def walk(folder):
    for base, dirs, names in os.walk(folder):
        dirs.sort()
        for name in sorted(names):
            full = os.path.join(base, name)
            yield '/' + os.path.relpath(full, folder).replace(os.sep, '/'), full


def brotli(data):
    """By the library that the program links anyway (libbrotlienc), so that no Python package is needed."""
    library = ctypes.CDLL(ctypes.util.find_library('brotlienc') or 'libbrotlienc.so.1')
    library.BrotliEncoderMaxCompressedSize.restype = ctypes.c_size_t
    size = ctypes.c_size_t(library.BrotliEncoderMaxCompressedSize(ctypes.c_size_t(len(data))) + 1024)
    out = ctypes.create_string_buffer(size.value)
    quality, window, generic = 11, 22, 0
    if not library.BrotliEncoderCompress(quality, window, generic, ctypes.c_size_t(len(data)), data, ctypes.byref(size), out):
        sys.exit('embed.py: brotli failed')
    return out.raw[:size.value]


def compressed(data, digest, cache):
    """(gzip, brotli), each empty when it does not save a tenth."""
    result = []
    for name, pack in (('gz', lambda: gzip.compress(data, 9, mtime=0)), ('br', lambda: brotli(data))):
        path = os.path.join(cache, f'{digest}.{name}') if cache else None
        if path and os.path.exists(path):
            with open(path, 'rb') as f:
                packed = f.read()
        else:
            packed = pack()
            if path:
                os.makedirs(cache, exist_ok=True)
                with open(path + '.new', 'wb') as f:
                    f.write(packed)
                os.replace(path + '.new', path)
        result.append(packed if len(packed) < len(data) * 0.9 else b'')
    return result


def c_text(text):
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def write(path, data):
    """Keeps the file's time when nothing changed."""
    if os.path.exists(path):
        with open(path, 'rb') as f:
            if f.read() == data:
                return
    with open(path, 'wb') as f:
        f.write(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--blob', required=True)
    parser.add_argument('--asm', required=True)
    parser.add_argument('--source', required=True)
    parser.add_argument('--depfile')
    parser.add_argument('--cache')
    parser.add_argument('folders', nargs='*')
    args = parser.parse_args()

    files, seen = {}, []
    for folder in args.folders:
        there = folder
        while not os.path.isdir(there):  # the nearest that exists: it changes when the folder is made
            there = os.path.dirname(there)
        seen.append(there)
        for base, dirs, _ in os.walk(folder):
            seen.extend(os.path.join(base, d) for d in dirs)
        for path, full in walk(folder):
            if path in files:
                sys.exit(f'embed.py: {path} is in two folders: {files[path]} and {full}')
            files[path] = full

    blob, rows = bytearray(), []

    def put(data):
        if not data:
            return '{0}'
        offset = len(blob)
        blob.extend(data)
        return f'{{embedded_blob + {offset}, {len(data)}}}'

    for path in sorted(files, key=lambda p: p.encode()):
        with open(files[path], 'rb') as f:
            data = f.read()
        digest = hashlib.sha256(data).hexdigest()
        ending = os.path.splitext(path)[1].lower()
        packed = ['', ''] if ending in PACKED else compressed(data, digest, args.cache)
        rows.append(f'    {{{c_text(path)}, {c_text(TYPES.get(ending, "application/octet-stream"))}, "{digest[:20]}", '
                    f'{put(data)}, {put(packed[0])}, {put(packed[1])}}},\n')

    write(args.blob, bytes(blob) or b'\0')
    # The hash makes the assembler file another one when the blob is: what .incbin names is no dependency to ninja.
    write(args.asm, f'''/* Made by tools/embed.py; blob {hashlib.sha256(blob).hexdigest()} */
    .section .rodata
    .balign 16
    .global embedded_blob
    .type embedded_blob, %object
embedded_blob:
    .incbin "{os.path.abspath(args.blob)}"
    .size embedded_blob, . - embedded_blob
    .section .note.GNU-stack, "", %progbits
'''.encode())
    write(args.source, ('/* Made by tools/embed.py. */\n#include "server/embedded.h"\n\nextern const unsigned char embedded_blob[];\n\n'
                        'const struct embedded_file embedded_files[] = {\n' + ''.join(rows) + '    {0},\n};\n'
                        f'const size_t embedded_count = {len(rows)};\n').encode())
    if args.depfile:
        names = ' '.join(p.replace(' ', '\\ ') for p in [*seen, *files.values(), os.path.abspath(__file__)])
        write(args.depfile, f'{args.source}: {names}\n'.encode())


if __name__ == '__main__':
    main()
