/* The time in which a platform lets us write freely, pure. The server says until when; here is what that means now. */
import type { Instant } from '$lib/api/types';

const hourMs = 3_600_000;
const soonMs = 2 * hourMs;

export type WindowState =
  /** The channel has no such limit. */
  | { state: 'none' }
  /** leftMs until it closes; part: of the whole, 0 to 1. */
  | { state: 'open' | 'soon'; leftMs: number; part: number; until: number }
  /** Closed, but a person (not a program) may still write. */
  | { state: 'human'; leftMs: number; until: number; since: number }
  /** Closed: only what the platform approved beforehand, or nothing. since 0: they never wrote. */
  | { state: 'closed'; since: number };

/** windowUntil as the chat has it; undefined: an older server, then the last message from the customer counts. */
export function windowAt(
  now: number,
  windowHours: number,
  humanAgentHours: number,
  windowUntil: Instant | null | undefined,
  lastInboundAt?: Instant,
): WindowState {
  if (windowHours <= 0) return { state: 'none' };
  const length = windowHours * hourMs;
  const until =
    windowUntil === undefined
      ? lastInboundAt === undefined
        ? NaN
        : Date.parse(lastInboundAt) + length
      : Date.parse(windowUntil ?? '');
  if (Number.isNaN(until)) return windowUntil === undefined ? { state: 'none' } : { state: 'closed', since: 0 };
  const leftMs = until - now;
  if (leftMs > 0)
    return { state: leftMs < soonMs ? 'soon' : 'open', leftMs, part: Math.min(1, leftMs / length), until };
  const human = until - length + humanAgentHours * hourMs;
  if (humanAgentHours > windowHours && human > now)
    return { state: 'human', leftMs: human - now, until: human, since: until };
  return { state: 'closed', since: until };
}

/** Free text may be written. */
export function writable(w: WindowState): boolean {
  return w.state !== 'closed';
}
