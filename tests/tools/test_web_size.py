"""tools/web_size.py: nothing that a browser must load to show the inbox is left out in silence."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'tools'))
import web_size  # noqa: E402

FILES = {
    'index-a.js': 'import{x}from"./shared-b.js";const p=()=>import("./Inbox-c.js");',
    'shared-b.js': 'export const x=1;',
    'Inbox-c.js': 'import{x as y}from"./shared-b.js";import"./deep-d.js";',
    'deep-d.js': 'export{z}from"./deeper-e.js"',
    'deeper-e.js': 'export const z=2',
    'pt-f.js': 'export default {}',
    'inbox.service-g.js': 'export const other=1',
    'Settings-h.js': 'export const other=2',
}


class WebSize(unittest.TestCase):
    def dist(self, leave_out=(), more=None):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        dist = pathlib.Path(folder.name)
        (dist / 'assets').mkdir()
        (dist / 'index.html').write_text('<script type="module" src="/assets/index-a.js"></script>')
        for name, text in {**FILES, **(more or {})}.items():
            if name not in leave_out:
                (dist / 'assets' / name).write_text(text)
        return dist

    def test_the_page_and_all_that_it_needs(self):
        names = {p.name for p in web_size.inbox_scripts(self.dist())}
        self.assertEqual(names, {'index-a.js', 'shared-b.js', 'Inbox-c.js', 'deep-d.js', 'deeper-e.js', 'pt-f.js'})

    def test_a_missing_page_fails(self):
        for name in ('Inbox-c.js', 'pt-f.js', 'deeper-e.js'):
            with self.assertRaises(web_size.Missing):
                web_size.inbox_scripts(self.dist(leave_out=[name]))

    def test_two_candidates_fail(self):
        with self.assertRaises(web_size.Missing):
            web_size.inbox_scripts(self.dist(more={'Inbox-z.js': ''}))

    def test_bytes_are_those_of_brotli(self):
        dist = self.dist(more={'deeper-e.js': '/*' + 'x' * 100_000 + '*/'})
        self.assertGreater(web_size.inbox_bytes(dist), 0)
        self.assertLess(web_size.inbox_bytes(dist), 1000)


if __name__ == '__main__':
    unittest.main()
