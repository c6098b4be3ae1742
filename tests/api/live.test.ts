/* Live under load: nothing lost and nothing twice over cuts, slow readers, changes of rights; who receives what is exactly who may ask. */
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { type Socket as RawSocket, connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type Client, ok, refused } from './lib/client.ts';
import { rows } from './lib/crm.ts';
import { type Desk, type Staff, house, member, restricted } from './lib/inbox.ts';
import { makeKey, signUp, unique } from './lib/people.ts';
import { sleep, until } from './lib/server.ts';
import { type Frame, Socket } from './lib/socket.ts';

const all = house({ env: { INTERFLOW_SOCKETS_MAX: '1000' } });

/** Messages written straight into the database, as fast as it goes, each by the function that a channel calls. */
function flood(desk: Desk, visitorId: string, mark: string, count: number, perSecond: number): Promise<void> {
  const seconds = 1 / perSecond;
  const one = `inbox_receive('${desk.org.id}', '${desk.channel.id}', jsonb_build_object('id', uuid_v7(), 'identityKind', 'webchat', 'identifier', '${visitorId}',
    'canonical', '${visitorId}', 'keys', jsonb_build_array('webchat:${visitorId}'), 'name', 'V', 'kind', 'text', 'text', '${mark}' || i, 'files', '[]'::jsonb))`;
  const statement = `do $$ begin for i in 1..${count} loop perform ${one}; commit; perform pg_sleep(${seconds}); end loop; end $$`;
  return new Promise((done, fail) => {
    execFile('psql', ['-X', '-q', '-c', statement, `host=${desk.server.dataDir}/run user=interflow dbname=interflow`], (error) => (error ? fail(error) : done()));
  });
}

/** The texts with this mark that a socket was told of, in their order. */
const heard = (frames: readonly Frame[], mark: string): string[] =>
  frames
    .filter((one) => one.type === 'message.created')
    .map((one) => String(member(one.data, 'message')['content']))
    .filter((one) => one.startsWith(mark));

/** A page: it comes back by itself with the last position that it saw, as the real one does. */
class Page {
  readonly frames: Frame[] = [];
  times = 0;
  private socket: Socket | undefined;
  private cursor: string | undefined;
  private stopped = false;

  private constructor(
    private readonly desk: Desk,
    private readonly client: Client,
  ) {}

  static async open(desk: Desk, client: Client, cursor?: string): Promise<Page> {
    const page = new Page(desk, client);
    page.cursor = cursor;
    const first = await page.connect();
    await first.wait('hello', () => true, 15_000);
    void page.follow(first);
    return page;
  }

  private async connect(): Promise<Socket> {
    this.times++;
    this.socket = await this.desk.live(this.client, this.cursor);
    return this.socket;
  }

  private async follow(socket: Socket): Promise<void> {
    let seen = 0;
    for (;;) {
      for (; seen < socket.frames.length; seen++) {
        const frame = socket.frames[seen];
        if (!frame) break;
        this.frames.push(frame);
        const position = frame.id ?? (frame.type === 'hello' || frame.type === 'reload' ? frame.data['position'] : undefined);
        if (typeof position === 'string') this.cursor = position;
      }
      if (this.stopped) return;
      if (socket.closeCode === undefined) await sleep(5);
      else {
        seen = 0;
        // As a page does: a refusal (too much at once) is no reason to give up.
        socket = await this.connect().catch(async () => (await sleep(50), socket));
      }
    }
  }

  /** The network goes. */
  cut(): void {
    this.socket?.cut();
  }

  close(): void {
    this.stopped = true;
    this.socket?.close();
  }

  heard(mark: string): string[] {
    return heard(this.frames, mark);
  }

  get reloads(): number {
    return this.frames.filter((one) => one.type === 'reload').length;
  }
}

const counted = (mark: string, n: number): string[] => Array.from({ length: n }, (_, i) => `${mark}${i + 1}`);

