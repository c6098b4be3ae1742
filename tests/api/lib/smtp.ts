/* A mail server that keeps what it gets: enough SMTP for a client that behaves (RFC 5321, PLAIN login). */
import { type Server, createServer } from 'node:net';

export interface Mail {
  from: string;
  to: string[];
  user: string;
  password: string;
  raw: string;
  /** Header by name, unfolded. */
  header(name: string): string;
  /** The plain part, decoded. */
  text: string;
  html: string;
}

function decode(quoted: string): string {
  const bytes = quoted.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8').replace(/\r\n/g, '\n');
}

function words(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?UTF-8\?B\?([^?]*)\?=/g, (_, base64: string) => Buffer.from(base64, 'base64').toString('utf8'));
}

function part(raw: string, type: string): string {
  const at = raw.indexOf(`Content-Type: ${type}`);
  const from = raw.indexOf('\r\n\r\n', at) + 4;
  return at < 0 ? '' : decode(raw.slice(from, raw.indexOf('\r\n--', from)));
}

export class MailServer {
  readonly mails: Mail[] = [];
  /** Set: every mail is refused with this reply. */
  refuse = '';
  port = 0;
  private constructor(private readonly server: Server) {}

  static start(): Promise<MailServer> {
    const server = createServer();
    const self = new MailServer(server);
    server.on('connection', (socket) => {
      let buffer = '';
      let data = false;
      let mail = { from: '', to: [] as string[], user: '', password: '' };
      socket.write('220 test ESMTP\r\n');
      socket.on('error', () => socket.destroy());
      let asked = false;
      const login = (text: string): void => {
        const [, user = '', password = ''] = Buffer.from(text, 'base64').toString('utf8').split('\0');
        mail = { ...mail, user, password };
        asked = false;
        socket.write('235 fine\r\n');
      };
      const line = (text: string): void => {
        if (asked) return login(text);
        const verb = text.slice(0, 4).toUpperCase();
        if (verb === 'EHLO') socket.write('250-test\r\n250 AUTH PLAIN\r\n');
        else if (verb === 'AUTH') {
          const first = text.split(' ')[2];
          asked = first === undefined;
          if (first === undefined) socket.write('334 \r\n');
          else login(first);
        } else if (verb === 'MAIL') {
          mail = { ...mail, from: /<([^>]*)>/.exec(text)?.[1] ?? '' };
          socket.write(self.refuse ? `${self.refuse}\r\n` : '250 fine\r\n');
        } else if (verb === 'RCPT') {
          mail.to.push(/<([^>]*)>/.exec(text)?.[1] ?? '');
          socket.write('250 fine\r\n');
        } else if (verb === 'DATA') {
          data = true;
          socket.write('354 go on\r\n');
        } else if (verb === 'QUIT') socket.end('221 bye\r\n');
        else socket.write('250 fine\r\n');
      };
      const take = (raw: string): void => {
        const head = raw.slice(0, raw.indexOf('\r\n\r\n')).replace(/\r\n[ \t]/g, ' ');
        const header = (name: string): string =>
          words(new RegExp(`^${name}: (.*)$`, 'im').exec(head.replace(/\r/g, ''))?.[1] ?? '');
        self.mails.push({ ...mail, raw, header, text: part(raw, 'text/plain'), html: part(raw, 'text/html') });
        mail = { ...mail, from: '', to: [] };
      };
      socket.on('data', (chunk) => {
        buffer += chunk.toString('latin1');
        for (;;) {
          const end = data ? buffer.indexOf('\r\n.\r\n') : buffer.indexOf('\r\n');
          if (end < 0) return;
          const text = buffer.slice(0, end);
          buffer = buffer.slice(end + (data ? 5 : 2));
          if (data) {
            data = false;
            take(text.replace(/(^|\r\n)\.\./g, '$1.') + '\r\n');
            socket.write('250 taken\r\n');
          } else line(text);
        }
      });
    });
    return new Promise((done) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        self.port = typeof address === 'object' && address ? address.port : 0;
        done(self);
      });
    });
  }

  stop(): Promise<void> {
    return new Promise((done) => this.server.close(() => done()));
  }
}
