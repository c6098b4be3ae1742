/* What agents use beside the chats: shortcuts and closure types. */
import { api, newKey, upload } from '$lib/api/client';
import type { ClosureType, Id, Page } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import { type ShortcutForm, type ShortcutRow, stepsBody } from './shortcuts.rules';

export const shortcutsApi = {
  list: (signal?: AbortSignal) => api.get<Page<ShortcutRow>>(urls.shortcuts(), { signal }),
  create: (form: ShortcutForm) =>
    api.post<ShortcutRow>(urls.shortcuts(), { body: bodyOf(form), idempotencyKey: newKey() }),
  update: (id: Id, { shared: _, ...form }: ShortcutForm) =>
    api.patch<ShortcutRow>(urls.shortcut(id), { body: { ...form, steps: stepsBody(form.steps) } }),
  remove: (id: Id) => api.delete(urls.shortcut(id)),
};

function bodyOf(form: ShortcutForm) {
  return { ...form, title: form.title.trim(), steps: stepsBody(form.steps) };
}

export interface UploadedFile {
  id: Id;
  name: string;
  type: string;
  sizeBytes: number;
}

export function uploadFile(file: File, onprogress: (part: number) => void): Promise<UploadedFile> {
  return upload<UploadedFile>(urls.files(), file, file.name, {
    idempotencyKey: newKey(),
    onprogress: (sent, total) => onprogress(total > 0 ? sent / total : 0),
  });
}

/** A kept file's name, from its headers; empty when it is gone. */
export async function fileName(id: Id): Promise<string> {
  const answer = await fetch(urls.fileDownload(id), { method: 'HEAD', credentials: 'same-origin' }).catch(
    () => undefined,
  );
  const header = answer?.ok ? (answer.headers.get('Content-Disposition') ?? '') : '';
  const star = /filename\*=UTF-8''([^;]+)/i.exec(header)?.[1];
  return star ? decodeURIComponent(star) : (/filename="([^"]*)"/i.exec(header)?.[1] ?? '');
}

export interface ClosureForm {
  name: string;
  color: string;
  needsNote: boolean;
}

export const closureTypes = {
  create: (form: ClosureForm) => api.post<ClosureType>(urls.closureTypes(), { body: form, idempotencyKey: newKey() }),
  update: (id: Id, form: Partial<ClosureForm> & { position?: number }) =>
    api.patch<ClosureType>(urls.closureType(id), { body: form }),
  remove: (id: Id) => api.delete(urls.closureType(id)),
};
