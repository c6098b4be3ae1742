"""tools/sqlgen.py: what becomes of a query's text, fragments, and mistakes that must stop the build."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'tools'))
import sqlgen  # noqa: E402


def load(**files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        paths = []
        for name, text in files.items():
            paths.append(root / f'{name}.sql')
            paths[-1].write_text(text)
        return {q.name: q for q in sqlgen.load(root, paths)}


VISIBLE = '-- fragment: visible\n-- What the actor may see.\n(:sees_all or c.owner = :actor)\n'


class Queries(unittest.TestCase):
    def test_parameters_are_numbered_in_order_of_first_use(self):
        q = load(a="-- name: one\n-- Words.\nselect :b::int, :a, ':c', \"d:e\", $$:f$$, :b -- :g\nfrom t;\n")['one']
        self.assertEqual(q.params, ['b', 'a'])
        self.assertEqual(q.text, "select $1::int, $2, ':c', \"d:e\", $$:f$$, $1\nfrom t")
        self.assertEqual(q.source, "select :b::int, :a, ':c', \"d:e\", $$:f$$, :b\nfrom t")

    def test_an_insert_into_events_wakes(self):
        self.assertEqual(load(a='-- name: one\n-- Words.\ninsert into events (org_id) values (:org);')['one'].wakes, {'WAKE_EVENTS'})


class Fragments(unittest.TestCase):
    def test_stand_in_every_file(self):
        q = load(a='-- name: one\n-- Words.\nselect from c where c.id = :id and {visible};\n', b=VISIBLE)['one']
        self.assertEqual(q.text, 'select from c where c.id = $1 and ($2 or c.owner = $3)')
        self.assertEqual(q.params, ['id', 'sees_all', 'actor'])

    def test_take_a_text_of_the_query(self):
        page = "-- fragment: page\n-- A page.\nselect from c where {given} and {visible} limit :limit\n"
        q = load(a=VISIBLE + page + "-- name: one\n-- Words.\n{page: c.state = '}' and c.kind = any('{a}')};\n"
                 '-- name: two\n-- Words.\n{page: c.state is null and {visible}};\n')
        self.assertEqual(q['one'].text, "select from c where c.state = '}' and c.kind = any('{a}') and ($1 or c.owner = $2) limit $3")
        self.assertEqual(q['two'].text, 'select from c where c.state is null and ($1 or c.owner = $2) and ($1 or c.owner = $2) limit $3')

    def test_are_left_alone_in_quotes_and_comments(self):
        q = load(a=VISIBLE + "-- name: one\n-- Words.\nselect '{visible}', '{}'::uuid[] /* {visible} */ from c where {visible}; -- {other}\n")['one']
        self.assertEqual(q.text, "select '{visible}', '{}'::uuid[]  from c where ($1 or c.owner = $2)")


class Mistakes(unittest.TestCase):
    def refused(self, words, **files):
        with self.assertRaises(sqlgen.Mistake) as caught:
            load(**files)
        self.assertIn(words, str(caught.exception))

    def test_fragments(self):
        use = '-- name: one\n-- Words.\nselect\n{%s};\n'
        self.refused('a.sql:4: one: there is no fragment "nothing"', a=use % 'nothing')
        self.refused('nobody uses the fragment "visible"', a=VISIBLE)
        self.refused('already in', a=VISIBLE, b=VISIBLE)
        self.refused('takes no text', a=VISIBLE + use % 'visible: true')
        self.refused('takes a text', a='-- fragment: page\n-- A page.\nselect {given}\n' + use % 'page')
        self.refused('without end', a=VISIBLE + '-- name: one\n-- Words.\nselect {visible: (1;\n')
        self.refused('include each other', a='-- fragment: x\n-- X.\n{y}\n-- fragment: y\n-- Y.\n{x}\n' + use % 'x')
        self.refused('a line must say', a='-- fragment: x\nselect\n')

    def test_queries(self):
        self.refused('more than one statement', a='-- name: one\n-- Words.\nselect 1; select 2;\n')
        self.refused('already in', a='-- name: one\n-- Words.\nselect 1;\n', b='-- name: one\n-- Words.\nselect 1;\n')
        self.refused('not numbers', a='-- name: one\n-- Words.\nselect $1;\n')
        self.refused('quote without end', a="-- name: one\n-- Words.\nselect 'a;\n")
        self.refused('bad name', a='-- name: One\n-- Words.\nselect 1;\n')


if __name__ == '__main__':
    unittest.main()
