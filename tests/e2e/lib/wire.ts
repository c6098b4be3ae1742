/* The network between one person and the server, as a cable that can be pulled: open connections end without a word, new
   ones are refused, until it is put back. */
import { type Server, type Socket, connect, createServer } from 'node:net';

export class Wire {
  private readonly sockets = new Set<Socket>();
  private whole = true;
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  /** A cable to the server on this port of 127.0.0.1. */
  static to(port: number): Promise<Wire> {
    return new Promise((done) => {
      const server = createServer({ allowHalfOpen: false }, (near) => {
        if (!self.whole) return void near.resetAndDestroy();
        const far = connect(port, '127.0.0.1');
        for (const [one, other] of [
          [near, far],
          [far, near],
        ] as const) {
          self.sockets.add(one);
          one.on('error', () => one.destroy());
          one.on('close', () => {
            self.sockets.delete(one);
            other.destroy();
          });
          one.pipe(other);
        }
      });
      let self: Wire;
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        self = new Wire(server, `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`);
        done(self);
      });
    });
  }

  pull(): void {
    this.whole = false;
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  mend(): void {
    this.whole = true;
  }

  stop(): Promise<void> {
    this.pull();
    return new Promise((done) => this.server.close(() => done()));
  }
}
