/* A real mail server for tests: Dovecot (IMAP) and Postfix (SMTP) from Debian, on free ports of this machine, with everything they have
   in a folder that goes at the end. Ports are taken from below those that the kernel gives to others (a server that goes down and comes
   back finds its own free); should one be taken all the same, others are tried. Nothing leaves the machine: Postfix knows the domains below and refuses all others. Certificates are
   of an authority made here; the program under test is told to trust it (env).

     loja.example, cliente.example   boxes made by box()
     fora.example                    taken, and sent back as a bounce
     tarde.example                   refused at once, "again later" (450)
     nunca.example                   refused at once, for good (550)

   Accounts log in by password, or by an access token of the token server that comes along (oauth.ts).
   Postfix and Dovecot drop rights by themselves and therefore start as root only. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { type Socket, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../api/lib/server.ts';
import { TokenServer } from './oauth.ts';

export const canRun = process.getuid?.() === 0 && existsSync('/usr/sbin/dovecot') && existsSync('/usr/sbin/postfix');

const nobody = 65534;
const waitMs = 60_000;

/** A port that is free and that the kernel gives to nobody by itself. */
async function quietPort(): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    const free = await new Promise<boolean>((done) => {
      const probe = createServer();
      probe.once('error', () => done(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => done(true)));
    });
    if (free) return port;
  }
  throw new Error('no free port for a mail server');
}

/* What a failed test left running goes with the test file's process. */
const stillRunning = new Set<MailServer>();
process.on('exit', () => {
  for (const one of stillRunning) one.end();
});

export interface Box {
  address: string;
  password: string;
}

export class MailServer {
  readonly dir: string;
  readonly boxes: Box[] = [];
  imapPort = 0;
  imapsPort = 0;
  smtpPort = 0;
  smtpsPort = 0;
  private authPort = 0;
  private submitPort = 0;
  private dovecot: ChildProcess | undefined;
  tokens!: TokenServer;

  private constructor() {
    this.dir = mkdtempSync(join(tmpdir(), 'mail-test-'));
    chmodSync(this.dir, 0o755);
  }

  static async start(boxes: readonly string[]): Promise<MailServer> {
    for (let tries = 1; ; tries++) {
      const server = new MailServer();
      stillRunning.add(server);
      try {
        await server.begin(boxes);
        return server;
      } catch (error) {
        const log = server.log();
        await server.stop();
        if (tries === 3) throw new Error(`no mail server: ${String(error)}\n${log.slice(-3000)}`);
      }
    }
  }

  private async begin(boxes: readonly string[]): Promise<void> {
    for (const address of boxes) this.boxes.push({ address, password: `senha de ${address}` });
    this.imapPort = await quietPort();
    this.imapsPort = await quietPort();
    this.smtpPort = await quietPort();
    this.smtpsPort = await quietPort();
    this.authPort = await quietPort();
    this.submitPort = await quietPort();
    this.tokens = await TokenServer.start();
    this.certificates();
    this.writeDovecot();
    this.writePostfix();
    await this.startImap();
    await this.startSmtp();
  }

  get caFile(): string {
    return join(this.dir, 'ca.pem');
  }

  /** What the program needs to reach it. */
  get env(): Record<string, string> {
    return { INTERFLOW_ALLOW_PRIVATE: '127.0.0.0/8', INTERFLOW_CA_FILE: this.caFile };
  }

