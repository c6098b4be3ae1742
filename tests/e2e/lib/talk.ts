/* Visitors without a browser: what a page's widget would send, for tests in which only the team's screens matter. */
import { Client, isObject, ok } from '../../api/lib/client.ts';
import { type Organization, items, unique } from '../../api/lib/people.ts';
import { until } from '../../api/lib/server.ts';

export class Talker {
  private readonly client: Client;
  private token = '';

  constructor(
    private readonly org: Organization,
    private readonly key: string,
    readonly name: string,
  ) {
    this.client = new Client(org.owner.client.base);
  }

  async write(text: string, more: Record<string, unknown> = {}): Promise<void> {
    if (!this.token) this.token = ok(await this.client.post(`/webchat/${this.key}/visitor`, {})).str('token');
    const json = { text, clientId: `c-${unique()}${unique()}`, name: this.name, ...more };
    ok(await this.client.call('POST', `/webchat/${this.key}/messages`, { json, headers: { 'X-Visitor': this.token } }));
  }

  async sendFile(name: string, type: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const form = new FormData();
    form.append('clientId', `c-${unique()}${unique()}`);
    form.append('name', this.name);
    form.append('file', new Blob([bytes], { type }), name);
    ok(await this.client.call('POST', `/webchat/${this.key}/messages`, { body: form, headers: { 'X-Visitor': this.token } }));
  }

  /** The chat's id, once the team has it. */
  chat(): Promise<string> {
    return until(`the chat of ${this.name}`, async () => {
      const list = await items(this.org.owner.client, this.org.path('/chats'), { view: 'any' });
      const mine = list.find((one) => isObject(one['customer']) && one['customer']['name'] === this.name);
      return mine ? String(mine['id']) : undefined;
    });
  }
}
