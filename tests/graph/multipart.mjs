/* multipart/form-data as the graph reads it: whole body in memory, fields as text, files with the type of their part. */

/** @import { UploadedFile } from './types.ts' */

/** @param {string} header @param {string} name */
function parameter(header, name) {
  const m = new RegExp(`${name}\\*?=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;]+))`, 'i').exec(header);
  return m ? (m[1] ?? m[2] ?? '').replace(/\\(.)/g, '$1').trim() : undefined;
}

/**
 * @param {Buffer} body @param {string} contentType
 * @returns {{ fields: Record<string, string>, files: UploadedFile[] } | undefined} undefined: not well formed
 */
export function parseMultipart(body, contentType) {
  const boundary = parameter(contentType, 'boundary');
  if (!boundary) return undefined;
  const mark = Buffer.from(`--${boundary}`);
  /** @type {Record<string, string>} */
  const fields = {};
  /** @type {UploadedFile[]} */
  const files = [];
  let at = body.indexOf(mark);
  while (at >= 0) {
    let start = at + mark.length;
    if (body.toString('latin1', start, start + 2) === '--') return { fields, files };
    if (body.toString('latin1', start, start + 2) !== '\r\n') return undefined;
    start += 2;
    const headEnd = body.indexOf('\r\n\r\n', start - 2);
    const next = body.indexOf(Buffer.concat([Buffer.from('\r\n'), mark]), headEnd < 0 ? start : headEnd + 2);
    if (headEnd < 0 || next < 0) return undefined;
    /** @type {Record<string, string>} */
    const head = {};
    for (const line of body.toString('utf8', start, headEnd).split('\r\n')) {
      const colon = line.indexOf(':');
      if (colon > 0) head[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const disposition = head['content-disposition'] ?? '';
    const field = parameter(disposition, '\\bname') ?? '';
    const name = parameter(disposition, 'filename');
    const bytes = body.subarray(headEnd + 4, next);
    if (name !== undefined)
      files.push({ field, name, type: head['content-type'] ?? 'application/octet-stream', bytes: Buffer.from(bytes) });
    else fields[field] = bytes.toString('utf8');
    at = next + 2;
  }
  return undefined;
}
