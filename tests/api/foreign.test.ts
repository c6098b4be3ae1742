/* Every route × the ids of another organization: by its path, in our own path, in a body, in a query. Nothing may be
   found, changed or told. Everything that the other organization made carries a secret word; it must not appear
   in any answer to us. */
import { beforeAll, expect, test } from 'vitest';
import { type Answer, type JsonObject, isObject } from './lib/client.ts';
import type { Operation } from './lib/document.ts';
import { makeKey } from './lib/people.ts';
import { each, suite } from './lib/suite.ts';
import { type Ids, World } from './lib/world.ts';

const all = suite();
let theirs: World;

beforeAll(async () => {
  theirs = await World.make(all.server.url, all.document);
});

/** Parameters of paths and queries that are no ids of the organization: a version's number, a node of a graph. */
const noIds = new Set(['number', 'nodeId']);
const ofOrganizations = (): Operation[] => all.document.operations.filter((one) => one.access === 'organization');
const show = (answer: Answer): string => `${answer.status} ${answer.text.slice(0, 200)}`;

function leaks(answer: Answer): string[] {
  return answer.text.includes(theirs.org.secret) ? [`tells their secret: ${show(answer)}`] : [];
}

function refusal(operation: Operation, answer: Answer): string[] {
  const refused = answer.status >= 400 && answer.status < 500 && answer.status !== 429;
  return [...(refused ? all.document.faults(operation, answer) : [`not refused: ${show(answer)}`]), ...leaks(answer)];
}

test('their path, their ids, our login', async () => {
  await each(ofOrganizations(), async (operation) => {
    const ids = await theirs.ids(theirs.pathIds(operation));
    const body = await theirs.body(operation, ids);
    const path = theirs.fill(operation, ids);
    const answer = await all.world.client.call(operation.method, path, body ? { json: body } : {});
    const expected = answer.status === 403 || answer.status === 404;
    return [...(expected ? all.document.faults(operation, answer) : [`expected 403 or 404, got ${show(answer)}`]), ...leaks(answer)];
  });
});

test('their path, our key', async () => {
  const key = await makeKey(all.world.org);
  const ids: Ids = {};
  await each(ofOrganizations(), async (operation) => {
    for (const name of theirs.pathIds(operation)) ids[name] ??= (await theirs.ids([name]))[name] ?? '';
    const answer = await key.call(operation.method, theirs.fill(operation, { ...ids, organizationId: theirs.org.id }));
    const expected = answer.status === 401 || answer.status === 403 || answer.status === 404;
    return [...(expected ? [] : [`expected 401, 403 or 404, got ${show(answer)}`]), ...leaks(answer)];
  });
});

test('our path, their ids', async () => {
  await each(ofOrganizations(), async (operation) => {
    const names = all.world.pathIds(operation);
    const faults: string[] = [];
    if (names.length === 0) return faults;
    const body = await all.world.body(operation, await all.world.ids(names));
    const their = await theirs.ids(names);
    const ours = await all.world.ids(names);
    // All of them, then one after the other among ours.
    const mixes: Ids[] = [{ ...their, organizationId: all.world.org.id }];
    if (names.length > 1) for (const name of names.filter((one) => !noIds.has(one))) mixes.push({ ...ours, [name]: their[name] ?? '' });
    for (const ids of mixes) {
      const answer = await all.world.client.call(operation.method, all.world.fill(operation, ids), body ? { json: body } : {});
      faults.push(...refusal(operation, answer));
    }
    return faults;
  });
});

