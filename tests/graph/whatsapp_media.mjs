/* Media of WhatsApp: upload, metadata with an address that lives five minutes, download with the token, deletion, and
   what a medium must be to be sent: type, size, codec. Media by link are fetched as the platform fetches them. */
import { createHmac } from 'node:crypto';
import { minute, second } from './clock.mjs';
import { noObject, refusal } from './errors.mjs';
import { answer, mayReach, needToken } from './http.mjs';

/** @import { Json, Medium, Phone } from './types.ts' */
/** @import { Req } from './http.mjs' */
/** @import { World } from './world.mjs' */

const kb = 1024;
const mb = 1024 * kb;
const office = [
  'application/msword',
  'application/vnd.ms-excel',
  'application/vnd.ms-powerpoint',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
];

/** kind → types and size */
export const kinds = /** @type {Record<string, { types: string[], max: number }>} */ ({
  audio: { types: ['audio/aac', 'audio/amr', 'audio/mpeg', 'audio/mp4', 'audio/ogg'], max: 16 * mb },
  document: { types: ['text/plain', 'application/pdf', ...office], max: 100 * mb },
  image: { types: ['image/jpeg', 'image/png'], max: 5 * mb },
  sticker: { types: ['image/webp'], max: 500 * kb },
  video: { types: ['video/mp4', 'video/3gpp'], max: 16 * mb },
});

/** @param {string} type */
export const bare = (type) => (type.split(';')[0] ?? '').trim().toLowerCase();
/** @param {Buffer} b @param {number} at @param {string} text */
const has = (b, at, text) => b.toString('latin1', at, at + text.length) === text;

/** What the bytes are, as far as that can be told. @param {Buffer} b */
export function sniff(b) {
  if (b[0] === 0xff && b[1] === 0xd8 && b[2] === 0xff) return 'image/jpeg';
  if (has(b, 0, '\x89PNG')) return 'image/png';
  if (has(b, 0, 'GIF8')) return 'image/gif';
  if (has(b, 0, 'RIFF') && has(b, 8, 'WEBP')) return 'image/webp';
  if (has(b, 0, 'RIFF') && has(b, 8, 'WAVE')) return 'audio/wav';
  if (has(b, 0, 'OggS')) return 'audio/ogg';
  if (has(b, 0, '%PDF')) return 'application/pdf';
  if (has(b, 0, '#!AMR')) return 'audio/amr';
  if (has(b, 4, 'ftyp')) return has(b, 8, '3gp') ? 'video/3gpp' : has(b, 8, 'M4A') ? 'audio/mp4' : 'video/mp4';
  if (has(b, 0, '\x1aE\xdf\xa3')) return 'video/webm';
  if (has(b, 0, 'ID3') || (b[0] === 0xff && ((b[1] ?? 0) & 0xe6) === 0xe2)) return 'audio/mpeg';
  if (b[0] === 0xff && ((b[1] ?? 0) & 0xf6) === 0xf0) return 'audio/aac';
  if (has(b, 0, 'PK\x03\x04')) return 'application/zip';
  if (has(b, 0, '<!DOCTYPE html') || has(b, 0, '<html')) return 'text/html';
  return undefined;
}

