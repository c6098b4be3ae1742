/* 500 mails of all kinds are taken in exactly once, although everything is killed again and again meanwhile. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ok } from '../api/lib/client.ts';
import { Desk } from '../api/lib/inbox.ts';
import { Server, makeDataDir, sleep, until } from '../api/lib/server.ts';
import { alive, postmaster, workersOf } from '../process/lib/command.ts';
import { MailServer, canRun } from './lib/mailserver.ts';

const shop = 'loja@loja.example';
const total = 500;
const dir = makeDataDir();
let mail: MailServer;
let server: Server;
let desk: Desk;

/** One that has ended by itself meanwhile (its supervisor is gone) is as good. */
function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

interface Made {
  file: string;
  id: string | null;
  kind: string;
}

describe.runIf(canRun)('e-mail and kill -9', () => {
  let made: Made[];
  beforeAll(async () => {
    mail = await MailServer.start([shop]);
    const folder = join(mail.dir, 'generated');
    const lines = execFileSync('python3', [join(import.meta.dirname, 'mail/generate.py'), folder, String(total)], { encoding: 'utf8' });
    made = lines.trim().split('\n').map((line) => JSON.parse(line) as Made);
    for (const one of made) mail.put(shop, readFileSync(join(folder, one.file)));
    server = await Server.start({ dataDir: dir, env: mail.env });
    desk = await Desk.make(server);
  }, 300_000);
  afterAll(async () => {
    await server?.stop();
    await mail?.stop();
    rmSync(dir, { recursive: true, force: true });
    rmSync(`${dir}.log`, { force: true });
  });

  test('every mail is there, once', { timeout: 900_000 }, async () => {
    const channelId = ok(
      await desk.owner.call('channels.create', {}, {
        json: {
          kind: 'email',
          name: 'Atendimento',
          address: shop,
          settings: { imapHost: '127.0.0.1', imapPort: mail.imapsPort, smtpHost: '127.0.0.1', smtpPort: mail.smtpPort, smtpSecurity: 'starttls', username: shop },
          secrets: { password: `senha de ${shop}` },
        },
      }),
      201,
    ).str('id');
    const count = async (what: string): Promise<number> => Number(await desk.sql(what));
    const taken = (): Promise<number> => count(`select count(*) from mails where channel_id = '${channelId}'`);

    let kills = 0;
    for (let goal = 60; goal < total; goal += 110) {
      await until(`${goal} mails`, async () => (await taken()) >= goal, 300_000, 100);
      const victims = kills % 2 === 0 ? workersOf(server.pid) : [server.pid, postmaster(dir), ...workersOf(server.pid)];
      for (const pid of victims) killHard(pid);
      if (kills % 2 === 1) {
        await server.kill();
        await until('all of them to be gone', () => !victims.some(alive), 60_000);
        await server.start();
      }
      kills++;
    }
    await until('all mails', async () => (await taken()) >= total, 300_000, 250);
    // Twice the time of a look: what would be taken a second time would be there by then.
    await sleep(4000);

    expect(kills).toBeGreaterThan(2);
    expect(await taken()).toBe(total);
    expect(await count(`select count(*) from messages where channel_id = '${channelId}' and external_id is not null`)).toBe(total);
    expect(await count(`select count(distinct external_id) from messages where channel_id = '${channelId}'`)).toBe(total);
    const ids = new Set((await desk.sql(`select mail_id from mails where channel_id = '${channelId}'`)).split('\n'));
    const missing = made.filter((one) => one.id !== null && !ids.has(one.id));
    expect(missing).toEqual([]);
    // Each with its raw form; those that could not be read say why, and have it as their file.
    expect(await count(`select count(*) from mails m join files f on f.org_id = m.org_id and f.id = m.file_id where m.channel_id = '${channelId}'`)).toBe(total);
    const broken = await count(`select count(*) from messages where channel_id = '${channelId}' and data->'mail'->>'fault' is not null`);
    expect(broken).toBeGreaterThan(10);
    expect(
      await count(`select count(*) from messages x where x.channel_id = '${channelId}' and x.data->'mail'->>'fault' is not null
        and not exists (select from message_files f where f.message_id = x.id and f.name like '%.eml')`),
    ).toBe(0);
    // What programs wrote is marked, and nothing left the house.
    expect(await count(`select count(*) from messages where channel_id = '${channelId}' and data->'mail'->>'auto' is not null`)).toBeGreaterThan(20);
    expect(await count(`select count(*) from messages where channel_id = '${channelId}' and author_kind in ('bot', 'system')`)).toBe(0);
  });
});