describe('resume', () => {
  test('cut again and again under 500 messages a second: every one once, in order', async () => {
    const { desk } = all;
    const page = await Page.open(desk, desk.org.owner.client);
    const marks = [`a${unique()}-`, `b${unique()}-`, `c${unique()}-`, `d${unique()}-`];
    const visitors = await Promise.all(marks.map(() => desk.guest()));
    const each = 350;
    let over = false;
    const began = Date.now();
    const writing = Promise.all(marks.map((mark, i) => flood(desk, visitors[i]?.visitor.id ?? '', mark, each, 200))).finally(() => (over = true));
    while (!over) {
      await sleep(150 + Math.random() * 200);
      page.cut();
    }
    await writing;
    const rate = (4 * each * 1000) / (Date.now() - began);
    await until('all of it', () => marks.every((mark) => page.heard(mark).length >= each), 30_000);
    await sleep(500);
    for (const mark of marks) expect(page.heard(mark)).toEqual(counted(mark, each));
    expect(page.reloads).toBe(0);
    expect(page.times).toBeGreaterThan(5);
    // Slower than this would prove little; the machine may be busy with other tests.
    expect(rate).toBeGreaterThan(100);
    page.close();
  });

  test('several tabs on two workers hear the same, in the same order', async () => {
    const { desk } = all;
    const { visitor } = await desk.guest();
    const mark = `t${unique()}-`;
    const tabs = await Promise.all(Array.from({ length: 6 }, () => Page.open(desk, desk.org.owner.client)));
    await flood(desk, visitor.id, mark, 200, 1000);
    for (const tab of tabs) {
      await until('all of it', () => tab.heard(mark).length === 200);
      expect(tab.heard(mark)).toEqual(counted(mark, 200));
      const ids = tab.frames.flatMap((one) => (one.id ? [one.id] : []));
      expect(new Set(ids).size).toBe(ids.length);
      tab.close();
    }
  });

  test('more was missed than is worth sending: reload, with a position that works', async () => {
    const { desk } = all;
    const { visitor } = await desk.guest();
    const first = await desk.live(desk.org.owner.client);
    const cursor = String((await first.wait('hello')).data['position']);
    first.cut();
    desk.sql(`insert into events (org_id, type, payload) select '${desk.org.id}', 'settings.changed', '{"what": "tags"}' from generate_series(1, 2300)`);
    const second = await desk.live(desk.org.owner.client, cursor);
    const reload = await second.wait('reload', () => true, 15_000);
    await visitor.say('depois');
    await second.wait('message.created', (data) => member(data, 'message')['content'] === 'depois');
    expect(String(reload.data['position'])).toMatch(/^\d+-\d+$/);
    second.close();
  });
});

