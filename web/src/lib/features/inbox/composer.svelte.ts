/* What is being written in one chat: words, whether a note or an answer, what it answers, files. Kept as a draft with
   every change; sending hands it to the outbox. */
import { ApiError } from '$lib/api/error';
import type { Id } from '$lib/api/types';
import { bytes } from '$lib/i18n/format.svelte';
import { t } from '$lib/i18n/i18n.svelte';
import { report } from '$lib/shell/report';
import { lookup, org } from '$lib/shell/session.svelte';
import { toast } from '$lib/ui/toast.svelte';
import { attach, attachments, takeAttachments } from './attachments.svelte';
import { chats } from './chats.svelte';
import { type MailDraft, mentionsIn } from './composer.rules';
import { draft, setDraft } from './drafts.svelte';
import { renderShortcut, sendSequence } from './message.service';
import { limitsOf, type Refusal, roomOf, siftFiles } from './limits.rules';
import { enqueue } from './outbox.svelte';
import { setMyTyping } from './people.svelte';
import { urls } from '$lib/api/urls';
import type { TemplateSend } from './templates.rules';
import type { Message, MessageFile, Quote, Shortcut, ShortcutStep, StoredFile } from './types';

/** What is being made in a dialog, to leave as a message of its own. */
export type Making = 'template' | 'buttons' | 'list' | 'link' | 'location' | 'contact';

export class ComposerState {
  readonly chatId: Id;
  text = $state('');
  note = $state(false);
  quote = $state.raw<Quote | null>(null);
  element = $state<HTMLTextAreaElement>();
  /** The person has pressed send, and a file is still on its way up. */
  pending = $state(false);
  /** Steps of a shortcut to look at before they leave. */
  sequence = $state.raw<ShortcutStep[]>();
  making = $state<Making>();
  /** Of a mail: whom else it goes to, and its subject where it is not that of the conversation. */
  mail = $state.raw<MailDraft>({ cc: [], bcc: [] });
  /** The conversation has a subject already. */
  subjectKnown = $state(false);

  readonly channelKind = $derived.by(() => lookup.channelKind(lookup.channel(chats.get(this.chatId)?.channelId)?.kind));
  readonly files = $derived.by(() => attachments(this.chatId));
  readonly limits = $derived(limitsOf(this.channelKind));
  readonly room = $derived(
    roomOf(this.text, this.note ? { textMax: 10_000, textBytesMax: 0, textSplits: false } : this.limits),
  );
  readonly isMail = $derived(this.channelKind?.can.includes('subject') ?? false);
  readonly subjectMissing = $derived(this.isMail && !this.subjectKnown && !this.mail.subject?.trim());
  readonly canTemplate = $derived(this.channelKind?.can.includes('template') ?? false);
  /** The picture that leaves above what is offered to press, where the channel takes that. */
  readonly choiceFile = $derived(
    this.limits.choicesWithFile && this.files.length === 1 && this.files[0]?.state === 'ready' && !this.files[0].voice
      ? this.files[0]
      : undefined,
  );
  readonly uploading = $derived(this.files.some((f) => f.state === 'uploading'));
  readonly canSend = $derived(
    (this.text.trim() !== '' || this.files.length > 0) &&
      !this.room.over &&
      (this.note || !this.subjectMissing) &&
      !this.files.some((f) => f.state === 'failed') &&
      (!this.note || this.text.trim() !== ''),
  );

  constructor(chatId: Id) {
    this.chatId = chatId;
    const kept = draft(chatId);
    if (kept) {
      this.text = kept.text;
      this.note = kept.note;
      this.quote = kept.replyTo;
      if (kept.mail) this.mail = kept.mail;
    }
  }

  changed(): void {
    const { subject, cc, bcc } = this.mail;
    const mail = subject?.trim() || cc.length || bcc.length ? this.mail : undefined;
    setDraft(this.chatId, { text: this.text, note: this.note, replyTo: this.quote, mail });
    setMyTyping(this.chatId, this.text.trim() !== '', this.note);
  }

  setText(text: string, caret?: number): void {
    this.text = text;
    this.changed();
    const el = this.element;
    if (el && caret !== undefined)
      queueMicrotask(() => {
        el.focus();
        el.setSelectionRange(caret, caret);
      });
  }

  setNote(note: boolean): void {
    this.note = note;
    if (note) this.quote = null;
    this.changed();
  }

  focus(note: boolean): void {
    const closed = chats.get(this.chatId)?.status === 'closed';
    this.setNote(note || closed);
    /* In a closed chat the place to write appears only now. */
    if (this.element) this.element.focus();
    else setTimeout(() => this.element?.focus());
  }

  replyTo(m: Message): void {
    this.note = false;
    this.quote = {
      id: m.id,
      seq: m.seq,
      kind: m.kind,
      direction: m.direction,
      authorName: m.authorName,
      content: m.content.slice(0, 200),
    };
    this.changed();
    this.element?.focus();
  }

  unquote(): void {
    this.quote = null;
    this.changed();
    this.element?.focus();
  }

  setMail(mail: Partial<MailDraft>): void {
    this.mail = { ...this.mail, ...mail };
    this.changed();
  }