  private certificates(): void {
    const at = (name: string): string => join(this.dir, name);
    const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'ignore', cwd: this.dir });
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=Test authority', '-keyout', 'ca.key', '-out', 'ca.pem');
    writeFileSync(at('server.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-keyout', 'server.key', '-out', 'server.csr');
    openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'server.ext', '-out', 'server.pem');
    for (const name of ['ca.pem', 'server.pem', 'server.key']) chmodSync(at(name), 0o644);
  }

  /** The folder of a box, as both servers use it. */
  maildir(address: string): string {
    return join(this.dir, 'mail', address);
  }

  private writeDovecot(): void {
    for (const box of this.boxes) {
      const root = this.maildir(box.address);
      for (const sub of ['', 'cur', 'new', 'tmp']) {
        mkdirSync(join(root, sub), { recursive: true });
        chownSync(join(root, sub), nobody, nobody);
      }
    }
    chownSync(join(this.dir, 'mail'), nobody, nobody);
    writeFileSync(join(this.dir, 'users'), this.boxes.map((box) => `${box.address}:{PLAIN}${box.password}:${nobody}:${nobody}::${this.dir}::`).join('\n') + '\n');
    chmodSync(join(this.dir, 'users'), 0o644);
    writeFileSync(
      join(this.dir, 'oauth2.conf'),
      `introspection_url = ${this.tokens.url}/introspect?token=
introspection_mode = get
force_introspection = yes
username_attribute = email
active_attribute = active
active_value = true
`,
    );
    mkdirSync(join(this.dir, 'run'), { recursive: true });
    writeFileSync(
      join(this.dir, 'dovecot.conf'),
      `base_dir = ${this.dir}/run
state_dir = ${this.dir}/run
log_path = ${this.dir}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <${this.dir}/server.pem
ssl_key = <${this.dir}/server.key
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
mail_location = maildir:${this.dir}/mail/%u
first_valid_uid = 1
mail_max_userip_connections = 50
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${this.dir}/oauth2.conf
}
passdb {
  driver = passwd-file
  mechanisms = plain login
  args = username_format=%u ${this.dir}/users
}
userdb {
  driver = static
  args = uid=${nobody} gid=${nobody} home=${this.dir}/mail/%u
}
service imap-login {
  inet_listener imap {
    port = ${this.imapPort}
  }
  inet_listener imaps {
    port = ${this.imapsPort}
    ssl = yes
  }
}
service auth {
  inet_listener {
    address = 127.0.0.1
    port = ${this.authPort}
  }
}
`,
    );
  }

  private writePostfix(): void {
    const etc = join(this.dir, 'postfix');
    for (const name of ['postfix', 'queue', 'data']) mkdirSync(join(this.dir, name), { recursive: true });
    execFileSync('chown', ['postfix', join(this.dir, 'data')]);
    writeFileSync(join(etc, 'boxes'), this.boxes.map((box) => `${box.address} ${box.address}/`).join('\n') + '\n');
    writeFileSync(join(etc, 'transport'), `fora.example smtp:[127.0.0.1]:${this.submitPort}\n`); // where everything is refused: it comes back
    writeFileSync(join(etc, 'recipients'), 'nunca.example 550 5.7.1 we never take mail\ntarde.example 450 4.2.1 come again later\n');
    writeFileSync(
      join(etc, 'main.cf'),
      `compatibility_level = 3.6
queue_directory = ${this.dir}/queue
data_directory = ${this.dir}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.loja.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.2/32
alias_maps =
alias_database =
default_transport = error:only the test's own domains
transport_maps = texthash:${etc}/transport
virtual_mailbox_domains = loja.example cliente.example
virtual_mailbox_base = ${this.dir}/mail
virtual_mailbox_maps = texthash:${etc}/boxes
virtual_uid_maps = static:${nobody}
virtual_gid_maps = static:${nobody}
virtual_minimum_uid = 1
virtual_mailbox_limit = 0
message_size_limit = 60000000
relay_domains = fora.example
smtpd_tls_security_level = may
smtpd_tls_cert_file = ${this.dir}/server.pem
smtpd_tls_key_file = ${this.dir}/server.key
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:${this.authPort}
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access texthash:${etc}/recipients
smtpd_client_connection_count_limit = 0
smtpd_sender_login_maps = texthash:${etc}/owners
smtpd_sender_restrictions = reject_sender_login_mismatch
minimal_backoff_time = 1s
queue_run_delay = 1s
service_throttle_time = 1s
maillog_file = ${this.dir}/postfix.log
maillog_file_prefixes = ${this.dir}
`,
    );
    writeFileSync(join(etc, 'owners'), this.boxes.map((box) => `${box.address} ${box.address}`).join('\n') + '\n');
    const inner = ['pickup unix n - n 1 1 pickup', 'cleanup unix n - n - 0 cleanup', 'qmgr unix n - n 1 1 qmgr', 'tlsmgr unix - - n 1000? 1 tlsmgr'];
    for (const name of ['rewrite trivial-rewrite', 'bounce', 'defer bounce', 'trace bounce', 'verify', 'flush', 'proxymap', 'smtp', 'relay smtp', 'error', 'retry error', 'discard', 'local', 'virtual', 'lmtp', 'anvil', 'scache']) {
      const [service = '', command = service] = name.split(' ');
      const rights = service === 'local' || service === 'virtual' ? '- n n' : '- - n';
      inner.push(`${service} unix ${rights} - ${['bounce', 'defer', 'trace'].includes(service) ? '0' : '-'} ${command}`);
    }
    inner.push('postlog unix-dgram n - n - 1 postlogd');
    const once = '-o max_use=1'; // one that lives on would keep a connection to a Dovecot that is gone, and refuse a login for it
    const refusing = `127.0.0.1:${this.submitPort} inet n - n - - smtpd -o myhostname=mx.fora.example -o smtpd_relay_restrictions= -o smtpd_sender_restrictions= -o smtpd_recipient_restrictions=reject`;
    writeFileSync(
      join(etc, 'master.cf'),
      [`127.0.0.1:${this.smtpPort} inet n - n - - smtpd ${once}`, `127.0.0.1:${this.smtpsPort} inet n - n - - smtpd ${once} -o smtpd_tls_wrappermode=yes`, refusing, ...inner].join('\n') + '\n',
    );
  }

  async startImap(): Promise<void> {
    this.dovecot = spawn('/usr/sbin/dovecot', ['-F', '-c', join(this.dir, 'dovecot.conf')], { stdio: 'ignore' });
    const child = this.dovecot;
    await until(
      'Dovecot',
      () => {
        if (child.exitCode !== null) throw new Error(`Dovecot ended with ${child.exitCode}`);
        return answers(this.imapPort, '* OK');
      },
      waitMs,
      100,
    );
  }

  /** As a mail server goes down for repairs: its connections end. */
  async stopImap(): Promise<void> {
    const child = this.dovecot;
    if (!child) return;
    const gone = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    await gone;
    this.dovecot = undefined;
  }

  async startSmtp(): Promise<void> {
    execFileSync('/usr/sbin/postfix', ['-c', join(this.dir, 'postfix'), 'start'], { stdio: 'ignore' });
    for (const port of [this.smtpPort, this.submitPort]) await until('Postfix', () => answers(port, '220 '), waitMs, 100);
  }

  stopSmtp(): void {
    execFileSync('/usr/sbin/postfix', ['-c', join(this.dir, 'postfix'), 'stop'], { stdio: 'ignore' });
  }

  async stop(): Promise<void> {
    stillRunning.delete(this);
    try {
      this.stopSmtp();
    } catch {
      /* it was stopped already, or never came up */
    }
    await this.stopImap();
    await this.tokens?.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** As stop(), at once: for a process that is about to end. */
  end(): void {
    try {
      this.stopSmtp();
    } catch {
      /* as above */
    }
    this.dovecot?.kill('SIGKILL');
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** From now on the certificate is one that nobody knows; false: the right one again. */
  async strangeCertificate(on: boolean): Promise<void> {
    const at = (name: string): string => join(this.dir, name);
    if (on) {
      copyFileSync(at('server.pem'), at('server.pem.good'));
      execFileSync('openssl', ['req', '-x509', '-key', at('server.key'), '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-out', at('server.pem')], { stdio: 'ignore' });
    } else {
      copyFileSync(at('server.pem.good'), at('server.pem'));
    }
    chmodSync(at('server.pem'), 0o644);
    await this.stopImap();
    await this.startImap();
  }

  log(): string {
    return ['dovecot.log', 'postfix.log'].map((name) => join(this.dir, name)).filter(existsSync).map((path) => readFileSync(path, 'utf8')).join('\n');
  }

  /** Puts a mail straight into a box, as a delivery does. taken: the server's time of it (first synchronisations go by it). */
  put(address: string, raw: string | Uint8Array, taken?: Date, flags = ''): void {
    const root = this.maildir(address);
    const name = `${Math.floor((taken?.getTime() ?? Date.now()) / 1000)}.M${(counter++).toString().padStart(9, '0')}P${process.pid}.test`;
    const temporary = join(root, 'tmp', name);
    writeFileSync(temporary, raw);
    chownSync(temporary, nobody, nobody);
    if (taken) utimesSync(temporary, taken, taken);
    renameSync(temporary, flags ? join(root, 'cur', `${name}:2,${flags}`) : join(root, 'new', name));
  }

  /** What lies in a box, oldest first. */
  mails(address: string): string[] {
    const root = this.maildir(address);
    return ['new', 'cur']
      .flatMap((sub) => readdirSync(join(root, sub)).map((name) => join(root, sub, name)))
      .map((path) => ({ path, at: statSync(path).mtimeMs }))
      .sort((a, b) => a.at - b.at || a.path.localeCompare(b.path))
      .map((one) => readFileSync(one.path, 'latin1'));
  }

  /** Forgets all numbers of a box: UIDVALIDITY changes, as after a server was restored. */
  renumber(address: string): void {
    const root = this.maildir(address);
    for (const name of readdirSync(root)) if (name.startsWith('dovecot')) rmSync(join(root, name), { recursive: true, force: true });
    writeFileSync(join(root, 'dovecot-uidvalidity'), Math.floor(Date.now() / 1000 + 1000).toString(16));
    chownSync(join(root, 'dovecot-uidvalidity'), nobody, nobody);
  }

  /** Sends a mail through Postfix, as one of the boxes. */
  async send(from: string, to: readonly string[], raw: string): Promise<void> {
    const box = this.boxes.find((one) => one.address === from);
    const smtp = await Talk.open(this.smtpPort);
    await smtp.say('EHLO test', '250');
    if (box) await smtp.say(`AUTH PLAIN ${Buffer.from(`\0${box.address}\0${box.password}`).toString('base64')}`, '235');
    await smtp.say(`MAIL FROM:<${from}>`, '250');
    for (const one of to) await smtp.say(`RCPT TO:<${one}>`, '250');
    await smtp.say('DATA', '354');
    const body = raw.replace(/\r?\n/g, '\r\n').replace(/^\./gm, '..');
    await smtp.say(`${body}${body.endsWith('\r\n') ? '' : '\r\n'}.`, '250');
    smtp.end();
  }
}

let counter = 0;

/** A line-based conversation: say something, wait for the answer that begins with the code. */
class Talk {
  private text = '';
  private constructor(private readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (data: string) => (this.text += data));
    socket.on('error', () => undefined);
  }

  static async open(port: number): Promise<Talk> {
    const talk = new Talk(connect(port, '127.0.0.1'));
    await talk.wait('220');
    return talk;
  }

  private async wait(code: string): Promise<void> {
    const line = await until(`an answer of the mail server (${code})`, () => /^(\d{3}) .*\r\n$/m.exec(this.text)?.[0], waitMs, 5);
    this.text = '';
    if (!line.startsWith(code)) throw new Error(`the mail server says ${line}`);
  }

  async say(line: string, code: string): Promise<void> {
    this.socket.write(`${line}\r\n`);
    await this.wait(code);
  }

  end(): void {
    this.socket.end('QUIT\r\n');
  }
}

function answers(port: number, begins: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    const end = (good: boolean): void => {
      socket.destroy();
      done(good);
    };
    socket.setTimeout(5000, () => end(false));
    socket.once('error', () => end(false));
    socket.once('data', (data: Buffer) => end(data.toString('latin1').startsWith(begins)));
  });
}
