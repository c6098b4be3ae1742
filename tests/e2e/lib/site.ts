/* A web site of somebody else: pages on another origin than the server's, made of what a test puts into them. */
import { type Server, createServer } from 'node:http';

export class Site {
  private readonly pages = new Map<string, string>();
  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  static start(): Promise<Site> {
    return new Promise((done) => {
      const server = createServer((request, response) => {
        const html = self.pages.get((request.url ?? '').split('?')[0] ?? '');
        response.writeHead(html === undefined ? 404 : 200, { 'Content-Type': 'text/html; charset=utf-8' });
        response.end(html ?? 'nothing here');
      });
      let self: Site;
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        self = new Site(server, `http://localhost:${typeof address === 'object' && address ? address.port : 0}`);
        self.pages.set('/favicon.ico', '');
        done(self);
      });
    });
  }

  /** Puts a page up that carries these tags; its address. */
  page(tags: string, language = 'pt-BR'): string {
    const path = `/${this.pages.size}`;
    this.pages.set(
      path,
      `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Doces da Vila</title></head><body><main><h1>Doces da Vila</h1><p>Brigadeiros de festa, entregues em casa.</p></main>${tags}</body></html>`,
    );
    return this.origin + path;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((done) => this.server.close(() => done()));
  }
}