/** A WebSocket that never reads. */
function deaf(client: Client, path: string): Promise<RawSocket> {
  const url = new URL(client.base);
  const socket = connect(Number(url.port), url.hostname);
  socket.setNoDelay(true);
  const { 'X-Requested-With': _, ...headers } = client.headers();
  const lines = Object.entries({ ...headers, Host: url.host, Origin: client.base, Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': randomBytes(16).toString('base64') });
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n`);
  return new Promise((done, fail) => {
    socket.once('data', (data) => {
      if (!data.toString('latin1').startsWith('HTTP/1.1 101')) fail(new Error(data.toString('latin1')));
      socket.pause();
      done(socket);
    });
    socket.once('error', fail);
  });
}

test('a reader that does not read is cut off, others are not held up, and it resumes', async () => {
  const { desk } = all;
  const { visitor } = await desk.guest();
  const first = await desk.live(desk.org.owner.client);
  const cursor = String((await first.wait('hello')).data['position']);
  first.close();
  const good = await Page.open(desk, desk.org.owner.client, cursor);
  const slow = await deaf(desk.org.owner.client, desk.org.path('/events'));
  let ended = false;
  slow.once('close', () => (ended = true));
  slow.on('error', () => undefined);
  const filling = 'x'.repeat(3000);
  const mark = `s${unique()}-${filling}-`;
  const count = 400;
  const writing = flood(desk, visitor.id, mark, count, 400);
  const port = new URL(desk.server.url).port;
  const established = (): boolean => execFileSync('ss', ['-Htn', 'state', 'established', `sport = :${port} and dport = :${slow.localPort ?? 0}`]).toString().trim() !== '';
  expect(established()).toBe(true);
  await until('the slow one to be cut off', () => !established(), 45_000, 200);
  await writing;
  await until('the good one to have all', () => good.heard(mark).length >= count, 20_000);
  expect(good.heard(mark)).toEqual(counted(mark, count));
  slow.resume();
  await until('the end to be seen', () => ended, 10_000);
  // It comes back with what it saw last, and gets all of it.
  const back = await Page.open(desk, desk.org.owner.client, cursor);
  await until('what it missed', () => back.heard(mark).length >= count, 20_000);
  expect(back.heard(mark)).toEqual(counted(mark, count));
  good.close();
  back.close();
});

describe('rights', () => {
  const whoCloses = async (what: string, staff: Staff, change: () => Promise<unknown>, code: number): Promise<void> => {
    const socket = await all.desk.live(staff.client);
    await socket.wait('hello');
    await change();
    await until(`the socket to close: ${what}`, () => socket.closeCode !== undefined);
    expect([what, socket.closeCode]).toEqual([what, code]);
  };

  test('a change of role, of a role, of teams, or the end of a session closes the socket: 4001', async () => {
    const { desk } = all;
    const team = await desk.team();
    const roleId = ok(await desk.owner.call('roles.create', {}, { json: { name: `Papel ${unique()}`, permissions: [...restricted] } }), 201).str('id');
    const ana = await desk.person();
    const bystander = await desk.live((await desk.person()).client);
    await bystander.wait('hello');
    await whoCloses('another role', ana, () => desk.owner.call('users.update', { userId: ana.userId }, { json: { roleId } }), 4001);
    await whoCloses('the role changes', ana, () => desk.owner.call('roles.update', { roleId }, { json: { permissions: ['chats.view'] } }), 4001);
    await whoCloses('a team more', ana, () => desk.owner.call('users.update', { userId: ana.userId }, { json: { teamIds: [team] } }), 4001);
    await whoCloses('the team goes', ana, () => desk.owner.call('teams.delete', { teamId: team }), 4001);
    const session = rows(ok(await ana.client.get('/api/me/sessions'))).find((one) => one['current'] === true);
    await whoCloses('the session ends', ana, () => ana.client.delete(`/api/me/sessions/${String(session?.['id'])}`), 4001);
    await expect(desk.live(ana.client)).rejects.toThrow('401');
    const bia = await desk.person();
    await whoCloses('logout', bia, () => bia.client.post('/api/logout'), 4001);
    const caio = await desk.person();
    await whoCloses('removal', caio, () => desk.owner.call('users.remove', { userId: caio.userId }), 4001);
    await expect(desk.live(caio.client)).rejects.toThrow(/40[134]/);
    expect(bystander.closeCode).toBeUndefined();
    bystander.close();
  });

  test('a page whose rights changed comes back once, with and without its last position, and misses nothing', async () => {
    const { desk } = all;
    const team = await desk.team();
    const ana = await desk.person();
    const first = await desk.live(ana.client);
    const cursor = String((await first.wait('hello')).data['position']);
    ok(await desk.owner.call('users.update', { userId: ana.userId }, { json: { teamIds: [team] } }), 200);
    expect(await until('the socket to close', () => first.closeCode)).toBe(4001);
    // Without a position, as the interface does: at once, and it stays.
    const fresh = await desk.live(ana.client);
    await fresh.wait('hello');
    // From before the change: it may meet it again only while it is fresh.
    let times = 0;
    const resumed = await until(
      'a socket that stays',
      async () => {
        times++;
        const socket = await desk.live(ana.client, cursor);
        await socket.wait('hello');
        await sleep(600);
        return socket.closeCode === undefined ? socket : undefined;
      },
      10_000,
      100,
    );
    expect(times).toBeLessThan(12);
    const { visitor } = await desk.guest();
    const text = `depois ${unique()}`;
    await visitor.say(text);
    for (const socket of [fresh, resumed]) {
      await socket.wait('message.created', (data) => member(data, 'message')['content'] === text);
      expect(socket.closeCode).toBeUndefined();
      socket.close();
    }
  });

  test('no key, no foreign site, no foreign organization', async () => {
    const { desk } = all;
    const path = desk.org.path('/events');
    await expect(Socket.open(desk.org.owner.client, path, { Origin: 'https://evil.example' })).rejects.toThrow('403');
    await expect(Socket.open(await makeKey(desk.org), path)).rejects.toThrow('403');
    const foreign = await signUp(desk.server.url);
    await expect(Socket.open(foreign.owner.client, path)).rejects.toThrow(/40[34]/);
    refused(await desk.org.owner.client.get(path), 400);
  });

  /** Everything that the frames tell, held against what the same person gets by asking. */
  async function judge(staff: Staff, frames: readonly Frame[]): Promise<string[]> {
    const faults: string[] = [];
    const may = new Set<string>();
    const asked = new Map<string, number>();
    const get = async (chatId: string): Promise<number> => {
      const known = asked.get(chatId) ?? (await staff.client.get(all.desk.org.path(`/chats/${chatId}`))).status;
      asked.set(chatId, known);
      return known;
    };
    let last: Record<string, string> = {};
    for (const frame of frames) {
      const chatId = frame.data?.['chatId'];
      if (typeof chatId !== 'string') continue;
      last = { ...last, [chatId]: frame.type };
      if (frame.type === 'chat.removed') {
        if (Object.keys(frame.data).join() !== 'chatId') faults.push(`chat.removed tells more: ${JSON.stringify(frame.data)}`);
        may.delete(chatId);
      } else may.add(chatId);
    }
    for (const chatId of may) if ((await get(chatId)) !== 200) faults.push(`${last[chatId] ?? ''} of ${chatId}, which GET refuses`);
    for (const [chatId, type] of Object.entries(last)) if (type === 'chat.removed' && (await get(chatId)) === 200) faults.push(`${chatId} was removed, but GET gives it`);
    return faults;
  }

  test('a restricted person hears of what is theirs, hears when it goes, and of nothing else', async () => {
    const { desk } = all;
    const team = await desk.team();
    const other = await desk.team();
    const rita = await desk.person(restricted, [team]);
    const nobody = await desk.person(['tags.manage']);
    const socket = await desk.live(rita.client);
    const silent = await desk.live(nobody.client);
    for (const one of [socket, silent]) await one.wait('hello');
    const mine = await desk.guest();
    const teams = await desk.guest();
    const hidden = await desk.guest('SEGREDO');
    const moving = await desk.guest();
    const assign = (chatId: string, userId: string | null) => desk.owner.call('chats.assign', { chatId }, { json: { userId } });
    const transfer = (chatId: string, teamId: string) => desk.owner.call('chats.transfer', { chatId }, { json: { teamId } });
    ok(await assign(mine.chatId, rita.userId), 200);
    ok(await transfer(teams.chatId, team), 200);
    ok(await transfer(hidden.chatId, other), 200);
    await desk.send(hidden.chatId, 'SEGREDO');
    ok(await desk.owner.call('messages.note', { chatId: hidden.chatId }, { json: { content: 'SEGREDO', mentions: [rita.userId] } }), 201);
    ok(await desk.owner.call('messages.react', { chatId: hidden.chatId, messageId: String(hidden.message['id']) }, { json: { emoji: '🤫' } }), 200);
    ok(await transfer(moving.chatId, team), 200);
    await moving.visitor.say('NO TIME');
    ok(await transfer(moving.chatId, other), 200);
    await moving.visitor.say('DEPOIS');
    ok(await desk.owner.call('chats.priority', { chatId: moving.chatId }, { json: { priority: 2 } }), 200);
    await desk.close(hidden.chatId);
    const page = await hidden.visitor.socket();
    await page.wait('hello');
    page.send({ type: 'typing', on: true });
    const boss = await desk.live(desk.org.owner.client);
    await boss.wait('hello');
    boss.send({ type: 'viewing', chatId: hidden.chatId });
    boss.send({ type: 'typing', chatId: hidden.chatId, on: true });
    boss.send({ type: 'typing', chatId: mine.chatId, on: true });
    await socket.wait('typing', (data) => data['chatId'] === mine.chatId);
    await mine.visitor.say('MEU');
    await socket.wait('message.created', (data) => member(data, 'message')['content'] === 'MEU');
    await socket.wait('chat.removed', (data) => data['chatId'] === moving.chatId);
    const texts = JSON.stringify(socket.frames);
    expect(texts).toContain('NO TIME');
    for (const secret of ['SEGREDO', 'DEPOIS', hidden.chatId, '🤫']) expect([secret, texts.includes(secret)]).toEqual([secret, false]);
    expect(await judge(rita, socket.frames)).toEqual([]);
    expect(silent.frames.filter((one) => !['hello', 'presence', 'settings.changed', 'tick'].includes(one.type))).toEqual([]);
    // The same after a resume: what is replayed is judged too.
    const again = await desk.live(rita.client, String((await socket.wait('hello')).data['position']));
    await again.wait('message.created', (data) => member(data, 'message')['content'] === 'MEU');
    const replayed = JSON.stringify(again.frames);
    for (const secret of ['SEGREDO', 'DEPOIS', hidden.chatId]) expect([secret, replayed.includes(secret)]).toEqual([secret, false]);
    expect(await judge(rita, again.frames)).toEqual([]);
    // Who may not see a chat may not pretend to be in it.
    const before = boss.frames.length;
    socket.send({ type: 'viewing', chatId: hidden.chatId });
    socket.send({ type: 'typing', chatId: hidden.chatId, on: true });
    await sleep(300);
    expect(boss.frames.slice(before).filter((one) => one.type === 'typing' || one.type === 'viewing')).toEqual([]);
    for (const one of [socket, silent, page, boss, again]) one.close();
  });

  test('a storm of moves: at the end everybody knows of exactly what they may see', async () => {
    const { desk } = all;
    const teams = [await desk.team(), await desk.team()];
    const people = [await desk.person(restricted, [teams[0] ?? '']), await desk.person(restricted, [teams[1] ?? '']), await desk.person(restricted)];
    const sockets = await Promise.all(people.map((one) => desk.live(one.client)));
    for (const one of sockets) await one.wait('hello');
    const guests = await Promise.all(Array.from({ length: 8 }, () => desk.guest()));
    const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;
    await Promise.all(
      guests.map(async ({ chatId, visitor }) => {
        for (let i = 0; i < 10; i++) {
          const roll = Math.random();
          if (roll < 0.35) await desk.owner.call('chats.transfer', { chatId }, { json: { teamId: pick(teams) } });
          else if (roll < 0.7) await desk.owner.call('chats.assign', { chatId }, { json: { userId: pick([...people.map((one) => one.userId), null]) } });
          else await visitor.say(`x${i}`);
        }
      }),
    );
    const fin = await desk.guest('FIM');
    for (const one of people) {
      ok(await desk.owner.call('chats.assign', { chatId: fin.chatId }, { json: { userId: one.userId } }), 200);
      await sockets[people.indexOf(one)]?.wait('chat.changed', (data) => data['chatId'] === fin.chatId);
    }
    await sleep(300);
    for (const [i, one] of people.entries()) expect(await judge(one, sockets[i]?.frames ?? [])).toEqual([]);
    for (const one of sockets) one.close();
  });
});

test('presence and viewing: on, off, and off again when the page goes without a word', async () => {
  const { desk } = all;
  const ana = await desk.person();
  const boss = await desk.live(desk.org.owner.client);
  await boss.wait('hello');
  const { chatId } = await desk.guest();
  const first = await desk.live(ana.client);
  await first.wait('hello');
  await boss.wait('presence', (data) => data['userId'] === ana.userId && data['online'] === true);
  first.send({ type: 'viewing', chatId });
  await boss.wait('viewing', (data) => data['userId'] === ana.userId && data['on'] === true);
  // Several pages on both workers; one goes: she is still there.
  const more = await Promise.all(Array.from({ length: 4 }, () => desk.live(ana.client)));
  for (const one of more) await one.wait('hello');
  first.cut();
  await boss.wait('viewing', (data) => data['userId'] === ana.userId && data['on'] === false);
  await sleep(300);
  const states = (): unknown[] => boss.frames.filter((one) => one.type === 'presence' && one.data['userId'] === ana.userId).map((one) => one.data['online']);
  expect(states().at(-1)).toBe(true);
  for (const one of more) one.close();
  await until('her to be gone', () => states().at(-1) === false);
  boss.close();
});

test('two hundred sockets: all hear, and none is left behind when they go', async () => {
  const { desk } = all;
  const open = async (): Promise<number> => {
    const text = await (await fetch(`${desk.server.url}/metrics`)).text();
    const found = [...text.matchAll(/^interflow_sockets\{[^}]*\} (\d+)/gm)];
    expect(found).toHaveLength(2);
    return found.reduce((sum, one) => sum + Number(one[1]), 0);
  };
  const before = await open();
  const people = await Promise.all(Array.from({ length: 10 }, () => desk.person()));
  const sockets: Socket[] = [];
  for (let i = 0; i < 200; i += 20)
    sockets.push(...(await Promise.all(Array.from({ length: 20 }, (_, n) => desk.live((people[n % 10] ?? desk.boss).client)))));
  await Promise.all(sockets.map((one) => one.wait('hello', () => true, 15_000)));
  const { visitor } = await desk.guest();
  await until('all of them to be counted', async () => (await open()) >= 200);
  const mark = `h${unique()}-`;
  await flood(desk, visitor.id, mark, 20, 100);
  await Promise.all(sockets.map((one) => until('all twenty', () => heard(one.frames, mark).length === 20, 20_000)));
  for (const one of sockets) one.cut();
  await until('all of them to be gone', async () => (await open()) <= before, 15_000, 200);
});

test('what a client sends that is no message of ours ends that client only', async () => {
  const { desk } = all;
  const good = await desk.live(desk.org.owner.client);
  await good.wait('hello');
  for (const words of ['nada', '[]', '1', '{"type":', '{"type":"typing","chatId":7}', '{"type":"viewing","chatId":"x"}', '{"type":"__proto__"}', '{}']) {
    const one = await desk.live(desk.org.owner.client);
    await one.wait('hello');
    one.send(words);
    one.close();
  }
  const big = await desk.live(desk.org.owner.client);
  await big.wait('hello');
  big.send(JSON.stringify({ type: 'ping', x: 'y'.repeat(20_000) }));
  await until('the too large one to be closed', () => big.closeCode !== undefined);
  good.send({ type: 'ping' });
  await until('the answer', () => good.frames.some((one) => (one.type as string) === 'pong'));
  good.close();
});
