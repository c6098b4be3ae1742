/* Files on their way up, per chat: they go on while one looks at another chat, can be stopped, and are tried again. */
import { SvelteMap } from 'svelte/reactivity';
import { newKey, upload } from '$lib/api/client';
import { isAborted } from '$lib/api/error';
import type { Id } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import { errorText } from '$lib/shell/report';
import type { MessageFile, StoredFile } from './types';

export class Attachment {
  readonly key = newKey();
  readonly name: string;
  readonly sizeBytes: number;
  readonly type: string;
  /** A picture of it for the eye, of a file that is here. */
  readonly preview: string | undefined;
  /** Recorded here: leaves as a voice message. */
  readonly voice: boolean;
  progress = $state(0);
  state = $state<'uploading' | 'ready' | 'failed'>('uploading');
  problem = $state('');
  stored = $state.raw<StoredFile>();
  private readonly blob: Blob | undefined;
  private stop = new AbortController();

  constructor(from: File | StoredFile, voice = false) {
    this.voice = voice;
    this.name = from.name;
    this.type = from.type;
    if (from instanceof Blob) {
      this.blob = from;
      this.sizeBytes = from.size;
      this.preview = /^image\/(png|jpeg|gif|webp)$/.test(from.type) ? URL.createObjectURL(from) : undefined;
      void this.start();
    } else {
      this.sizeBytes = from.sizeBytes;
      this.stored = from;
      this.state = 'ready';
      this.preview = from.kind === 'image' ? from.url : undefined;
    }
  }

  async start(): Promise<void> {
    if (!this.blob) return;
    this.state = 'uploading';
    this.progress = 0;
    this.stop = new AbortController();
    try {
      this.stored = await upload<StoredFile>(urls.files(), this.blob, this.name, {
        signal: this.stop.signal,
        idempotencyKey: this.key,
        onprogress: (sent, total) => (this.progress = total ? sent / total : 0),
      });
      this.progress = 1;
      this.state = 'ready';
    } catch (e) {
      if (isAborted(e)) return;
      this.problem = errorText(e);
      this.state = 'failed';
    }
  }

  /** Stops the upload and lets the picture go. */
  drop(): void {
    this.stop.abort();
    if (this.preview?.startsWith('blob:')) URL.revokeObjectURL(this.preview);
  }

  /** As the message shows it while it leaves. */
  asFile(position: number): MessageFile {
    const s = this.stored;
    return {
      id: s?.id ?? null,
      position,
      kind: s?.kind ?? 'document',
      name: s?.name ?? this.name,
      type: s?.type ?? this.type,
      sizeBytes: this.sizeBytes,
      width: s?.width ?? null,
      height: s?.height ?? null,
      state: 'ready',
      error: null,
      durationMs: null,
      url: s?.url ?? null,
    };
  }
}

const byChat = new SvelteMap<Id, Attachment[]>();

export function attachments(chatId: Id): Attachment[] {
  return byChat.get(chatId) ?? [];
}

export function attach(chatId: Id, files: readonly (File | StoredFile)[], voice = false): void {
  byChat.set(chatId, [...attachments(chatId), ...files.map((f) => new Attachment(f, voice))]);
}

export function detach(chatId: Id, a: Attachment): void {
  a.drop();
  byChat.set(
    chatId,
    attachments(chatId).filter((x) => x !== a),
  );
}

/** All of them leave with the message. */
export function takeAttachments(chatId: Id): Attachment[] {
  const all = attachments(chatId);
  byChat.delete(chatId);
  for (const a of all) a.drop();
  return all;
}

export function resetAttachments(): void {
  for (const list of byChat.values()) for (const a of list) a.drop();
  byChat.clear();
}
