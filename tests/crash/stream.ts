/* A stream of messages that survives what happens to the server: visitors and agents who send each message again with its client id
   until it is acknowledged, and pages that come back with their last position. What they were told is what is held against the
   database afterwards. */
import { expect } from 'vitest';
import { type Answer, ok } from '../api/lib/client.ts';
import { type Desk, type Row, type Staff, type Visitor, member } from '../api/lib/inbox.ts';
import { unique } from '../api/lib/people.ts';
import { sleep, until } from '../api/lib/server.ts';
import { type Frame, Socket } from '../api/lib/socket.ts';

export interface Told {
  chatId: string;
  clientId: string;
  text: string;
  id: string;
}

/** A page of an agent, or of a visitor (who asks for what was missed): follows through every cut. */
class Follower {
  readonly frames: Frame[] = [];
  private cursor: string | undefined;
  private stopped = false;
  private readonly done: Promise<void>;

  constructor(private readonly open: (cursor: string | undefined) => Promise<Socket>) {
    this.done = this.follow();
  }

  private async follow(): Promise<void> {
    while (!this.stopped) {
      let socket: Socket;
      try {
        socket = await this.open(this.cursor);
      } catch {
        await sleep(100);
        continue;
      }
      for (let seen = 0; ; ) {
        for (; seen < socket.frames.length; seen++) {
          const frame = socket.frames[seen];
          if (!frame) break;
          this.frames.push(frame);
          const position = frame.id ?? (frame.type === 'hello' || frame.type === 'reload' ? frame.data['position'] : undefined);
          if (typeof position === 'string') this.cursor = position;
        }
        if (this.stopped || socket.closeCode !== undefined) break;
        await sleep(5);
      }
      socket.close();
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.done;
  }
}

export class Stream {
  readonly told: Told[] = [];
  /** Statuses of refusals that were not expected. */
  readonly strange: string[] = [];
  /** Why something had to be sent again, each time. */
  readonly why: string[] = [];
  /** How often something had to be sent again. */
  get again(): number {
    return this.why.length;
  }
  private going = true;
  private readonly running: Promise<void>[] = [];
  private readonly page: Follower;

  private constructor(
    readonly desk: Desk,
    agents: Staff[],
    private readonly guests: { visitor: Visitor; chatId: string }[],
  ) {
    const agent = agents[0];
    if (!agent) throw new Error('a stream needs an agent');
    this.page = new Follower((cursor) => desk.live(agent.client, cursor));
  }

  static async start(desk: Desk, visitors: number, agents: number): Promise<Stream> {
    const staff = await Promise.all(Array.from({ length: agents }, () => desk.person()));
    const guests = await Promise.all(Array.from({ length: visitors }, () => desk.guest('início')));
    const stream = new Stream(desk, staff, guests);
    await until('the page to be there', () => stream.page.frames.some((one) => one.type === 'hello'));
    for (const [i, guest] of guests.entries()) {
      stream.running.push(stream.visit(guest, i));
      stream.running.push(stream.answer(guest, staff[i % staff.length] ?? desk.boss));
    }
    return stream;
  }

  /** Sends until it is acknowledged; the same client id every time. */
  private async deliver(chatId: string, text: string, send: (clientId: string) => Promise<Answer>): Promise<void> {
    const clientId = `s-${unique()}`;
    for (;;) {
      let answer: Answer;
      try {
        answer = await send(clientId);
      } catch (error) {
        this.why.push(error instanceof Error ? `${error.message}: ${String(error.cause)}` : String(error));
        await sleep(50);
        continue;
      }
      if (answer.status === 200 || answer.status === 201) {
        this.told.push({ chatId, clientId, text, id: answer.str('id') });
        return;
      }
      if (answer.status !== 503 && answer.status !== 429) {
        this.strange.push(`${answer.status} ${answer.text.slice(0, 300)}`);
        return;
      }
      this.why.push(`${answer.status} ${answer.text.slice(0, 200)}`);
      await sleep(answer.status === 429 ? 1000 : 50);
    }
  }

  private async visit(guest: { visitor: Visitor; chatId: string }, i: number): Promise<void> {
    for (let n = 0; this.going; n++) {
      const text = `v${i}.${n}`;
      await this.deliver(guest.chatId, text, (clientId) => guest.visitor.write(text, { clientId }));
      await sleep(250 + Math.random() * 250);
    }
  }

  private async answer(guest: { chatId: string }, agent: Staff): Promise<void> {
    const path = this.desk.org.path(`/chats/${guest.chatId}/messages`);
    for (let n = 0; this.going; n++) {
      const text = `a${n}`;
      await this.deliver(guest.chatId, text, (clientId) => agent.client.post(path, { content: text, clientId }));
      await sleep(100 + Math.random() * 200);
    }
  }

