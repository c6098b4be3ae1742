/* A token server as large mail services have one: gives access tokens for refresh tokens (RFC 6749 section 6), a new refresh token with each
   when asked to, and tells a mail server whose an access token is (RFC 7662). */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export class TokenServer {
  readonly url: string;
  /** What it was asked for, oldest first. */
  readonly asked: URLSearchParams[] = [];
  /** Each answer brings a new refresh token and ends the old one (as Microsoft's do). */
  rotates = false;
  /** Seconds that an access token is said to live. */
  seconds = 3600;
  /** Answers instead, until it is 0. */
  broken = 0;
  private readonly refresh = new Map<string, string>();
  private readonly access = new Map<string, string>();
  private counter = 0;

  private constructor(private readonly server: Server) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (data: string) => (body += data));
      request.on('end', () => {
        const url = new URL(request.url ?? '/', this.url);
        const [status, answer] = url.pathname === '/introspect' ? this.introspect(url.searchParams.get('token') ?? '') : this.token(new URLSearchParams(body));
        response.writeHead(status, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify(answer));
      });
    });
  }

  static start(): Promise<TokenServer> {
    return new Promise((done, fail) => {
      const server = createServer();
      server.once('error', fail);
      server.listen(0, '127.0.0.1', () => done(new TokenServer(server)));
    });
  }

  stop(): Promise<void> {
    return new Promise((done) => {
      this.server.close(() => done());
      this.server.closeAllConnections();
    });
  }

  /** The account's owner agrees: a refresh token. */
  agree(address: string): string {
    const token = `refresh-${++this.counter}-${address}`;
    this.refresh.set(token, address);
    return token;
  }

  /** All access tokens given so far are worth nothing. */
  revokeAccess(): void {
    this.access.clear();
  }

  /** The owner no longer agrees. */
  revokeAll(): void {
    this.refresh.clear();
    this.access.clear();
  }

  private introspect(token: string): [number, object] {
    const address = this.access.get(token);
    return [200, address ? { active: true, email: address } : { active: false }];
  }

  private token(form: URLSearchParams): [number, object] {
    this.asked.push(form);
    if (this.broken) return [this.broken, { error: 'temporarily_unavailable' }];
    const old = form.get('refresh_token') ?? '';
    const address = this.refresh.get(old);
    if (form.get('grant_type') !== 'refresh_token' || !address) return [400, { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' }];
    const access = `access-${++this.counter}`;
    this.access.set(access, address);
    const more = this.rotates ? { refresh_token: this.agree(address) } : {};
    if (this.rotates) this.refresh.delete(old);
    return [200, { access_token: access, token_type: 'Bearer', expires_in: this.seconds, ...more }];
  }
}
