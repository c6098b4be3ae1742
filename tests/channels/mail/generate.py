#!/usr/bin/env python3
"""Mails of all kinds, for the tests of the e-mail channel.

    generate.py DIR COUNT   writes COUNT mails as DIR/0001.eml ..., and prints a line of JSON for each:
                            {"file", "id", "kind"}; "id" is null where the mail has no Message-ID

The mails next to this file (each strange in one way) come first, each with a Message-ID of its own; the rest is made from a seed, so
that each run makes the same ones: texts in many charsets, HTML with pictures, attachments, invitations, threads with References in all
notations, automatic answers, reports, damaged mails. All are from invented people to loja@loja.example.
"""
import base64
import json
import pathlib
import random
import re
import sys
import zlib
from email.header import Header
from email.message import EmailMessage
from email.utils import format_datetime
from datetime import datetime, timedelta, timezone

HERE = pathlib.Path(__file__).resolve().parent
WORDS = ('pedido entrega bolo cenoura obrigada quando chega troca nota fiscal loja horário preço caixa amanhã '
         'gracias envío ¿cuándo? señal order please thanks grüße 注文 ありがとう заказ спасибо').split()
CHARSETS = [('utf-8', 'Olá, ação e coração ✓'), ('iso-8859-1', 'Olá, ação'), ('windows-1252', 'preço “bom” €'),
            ('iso-8859-15', 'custa 5 €'), ('iso-2022-jp', '注文ありがとう'), ('koi8-r', 'спасибо'), ('windows-1251', 'заказ'),
            ('shift_jis', 'ありがとう'), ('gb18030', '谢谢'), ('big5', '謝謝')]


def picture(rng):
    """A small PNG, different each time."""
    def chunk(kind, data):
        return len(data).to_bytes(4, 'big') + kind + data + zlib.crc32(kind + data).to_bytes(4, 'big')
    row = b'\0' + bytes(rng.randrange(256) for _ in range(12))
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', (4).to_bytes(4, 'big') + (1).to_bytes(4, 'big') + b'\x08\x02\0\0\0')
            + chunk(b'IDAT', zlib.compress(row)) + chunk(b'IEND', b''))


