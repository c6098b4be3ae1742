/* What kills: workers, the connections of PostgreSQL, PostgreSQL, everything, again and again until told to stop. */
import { readFileSync } from 'node:fs';
import { type Server, sleep, until } from '../../api/lib/server.ts';
import { alive, postmaster, sql, workersOf } from '../../process/lib/command.ts';

export type Blow = 'worker' | 'workers' | 'backend' | 'terminate' | 'database' | 'everything';

/** One that has ended by itself meanwhile is as good. */
function killHard(pid: number): void {
  if (pid <= 1) return; // 0 would be ourselves
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function children(parent: number): number[] {
  try {
    return readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** A process of PostgreSQL that serves a connection of the program. */
function backend(dataDir: string): number | undefined {
  const busy = children(postmaster(dataDir)).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('interflow interflow');
    } catch {
      return false;
    }
  });
  return busy[Math.floor(Math.random() * busy.length)];
}

async function ready(server: Server): Promise<void> {
  await until('the server to answer', async () => {
    try {
      return (await fetch(`${server.url}/readyz`)).status === 200;
    } catch {
      return false;
    }
  }, 60_000, 100);
}

export class Chaos {
  readonly done: Blow[] = [];

  constructor(
    private readonly server: Server,
    private readonly blows: readonly Blow[],
    private readonly pauseMs: () => number = () => 400 + Math.random() * 1200,
  ) {}

  /** Blow after blow, from the first again, as long as it is wanted. Ends with a server that is whole. Every minute it rests for longer
      than a lease: a job whose worker dies eleven times is given up, and that is not what this is about. */
  async rage(wanted: () => boolean): Promise<void> {
    let restAt = Date.now() + 60_000;
    for (let n = 0; wanted(); n++) {
      await sleep(this.pauseMs());
      if (Date.now() > restAt) {
        for (let i = 0; i < 30 && wanted(); i++) await sleep(1000);
        restAt = Date.now() + 60_000;
      }
      if (!wanted()) break;
      const blow = this.blows[n % this.blows.length] ?? 'worker';
      await this.strike(blow);
      this.done.push(blow);
    }
  }

  private async strike(blow: Blow): Promise<void> {
    const { server } = this;
    const workers = workersOf(server.pid).sort(() => Math.random() - 0.5);
    switch (blow) {
      case 'worker':
        workers.slice(0, 1).forEach(killHard);
        break;
      case 'workers':
        workers.forEach(killHard);
        break;
      case 'backend': {
        const pid = backend(server.dataDir); // all the others of that PostgreSQL go with it, and its recovery begins
        if (pid) killHard(pid);
        break;
      }
      case 'terminate':
        try {
          sql(server.dataDir, "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'interflow' and pid <> pg_backend_pid() and random() < 0.5");
        } catch {
          // nobody is there to be asked
        }
        break;
      case 'database': {
        const old = postmaster(server.dataDir);
        process.kill(old, this.done.length % 2 ? 'SIGQUIT' : 'SIGINT');
        await until('another PostgreSQL', () => {
          try {
            return postmaster(server.dataDir) !== old;
          } catch {
            return false;
          }
        });
        break;
      }
      case 'everything': {
        const victims = [server.pid, postmaster(server.dataDir), ...workers];
        victims.forEach(killHard);
        await server.kill();
        await until('all of them to be gone', () => !victims.some(alive));
        await server.start();
        break;
      }
    }
    await until('two workers', () => workersOf(server.pid).length === 2);
    await ready(server);
  }
}