/** Why bytes of this type cannot be sent as this kind. @param {string} kind @param {string} type @param {Buffer} bytes @param {boolean} [voice] */
export function mediaFault(kind, type, bytes, voice = false) {
  const rule = kinds[kind];
  if (!rule) return undefined;
  const plain = bare(type);
  const name = `${kind[0]?.toUpperCase()}${kind.slice(1)}`;
  if (kind !== 'document' && !rule.types.includes(plain))
    return `Unsupported ${name} mime type ${plain}. Please use one of ${rule.types.join(', ')}.`;
  if (kind === 'document' && !rule.types.includes(plain) && !Object.values(kinds).some((k) => k.types.includes(plain)))
    return `Unsupported Document mime type ${plain}.`;
  if (bytes.length === 0) return 'The file is empty.';
  if (bytes.length > rule.max) return `${name} file size exceeds the limit: ${bytes.length} bytes, at most ${rule.max}.`;
  const found = sniff(bytes);
  const alike =
    found === undefined ||
    found === plain ||
    (found === 'application/zip' && plain.includes('openxml')) ||
    (plain === 'audio/mp4' && found === 'video/mp4') ||
    (kind === 'document' && plain === 'text/plain');
  if (!alike) return `${name} content is ${found}, not ${plain}.`;
  if (plain === 'image/png' && ((bytes[24] ?? 0) !== 8 || ![2, 6].includes(bytes[25] ?? 0))) return 'Images must be 8-bit, RGB or RGBA.';
  if (plain === 'image/webp') {
    const animated = has(bytes, 12, 'VP8X') && ((bytes[20] ?? 0) & 2) !== 0;
    if (!animated && bytes.length > 100 * kb)
      return `Sticker file size exceeds the limit: ${bytes.length} bytes, at most ${100 * kb} for a static sticker.`;
  }
  if (plain === 'audio/ogg') {
    const head = bytes.indexOf('OpusHead', 0, 'latin1');
    if (head < 0 || head > 200) return 'Audio in Ogg must be encoded with the OPUS codec.';
    if (bytes[head + 9] !== 1) return 'Audio in Ogg must have one channel (mono).';
  }
  if (voice && plain !== 'audio/ogg') return 'Voice messages must be audio/ogg with the OPUS codec.';
  if (plain === 'video/mp4' && kind === 'video' && /hvc1|hev1|av01|vp09/.test(bytes.toString('latin1', 0, Math.min(bytes.length, 65536))))
    return 'Video must be encoded with H.264 and AAC.';
  return undefined;
}

/** POST /{phone}/media @param {World} w @param {Req} r @param {Phone} phone */
export function upload(w, r, phone) {
  const { args, call } = r;
  if (args.messaging_product !== 'whatsapp') throw refusal(100, 'The parameter messaging_product is required.');
  const file = call.files.find((f) => f.field === 'file');
  if (!file) throw refusal(100, 'The parameter file is required.');
  const type = bare(file.type);
  const declared = args.type === undefined ? type : bare(String(args.type));
  const all = Object.values(kinds).flatMap((k) => k.types);
  if (!all.includes(type))
    throw refusal(100, `Param file must be a file with one of the following types: ${all.join(', ')}. Received file of type '${type}'.`);
  if (args.type === undefined) throw refusal(100, 'The parameter type is required.');
  if (declared !== type && !Object.keys(kinds).includes(declared))
    throw refusal(100, `Param type "${declared}" is not the type of the file, "${type}".`);
  const max = Math.max(
    ...Object.values(kinds)
      .filter((k) => k.types.includes(type))
      .map((k) => k.max),
  );
  if (file.bytes.length === 0) throw refusal(131053, 'The file is empty.');
  if (file.bytes.length > max) throw refusal(131053, `File size exceeds the limit: ${file.bytes.length} bytes, at most ${max}.`);
  return { id: w.addMedium({ bytes: file.bytes, type: file.type, name: file.name, wabaId: phone.wabaId, phoneId: phone.id }).id };
}

/** @param {World} w @param {string} text */
const hashOf = (w, text) => createHmac('sha256', w.owner.id).update(text).digest('base64url').slice(0, 24);

/** The address that the metadata names. @param {World} w @param {Medium} m */
export function mediaUrl(w, m) {
  if (w.quirks.mediaUrl) return w.quirks.mediaUrl;
  const ext = Math.floor((w.now() + 5 * minute) / 1000);
  return `${w.url}/whatsapp_business/attachments/?mid=${m.id}&source=webhook&ext=${ext}&hash=${hashOf(w, `${m.id} ${ext}`)}`;
}

/** @param {World} w @param {Req} r @param {Medium} m @param {string} verb */
function reach(w, r, m, verb) {
  const token = needToken(w, r);
  if (m.deleted || m.expiresAt <= w.now()) throw noObject(m.id, verb);
  if (mayReach(token, 'whatsapp_business_messaging', m.wabaId ?? '')) throw noObject(m.id, verb);
  if (r.args.phone_number_id !== undefined && String(r.args.phone_number_id) !== m.phoneId) throw noObject(m.id, verb);
}

/** GET /{media} @param {World} w @param {Req} r @param {Medium} m */
export function metadata(w, r, m) {
  reach(w, r, m, 'get');
  return {
    url: mediaUrl(w, m),
    mime_type: m.type,
    sha256: m.sha256,
    file_size: String(m.bytes.length),
    id: m.id,
    messaging_product: 'whatsapp',
  };
}

