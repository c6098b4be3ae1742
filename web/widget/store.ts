/* The visitor's conversation: what the server has, what is still on its way (kept over reloads, sent once the network is back, never
 * twice: the server knows a clientId), who the visitor is. Knows nothing of how it looks.
 *
 * The live connection brings news; whenever it comes up, what was missed is asked for, and where no WebSocket gets through the
 * same question is asked at each of its tries. Messages go out one at a time, in the order in which they were written. */
import { type Api, CallError, isFinal, Live } from './api';
import type { ChatMessage, Choice, Config, Visitor } from './types';

interface Kept {
  visitor?: Visitor;
  outbox?: ChatMessage[];
  read?: string;
}

const retryFirstMs = 1000;
const retryMostMs = 30_000;
/* What the server gives at once. */
const pageSize = 100;

export class Store {
  config!: Config;
  messages: ChatMessage[] = [];
  visitor: Visitor = { token: '' };
  online = true;
  /* The team has paused this chat. */
  paused = false;
  typing = false;
  loadFailed = false;
  unread = 0;
  open = false;
  onchange: () => void = () => {};

  private outbox: ChatMessage[] = [];
  private sending = false;
  private tries = 0;
  private retryTimer = 0;
  private loaded = false;
  private read = '';
  private whole = '';
  private synced = false;
  private typingTimer = 0;
  private readonly live: Live;
  private readonly place: string;

  constructor(readonly api: Api) {
    this.place = `interflow:${api.key}`;
    const kept = this.restore();
    if (kept.visitor) this.visitor = { ...kept.visitor, token: kept.visitor.token ?? '' };
    if (Array.isArray(kept.outbox)) this.outbox = kept.outbox;
    this.read = kept.read ?? '';
    this.live = new Live(api, {
      up: () => {
        this.synced = this.paused = false;
        void this.catchUp();
      },
      down: (wasUp) => {
        this.online = false;
        this.synced = false;
        this.onchange();
        if (!wasUp) void this.catchUp();
      },
      gone: () => (this.paused = true),
      message: (m) => this.take(m),
      seen: () => this.markSeen(),
      typing: (on) => this.showTyping(on),
    });
    addEventListener('online', () => void this.flush());
  }

  async start(language?: string): Promise<void> {
    this.config = await this.api.config(language);
    if (this.visitor.token) this.live.start(this.visitor.token);
    else void this.flush();
  }

  /* Everything in order: what the server numbered, then what is on its way. */
  all(): ChatMessage[] {
    return [...this.messages, ...this.outbox];
  }

  /* What was chosen of which message: part of the conversation, so every page of the visitor's knows it. */
  chosen(): Map<string, string> {
    const out = new Map<string, string>();
    for (const m of this.all()) if (m.answer && m.replyTo) out.set(m.replyTo.id, m.answer.id);
    return out;
  }

  /* A button of a message is pressed: one answer for a message, in however many tabs. */
  async choose(m: ChatMessage, c: Choice): Promise<void> {
    if (!this.chosen().has(m.id)) await this.write(c.title, undefined, m, c);
  }

  needsForm(): boolean {
    return !!this.config.preChat?.enabled && !this.visitor.asked && this.messages.length === 0;
  }

  introduce(who: Partial<Visitor>): void {
    this.adopt();
    Object.assign(this.visitor, who, { asked: true });
    this.save();
    this.onchange();
  }

