/* What a mail holds beyond its words: asked for when somebody wants to see it, and kept while the page lives. */
import { api } from '$lib/api/client';
import type { Id, Instant } from '$lib/api/types';
import { urls } from '$lib/api/urls';

export interface MailAttachment {
  part?: string | number;
  name: string;
  type: string;
  sizeBytes: number | null;
  fileId?: Id | null;
  url?: string | null;
}

export interface MailView {
  subject: string;
  from: unknown;
  to: unknown;
  cc: unknown;
  date: Instant | null;
  html: string | null;
  /** Pictures elsewhere that wait until somebody asks for them. */
  blockedImages: number;
  attachments: MailAttachment[];
  /** The history below the words. */
  quoted: string | null;
  fault?: string | null;
}

const kept = new Map<Id, Promise<MailView>>();
const most = 50;

export function readMail(chatId: Id, messageId: Id): Promise<MailView> {
  let found = kept.get(messageId);
  if (!found) {
    found = api.get<MailView>(urls.messageMail(chatId, messageId)).catch((e: unknown) => {
      kept.delete(messageId);
      throw e;
    });
    kept.set(messageId, found);
    for (const old of [...kept.keys()].slice(0, -most)) kept.delete(old);
  }
  return found;
}
