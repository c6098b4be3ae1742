"""./bench email: mails per second from a mailbox into chats.

Dovecot holds a box of mails of all kinds (tests/channels/mail/generate.py), some of them with files; an account is connected to it, and
its first synchronisation is timed, from the first mail that is in to the last. The limit is a plain client that fetches the same mails
one by one from the same server and throws them away."""
import imaplib
import os
import pathlib
import pwd
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import server as S
from common import out

COUNT = 1500
BOX = 'banco@loja.example'
WAIT_S = 300


class Smtp(socketserver.StreamRequestHandler):
    """Enough of a mail server for the check of an account; takes no mail."""

    def handle(self):
        self.wfile.write(b'220 bench\r\n')
        for line in self.rfile:
            word = line[:4].upper()
            self.wfile.write({b'QUIT': b'221 bye\r\n', b'DATA': b'554 no\r\n'}.get(word, b'250 fine\r\n'))
            if word == b'QUIT':
                return


def start_dovecot(folder, port):
    user = pwd.getpwnam('nobody')
    box = folder / 'mail' / BOX
    for sub in ('cur', 'new', 'tmp'):
        (box / sub).mkdir(parents=True)
    made = folder / 'made'
    subprocess.run([sys.executable, S.ROOT / 'tests/channels/mail/generate.py', made, str(COUNT)], check=True, stdout=subprocess.DEVNULL)
    for path in sorted(made.iterdir()):
        path.rename(box / 'new' / f'{int(time.time())}.M{path.stem}.bench')
    for path in (folder / 'mail', box, *(p for p in box.rglob('*'))):
        os.chown(path, user.pw_uid, user.pw_gid)
    (folder / 'users').write_text(f'{BOX}:{{PLAIN}}senha\n')
    (folder / 'dovecot.conf').write_text(f'''base_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={user.pw_uid} gid={user.pw_gid} home={folder}/mail/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
''')
    return subprocess.Popen(['/usr/sbin/dovecot', '-F', '-c', folder / 'dovecot.conf'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def plain_client(port):
    """Mails per second of a client that only fetches."""
    for _ in range(100):
        try:
            client = imaplib.IMAP4('127.0.0.1', port)
            break
        except OSError:
            time.sleep(0.1)
    client.login(BOX, 'senha')
    client.select('INBOX', readonly=True)
    ids = client.uid('SEARCH', 'ALL')[1][0].split()
    begin = time.monotonic()
    for one in ids:
        client.uid('FETCH', one, '(UID BODY.PEEK[])')
    took = time.monotonic() - begin
    client.logout()
    return len(ids) / took


def taken(server, channel):
    count, first, last = server.psql(f"select count(*), coalesce(extract(epoch from min(created_at)), 0), coalesce(extract(epoch from max(created_at)), 0) "
                                     f"from mails where channel_id = '{channel}'").split('|')
    return int(count), float(last) - float(first)


def bench(server, args):
    if os.getuid() != 0 or not pathlib.Path('/usr/sbin/dovecot').exists():
        S.say('bench: email needs Dovecot, and to be root; left out')
        return
    org = server.facts['org']
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        port = S.free_port()
        dovecot = start_dovecot(folder, port)
        smtp = socketserver.ThreadingTCPServer(('127.0.0.1', 0), Smtp)
        threading.Thread(target=smtp.serve_forever, daemon=True).start()
        try:
            limit = statistics.median(plain_client(port) for _ in range(args.rounds))
            channel = server.request('POST', f'/api/{org}/channels', {
                'kind': 'email', 'name': f'Banco {time.time_ns()}', 'address': BOX, 'secrets': {'password': 'senha'},
                'settings': {'imapHost': '127.0.0.1', 'imapPort': port, 'imapSecurity': 'none', 'smtpHost': '127.0.0.1',
                             'smtpPort': smtp.server_address[1], 'smtpSecurity': 'none', 'username': BOX}})['id']
            end = time.monotonic() + WAIT_S
            while taken(server, channel)[0] < COUNT and time.monotonic() < end:
                time.sleep(0.5)
            count, seconds = taken(server, channel)
            found = int(server.psql(f"select count(*) from messages where channel_id = '{channel}' and external_id is not null"))
            out('email.in', (count - 1) / seconds, 'mails/s', limit, (count - 1) / seconds / limit)
            out('email.found_once', found, 'mails', COUNT, found / COUNT)
            server.request('DELETE', f'/api/{org}/channels/{channel}')
        finally:
            smtp.shutdown()
            dovecot.terminate()
            dovecot.wait()
