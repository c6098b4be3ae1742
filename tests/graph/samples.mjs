/* Files that people send: made here as far as that is easy (PNG, Opus in Ogg, MP3, PDF), drawn once for the rest. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 as zlibCrc, deflateSync } from 'node:zlib';

const drawn = JSON.parse(readFileSync(join(import.meta.dirname, 'samples.json'), 'utf8'));

/** @param {Buffer} data */
function pngCrc(data) {
  if (typeof zlibCrc === 'function') return zlibCrc(data);
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** @param {string} type @param {Buffer} data */
function chunk(type, data) {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(pngCrc(body));
  return Buffer.concat([head, body, tail]);
}

/** A square with a lighter circle. @param {number} [size] @param {[number, number, number]} [color] @param {number} [bits] 16: what WhatsApp refuses */
function png(size = 96, color = [90, 79, 214], bits = 8) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header[8] = bits;
  header[9] = 2;
  const wide = bits / 8;
  const rows = Buffer.alloc(size * (1 + size * 3 * wide));
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const inside = Math.hypot(x - size / 2, y - size / 2) < size * 0.32;
      for (let c = 0; c < 3; c++) {
        const value = color[c] ?? 0;
        rows[y * (1 + size * 3 * wide) + 1 + (x * 3 + c) * wide] = inside ? Math.round(value + (255 - value) * 0.6) : value;
      }
    }
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** @param {Buffer} page */
function oggCrc(page) {
  let crc = 0;
  for (const byte of page) {
    crc = (crc ^ (byte << 24)) >>> 0;
    for (let i = 0; i < 8; i++) crc = ((crc << 1) ^ (crc & 0x80000000 ? 0x04c11db7 : 0)) >>> 0;
  }
  return crc;
}

/** @param {Buffer[]} packets @param {number} flags @param {bigint} position @param {number} number */
function oggPage(packets, flags, position, number) {
  const head = Buffer.alloc(27 + packets.length);
  head.write('OggS', 0, 'latin1');
  head[5] = flags;
  head.writeBigInt64LE(position, 6);
  head.writeUInt32LE(0x49464c57, 14);
  head.writeUInt32LE(number, 18);
  head[26] = packets.length;
  packets.forEach((p, i) => (head[27 + i] = p.length));
  const page = Buffer.concat([head, ...packets]);
  page.writeUInt32LE(oggCrc(page), 22);
  return page;
}

/** A voice note: silence, Opus in Ogg. @param {number} ms @param {number} channels */
function opus(ms, channels) {
  const head = Buffer.alloc(19);
  head.write('OpusHead', 0, 'latin1');
  head[8] = 1;
  head[9] = channels;
  head.writeUInt16LE(312, 10);
  head.writeUInt32LE(48000, 12);
  const vendor = Buffer.from('interflow');
  const tags = Buffer.alloc(8 + 4 + vendor.length + 4);
  tags.write('OpusTags', 0, 'latin1');
  tags.writeUInt32LE(vendor.length, 8);
  vendor.copy(tags, 12);
  const pages = [oggPage([head], 2, 0n, 0), oggPage([tags], 0, 0n, 1)];
  const frames = Math.max(1, Math.ceil(ms / 20));
  const silence = Buffer.from(channels === 2 ? [0xfc, 0xff, 0xfe] : [0xf8, 0xff, 0xfe]);
  for (let done = 0, number = 2; done < frames; number++) {
    const now = Math.min(50, frames - done);
    done += now;
    pages.push(
      oggPage(
        Array.from({ length: now }, () => silence),
        done === frames ? 4 : 0,
        BigInt(done * 960),
        number,
      ),
    );
  }
  return Buffer.concat(pages);
}

/** MPEG 1 layer III, 32 kbit/s, 44.1 kHz mono: frames of silence. @param {number} ms */
function mp3(ms) {
  const frame = Buffer.alloc(104);
  Buffer.from([0xff, 0xfb, 0x10, 0xc4]).copy(frame);
  return Buffer.concat(Array.from({ length: Math.max(2, Math.ceil(ms / 26)) }, () => frame));
}

/** @param {string} text */
function pdf(text) {
  const shown = text.replace(/[^\x20-\x7e]/g, '?').replace(/[\\()]/g, '\\$&');
  const stream = `BT /F1 18 Tf 40 90 Td (${shown}) Tj ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 150] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let out = '%PDF-1.4\n';
  const starts = objects.map((object, i) => {
    const start = out.length;
    out += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return start;
  });
  const table = out.length;
  out += `xref\n0 6\n0000000000 65535 f \n${starts.map((s) => `${String(s).padStart(10, '0')} 00000 n \n`).join('')}`;
  return Buffer.from(`${out}trailer << /Size 6 /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`, 'latin1');
}

export const samples = {
  png,
  jpeg: Buffer.from(drawn.jpeg, 'base64'),
  webp: Buffer.from(drawn.webp, 'base64'),
  mp4: Buffer.from(drawn.mp4, 'base64'),
  voice: (ms = 2000) => opus(ms, 1),
  stereo: () => opus(1000, 2),
  mp3: (ms = 1500) => mp3(ms),
  pdf: (text = 'Interflow') => pdf(text),
};
