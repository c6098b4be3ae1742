/* One conversation with the draft: it is saved first, then runs on the real engine with a clock of its own. */
import type { Id } from '$lib/api/types';
import { t } from '$lib/i18n/i18n.svelte';
import { report } from '$lib/shell/report';
import { flowsApi } from '../api';
import type { Editor } from '../editor.svelte';
import { pathOf } from '../trace.rules';
import type { SessionDetail, Trigger } from '../types';

const byMessage = new Set(['channel', 'keyword', 'firstContact']);

export class Talk {
  session: SessionDetail | undefined = $state.raw();
  busy = $state(false);
  channelKind = $state('');
  customerName = $state('');
  httpReal = $state(false);
  /** What was just written, until the server has it. */
  said: string | undefined = $state();
  #editor: Editor;
  #poll: ReturnType<typeof setTimeout> | undefined;

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  get over(): boolean {
    const s = this.session?.status;
    return s === 'done' || s === 'failed' || s === 'stopped';
  }

  /** What begins it, when no message does: by hand, a call, a tag, the closing of a chat. */
  get startedBy(): string | undefined {
    const start = this.#editor.graph.nodes.find((n) => n.type === 'start');
    const triggers = (start?.data['triggers'] as Trigger[] | undefined) ?? [];
    const kinds = triggers.filter((x) => x.enabled !== false).map((x) => x.kind);
    return kinds.some((k) => byMessage.has(k)) ? undefined : kinds[0];
  }

  async start(first?: string): Promise<void> {
    const kind = this.startedBy ?? 'channel';
    await this.#do(async () => {
      await this.#editor.flush();
      return flowsApi.startTest(this.#editor.flowId, {
        channelKind: this.channelKind,
        customer: { name: this.customerName || t('flows.testCustomerSample') },
        httpReal: this.httpReal,
        trigger: first === undefined ? { kind } : { kind, text: first },
      });
    }, first);
  }

  sayFile(fileId: Id, name: string): Promise<void> {
    const id = this.session?.id;
    return id === undefined ? Promise.resolve() : this.#do(() => flowsApi.say(id, { fileId }), name);
  }

  say(text: string): Promise<void> {
    const id = this.session?.id;
    return id === undefined ? this.start(text) : this.#do(() => flowsApi.say(id, { text }), text);
  }

  choose(optionId: string, title: string): Promise<void> {
    const id = this.session?.id;
    return id === undefined ? Promise.resolve() : this.#do(() => flowsApi.say(id, { optionId, text: title }), title);
  }

  skip(): Promise<void> {
    const id = this.session?.id;
    return id === undefined ? Promise.resolve() : this.#do(() => flowsApi.skip(id));
  }

  answerHttp(status: number, body: string): Promise<void> {
    const id = this.session?.id;
    return id === undefined ? Promise.resolve() : this.#do(() => flowsApi.answerHttp(id, { status, body }));
  }

  async record(name: string): Promise<boolean> {
    const sessionId = this.session?.id;
    if (sessionId === undefined) return false;
    try {
      await flowsApi.saveTest(this.#editor.flowId, { name, sessionId });
      return true;
    } catch (e) {
      report(e);
      return false;
    }
  }

  reset(): void {
    clearTimeout(this.#poll);
    this.session = undefined;
    this.said = undefined;
    this.#editor.path = undefined;
  }

  /** Another page, or closed: nothing is asked for any more. */
  stop(): void {
    clearTimeout(this.#poll);
    this.#editor.path = undefined;
  }

  #take(session: SessionDetail): void {
    this.session = session;
    this.#editor.path = pathOf(session.log, this.#editor.graph);
    clearTimeout(this.#poll);
    /* It works on something of its own (a real request): looked at again until it rests. */
    if (session.status === 'running' || (session.wait?.kind === 'http' && this.httpReal)) {
      this.#poll = setTimeout(() => void this.#look(session.id), 700);
    }
  }

  async #look(id: Id): Promise<void> {
    try {
      const session = await flowsApi.session(id);
      if (this.session?.id === id) this.#take(session);
    } catch {
      /* the next thing that is said tells */
    }
  }

  async #do(call: () => Promise<SessionDetail>, said?: string): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.said = said;
    try {
      this.#take(await call());
    } catch (e) {
      report(e);
    }
    this.said = undefined;
    this.busy = false;
  }
}
