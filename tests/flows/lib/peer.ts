/* A system that flows call: it keeps what it was asked by its idempotency key, as one that takes those seriously does, and is as
   unpleasant as they are: the first call of a key may be slow, refused, or cut off before its answer came. */
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sleep } from '../../api/lib/server.ts';

/** What the first call of a key meets; later ones are answered. */
export type Mood = 'fine' | 'slow' | 'refused' | 'lost';

export interface Deed {
  key: string;
  method: string;
  url: string;
  /** Different ones under one key: one thing too many. */
  bodies: Set<string>;
  /** How often it was asked for. */
  times: number;
}

export interface Reply {
  status: number;
  body: unknown;
}

export class Peer {
  readonly deeds = new Map<string, Deed>();
  /** Calls without a key. */
  nameless = 0;
  url = '';

  private readonly server = createServer((request, response) => void this.take(request, response));

  private constructor(
    private readonly answer: (url: string, body: string) => Reply,
    private readonly mood: (url: string, body: string) => Mood,
  ) {}

  static async start(answer: (url: string, body: string) => Reply, mood: (url: string, body: string) => Mood): Promise<Peer> {
    const peer = new Peer(answer, mood);
    await new Promise<void>((done) => peer.server.listen(0, '127.0.0.1', done));
    peer.url = `http://127.0.0.1:${(peer.server.address() as AddressInfo).port}`;
    return peer;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return; // who called was killed before the end of the question
    }
    const body = Buffer.concat(chunks).toString('utf8');
    const { method = '', url = '' } = request;
    const key = String(request.headers['idempotency-key'] ?? '');
    if (!key) this.nameless++;
    const mood = this.deeds.has(key) ? 'fine' : this.mood(url, body);
    this.remember(key, method, url, body);
    if (mood === 'lost') { // done, but nobody hears of it
      request.socket.destroy();
      return;
    }
    if (mood === 'slow') await sleep(300 + Math.random() * 900);
    const { status, body: said } = mood === 'refused' ? { status: 503, body: { erro: 'agora não' } } : this.answer(url, body);
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(said));
  }

  private remember(key: string, method: string, url: string, body: string): void {
    const deed = this.deeds.get(key) ?? { key, method, url, bodies: new Set<string>(), times: 0 };
    deed.bodies.add(`${method} ${url}\n${body}`);
    deed.times++;
    this.deeds.set(key, deed);
  }
}