class Maker:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.sent = []
        self.now = datetime.now(timezone.utc) - timedelta(hours=2)

    def words(self, n):
        return ' '.join(self.rng.choice(WORDS) for _ in range(n))

    def person(self):
        n = self.rng.randrange(60)
        return f'Pessoa {n}', f'pessoa{n}@cliente.example'

    def base(self, n, subject=None):
        name, address = self.person()
        m = EmailMessage()
        m['From'] = f'{name} <{address}>'
        m['To'] = 'Loja <loja@loja.example>'
        m['Subject'] = subject or self.words(4)
        m['Date'] = format_datetime(self.now + timedelta(seconds=n))
        m['Message-ID'] = f'<gerado-{n}@cliente.example>'
        self.sent.append(f'gerado-{n}@cliente.example')
        return m

    def plain(self, n):
        m = self.base(n)
        m.set_content(self.words(30) + '\n')
        return m.as_bytes()

    def charset(self, n):
        charset, text = CHARSETS[n % len(CHARSETS)]
        m = self.base(n)
        del m['Subject']
        head = m.as_bytes().rstrip(b'\n')
        subject = Header(text, charset).encode()
        return (head + f'\nSubject: {subject}\nMIME-Version: 1.0\nContent-Type: text/plain; charset={charset}\n'
                f'Content-Transfer-Encoding: 8bit\n\n'.encode() + text.encode(charset, 'replace') + b'\n')

    def html(self, n):
        m = self.base(n)
        m.set_content(self.words(10) + '\n')
        m.add_alternative(f'<p>{self.words(20)}</p><img src="cid:foto{n}"><img src="https://imagens.example/{n}.png">'
                          f'<script>alert({n})</script>', subtype='html')
        m.get_payload()[1].add_related(picture(self.rng), 'image', 'png', cid=f'<foto{n}>')
        return m.as_bytes()

    def files(self, n):
        m = self.base(n)
        m.set_content(self.words(5) + '\n')
        for i in range(self.rng.randrange(1, 4)):
            m.add_attachment(picture(self.rng), 'image', 'png', filename=f'foto ação {n}-{i}.png')
        m.add_attachment(self.words(50).encode(), 'text', 'plain', filename='../notas;"x".txt')
        return m.as_bytes()

    def invitation(self, n):
        m = self.base(n, 'Convite: reunião')
        m.set_content('Você foi convidada.\n')
        m.add_attachment(f'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:{n}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n'.encode(),
                         'text', 'calendar', filename='convite.ics')
        return m.as_bytes()

    def thread(self, n):
        m = self.base(n, 'Re: ' + self.words(3))
        before = self.rng.sample(self.sent[:-1], min(len(self.sent) - 1, 3))
        ways = [' '.join(f'<{i}>' for i in before), '\n '.join(f'<{i}>' for i in before), ','.join(f'<{i}>' for i in before),
                ''.join(f'<{i}>' for i in before)]
        m.set_content(self.words(8) + '\n\n> ' + self.words(8) + '\n> ' + self.words(8) + '\n')
        raw = m.as_bytes()
        return b'References: ' + ways[n % len(ways)].encode() + b'\n' + raw if before else raw

    def automatic(self, n):
        m = self.base(n, 'Fora do escritório')
        m['Auto-Submitted'] = 'auto-replied'
        m.set_content('Volto na segunda.\n')
        return m.as_bytes()

    def newsletter(self, n):
        m = self.base(n, 'Ofertas da semana')
        m['List-Unsubscribe'] = '<https://ofertas.example/sair>'
        m['Precedence'] = 'bulk'
        m.set_content(self.words(40) + '\n')
        return m.as_bytes()

    def large(self, n):
        m = self.base(n)
        m.set_content('Segue o arquivo.\n')
        m.add_attachment(self.rng.randbytes(700_000), 'application', 'pdf', filename='catalogo.pdf')
        return m.as_bytes()

    def damaged(self, n):
        raw = bytearray(self.html(n) if n % 2 else self.files(n))
        head = raw.find(b'\n\n')
        for _ in range(20):
            raw[self.rng.randrange(head + 2, len(raw))] = self.rng.randrange(256)
        return bytes(raw[:self.rng.randrange(head + 100, len(raw))])

    def deep(self, n):
        m = self.base(n)
        head = m.as_bytes().rstrip(b'\n')
        out = [head, b'MIME-Version: 1.0']
        for i in range(45):
            out += [f'Content-Type: multipart/mixed; boundary="b{i}"'.encode(), b'', f'--b{i}'.encode()]
        out += [b'Content-Type: text/plain', b'', b'bem no fundo']
        return b'\n'.join(out) + b'\n'

    def nameless(self, n):
        return (f'To: loja@loja.example\nDate: {format_datetime(self.now + timedelta(seconds=n))}\n\nsem remetente {n}\n').encode()


def with_id(raw, ident):
    """The mail with this Message-ID in the place of its own."""
    head, sep, body = raw, b'', b''
    for end in (b'\r\n\r\n', b'\n\n'):
        at = raw.find(end)
        if at >= 0 and (not sep or at < len(head)):
            head, sep, body = raw[:at], end, raw[at + len(end):]
    if not sep or not re.match(rb'[!-9;-~]+:', head):
        return None
    head = re.sub(rb'(?im)^message-id:.*(\r?\n[ \t].*)*(\r?\n|$)', b'', head)
    return b'Message-ID: <' + ident.encode() + b'>\n' + head + sep + body


def main():
    folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    maker = Maker(7)
    kinds = [maker.plain, maker.charset, maker.html, maker.files, maker.thread, maker.plain, maker.invitation, maker.automatic,
             maker.thread, maker.newsletter, maker.damaged, maker.charset, maker.nameless, maker.thread, maker.html, maker.deep]
    n = 0
    for path in sorted(HERE.glob('*.eml')):
        if n >= count:
            break
        n += 1
        ident = f'fixo-{path.stem}@cliente.example'
        raw = with_id(path.read_bytes(), ident)
        if raw is None:
            raw, ident = path.read_bytes(), None
        (folder / f'{n:04}.eml').write_bytes(raw)
        print(json.dumps({'file': f'{n:04}.eml', 'id': ident, 'kind': path.stem}))
    while n < count:
        n += 1
        make = maker.large if n % 97 == 0 else kinds[n % len(kinds)]
        (folder / f'{n:04}.eml').write_bytes(make(n))
        ident = None if make == maker.nameless else f'gerado-{n}@cliente.example'
        print(json.dumps({'file': f'{n:04}.eml', 'id': ident, 'kind': make.__name__}))


if __name__ == '__main__':
    main()