  async write(text: string, file?: File, replyTo?: ChatMessage, answer?: Choice): Promise<void> {
    const m: ChatMessage = {
      id: '',
      seq: 0,
      from: 'visitor',
      kind: 'text',
      text,
      files: [],
      status: 'sending',
      /* The server makes the same one of an answer. */
      clientId: answer
        ? `answer:${replyTo?.id}`
        : (crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`),
      authorName: '',
      at: new Date().toISOString(),
      pending: 'sending',
    };
    if (file) m.localFile = file;
    if (replyTo) m.replyTo = { id: replyTo.id, text: replyTo.text, from: replyTo.from };
    if (answer) m.answer = { id: answer.id, title: answer.title };
    this.adopt();
    this.outbox.push(m);
    this.save();
    this.onchange();
    await this.flush();
  }

  async retry(m: ChatMessage): Promise<void> {
    m.pending = 'sending';
    this.onchange();
    await this.flush();
  }

  /* What the server refused is let go. */
  discard(m: ChatMessage): void {
    this.outbox = this.outbox.filter((x) => x !== m);
    this.save();
    this.onchange();
  }

  tellTyping = (on: boolean): void => this.live.send({ type: 'typing', on });

  /* Called when the visitor looks: tells how far they have read. */
  look(): void {
    this.unread = 0;
    const last = this.lastOfTeam();
    if (last && last.id !== this.read) {
      this.read = last.id;
      this.live.send({ type: 'read', id: last.id });
      this.save();
    }
    this.onchange();
  }

  /* Another tab of this page may have asked for a token already: one person, one token. */
  private adopt(): void {
    if (!this.visitor.token) this.visitor = { ...this.visitor, ...this.restore().visitor };
  }

  private looking(): boolean {
    return this.open && !document.hidden;
  }

  private lastOfTeam(): ChatMessage | undefined {
    return this.messages.filter((m) => m.from === 'agent').at(-1);
  }

  private async ready(): Promise<void> {
    if (!this.visitor.token) {
      this.visitor.token = await this.api.token();
      this.save();
    }
    this.live.start(this.visitor.token);
  }

  /* The token is no longer valid: the next call asks for another. */
  private forget(): void {
    this.live.stop();
    this.online = true;
    this.visitor = { ...this.visitor, token: '' };
    this.save();
  }

  /* One at a time, in order; a message that the server refuses for good does not hold back the others. */
  private async flush(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    clearTimeout(this.retryTimer);
    let renewed = false;
    try {
      for (;;) {
        const m = this.outbox.find((x) => x.pending === 'sending');
        if (!m) break;
        try {
          await this.ready();
          const done = await this.api.send(this.visitor, m);
          this.tries = 0;
          this.online = true;
          this.outbox = this.outbox.filter((x) => x !== m);
          this.take(done);
        } catch (e) {
          if (isFinal(e)) m.pending = 'failed';
          else if (e instanceof CallError && e.status === 401 && !renewed) {
            renewed = true;
            this.forget();
          } else {
            if (!(e instanceof CallError)) this.online = false;
            this.later();
            break;
          }
        }
        this.save();
        this.onchange();
      }
    } finally {
      this.sending = false;
      this.onchange();
    }
  }

  private later(): void {
    const ms = Math.min(retryMostMs, retryFirstMs * 2 ** this.tries++);
    clearTimeout(this.retryTimer);
    this.retryTimer = window.setTimeout(() => void this.flush(), ms * (0.75 + Math.random() / 2));
  }

  private async catchUp(): Promise<void> {
    const { token } = this.visitor;
    if (!token) return;
    try {
      const first = !this.loaded;
      const items = await this.missed(token);
      this.online = true;
      this.loaded = true;
      this.loadFailed = false;
      this.synced = this.live.isUp();
      for (const m of items) {
        this.take(m, first);
        this.reach(m);
      }
      if (first) this.unread = this.countUnread();
      this.tellProgress();
    } catch (e) {
      if (e instanceof CallError && e.status === 401) this.forget();
      else this.loadFailed = !this.loaded && this.online;
    }
    void this.flush();
    this.onchange();
  }

  /* The newest page; when it does not reach back to where nothing was missed, the gap page by page instead. */
  private async missed(token: string): Promise<ChatMessage[]> {
    const { items } = await this.api.messages(token);
    const first = items[0]?.cursor ?? '';
    if (!this.whole || items.length < pageSize || first <= this.whole) return items;
    const all: ChatMessage[] = [];
    for (let after: string | undefined = this.whole; after;) {
      const page: ChatMessage[] = (await this.api.messages(token, after)).items;
      all.push(...page);
      after = page.length < pageSize ? undefined : page.at(-1)?.cursor;
    }
    return all;
  }

  /* After a pause nobody knows which of our words were heard: said again, which changes nothing where they were. */
  private tellProgress(): void {
    if (this.looking()) this.look();
    if (this.read) this.live.send({ type: 'read', id: this.read });
    const last = this.lastOfTeam();
    if (last && last.id !== this.read) this.live.send({ type: 'delivered', id: last.id });
  }

  private countUnread(): number {
    const read = this.messages.findIndex((m) => m.id === this.read);
    return this.messages.slice(read + 1).filter((m) => m.from === 'agent' && !m.deleted).length;
  }

  /* New or changed, in whatever order it comes. */
  private take(m: ChatMessage, quiet = false): void {
    this.outbox = this.outbox.filter((x) => !m.clientId || x.clientId !== m.clientId);
    if (this.synced) this.reach(m);
    const i = this.messages.findIndex((x) => x.id === m.id);
    if (i >= 0) this.messages[i] = { ...this.messages[i], ...m };
    else {
      this.messages.push(m);
      this.messages.sort((a, b) => (a.chatId === b.chatId ? a.seq - b.seq : a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
      if (m.from === 'agent') {
        this.typing = false;
        if (!quiet && !m.deleted) {
          if (this.looking()) this.look();
          else {
            this.unread++;
            this.live.send({ type: 'delivered', id: m.id });
          }
        }
      }
    }
    this.save();
    this.onchange();
  }

  /* Up to here the conversation is whole. */
  private reach(m: ChatMessage): void {
    if ((m.cursor ?? '') > this.whole) this.whole = m.cursor ?? '';
  }

  private markSeen(): void {
    for (const m of this.messages) if (m.from === 'visitor') m.status = 'read';
    this.onchange();
  }

  private showTyping(on: boolean): void {
    clearTimeout(this.typingTimer);
    if (on) this.typingTimer = window.setTimeout(() => this.showTyping(false), 6000);
    this.typing = on;
    this.onchange();
  }

  private restore(): Kept {
    try {
      return (JSON.parse(localStorage.getItem(this.place) ?? '{}') as Kept | null) ?? {};
    } catch {
      return {};
    }
  }

  /* Files cannot be kept over a reload; the words can. */
  private save(): void {
    const kept: Kept = { visitor: this.visitor, outbox: this.outbox.filter((m) => !m.localFile), read: this.read };
    try {
      localStorage.setItem(this.place, JSON.stringify(kept));
    } catch {
      /* a page without storage: the conversation lasts as long as the page */
    }
  }
}
