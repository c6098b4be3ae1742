/* A listener of live events: collects frames {type, id, data} and waits for those that a test expects. */
import WebSocket from 'ws';
import type { Client, JsonObject } from './client.ts';
import { until } from './server.ts';

export interface Frame {
  type: string;
  id?: string;
  data: JsonObject;
}

export class Socket {
  readonly frames: Frame[] = [];
  closeCode: number | undefined;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.frames.push(JSON.parse(data.toString('utf8')) as Frame));
    socket.on('close', (code: number) => (this.closeCode = code));
    socket.on('error', () => undefined);
  }

  /** Connects as the client; rejects with the HTTP status when the server refuses. */
  static open(client: Client, path: string, headers: Record<string, string> = {}): Promise<Socket> {
    const url = new URL(path, client.base.replace(/^http/, 'ws'));
    const { 'X-Requested-With': _, ...own } = client.headers();
    const raw = new WebSocket(url, { headers: { ...own, Origin: client.base, ...headers } });
    const socket = new Socket(raw);
    return new Promise((done, fail) => {
      raw.once('open', () => done(socket));
      raw.once('unexpected-response', (_request, response) => fail(new Error(`refused with ${response.statusCode ?? 0}`)));
      raw.once('error', fail);
    });
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The first frame of this type that fits, already here or still to come. */
  wait(type: string, fits: (data: JsonObject) => boolean = () => true, timeoutMs = 25_000): Promise<Frame> {
    return until(`event ${type}`, () => this.frames.find((frame) => frame.type === type && fits(frame.data)), timeoutMs, 10);
  }

  /** The number of the last event, for a resume. */
  get lastId(): string | undefined {
    return this.frames.findLast((frame) => frame.id !== undefined)?.id;
  }

  close(): void {
    this.socket.close();
  }

  /** As when the network dies: no closing handshake. */
  cut(): void {
    this.socket.terminate();
  }
}