/** Places in a body that hold an id or a list of ids, also inside lists of objects: how to put one there. */
function idPlaces(schema: JsonObject | undefined): { name: string; put: (body: JsonObject, id: string) => JsonObject }[] {
  const isId = (one: unknown): boolean => isObject(one) && one['format'] === 'uuid';
  return Object.entries((schema?.['properties'] ?? {}) as Record<string, JsonObject>).flatMap(([name, field]) => {
    if (isId(field)) return [{ name, put: (body, id) => ({ ...body, [name]: id }) }];
    const items = field['items'];
    if (isId(items)) return [{ name, put: (body, id) => ({ ...body, [name]: [id] }) }];
    if (!isObject(items) || !isObject(items['properties'])) return [];
    return idPlaces(items).map((inner) => ({
      name: inner.name,
      put: (body: JsonObject, id: string) => {
        const list = Array.isArray(body[name]) ? body[name] : [];
        const first = list[0];
        return { ...body, [name]: [inner.put(isObject(first) ? first : {}, id), ...list.slice(1)] };
      },
    }));
  });
}

/** Fields that this operation takes without using them in such a call: they can neither find nor change anything. */
const unused = new Set(['customers.updateNote id', 'chats.bulk userId', 'chats.bulk teamId', 'chats.bulk closureTypeId', 'chats.bulk tagId', 'customers.bulk stageId', 'customers.bulk tagId']);

test('our path, their ids in the body', async () => {
  let tried = 0;
  await each(ofOrganizations(), async (operation) => {
    const faults: string[] = [];
    for (const { name, put } of idPlaces(operation.body)) {
      const ids = await all.world.ids(all.world.pathIds(operation));
      const body = (await all.world.body(operation, ids)) ?? {};
      const their = await theirs.idFor(name);
      if (!their) {
        faults.push(`nothing knows the id ${name}: add it to bodyIds in tests/api/lib/world.ts`);
        continue;
      }
      if (unused.has(`${operation.id} ${name}`)) continue;
      tried++;
      const answer = await all.world.client.call(operation.method, all.world.fill(operation, ids), { json: put(body, their) });
      // Many at once: each one that is not ours is listed as not found.
      if (name === 'chatIds' || name === 'customerIds') {
        if (!answer.text.includes('"done":0') || !/(CHAT|CUSTOMER)_NOT_FOUND/.test(answer.text)) faults.push(`${name}: ${show(answer)}`);
      } else {
        faults.push(...refusal(operation, answer).map((fault) => `${name}: ${fault}`));
      }
    }
    return faults;
  });
  expect(tried).toBeGreaterThan(10);
});

test('our path, their ids in the query: nothing is found', async () => {
  await each(ofOrganizations(), async (operation) => {
    const faults: string[] = [];
    const queries = operation.parameters.filter((one) => one.in === 'query' && (one.schema['format'] === 'uuid' || /Id$/.test(one.name)) && !noIds.has(one.name));
    for (const { name } of queries) {
      const ids = await all.world.ids(all.world.pathIds(operation));
      const their = await theirs.idFor(name);
      if (!their) {
        faults.push(`nothing knows the id ${name}: add it to bodyIds in tests/api/lib/world.ts`);
        continue;
      }
      const answer = await all.world.client.call(operation.method, all.world.fill(operation, ids), { query: { [name]: their } });
      if (answer.status >= 500) faults.push(show(answer));
      faults.push(...leaks(answer));
    }
    return faults;
  });
});

test('lists and searches of ours never show what is theirs', async () => {
  await theirs.visitorChat();
  await theirs.ids(['customerId', 'tagId', 'shortcutId', 'teamId']);
  await each(ofOrganizations(), async (operation) => {
    if (operation.method !== 'GET' || operation.id === 'events.connect') return undefined;
    const ids = await all.world.ids(all.world.pathIds(operation));
    const query: Record<string, string> = {};
    for (const one of operation.parameters) if (one.in === 'query' && /^(q|search)$/.test(one.name)) query[one.name] = theirs.org.secret;
    const answer = await all.world.client.call('GET', all.world.fill(operation, ids), { query });
    // A search repeats what was asked, but finds nothing.
    return Object.keys(query).length > 0 ? (answer.text.includes('Cliente ') ? [`finds something: ${show(answer)}`] : []) : leaks(answer);
  });
});
