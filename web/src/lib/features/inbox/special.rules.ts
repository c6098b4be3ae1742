/* Reading the data of special messages; channels name the members a little differently. */

export interface Place {
  name: string;
  address: string;
  coordinates: string;
  href: string;
}

const text = (v: unknown) => (typeof v === 'string' ? v : '');
const list = (v: unknown): unknown[] => (Array.isArray(v) ? v : []);
const record = (v: unknown): Record<string, unknown> =>
  typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Record<string, unknown>) : {};

/** A place with a link to a map; undefined when there are no coordinates on earth. */
export function place(data: Record<string, unknown>): Place | undefined {
  const d = { ...data, ...record(data['location']) };
  const lat = Number(d['latitude'] ?? d['lat'] ?? NaN);
  const lon = Number(d['longitude'] ?? d['lng'] ?? d['lon'] ?? NaN);
  if (!(Math.abs(lat) <= 90 && Math.abs(lon) <= 180)) return undefined;
  return {
    name: text(d['name']),
    address: text(d['address']),
    coordinates: `${lat.toFixed(5)}, ${lon.toFixed(5)}`,
    href: `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=17/${lat}/${lon}`,
  };
}

/** The cards of a contact message: a name, and numbers or addresses. */
export function cards(data: Record<string, unknown>): { name: string; lines: string[] }[] {
  const all = list(data['contacts']).length ? list(data['contacts']) : [data];
  return all.map((raw) => {
    const c = record(raw);
    const name = text(c['name']) || text(record(c['name'])['formatted_name']) || text(c['displayName']);
    const values = [...list(c['phones']), ...list(c['emails'])].map(
      (p) => text(p) || text(record(p)['phone']) || text(record(p)['email']) || text(record(p)['value']),
    );
    const lines = [...values, text(c['phone']), text(c['email'])].filter((x) => x !== '');
    return { name, lines: [...new Set(lines)] };
  });
}
