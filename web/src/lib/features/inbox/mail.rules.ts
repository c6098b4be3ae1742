/* E-mails, pure: people and addresses as one types them, subjects, and where the history of a mail begins. */
import { record, text } from './special.rules';

export interface Address {
  name: string;
  address: string;
}

const valid = /^[a-z\d.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z\d-]+(?:\.[a-z\d-]+)+$/i;

export function isAddress(s: string): boolean {
  return s.length <= 254 && valid.test(s) && !s.includes('..') && !s.startsWith('.');
}

/** `Ana <ana@x.com>` or `ana@x.com`; undefined when there is no address in it. */
export function readAddress(s: string): Address | undefined {
  const m = /^\s*(?:"?([^"<>]*?)"?\s*)?<\s*([^<>\s]+)\s*>\s*$/.exec(s);
  const address = (m?.[2] ?? s).trim().replace(/^mailto:/i, '');
  return isAddress(address) ? { name: (m?.[1] ?? '').trim(), address } : undefined;
}

/** What was typed or pasted: whole addresses, and what is left over. Separated by commas, semicolons, lines. */
export function readAddresses(s: string): { good: Address[]; rest: string } {
  const good: Address[] = [];
  const rest: string[] = [];
  const pieces = s.split(/[,;\n]+/).flatMap((p) => (readAddress(p) || /[<"]/.test(p) ? [p] : p.trim().split(/\s+/)));
  for (const p of pieces) {
    const a = readAddress(p);
    if (a) good.push(a);
    else if (p.trim() !== '') rest.push(p.trim());
  }
  return { good, rest: rest.join(', ') };
}

/** Adds without doubles, whatever the capitals. */
export function addAddresses(all: readonly Address[], more: readonly Address[]): Address[] {
  const out = [...all];
  for (const a of more) if (!out.some((x) => x.address.toLowerCase() === a.address.toLowerCase())) out.push(a);
  return out;
}

export function addressText(a: Address): string {
  return a.name ? `${a.name} <${a.address}>` : a.address;
}

const person = (v: unknown): Address | undefined => {
  if (typeof v === 'string') return readAddress(v) ?? (v.trim() ? { name: v.trim(), address: '' } : undefined);
  const r = record(v);
  const address = text(r['address']) || text(r['email']);
  const name = text(r['name']);
  return address || name ? { name, address } : undefined;
};

function people(v: unknown): Address[] {
  const all = typeof v === 'string' ? v.split(/,(?![^"]*"[^",]*$)/) : Array.isArray(v) ? v : v ? [v] : [];
  return all.flatMap((x) => person(x) ?? []);
}

export interface MailHead {
  subject: string;
  from: Address | undefined;
  to: Address[];
  cc: Address[];
  bcc: Address[];
  /** Where its sender wants answers, when that is another address. */
  replyTo: Address | undefined;
  /** A program sent it: an absence note, a bounce, a list. */
  automatic: boolean;
  bounce: boolean;
  hasHtml: boolean;
  hasQuoted: boolean;
  /** Too long: the rest of its words stands in the original. */
  cut: boolean;
  /** Why it could not be read in full; "" when it could. */
  fault: string;
}

/** What a message says of itself as a mail; undefined when it is none. */
export function mailHead(m: { kind: string; data: Record<string, unknown> }): MailHead | undefined {
  const d = m.data['mail'];
  if (m.kind !== 'email' && (typeof d !== 'object' || d === null)) return undefined;
  const r = { ...m.data, ...record(d) };
  const auto = r['auto'] ?? r['automatic'];
  return {
    subject: text(r['subject']),
    from: people(r['from'])[0],
    to: people(r['to']),
    cc: people(r['cc']),
    bcc: people(r['bcc']),
    replyTo: people(r['replyTo'])[0],
    automatic: auto === true || (typeof auto === 'string' && auto !== '' && auto !== 'person'),
    bounce: auto === 'bounce' || auto === 'report',
    hasHtml: r['hasHtml'] === true,
    hasQuoted: r['quoted'] === true,
    cut: r['cut'] === true,
    fault: text(r['fault']),
  };
}

/** Where an answer to this mail really goes, when that is not the address one talks with. */
export function otherReceiver(
  m: { kind: string; direction: string; data: Record<string, unknown> } | undefined,
  talked: string,
): Address | undefined {
  const to = m?.direction === 'in' ? mailHead(m)?.replyTo : undefined;
  return to?.address && to.address.toLowerCase() !== talked.trim().toLowerCase() ? to : undefined;
}

const answers = /^\s*(?:(?:re|res|rv|aw|sv|antw|odp|ref|fwd?|enc|wg|tr)(?:\s*\[\d+\])?\s*:\s*)+/iu;

/** The subject without "Re:" and its kin: what a conversation is about. */
export function bareSubject(s: string): string {
  return s.replace(answers, '').replace(/\s+/g, ' ').trim();
}

export function replySubject(s: string): string {
  const bare = bareSubject(s);
  return bare === '' ? '' : `Re: ${bare}`;
}

/** Is it about the same? Then the subject needs no line of its own. */
export function sameSubject(a: string, b: string): boolean {
  return bareSubject(a).toLocaleLowerCase() === bareSubject(b).toLocaleLowerCase();
}

const intros: readonly RegExp[] = [
  /^(?:em|on|el|il|le|am)\b.{3,300}?(?:escreveu|wrote|escribi[óo]|ha scritto|a écrit|schrieb)\s*:?\s*$/iu,
  /^-{2,}\s*(?:mensagem original|original message|mensaje original|mensagem encaminhada|forwarded message|mensaje reenviado)\s*-{2,}$/iu,
  /^_{10,}$/,
];
const header =
  /^(?:\*?)(?:de|from|para|to|enviad[oa](?: em| el)?|sent|data|fecha|date|assunto|asunto|subject|cc)\s*:\s*\*?.+/iu;

/** History without the marks of one level, where every line but those that introduce it carries them. */
export function unmark(quoted: string): string {
  return quoted.replace(/^>[ \t]?/gm, '');
}

/** The words of a mail, and the history below them. What is answered between the lines stays where it is. */
export function foldQuote(content: string): { fresh: string; quoted: string } {
  const lines = content.replace(/\r\n?/g, '\n').split('\n');
  const rest = (i: number) => lines.slice(i).filter((l) => l.trim() !== '');
  const quotedOnly = (i: number) => rest(i).every((l) => /^\s*>/.test(l));
  for (let i = 0; i < lines.length; i += 1) {
    const line = (lines[i] ?? '').trim();
    /* The line "On … wrote:" may be broken in two. */
    const two = `${line} ${(lines[i + 1] ?? '').trim()}`;
    const intro = intros.some((p) => p.test(line));
    const broken = !intro && /^(?:em|on|el)\b/iu.test(line) && intros[0]?.test(two) === true;
    const heads = header.test(line) && [1, 2, 3].filter((n) => header.test((lines[i + n] ?? '').trim())).length >= 2;
    const marks = line.startsWith('>') && rest(i).length > 0 && quotedOnly(i);
    if (!intro && !broken && !heads && !marks) continue;
    if (
      (intro || broken) &&
      rest(i + (broken ? 2 : 1)).some((l) => /^\s*>/.test(l)) &&
      !quotedOnly(i + (broken ? 2 : 1))
    )
      continue;
    const fresh = lines.slice(0, i).join('\n').trimEnd();
    if (fresh.trim() === '') return { fresh: content.trim(), quoted: '' };
    return { fresh, quoted: lines.slice(i).join('\n').trim() };
  }
  return { fresh: content.trimEnd(), quoted: '' };
}