  /** Takes files in; what the channel does not take is refused with its reason. */
  addFiles(files: readonly File[], voice = false): void {
    const { good, bad } = siftFiles(files, this.note ? undefined : this.limits, this.files.length);
    for (const b of bad) toast({ text: refusalText(b), kind: 'warn' });
    if (good.length) attach(this.chatId, good, voice);
    this.element?.focus();
  }

  insert(words: string): void {
    const el = this.element;
    const from = el?.selectionStart ?? this.text.length;
    const to = el?.selectionEnd ?? from;
    this.setText(this.text.slice(0, from) + words + this.text.slice(to), from + words.length);
  }

  send(scheduledFor: string | null = null): void {
    if (!this.canSend) return;
    if (this.uploading) {
      this.pending = true;
      return;
    }
    this.pending = false;
    const taken = takeAttachments(this.chatId);
    const files = taken.map((a, i) => a.asFile(i));
    const text = this.text.trim();
    const data = this.note ? undefined : this.dataOf(taken.length === 1 && taken[0]?.voice === true);
    enqueue({
      chatId: this.chatId,
      kind: this.note ? 'note' : 'out',
      content: text,
      replyTo: this.note ? null : this.quote,
      files,
      mentions: this.note ? mentionsIn(text, org().users) : [],
      data,
      scheduledFor: this.note ? null : scheduledFor,
    });
    this.text = '';
    this.quote = null;
    if (!this.note) this.mail = { cc: this.mail.cc, bcc: [] };
    this.changed();
    setMyTyping(this.chatId, false, this.note);
  }

  private dataOf(voice: boolean): Record<string, unknown> | undefined {
    if (this.isMail) {
      const { subject, cc, bcc } = this.mail;
      const words = subject?.trim();
      return { mail: { ...(words ? { subject: words } : {}), cc, bcc } };
    }
    return voice ? { voice: true } : undefined;
  }

  /** Sends what a dialog made; words that were taken over from the composer go with it. */
  sendMade(content: string, data: Record<string, unknown>): void {
    const choice = ['buttons', 'list', 'link'].some((key) => key in data);
    const files = choice && this.choiceFile ? takeAttachments(this.chatId).map((a, i) => a.asFile(i)) : [];
    this.enqueueMade({ content: content.trim(), data, files });
    if (content.trim() !== '' && this.text.trim() !== '') this.setText('');
  }

  sendTemplate(template: TemplateSend, content: string, file: MessageFile | undefined): void {
    this.enqueueMade({ content, template, files: file ? [file] : [] });
  }

  private enqueueMade(made: {
    content: string;
    data?: Record<string, unknown>;
    template?: TemplateSend;
    files?: MessageFile[];
  }): void {
    enqueue({
      chatId: this.chatId,
      kind: 'out',
      replyTo: made.template ? null : this.quote,
      files: [],
      mentions: [],
      scheduledFor: null,
      ...made,
    });
    this.making = undefined;
    if (!made.template) this.quote = null;
    this.changed();
  }

  /** Puts a shortcut's words where "/word" stood; one of several steps is shown first. */
  async useShortcut(s: Shortcut, from: number, to: number): Promise<void> {
    const rest = this.text.slice(to);
    const before = this.text.slice(0, from);
    this.setText(before + rest, from);
    try {
      const steps = await renderShortcut(s.id, this.chatId);
      const only = steps.length === 1 ? steps[0] : undefined;
      if (!only) {
        this.sequence = steps;
        return;
      }
      this.setText(before + only.content + rest, before.length + only.content.length);
      for (const id of only.fileIds) await this.attachStored(id);
    } catch (e) {
      this.setText(`${before}/${s.keyword}${rest}`);
      report(e);
    }
  }

  private async attachStored(id: Id): Promise<void> {
    /* A file of a shortcut: known by its id, its head tells the rest. */
    try {
      const response = await fetch(urls.file(id), { method: 'HEAD' });
      if (!response.ok) throw new ApiError({ status: response.status, code: 'FILE_NOT_FOUND', message: '' });
      const type = response.headers.get('Content-Type') ?? '';
      const name = /filename="?([^";]+)/.exec(response.headers.get('Content-Disposition') ?? '')?.[1] ?? '';
      const kind = (['image', 'video', 'audio'] as const).find((k) => type.startsWith(`${k}/`)) ?? 'document';
      const file: StoredFile = {
        id,
        name: name || t(`inbox.kind.${kind}`),
        type,
        kind,
        sizeBytes: Number(response.headers.get('Content-Length') ?? 0),
        width: null,
        height: null,
        url: urls.file(id),
      };
      attach(this.chatId, [file]);
    } catch (e) {
      report(e);
    }
  }

  async sendSteps(): Promise<boolean> {
    const steps = this.sequence;
    if (!steps) return false;
    try {
      await sendSequence(this.chatId, steps);
      this.sequence = undefined;
      return true;
    } catch (e) {
      report(e);
      return false;
    }
  }

  leave(): void {
    setMyTyping(this.chatId, false, this.note);
  }
}

/** Why a channel does not take a file, in words. */
function refusalText(r: Refusal): string {
  const { name } = r;
  if (r.why === 'size') return t('inbox.file.tooBig', { name, limit: bytes(r.limit) });
  if (r.why === 'count') return t('inbox.file.tooMany', { n: r.limit });
  if (r.why === 'type' && r.types.length) return t('message.file.types', { name, types: r.types.join(', ') });
  return t('inbox.file.wrongKind', { name });
}
