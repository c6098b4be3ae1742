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
import { filesMost, mentionsIn, siftFiles, textLength } from './composer.rules';
import { draft, setDraft } from './drafts.svelte';
import { renderShortcut, sendSequence } from './message.service';
import { enqueue } from './outbox.svelte';
import { setMyTyping } from './people.svelte';
import { urls } from '$lib/api/urls';
import type { Message, Quote, Shortcut, ShortcutStep, StoredFile } from './types';

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

  readonly channelKind = $derived.by(() => lookup.channelKind(lookup.channel(chats.get(this.chatId)?.channelId)?.kind));
  readonly files = $derived.by(() => attachments(this.chatId));
  readonly limit = $derived(this.note ? 10_000 : (this.channelKind?.textMax ?? 4000));
  readonly length = $derived(textLength(this.text));
  readonly uploading = $derived(this.files.some((f) => f.state === 'uploading'));
  readonly canSend = $derived(
    (this.text.trim() !== '' || this.files.length > 0) &&
      this.length <= this.limit &&
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
    }
  }

  changed(): void {
    setDraft(this.chatId, { text: this.text, note: this.note, replyTo: this.quote });
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

  /** Takes files in; what the channel does not take is refused with its reason. */
  addFiles(files: readonly File[]): void {
    const kind = this.note ? undefined : this.channelKind;
    const { good, bad } = siftFiles(files, kind, this.files.length);
    for (const b of bad) {
      const text =
        b.why === 'size'
          ? t('inbox.file.tooBig', { name: b.name, limit: bytes(b.limit) })
          : b.why === 'kind'
            ? t('inbox.file.wrongKind', { name: b.name })
            : t('inbox.file.tooMany', { n: filesMost });
      toast({ text, kind: 'warn' });
    }
    if (good.length) attach(this.chatId, good);
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
    const files = takeAttachments(this.chatId).map((a, i) => a.asFile(i));
    const text = this.text.trim();
    enqueue({
      chatId: this.chatId,
      kind: this.note ? 'note' : 'out',
      content: text,
      replyTo: this.note ? null : this.quote,
      files,
      mentions: this.note ? mentionsIn(text, org().users) : [],
      scheduledFor: this.note ? null : scheduledFor,
    });
    this.text = '';
    this.quote = null;
    this.changed();
    setMyTyping(this.chatId, false, this.note);
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
