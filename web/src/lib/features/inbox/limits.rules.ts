/* What a channel takes, pure: limits as the server gives them with what is missing filled in, and words about files and
   texts before anything leaves. */
import type { ChannelKind, ChannelLimits, FileLimit } from '$lib/api/types';
import type { MessageFile } from './types';

export type FileKind = MessageFile['kind'];
export const fileKinds: readonly FileKind[] = ['image', 'video', 'audio', 'document'];
export const filesMost = 10;

export interface Limits extends Omit<ChannelLimits, 'files'> {
  files: Partial<Record<FileKind, { types: readonly string[] | null; bytesMax: number; captionMax: number }>>;
}

const words = (v: readonly string[] | string | null | undefined): string[] =>
  (typeof v === 'string' ? v.split(',') : [...(v ?? [])]).map((x) => x.trim()).filter((x) => x !== '');

/** Limits of a kind; of one that is not known, those that no channel goes below. */
export function limitsOf(
  kind: Pick<ChannelKind, 'can' | 'textMax' | 'fileMaxBytes' | 'windowHours' | 'limits'> | undefined,
): Limits {
  const given = kind?.limits ?? {};
  const of = (f: FileLimit) => ({
    types: f.types === null ? null : words(f.types),
    bytesMax: f.bytesMax,
    captionMax: f.captionMax,
  });
  const files: Limits['files'] = {};
  for (const k of fileKinds) {
    if (kind && !kind.can.includes(k)) continue;
    const row = given.files?.find((f) => f.kind === k);
    files[k] = row ? of(row) : { types: null, bytesMax: kind?.fileMaxBytes ?? 0, captionMax: kind?.textMax ?? 0 };
  }
  const n = (v: number | undefined, otherwise = 0) => v ?? otherwise;
  return {
    textMax: n(given.textMax, kind?.textMax ?? 4000),
    textBytesMax: n(given.textBytesMax),
    textSplits: given.textSplits ?? false,
    files,
    filesMax: n(given.filesMax) || filesMost,
    buttonsMax: n(given.buttonsMax),
    buttonTitleMax: n(given.buttonTitleMax, 20),
    buttonsTextMax: n(given.buttonsTextMax, 1024),
    choicesWithFile: given.choicesWithFile ?? false,
    listRowsMax: n(given.listRowsMax),
    listSectionsMax: n(given.listSectionsMax, 10),
    listTitleMax: n(given.listTitleMax, 24),
    listDescriptionMax: n(given.listDescriptionMax, 72),
    listButtonMax: n(given.listButtonMax, 20),
    listTextMax: n(given.listTextMax, 1024),
    subjectMax: n(given.subjectMax, 250),
    windowHours: n(given.windowHours, kind?.windowHours ?? 0),
    humanAgentHours: n(given.humanAgentHours),
  };
}

/** Which contacts a conversation on this kind can be begun with. */
export function opensOf(kind: Pick<ChannelKind, 'kind' | 'opens'> | undefined): string[] | undefined {
  return kind?.opens === undefined ? undefined : words(kind.opens);
}

/** As what a file leaves: by its media type. A vector drawing is a document. */
export function fileKindOf(type: string): FileKind {
  if (type.startsWith('image/') && type !== 'image/svg+xml') return 'image';
  if (type.startsWith('video/')) return 'video';
  return type.startsWith('audio/') ? 'audio' : 'document';
}

const matches = (pattern: string, type: string) =>
  pattern === type || (pattern.endsWith('/*') && type.startsWith(pattern.slice(0, -1)));

/* Recordings and pictures of other makes are converted by the server; what it cannot convert leaves as a document. */
const converted: Partial<Record<FileKind, RegExp>> = {
  image: /^image\/(?:jpeg|png|webp|gif|bmp|tiff|heic|heif|avif)$/,
  audio: /^audio\//,
};

export type Refusal = { name: string; why: 'size' | 'kind' | 'type' | 'count'; limit: number; types: string[] };

/** Why a channel does not take a file; undefined when it does. */
export function refusal(
  f: { name: string; type: string; size: number },
  limits: Limits | undefined,
): Refusal | undefined {
  if (!limits) return undefined;
  const kind = fileKindOf(f.type);
  const type = f.type.split(';')[0]?.trim().toLowerCase() ?? '';
  const rule = limits.files[kind];
  if (!rule) return { name: f.name, why: 'kind', limit: 0, types: [] };
  if (rule.bytesMax > 0 && f.size > rule.bytesMax)
    return { name: f.name, why: 'size', limit: rule.bytesMax, types: [] };
  if (rule.types && !rule.types.some((p) => matches(p, type)) && !converted[kind]?.test(type))
    return { name: f.name, why: 'type', limit: 0, types: typeWords(rule.types) };
  return undefined;
}

/** Which files a channel takes, beside those that are there already. */
export function siftFiles<F extends { name: string; type: string; size: number }>(
  files: readonly F[],
  limits: Limits | undefined,
  have: number,
): { good: F[]; bad: Refusal[] } {
  const most = limits?.filesMax ?? filesMost;
  const good: F[] = [];
  const bad: Refusal[] = [];
  for (const f of files) {
    const why =
      have + good.length >= most ? { name: f.name, why: 'count' as const, limit: most, types: [] } : refusal(f, limits);
    if (why) bad.push(why);
    else good.push(f);
  }
  return { good, bad };
}

const known: Record<string, string> = {
  'image/jpeg': 'JPG',
  'image/svg+xml': 'SVG',
  'audio/mpeg': 'MP3',
  'audio/mp4': 'M4A',
  'audio/x-m4a': 'M4A',
  'video/3gpp': '3GP',
  'video/quicktime': 'MOV',
  'text/plain': 'TXT',
  'application/msword': 'DOC',
  'application/vnd.ms-excel': 'XLS',
  'application/vnd.ms-powerpoint': 'PPT',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'DOCX',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'XLSX',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'PPTX',
};

/** Media types as people call them: JPG, PNG, PDF. */
export function typeWords(types: readonly string[]): string[] {
  return [
    ...new Set(
      types.map((x) => known[x] ?? (x.split('/')[1] ?? x).replace(/^x-/, '').replace(/\*$/, '').toUpperCase()),
    ),
  ].filter((x) => x !== '');
}

/** Characters as the server counts them (code points). */
export function textLength(text: string): number {
  let n = 0;
  for (const _ of text) n += 1;
  return n;
}

const utf8 = new TextEncoder();

export interface Room {
  /** What was used and what there is, in the unit that runs out first. */
  used: number;
  most: number;
  unit: 'characters' | 'bytes';
  over: boolean;
  /** In how many messages it leaves; 1 unless the channel splits. */
  parts: number;
}

/** How far a text fills what a channel takes at once. */
export function roomOf(text: string, limits: Pick<Limits, 'textMax' | 'textBytesMax' | 'textSplits'>): Room {
  const length = textLength(text);
  const bytes = limits.textBytesMax > 0 ? utf8.encode(text).length : 0;
  const byBytes =
    limits.textBytesMax > 0 && bytes / limits.textBytesMax > (limits.textMax > 0 ? length / limits.textMax : 0);
  const used = byBytes ? bytes : length;
  const most = byBytes ? limits.textBytesMax : limits.textMax;
  const fits = most === 0 || used <= most;
  const parts = fits || !limits.textSplits ? 1 : Math.ceil(used / most);
  return { used, most, unit: byBytes ? 'bytes' : 'characters', over: !fits && !limits.textSplits, parts };
}
