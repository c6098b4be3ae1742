/* A log as a person reads it: not step by step, but card by card. */
import type { Step } from './types';

/** What happened at one card from coming to leaving: it asked, waited, got an answer. Never empty. */
export type Stay = readonly [Step, ...Step[]];

export function stays(log: readonly Step[]): Stay[] {
  const out: [Step, ...Step[]][] = [];
  for (const s of log) {
    const stay = out.at(-1);
    const last = stay?.at(-1);
    const goesOn = last?.port === null && last.nodeId === s.nodeId && last.flowId === s.flowId;
    if (stay && goesOn && s.what !== undefined && s.what !== 'entered') stay.push(s);
    else out.push([s]);
  }
  return out;
}

/** How long it took, waits counted, in milliseconds. */
export function stayMs(stay: Stay): number {
  const last = stay[stay.length - 1] ?? stay[0];
  return Math.max(0, Date.parse(last.at) - Date.parse(stay[0].at)) + (last.ms ?? 0);
}
