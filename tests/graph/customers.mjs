/* What customers of all three products have in common: their thread, what they received, waiting for it, being offline. */
import { waiting } from './world.mjs';

/** @import { Message, Person, Sent } from './types.ts' */
/** @import { World } from './world.mjs' */

/** @param {Message} m @param {string | RegExp | ((m: Message) => boolean) | undefined} match */
function fits(m, match) {
  if (match === undefined) return true;
  if (typeof match === 'function') return match(m);
  return typeof match === 'string' ? m.text === match : match.test(m.text);
}

/**
 * @param {World} w @param {Person} person
 * @param {{ arrive: (m: Message) => Promise<void>, reads: (m: Message[]) => Promise<void>, tap: (m: Message, button: Message['buttons'][number]) => Promise<Sent> }} how
 */
export function customerBase(w, person, how) {
  const mine = (/** @type {Message} */ m) => m.person === person.key || (person.waId !== undefined && m.person === person.waId);
  const received = () =>
    w.messages.filter((m) => mine(m) && m.direction === 'out' && m.type !== 'reaction' && m.state !== 'failed' && m.state !== 'accepted');
  return {
    person,
    get thread() {
      return w.messages.filter((m) => mine(m) && m.type !== 'reaction');
    },
    get inbox() {
      return received();
    },
    /** @param {string | RegExp | ((m: Message) => boolean)} [match] @param {number} [timeoutMs] @returns {Promise<Message>} */
    receives(match, timeoutMs = 60_000) {
      const there = received().find((m) => fits(m, match));
      if (there) return Promise.resolve(there);
      return waiting(
        (offer) => {
          const look = (/** @type {Message} */ m) => {
            if (received().includes(m) && fits(m, match)) offer(m);
          };
          w.watchers.add(look);
          return () => w.watchers.delete(look);
        },
        timeoutMs,
        () =>
          `a message to ${person.name}${match ? ` like ${match}` : ''}; there are: ${
            received()
              .map((m) => JSON.stringify(m.text))
              .join(', ') || 'none'
          }`,
      );
    },
    /** @param {string} [id] */
    async reads(id) {
      await how.reads(received().filter((m) => (id === undefined || m.id === id) && m.state !== 'read' && m.state !== 'played'));
    },
    /** @param {Message} message @param {string | number} which */
    taps(message, which) {
      const button = typeof which === 'number' ? message.buttons[which] : message.buttons.find((b) => b.title === which);
      if (!button) throw new Error(`no button ${which} on the message; there are: ${message.buttons.map((b) => b.title).join(', ')}`);
      return how.tap(message, button);
    },
    offline() {
      person.offline = true;
    },
    async back() {
      person.offline = false;
      for (const m of w.messages.filter((x) => mine(x) && x.direction === 'out' && x.state === 'sent')) await how.arrive(m);
    },
    /** @param {number} ms @param {{ id: string }} [account] */
    wroteAgo(ms, account) {
      const id = account?.id ?? person.accountId ?? [...w.phones.keys()][0] ?? '';
      person.wrote.set(id, w.now() - ms);
    },
  };
}
