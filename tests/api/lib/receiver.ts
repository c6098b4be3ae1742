/* A receiver of webhooks, as an integrator would write one: keeps what comes, checks the signature as docs/WEBHOOKS.md says, and
   answers what the test tells it to. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type JsonObject, isObject } from './client.ts';
import { until } from './server.ts';

export interface Notice {
  headers: IncomingMessage['headers'];
  raw: string;
  body: JsonObject;
  data: JsonObject;
  type: string;
  eventId: string;
  at: number;
}

export type Behaviour = (notice: Notice, response: ServerResponse, request: IncomingMessage) => void;

export const answer =
  (status: number, text = 'ok', headers: Record<string, string> = {}): Behaviour =>
  (_, response) => {
    response.writeHead(status, headers).end(text);
  };

export class Receiver {
  readonly notices: Notice[] = [];
  behave: Behaviour = answer(200);
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static start(port = 0): Promise<Receiver> {
    return new Promise((done) => {
      const server = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('error', () => response.destroy());
        request.on('end', () => {
          const raw = Buffer.concat(chunks).toString('utf8');
          const body = JSON.parse(raw) as JsonObject;
          const notice: Notice = {
            headers: request.headers,
            raw,
            body,
            data: isObject(body['data']) ? body['data'] : {},
            type: String(body['type']),
            eventId: String(request.headers['x-interflow-event-id']),
            at: Date.now(),
          };
          self.notices.push(notice);
          self.behave(notice, response, request);
        });
      });
      let self: Receiver;
      server.listen(port, '127.0.0.1', () => {
        self = new Receiver(server, (server.address() as AddressInfo).port);
        done(self);
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  of(type: string): Notice[] {
    return this.notices.filter((one) => one.type === type);
  }

  wait(type: string, where: (notice: Notice) => boolean = () => true, timeoutMs = 60_000): Promise<Notice> {
    return until(`a ${type}`, () => this.of(type).find(where), timeoutMs);
  }

  stop(): Promise<void> {
    return new Promise((done) => {
      this.server.close(() => done());
      this.server.closeAllConnections();
    });
  }
}

/** As a receiver does it: the header's time is fresh and one of its signatures is that of "<t>.<raw body>". */
export function signed(notice: Notice, secret: string): boolean {
  const parts = String(notice.headers['x-interflow-signature']).split(',');
  const time = parts.find((one) => one.startsWith('t='))?.slice(2) ?? '';
  if (Math.abs(Date.now() / 1000 - Number(time)) > 300) return false;
  const expected = createHmac('sha256', secret).update(`${time}.${notice.raw}`).digest();
  return parts.some((one) => {
    if (!one.startsWith('v1=')) return false;
    const given = Buffer.from(one.slice(3), 'hex');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
