/* Shapes of the web chat's public API (src/channels/webchat/routes.c). */
import type { Language } from './texts';

export type PreChatField = 'name' | 'email' | 'phone';

export interface Config {
  title: string;
  welcome: string;
  hoursText: string;
  color: string;
  position: 'right' | 'left';
  language: Language;
  open: boolean;
  online: boolean;
  fileMaxBytes: number;
  preChat: { enabled: boolean; fields: PreChatField[]; required: PreChatField[] } | null;
}

export interface ChatFile {
  id: string;
  kind: 'image' | 'video' | 'audio' | 'document';
  name: string;
  type: string;
  sizeBytes: number | null;
  width: number | null;
  height: number | null;
}

export interface Choice {
  id: string;
  title: string;
  description?: string | null;
}

/* What a message of the team offers: one of these. */
export interface Offer {
  buttons?: Choice[];
  list?: { button: string; sections: { title?: string | null; rows: Choice[] }[] };
  link?: { title: string; url: string };
}

export interface ChatMessage {
  id: string;
  chatId?: string;
  seq: number;
  /* Its place in the whole conversation, for asking what came after. */
  cursor?: string;
  from: 'visitor' | 'agent' | 'system';
  kind: string;
  text: string;
  deleted?: boolean;
  files: ChatFile[];
  status: string;
  clientId?: string | null;
  authorName: string;
  at: string;
  replyTo?: { id: string; text: string; from: string } | null;
  offer?: Offer | null;
  /* What the visitor chose of the message in replyTo. */
  answer?: Choice | null;
  /* Only here, never from the server: still on its way. */
  pending?: 'sending' | 'failed';
  localFile?: File;
}

export interface Visitor {
  token: string;
  name?: string;
  email?: string;
  phone?: string;
  asked?: boolean;
}
