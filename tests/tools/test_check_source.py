#!/usr/bin/env python3
"""tools/check_source finds what it should, and nothing in a clean tree."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECK = Path(__file__).resolve().parents[2] / 'tools' / 'check_source'
HEADER = '/* A file of this test, which says here what it is for. */\n'
CLEAN = {
    'src/base/util.h': HEADER,
    'src/base/arena.c': HEADER + '#include "base/util.h"\n/* "x" */ int a; // malloc(1) strcpy(a, b)\n',
    'src/base/meson.build': "files('arena.c')",
    'src/core/db.h': HEADER,
    'src/core/db_impl.h': HEADER,
    'src/crm/crm.h': HEADER,
    'src/crm/crm.c': HEADER + '#include <stdio.h>\n#include "base/util.h"\n#include "crm/other.h"\n#include "sql.h"\n',
    'src/crm/other.h': HEADER,
    'src/crm/phone.h': HEADER,
    'src/crm/meson.build': "files('crm.c')",
    'src/inbox/inbox.h': HEADER,
    'src/inbox/inbox.c': HEADER + '#include "crm/crm.h"\n#include "crm/phone.h"\n#include "core/db.h"\n'
                         'int x = s->system(1); int y = my_sprintf(2); const char *t = "Select a date from the list";\n',
    'src/inbox/meson.build': "files('inbox.c')",
    'tests/unit/test_x.c': HEADER + 'void *p = malloc(1);\n',
    'tests/unit/meson.build': "['x']",
    'src/crm/sql/crm.sql': '-- name: x\nselect 1 from customers;\n',
}


class CheckSource(unittest.TestCase):
    def run_on(self, changes):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**CLEAN, **changes}.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding='utf-8')
            done = subprocess.run([sys.executable, CHECK, folder], capture_output=True, text=True, check=False)
            return done.returncode, done.stdout

    def finds(self, name, text, what, line=2):
        code, out = self.run_on({name: text})
        self.assertEqual(code, 1, out)
        self.assertIn(what, out)
        self.assertIn(f'{name}:{line}:', out)

    def test_clean(self):
        code, out = self.run_on({})
        self.assertEqual((code, out.splitlines()[-1].split(', ')[1]), (0, '0 problems'), out)

    def test_layers(self):
        self.finds('src/base/arena.c', HEADER + '#include "core/db.h"\n', 'a layer above it')
        self.finds('src/crm/crm.c', HEADER + '#include "inbox/inbox.h"\n', 'a layer above it')
        self.finds('src/inbox/inbox.c', HEADER + '#include "crm/other.h"\n', 'only crm/crm.h')
        self.finds('src/inbox/inbox.c', HEADER + '  #  include "core/db_impl.h"\n', 'private to core')
        self.finds('src/inbox/inbox.c', HEADER + '#include "inbox.h"\n', 'write the path from src/')
        self.finds('src/nothing/x.h', HEADER, 'is no layer', line=1)

    def test_calls(self):
        self.finds('src/crm/crm.c', HEADER + 'void *p = malloc(1);\n', 'base/mem.h')
        self.finds('src/crm/crm.c', HEADER + 'char *p = strdup (s);\n', 'base/mem.h')
        self.finds('src/base/arena.c', HEADER + 'strcpy(a, b);\n', 'strcpy() is banned')
        self.finds('src/crm/crm.c', HEADER + 'system("ls");\n', 'system() is banned')
        self.finds('tests/unit/test_x.c', HEADER + 'int i = atoi("1");\n', 'atoi() is banned')

    def test_sql(self):
        self.finds('src/crm/crm.c', HEADER + 'f("select id from customers");\n', 'named query')
        self.finds('src/crm/crm.c', HEADER + 'f("SELECT id, name "\n  "FROM customers");\n', 'named query')
        self.finds('src/crm/crm.c', HEADER + 'f("update chats set x = 1");\n', 'named query')
        self.finds('src/crm/crm.c', HEADER + 'f("delete from chats");\n', 'named query')
        self.finds('src/crm/crm.c', HEADER + 'f("insert into chats values (1)");\n', 'named query')

    def test_files(self):
        self.finds('src/crm/crm.c', 'int x;\n', 'without a comment', line=1)
        self.finds('src/crm/crm.c', HEADER + 'int x;\n' * 800, '801 lines', line=801)
        self.finds('src/crm/new.c', HEADER, 'is not listed', line=1)
        self.finds('tests/unit/test_new.c', HEADER, 'is not listed', line=1)
        self.finds('src/crm/crm.c', HEADER + '/* ' + 'TO' + 'DO: later */\n', 'finish it')
        self.finds('src/crm/sql/crm.sql', '-- name: x\n-- FIX' + 'ME\n', 'finish it')


if __name__ == '__main__':
    unittest.main()
