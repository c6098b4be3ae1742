/* Organizations and the people in them, made over the API as anybody would. */
import { randomBytes } from 'node:crypto';
import { Client, type JsonObject, isObject, ok } from './client.ts';

export const password = 'um cavalo azul 42';

export interface Person {
  client: Client;
  userId: string;
  email: string;
  name: string;
}

export interface Organization {
  id: string;
  /** Stands in every name that was made here: what another organization must never read. */
  secret: string;
  owner: Person;
  /** /api/{id}{path} */
  path(path: string): string;
}

export const unique = (): string => randomBytes(6).toString('hex');

/** Sign up: an organization with its owner, logged in. */
export async function signUp(base: string, name = 'Quintal da Lola', more: JsonObject = {}): Promise<Organization> {
  const secret = `sigilo${unique()}`;
  const client = new Client(base);
  const email = `dona-${secret}@example.com`;
  const person = `Marina ${secret}`;
  const answer = ok(await client.post('/api/signup', { organization: `${name} ${secret}`, name: person, email, password, ...more }), 201);
  const id = answer.str('organizationId');
  const user = answer.get('user');
  const userId = isObject(user) ? String(user['id']) : '';
  return { id, secret, owner: { client, userId, email, name: person }, path: (path) => `/api/${id}${path}` };
}

export async function logIn(base: string, email: string, secret = password): Promise<Client> {
  const client = new Client(base);
  ok(await client.post('/api/login', { email, password: secret }), 200);
  return client;
}

/** A list's items, from its first page. */
export async function items(client: Client, path: string, query?: Record<string, string>): Promise<JsonObject[]> {
  const list = ok(await client.get(path, query), 200).get('items');
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** The id of a built-in role by its kind (owner, admin, manager, agent). */
export async function roleId(org: Organization, kind: string): Promise<string> {
  const role = (await items(org.owner.client, org.path('/roles'))).find((one) => one['kind'] === kind);
  if (!role) throw new Error(`there is no role ${kind}`);
  return String(role['id']);
}

/** A role of exactly these permissions. */
export async function makeRole(org: Organization, permissions: readonly string[]): Promise<string> {
  return ok(await org.owner.client.post(org.path('/roles'), { name: `Papel ${org.secret} ${unique()}`, permissions }), 201).str('id');
}

/** A new member by invitation, logged in. role: the id of a role, or the kind of a built-in one. */
export async function join(org: Organization, role: string, teamIds: string[] = []): Promise<Person> {
  const id = role.includes('-') ? role : await roleId(org, role);
  const email = `gente-${unique()}@example.com`;
  const name = `Ana ${org.secret} ${unique()}`;
  const invitation = ok(await org.owner.client.post(org.path('/invitations'), { email, roleId: id, teamIds }), 201);
  const token = /[?&/]([^?&/=]*=)?([A-Za-z0-9_-]{20,})$/.exec(invitation.str('link'))?.[2];
  if (!token) throw new Error(`no token in ${invitation.str('link')}`);
  const client = new Client(org.owner.client.base);
  const accepted = ok(await client.post(`/api/invitations/${token}/accept`, { name, password, language: 'pt' }));
  const user = accepted.get('user');
  return { client, userId: isObject(user) ? String(user['id']) : '', email, name };
}

/** An integration with a key of these permissions (absent: all of the owner's). */
export async function makeKey(org: Organization, permissions?: readonly string[]): Promise<Client> {
  const all = async () => (await items(org.owner.client, org.path('/permissions'))).map((one) => String(one['name']));
  const body = { name: `ERP ${org.secret} ${unique()}`, permissions: permissions ?? (await all()) };
  const answer = ok(await org.owner.client.post(org.path('/api-keys'), body), 201);
  return new Client(org.owner.client.base, answer.str('key'));
}