/** DELETE /{media} @param {World} w @param {Req} r @param {Medium} m */
export function remove(w, r, m) {
  reach(w, r, m, 'delete');
  m.deleted = true;
  return { success: true };
}

/** GET of the media host @param {World} w @param {Req} r */
export function download(w, r) {
  const { mid, ext, hash } = r.call.query;
  const token = r.call.token;
  const live = token && !token.revoked && (token.expiresAt === 0 || token.expiresAt > w.now());
  if (!live || r.call.headers['authorization'] === undefined)
    return answer({ status: 401, body: { error: { message: 'Authentication Error', type: 'OAuthException', code: 190 } } });
  const m = w.media.find((x) => x.id === mid);
  if (!m || m.deleted || hash !== hashOf(w, `${mid} ${ext}`) || Number(ext) * 1000 <= w.now())
    return answer({ status: 404, html: '<html><body>Not Found</body></html>' });
  return answer({
    bytes: m.bytes,
    type: m.type,
    headers: { 'content-disposition': `inline;filename=${(m.name ?? 'file').replace(/[^ -~]/g, '_')}`, 'cache-control': 'private, max-age=300' },
  });
}

/** GET /cdn/… : files that need no token, as long as they live @param {World} w @param {Req} r */
export function cdn(w, r) {
  const key = (r.call.path.split('/').pop() ?? '').replace(/_n$/, '');
  const file = w.cdn.get(key);
  if (!file || file.expiresAt <= w.now())
    return answer({ status: 403, bytes: Buffer.from(file ? 'URL signature expired' : 'Bad URL hash'), type: 'text/plain' });
  if (r.call.headers['authorization']) w.warn(r.call, 'a token was sent to the CDN, which asks for none');
  return answer({
    bytes: file.bytes,
    type: file.mime,
    headers: { 'cache-control': 'max-age=1209600', 'access-control-allow-origin': '*' },
  });
}

/** @type {WeakMap<World, Map<string, { at: number, bytes: Buffer, type: string }>>} */
const cache = new WeakMap();

/** Fetches a medium by its link, kept ten minutes. @param {World} w @param {string} link @param {{ max: number, timeoutMs?: number, keepMs?: number }} o @returns {Promise<{ bytes: Buffer, type: string } | { fault: string }>} */
export async function fetchLink(w, link, { max, timeoutMs = 10 * second, keepMs = 10 * minute }) {
  const kept = cache.get(w) ?? new Map();
  cache.set(w, kept);
  const old = kept.get(link);
  if (old && w.now() - old.at < keepMs) return old;
  try {
    const said = await fetch(link, { signal: AbortSignal.timeout(timeoutMs), headers: { 'user-agent': 'facebookexternalua' } });
    if (!said.ok)
      return { fault: `Downloading media from weblink failed with http code ${said.status}, status message ${said.statusText}` };
    const bytes = Buffer.from(await said.arrayBuffer());
    if (bytes.length > max) return { fault: `File size exceeds the limit: ${bytes.length} bytes, at most ${max}.` };
    const got = { at: w.now(), bytes, type: said.headers.get('content-type') ?? sniff(bytes) ?? 'application/octet-stream' };
    kept.set(link, got);
    return got;
  } catch (e) {
    return { fault: `Downloading media from weblink failed: ${e instanceof Error ? e.message : e}` };
  }
}

/** The medium of an outbound object. A wrong id is refused at once, everything else is found out later.
 * @param {World} w @param {Phone} phone @param {string} kind @param {Json} o
 * @returns {Promise<{ bytes: Buffer, type: string, name?: string | undefined } | { fault: string }>} */
export async function outboundMedium(w, phone, kind, o) {
  if (o.id !== undefined) {
    const m = w.media.find((x) => x.id === o.id);
    if (!m || m.deleted || m.expiresAt <= w.now() || m.wabaId !== phone.wabaId)
      throw refusal(100, `Param ${kind}['id'] is not a valid whatsapp business account media attachment ID`);
    const fault = mediaFault(kind, m.type, m.bytes, o.voice === true);
    return fault ? { fault } : { bytes: m.bytes, type: m.type, name: o.filename ?? m.name };
  }
  const got = await fetchLink(w, o.link, { max: kinds[kind]?.max ?? 100 * mb });
  if ('fault' in got) return got;
  const fault = mediaFault(kind, got.type, got.bytes, o.voice === true);
  return fault ? { fault } : { ...got, name: o.filename };
}