  /** Ends it and judges: what was acknowledged is there once, in order; what had to happen happened once; the page knows it all. */
  async judge(): Promise<void> {
    this.going = false;
    await Promise.all(this.running);
    expect(this.strange).toEqual([]);
    expect(this.told.length).toBeGreaterThan(50);
    const { desk } = this;
    const own = this.guests.map((one) => `'${one.chatId}'`).join(',');
    const table = desk.sql(`select chat_id, client_id, content, id, seq from messages where client_id like 's-%' and chat_id in (${own}) order by chat_id, seq`);
    const stored = table.split('\n').map((line) => {
      const [chatId = '', clientId = '', text = '', id = '', seq = ''] = line.split('|');
      return { chatId, clientId, text, id, seq: Number(seq) };
    });
    // Once each, as it was told; nothing that nobody was told of twice.
    const byClient = new Map<string, (typeof stored)[number][]>();
    for (const one of stored) byClient.set(one.clientId, [...(byClient.get(one.clientId) ?? []), one]);
    for (const told of this.told) {
      const found = byClient.get(told.clientId) ?? [];
      expect([told, found.length]).toEqual([told, 1]);
      expect(found[0]).toMatchObject({ chatId: told.chatId, text: told.text, id: told.id });
    }
    expect(stored.length).toBe(this.told.length);
    for (const { chatId } of this.guests) {
      // In the order in which each of the two was answered.
      const mine = stored.filter((one) => one.chatId === chatId);
      for (const letter of ['v', 'a']) {
        const order = mine.filter((one) => one.text.startsWith(letter)).map((one) => one.id);
        expect(order).toEqual(this.told.filter((one) => one.chatId === chatId && one.text.startsWith(letter)).map((one) => one.id));
      }
      // Numbered without gaps.
      const seqs = desk.sql(`select string_agg(seq::text, ',' order by seq) from messages where chat_id = '${chatId}' and seq > 0`).split(',').map(Number);
      expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => i + 1));
      const chat = await until('an answer', async () => {
        try {
          return await desk.chat(chatId);
        } catch {
          return undefined;
        }
      });
      expect(chat['messageCount']).toBe(seqs.length);
      expect(chat['inboundCount']).toBe(Number(desk.sql(`select count(*) from messages where chat_id = '${chatId}' and direction = 'in'`)));
    }
    await this.judgeJobs();
    await this.judgePages();
  }

  /** Every message was given to its channel, and nothing is left over. What a dead worker held waits for the end of its lease: not here. */
  private async judgeJobs(): Promise<void> {
    const { desk } = this;
    await until(
      'every message to be sent',
      () => {
        desk.sql("update jobs set lease_until = now() - interval '1 second' where state = 'running' and not recurring and lease_until < now() + interval '58 seconds'");
        return desk.sql("select count(*) from messages where direction = 'out' and status = 'queued'") === '0';
      },
      30_000,
      500,
    );
    await until('no job to be left', () => desk.sql("select count(*) from jobs where not recurring and kind = 'message.send'") === '0', 15_000, 200);
    expect(desk.sql("select count(*) from jobs where state = 'parked'")).toBe('0');
    expect(desk.sql("select count(*) from messages where direction = 'out' and (status <> 'sent' or sent_at is null)")).toBe('0');
    // Each was said to be sent once.
    expect(desk.sql("select count(*) from (select payload->'message'->>'id' from events where type = 'message.changed' and payload->'message'->>'status' = 'sent' group by 1 having count(*) > 1) x")).toBe('0');
  }

  private async judgePages(): Promise<void> {
    const chats = new Set(this.guests.map((one) => one.chatId));
    const heard = (): Row[] =>
      this.page.frames.filter((one) => one.type === 'message.created').map((one) => member(one.data, 'message')).filter((one) => chats.has(String(one['chatId'])));
    await until('the page to have caught up', () => heard().filter((one) => String(one['clientId']).startsWith('s-')).length >= this.told.length, 30_000, 100);
    expect(this.page.frames.filter((one) => one.type === 'reload')).toEqual([]);
    const ids = heard().map((one) => String(one['id']));
    expect(ids.length).toBe(new Set(ids).size);
    for (const { chatId, visitor } of this.guests) {
      const seqs = heard().filter((one) => one['chatId'] === chatId).map((one) => Number(one['seq']));
      expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      // And the visitor's page, which asks for what it missed, has all of the words.
      const got: string[] = [];
      for (let after: string | undefined = '00010101000000000000.00000000-0000-0000-0000-000000000000'; ; ) {
        const page: Row[] = await visitor.messages(after);
        if (page.length === 0) break;
        got.push(...page.map((one) => String(one['id'])));
        after = String(page.at(-1)?.['cursor']);
      }
      const wanted = this.told.filter((one) => one.chatId === chatId).map((one) => one.id);
      expect(new Set(got).size).toBe(got.length);
      expect(wanted.filter((one) => !got.includes(one))).toEqual([]);
    }
    await this.page.stop();
  }
}

/** Nothing but what a server that is away may say. */
export function judgeLog(lines: Record<string, unknown>[]): void {
  const bad = lines.filter((one) => Number(one['status']) >= 500 && Number(one['status']) !== 503);
  expect(bad).toEqual([]);
}

export async function answers(desk: Desk): Promise<void> {
  await until('an answer', async () => {
    try {
      return (await fetch(`${desk.server.url}/readyz`)).status === 200;
    } catch {
      return false;
    }
  }, 60_000);
  await until('the API', async () => {
    try {
      return ok(await desk.org.owner.client.get(desk.org.path('/chats')), 200);
    } catch {
      return false;
    }
  }, 30_000);
}
