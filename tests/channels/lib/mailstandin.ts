/* Mail servers that are not what they should be: an IMAP and an SMTP server of our own on ports that the kernel gives, which a test may
   let lie, break off and forget. They speak just enough to be connected to, without encryption. What is proper is for mailserver.ts. */
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';

abstract class StandIn {
  readonly sockets = new Set<Socket>();
  /** Takes connections and says nothing, not even a greeting. */
  silent = false;
  /** The most connections at once since it fell silent. */
  most = 0;
  private readonly server: Server;
  port = 0;

  protected constructor(greeting: string) {
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      this.most = this.silent ? Math.max(this.most, this.sockets.size) : 0;
      socket.setEncoding('latin1');
      socket.on('error', () => undefined);
      socket.on('close', () => this.sockets.delete(socket));
      let text = '';
      socket.on('data', (data: string) => {
        text += data;
        for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
          const line = text.slice(0, end);
          text = text.slice(end + 2);
          this.heard(socket, line);
        }
      });
      if (!this.silent) socket.write(`${greeting}\r\n`);
    });
  }

  protected abstract heard(socket: Socket, line: string): void;

  async listen(): Promise<this> {
    await new Promise<void>((done, fail) => {
      this.server.once('error', fail);
      this.server.listen(0, '127.0.0.1', done);
    });
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  hangUp(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  stop(): Promise<void> {
    return new Promise((done) => {
      this.server.close(() => done());
      this.hangUp();
    });
  }
}

export interface Laid {
  uid: number;
  raw: string;
  /** When the server took it; a moment ago, unless said. */
  taken?: Date | undefined;
}

export class ImapStandIn extends StandIn {
  capabilities = 'IMAP4rev1';
  mails: Laid[] = [];
  uidValidity = 7;
  /** Commands as they came, without their tags. */
  readonly said: string[] = [];
  /** Answers instead, when it answers; \r\n at its end. */
  lie: ((command: string, tag: string, socket: Socket) => string | undefined) | undefined;

  /** Who waits for news: the tag of its IDLE. How many mails each was told of. */
  private readonly idle = new Map<Socket, string>();
  private readonly told = new Map<Socket, number>();

  constructor() {
    super('* OK ready');
  }

  lay(uid: number, raw: string, taken?: Date): void {
    this.mails.push({ uid, raw, taken });
    for (const socket of this.idle.keys()) this.tell(socket);
  }

  private tell(socket: Socket): void {
    if (this.told.get(socket) === this.mails.length) return;
    this.told.set(socket, this.mails.length);
    socket.write(`* ${this.mails.length} EXISTS\r\n`);
  }

  protected heard(socket: Socket, line: string): void {
    const waited = this.idle.get(socket);
    if (waited !== undefined) {
      this.idle.delete(socket);
      socket.write(`${waited} OK done\r\n`);
      return;
    }
    const [tag = '', ...words] = line.split(' ');
    const command = words.join(' ');
    this.said.push(command);
    const lie = this.lie?.(command, tag, socket);
    if (lie === undefined && command === 'IDLE') {
      socket.write('+ idling\r\n');
      this.idle.set(socket, tag);
      this.tell(socket);
      return;
    }
    if (/^UID FETCH \d+:/i.test(command)) this.told.set(socket, this.mails.length);
    socket.write(Buffer.from(lie ?? this.answer(command, tag), 'latin1'));
  }

  /** A mail, or its first bytes, as a FETCH answers; nothing when it is not there. */
  body(uid: number, part?: string): string {
    const i = this.mails.findIndex((laid) => laid.uid === uid);
    const raw = part ? this.mails[i]?.raw.slice(0, Number(part)) : this.mails[i]?.raw;
    return raw === undefined ? '' : `* ${i + 1} FETCH (UID ${uid} BODY[]${part ? '<0>' : ''} {${raw.length}}\r\n${raw})\r\n`;
  }

  answer(command: string, tag: string): string {
    const done = `${tag} OK done\r\n`;
    if (/^CAPABILITY/i.test(command)) return `* CAPABILITY ${this.capabilities}\r\n${done}`;
    if (/^LOGIN /i.test(command)) return done;
    if (/^EXAMINE /i.test(command)) return `* ${this.mails.length} EXISTS\r\n* OK [UIDVALIDITY ${this.uidValidity}] fine\r\n* OK [UIDNEXT ${Math.max(0, ...this.mails.map((one) => one.uid)) + 1}] fine\r\n${done}`;
    if (/^UID SEARCH /i.test(command)) return `* SEARCH ${this.mails.map((one) => one.uid).join(' ')}\r\n${done}`;
    const list = /^UID FETCH (\d+):\*/i.exec(command);
    if (list) {
      const from = Number(list[1]);
      return this.mails.map((one, i) => (one.uid >= from ? `* ${i + 1} FETCH (UID ${one.uid} RFC822.SIZE ${one.raw.length} INTERNALDATE "${day(one.taken)}" FLAGS ())\r\n` : '')).join('') + done;
    }
    const some = /^UID FETCH ([\d,]+) /i.exec(command);
    if (some?.[1]) {
      const part = /BODY\.PEEK\[\](<0\.(\d+)>)?/i.exec(command)?.[2];
      return some[1].split(',').map((uid) => this.body(Number(uid), part)).join('') + done;
    }
    return done;
  }
}

/** As INTERNALDATE wants it. */
function day(when = new Date(Date.now() - 1000)): string {
  const [, date = '', month = '', year = '', time = ''] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(when.toUTCString()) ?? [];
  return `${date}-${month}-${year} ${time} +0000`;
}

export class SmtpStandIn extends StandIn {
  /** Mails as they came, dots undone. */
  readonly mails: string[] = [];
  readonly said: string[] = [];
  /** So many mails are taken, and the connection breaks before the answer. */
  forgets = 0;
  private readonly bodies = new Map<Socket, string[]>();

  constructor() {
    super('220 ready');
  }

  protected heard(socket: Socket, line: string): void {
    const body = this.bodies.get(socket);
    if (!body) {
      this.said.push(line);
      const word = line.slice(0, 4).toUpperCase();
      if (word === 'DATA') this.bodies.set(socket, []);
      socket.write(word === 'DATA' ? '354 go on\r\n' : word === 'QUIT' ? '221 bye\r\n' : '250 fine\r\n');
      return;
    }
    if (line !== '.') {
      body.push(line.replace(/^\./, ''));
      return;
    }
    this.bodies.delete(socket);
    this.mails.push(`${body.join('\r\n')}\r\n`);
    if (this.forgets > 0) {
      this.forgets--;
      socket.destroy();
    } else {
      socket.write('250 taken\r\n');
    }
  }
}
