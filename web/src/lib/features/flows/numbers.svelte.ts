/* The numbers on the cards: of which days, and what the server counted. The days are chosen once for all flows. */
import type { Id } from '$lib/api/types';
import { dayKey } from '$lib/i18n/format.svelte';
import { report } from '$lib/shell/report';
import { flowsApi } from './api';
import { statsByNode } from './trace.rules';
import type { NodeStats } from './types';

export const periods = ['off', '1', '7', '30', '0'] as const;
export type Period = (typeof periods)[number];

const key = 'flows.period';
const againMs = 60_000;
const dayMs = 86_400_000;

export class Numbers {
  period: Period = $state('30');
  stats: ReadonlyMap<string, NodeStats> | undefined = $state.raw();
  readonly #flowId: Id;

  constructor(flowId: Id) {
    this.#flowId = flowId;
    try {
      const kept = localStorage.getItem(key) as Period | null;
      if (kept !== null && periods.includes(kept)) this.period = kept;
    } catch {
      /* storage forbidden */
    }
  }

  choose(period: Period): void {
    this.period = period;
    try {
      localStorage.setItem(key, period);
    } catch {
      /* storage forbidden: it holds for this page */
    }
    void this.read();
  }

  async read(quiet = false): Promise<void> {
    const period = this.period;
    if (period === 'off') {
      this.stats = undefined;
      return;
    }
    const days = Number(period);
    /* Without a day the server would take its own. */
    const from = days > 0 ? dayKey(Date.now() - (days - 1) * dayMs) : '2020-01-01';
    try {
      const stats = await flowsApi.stats(this.#flowId, { from });
      if (this.period === period) this.stats = statsByNode(stats.nodes);
    } catch (e) {
      if (!quiet) report(e);
    }
  }

  /** Reads now and, while somebody looks, every minute; returns the end of it. */
  live(): () => void {
    void this.read();
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void this.read(true);
    }, againMs);
    return () => clearInterval(timer);
  }
}
