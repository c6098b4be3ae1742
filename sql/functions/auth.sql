-- Organizations, people, access: how they look as JSON, and everything that must work before an organization is known or
-- over several of them (login, sessions, keys; invitations and password resets are in auth_links.sql). Those are SECURITY DEFINER: the program's role
-- has no other way to passwords, sessions and tokens. They take hashes, never tokens.

-- ---- names and small helpers ------------------------------------------------------------------------------------------

-- In the order of enum permission (src/auth/permissions.h): the place is the number that events.permission holds.
create or replace function permission_names() returns text[]
language sql immutable parallel safe as $$
    select array['organization.manage', 'users.manage', 'roles.manage', 'teams.manage', 'channels.manage', 'api_keys.manage',
                 'audit.view', 'jobs.manage', 'customers.view', 'customers.edit', 'customers.merge', 'customers.delete',
                 'customers.export', 'contacts.view', 'tags.manage', 'fields.manage', 'funnels.manage', 'chats.view', 'chats.view_all',
                 'chats.reply', 'chats.assign', 'chats.close', 'shortcuts.manage', 'closure_types.manage',
                 'webhooks.manage', 'flows.view', 'flows.edit', 'flows.run']
$$;

-- The number of a permission, for events.permission.
create or replace function permission_number(p_name text) returns smallint
language sql immutable parallel safe as $$ select array_position(permission_names(), p_name)::smallint $$;

-- What a role may do: the owner everything, also what did not exist yet when the row was made.
create or replace function role_permissions(r roles) returns text[]
language sql stable as $$ select case when r.kind = 'owner' then permission_names() else r.permissions end $$;

-- What the built-in kinds start with. Organizations change it as they like, the owner's excepted.
create or replace function role_kind_permissions(p_kind text) returns text[]
language sql immutable parallel safe as $$
    select case p_kind
        when 'owner' then '{}'
        when 'admin' then permission_names()
        when 'manager' then array['teams.manage', 'customers.view', 'customers.edit', 'customers.merge', 'customers.delete',
            'customers.export', 'contacts.view', 'tags.manage', 'fields.manage', 'funnels.manage', 'chats.view', 'chats.view_all', 'chats.reply',
            'chats.assign', 'chats.close', 'shortcuts.manage', 'closure_types.manage', 'flows.view', 'flows.edit', 'flows.run']
        else array['customers.view', 'customers.edit', 'contacts.view', 'chats.view', 'chats.view_all', 'chats.reply',
            'chats.assign', 'chats.close', 'flows.run'] end
$$;

-- Their order in lists.
create or replace function role_rank(p_kind text) returns integer
language sql immutable parallel safe as $$ select array_position(array['owner', 'admin', 'manager', 'agent', 'custom'], p_kind) $$;

create or replace function role_kind_name(p_kind text, p_language text) returns text
language sql immutable parallel safe as $$
    select case p_kind
        when 'owner' then case p_language when 'en' then 'Owner' when 'es' then 'Propietario' else 'Proprietário' end
        when 'admin' then case p_language when 'en' then 'Admin' else 'Administrador' end
        when 'manager' then case p_language when 'en' then 'Manager' else 'Gerente' end
        else case p_language when 'en' then 'Agent' else 'Agente' end end
$$;

-- A zone of the IANA database, by name ("America/Sao_Paulo", "UTC"); abbreviations and offsets are not.
create or replace function time_zone_valid(p_name text) returns boolean
language plpgsql stable as $$
begin
    if p_name !~ '^(UTC|[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+){1,2})$' then
        return false;
    end if;
    perform now() at time zone p_name;
    return true;
exception when invalid_parameter_value then
    return false;
end $$;

-- What differs between two objects: {"name": {"from": …, "to": …}}. For audit_log.changes.
create or replace function audit_diff(p_before jsonb, p_after jsonb) returns jsonb
language sql immutable parallel safe as $$
    select coalesce(jsonb_object_agg(key, jsonb_build_object('from', p_before -> key, 'to', p_after -> key)), '{}')
    from jsonb_object_keys(p_before || p_after) key
    where p_before -> key is distinct from p_after -> key
$$;

-- The id that a cursor of a list by id is. 400 for anything else.
create or replace function cursor_uuid(p_cursor text) returns uuid
language plpgsql immutable as $$
begin
    return p_cursor::uuid;
exception when invalid_text_representation then
    raise exception using errcode = 'IF400', message = 'INVALID_CURSOR', hint = 'cursor';
end $$;

-- Call p_name(org) or p_name(org, id) of a higher layer, when that layer is there.
create or replace function auth_hook(p_name text, p_org uuid, p_id uuid default null) returns void
language plpgsql as $$
begin
    if p_id is null then
        if to_regprocedure(p_name || '(uuid)') is not null then
            execute format('select %I($1)', p_name) using p_org;
        end if;
    elsif to_regprocedure(p_name || '(uuid,uuid)') is not null then
        execute format('select %I($1, $2)', p_name) using p_org, p_id;
    end if;
end $$;

-- What a new organization starts with besides people; every domain brings its own part.
create or replace function organization_seed(p_org uuid) returns void
language plpgsql as $$
begin
    perform auth_hook('crm_seed', p_org);
    perform auth_hook('inbox_seed', p_org);
end $$;

-- ---- shapes -----------------------------------------------------------------------------------------------------------

create or replace function organization_json(o organizations) returns json
language sql stable as $$
    select json_build_object('id', o.id, 'name', o.name, 'timeZone', o.time_zone, 'language', o.language,
        'currency', o.currency, 'country', o.country, 'settings', o.settings, 'createdAt', ts_json(o.created_at))
$$;

create or replace function role_json(r roles) returns json
language sql stable as $$
    select json_build_object('id', r.id, 'kind', r.kind, 'name', r.name, 'permissions', role_permissions(r),
        'userCount', (select count(*) from memberships m where m.org_id = r.org_id and m.role_id = r.id))
$$;

create or replace function team_json(t teams) returns json
language sql stable as $$
    select json_build_object('id', t.id, 'name', t.name, 'color', t.color, 'leaderId', t.leader_id,
        'memberIds', (select coalesce(json_agg(tm.user_id order by tm.position, tm.user_id), '[]') from team_members tm
                      where tm.org_id = t.org_id and tm.team_id = t.id),
        'hours', t.hours, 'distribution', t.distribution)
$$;

-- A user as colleagues see them.
create or replace function member_json(m memberships) returns json
language sql stable as $$
    select json_build_object('id', u.id, 'name', u.name, 'email', u.email, 'roleId', r.id, 'roleKind', r.kind, 'roleName', r.name,
        'status', m.status, 'availability', m.availability, 'capacity', m.capacity,
        'teamIds', (select coalesce(json_agg(tm.team_id order by tm.team_id), '[]') from team_members tm
                    where tm.org_id = m.org_id and tm.user_id = m.user_id),
        'lastSeenAt', ts_json(m.last_seen_at), 'totpEnabled', u.totp_enabled_at is not null, 'createdAt', ts_json(m.created_at))
    from users u join roles r on r.org_id = m.org_id and r.id = m.role_id
    where u.id = m.user_id
$$;

create or replace function invitation_json(i invitations) returns json
language sql stable as $$
    select json_build_object('id', i.id, 'email', i.email, 'roleId', i.role_id, 'teamIds', i.team_ids, 'createdBy', i.created_by,
        'createdAt', ts_json(i.created_at), 'expiresAt', ts_json(i.expires_at), 'expired', i.expires_at <= now())
$$;

create or replace function api_key_json(k api_keys) returns json
language sql stable as $$
    select json_build_object('id', k.id, 'name', k.name, 'prefix', k.prefix, 'roleId', k.role_id,
        'permissions', coalesce(k.permissions, (select role_permissions(r) from roles r where r.org_id = k.org_id and r.id = k.role_id)),
        'allowedAddresses', k.allowed_addresses, 'ratePerMinute', k.rate_per_minute, 'createdBy', k.created_by,
        'createdAt', ts_json(k.created_at), 'lastUsedAt', ts_json(k.last_used_at), 'lastUsedFrom', k.last_used_from)
$$;

create or replace function audit_json(a audit_log) returns json
language sql stable as $$
    select json_build_object('id', a.id, 'actorKind', a.actor_kind, 'actorId', a.actor_id, 'actorName', a.actor_name,
        'action', a.action, 'entity', a.entity, 'entityId', a.entity_id, 'label', a.label, 'changes', a.changes,
        'address', a.address, 'createdAt', ts_json(a.created_at))
$$;

-- The part of the first load that is about people: {organization, me, users, teams, roles}. p_user null (a key): me is null.
-- O/bootstrap joins it with what the higher layers know.
create or replace function auth_bootstrap_json(p_org uuid, p_user uuid) returns jsonb
language sql stable as $$
    select jsonb_build_object(
        'organization', organization_json(o),
        'me', (select jsonb_build_object('userId', m.user_id, 'roleId', r.id, 'roleKind', r.kind, 'roleName', r.name,
                   'permissions', to_jsonb(role_permissions(r)),
                   'seesAllChats', 'chats.view_all' = any (role_permissions(r)),
                   'seesContacts', 'contacts.view' = any (role_permissions(r)),
                   'teamIds', (select coalesce(jsonb_agg(tm.team_id order by tm.team_id), '[]') from team_members tm
                               where tm.org_id = m.org_id and tm.user_id = m.user_id),
                   'availability', m.availability)
               from memberships m join roles r on r.org_id = m.org_id and r.id = m.role_id
               where m.org_id = p_org and m.user_id = p_user),
        'users', (select coalesce(jsonb_agg(member_json(m) order by m.created_at, m.user_id), '[]') from memberships m
                  where m.org_id = p_org),
        'teams', (select coalesce(jsonb_agg(team_json(t) order by fold(t.name)), '[]') from teams t where t.org_id = p_org),
        'roles', (select coalesce(jsonb_agg(role_json(r) order by role_rank(r.kind), fold(r.name), r.id), '[]') from roles r where r.org_id = p_org))
    from organizations o where o.id = p_org
$$;

-- ---- audit and news ---------------------------------------------------------------------------------------------------

-- One line of the audit log, for statements that do everything at once:
--     … , a as (select audit_add(:org, :actor_kind, :actor, :actor_name, :address, :trace, 'tag.update', 'tag', t.id, t.name,
--                                audit_diff(before, after)) from t)
-- (the outer query must read from `a`, else it is not run). C code calls audit() of src/auth/auth.h.
create or replace function audit_add(p_org uuid, p_actor_kind text, p_actor uuid, p_actor_name text, p_address text, p_trace text,
                                     p_action text, p_entity text, p_entity_id uuid, p_label text, p_changes jsonb default '{}')
returns uuid language sql as $$
    insert into audit_log (org_id, actor_kind, actor_id, actor_name, address, trace, action, entity, entity_id, label, changes)
    values (p_org, coalesce(p_actor_kind, 'system'), p_actor, coalesce(p_actor_name, ''), coalesce(p_address, ''),
            coalesce(p_trace, ''), p_action, p_entity, p_entity_id, left(coalesce(p_label, ''), 200), coalesce(p_changes, '{}'))
    returning id
$$;

-- What somebody did to their own account, in each of their organizations. Without a request (p_trace empty) it was not they but
-- the command line.
create or replace function auth_audit_self(p_user uuid, p_action text, p_address text, p_trace text, p_changes jsonb default '{}')
returns void language sql as $$
    insert into audit_log (org_id, actor_kind, actor_id, actor_name, address, trace, action, entity, entity_id, label, changes)
    select m.org_id, w.kind, w.id, w.name, coalesce(p_address, ''), coalesce(p_trace, ''), p_action, 'user', u.id, u.name, p_changes
    from users u
    join memberships m on m.user_id = u.id
    cross join lateral (select 'user' as kind, u.id, u.name where coalesce(p_trace, '') <> ''
                        union all select 'system', null, 'interflow' where coalesce(p_trace, '') = '') w
    where u.id = p_user
$$;

-- The event auth.changed: every worker forgets what it remembers (session cache) of the person that payload.userId names, else of
-- the whole organization; and the live connections of events.user_id close, to come back with the rights of now.

-- Of a person, everywhere. p_what <> '': colleagues load the list anew, too.
create or replace function auth_user_changed(p_user uuid, p_what text default '') returns void
language sql as $$
    insert into events (org_id, type, user_id, payload)
    select m.org_id, e.type, e.user_id, e.payload
    from memberships m,
         (values ('auth.changed', p_user, jsonb_build_object('userId', p_user)),
                 ('settings.changed', null, jsonb_build_object('what', p_what))) e (type, user_id, payload)
    where m.user_id = p_user and (e.type = 'auth.changed' or p_what <> '')
$$;

-- Of some people in one organization.
create or replace function auth_members_changed(p_org uuid, p_users uuid[]) returns void
language sql as $$
    insert into events (org_id, type, user_id, payload)
    select p_org, 'auth.changed', x.id, jsonb_build_object('userId', x.id) from (select distinct id from unnest(p_users) u (id)) x
$$;

-- Of whoever has a role: people, and keys (which have no connections: the role's own id stands for them).
create or replace function auth_role_changed(p_org uuid, p_role uuid) returns void
language sql as $$
    select auth_members_changed(p_org, array(select m.user_id from memberships m where m.org_id = p_org and m.role_id = p_role));
    insert into events (org_id, type, user_id, payload) values (p_org, 'auth.changed', p_role, jsonb_build_object('roleId', p_role));
$$;

-- ---- limits on tries --------------------------------------------------------------------------------------------------

create or replace function auth_throttle_key(p_kind text, p_who text) returns text
language sql immutable parallel safe as $$
    select p_kind || ':' || encode(sha256(convert_to(p_who, 'UTF8')), 'hex')
$$;

-- Count one try, unless the key is paused: wait_s > 0 is how long. p_free tries are free, and one is forgiven every
-- p_forget_s / p_free seconds; the last free one begins a pause of p_first_s, doubled by each further one up to p_max_s. A null
-- key counts nothing. left_n: tries until the next pause.
create or replace function auth_throttle(p_key text, p_free integer, p_first_s integer, p_max_s integer, p_forget_s integer)
returns table (wait_s integer, left_n integer)
language plpgsql as $$
declare
    t login_throttles;
    moment timestamptz;
    step interval := make_interval(secs => p_forget_s::double precision / p_free);
    forgiven integer;
begin
    if p_key is null then
        return query select 0, p_free;
        return;
    end if;
    insert into login_throttles as x (key) values (p_key)
    on conflict (key) do update set key = excluded.key returning x.* into t;
    moment := clock_timestamp();
    if t.blocked_until > moment then
        return query select greatest(1, ceil(extract(epoch from t.blocked_until - moment))::integer), 0;
        return;
    end if;
    forgiven := least(t.failures, greatest(0, floor(extract(epoch from moment - t.last_at) / extract(epoch from step)))::integer);
    t.last_at := case when forgiven = t.failures then moment else t.last_at + step * forgiven end;
    t.failures := t.failures - forgiven + 1;
    update login_throttles x
    set failures = t.failures, last_at = t.last_at,
        blocked_until = case when t.failures >= p_free
            then moment + make_interval(secs => least(p_max_s, p_first_s * 2 ^ least(t.failures - p_free, 20))) end
    where x.key = p_key;
    return query select 0, greatest(p_free - t.failures, 0);
end $$;

-- The try was good: the account's count is forgotten, the address loses only this one (else an attacker would clean it with
-- a login of their own).
create or replace function auth_throttle_good(p_account_key text, p_address_key text) returns void
language sql as $$
    delete from login_throttles where key = p_account_key;
    update login_throttles set failures = greatest(failures - 1, 0), blocked_until = null where key = p_address_key;
$$;

-- For tries that have no account: sign-up, invitations, reset links. p_address null: not limited (the machine itself).
create or replace function auth_try(p_kind text, p_address text, p_free integer, p_first_s integer)
returns integer language sql security definer set search_path = pg_catalog, public as $$
    select wait_s from auth_throttle(auth_throttle_key(p_kind || ':address', p_address), p_free, p_first_s, 3600, 3600)
$$;

-- ---- making organizations -----------------------------------------------------------------------------------------------

create or replace function auth_organization_make(p_owner uuid, p_name text, p_language text, p_time_zone text, p_currency text,
                                                  p_country text) returns uuid
language plpgsql as $$
declare
    org uuid;
begin
    if not time_zone_valid(p_time_zone) then
        raise exception using errcode = 'IF400', message = 'UNKNOWN_TIME_ZONE', hint = 'timeZone';
    end if;
    insert into organizations (name, language, time_zone, currency, country)
    values (p_name, p_language, p_time_zone, p_currency, p_country) returning id into org;
    perform set_config('app.org', org::text, true);
    insert into roles (org_id, kind, name, permissions)
    select org, k.kind, role_kind_name(k.kind, p_language), role_kind_permissions(k.kind)
    from unnest(array['owner', 'admin', 'manager', 'agent']) with ordinality k (kind, n) order by k.n;
    insert into memberships (org_id, user_id, role_id)
    select org, p_owner, r.id from roles r where r.org_id = org and r.kind = 'owner';
    perform organization_seed(org);
    return org;
end $$;

-- A person as they see themselves, and where they belong.
create or replace function auth_me(p_user uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, public as $$
    select jsonb_build_object(
        'user', jsonb_build_object('id', u.id, 'name', u.name, 'email', u.email, 'language', u.language, 'settings', u.settings,
                                   'totpEnabled', u.totp_enabled_at is not null),
        'organizations', (select coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'name', o.name, 'role', r.name,
                              'roleKind', r.kind, 'suspended', m.status = 'suspended') order by fold(o.name), o.id), '[]')
                          from memberships m join organizations o on o.id = m.org_id
                          join roles r on r.org_id = m.org_id and r.id = m.role_id
                          where m.user_id = u.id))
    from users u where u.id = p_user
$$;

-- A login: the row, the oldest of more than fifty goes, the log.
create or replace function auth_session_make(p_user uuid, p_token_hash text, p_address text, p_agent text, p_trace text)
returns void language plpgsql as $$
begin
    insert into sessions (user_id, token_hash, address, user_agent) values (p_user, p_token_hash, p_address, left(p_agent, 400));
    delete from sessions where id in (select id from sessions where user_id = p_user order by last_seen_at desc, id desc offset 50);
    perform auth_audit_self(p_user, 'user.login', p_address, p_trace);
end $$;

-- Organization, roles, owner and first session in one. 409 EMAIL_TAKEN by the constraint.
create or replace function auth_signup(p_in jsonb, p_password_hash text, p_token_hash text, p_address text, p_agent text, p_trace text)
returns jsonb language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    person uuid;
    org uuid;
begin
    insert into users (email, name, password_hash, language)
    values (p_in ->> 'email', p_in ->> 'name', p_password_hash, p_in ->> 'language') returning id into person;
    org := auth_organization_make(person, p_in ->> 'organization', p_in ->> 'language', p_in ->> 'timeZone', p_in ->> 'currency',
                                  p_in ->> 'country');
    perform audit_add(org, 'user', person, p_in ->> 'name', p_address, p_trace, 'organization.create', 'organization', org,
                      p_in ->> 'organization');
    perform auth_session_make(person, p_token_hash, p_address, p_agent, p_trace);
    return auth_me(person) || jsonb_build_object('organizationId', org);
end $$;

-- A further organization for somebody who is logged in; at most twenty of one's own.
create or replace function auth_organization_create(p_user uuid, p_in jsonb, p_address text, p_trace text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    org uuid;
begin
    perform from users where id = p_user for update;
    if (select count(*) from memberships m join roles r on r.org_id = m.org_id and r.id = m.role_id
        where m.user_id = p_user and r.kind = 'owner') >= 20 then
        raise exception using errcode = 'IF409', message = 'TOO_MANY_ORGANIZATIONS';
    end if;
    org := auth_organization_make(p_user, p_in ->> 'name', p_in ->> 'language', p_in ->> 'timeZone', p_in ->> 'currency',
                                  p_in ->> 'country');
    perform audit_add(org, 'user', p_user, (select name from users where id = p_user), p_address, p_trace, 'organization.create',
                      'organization', org, p_in ->> 'name');
    perform auth_user_changed(p_user);
    return jsonb_build_object('id', org);
end $$;

-- ---- login --------------------------------------------------------------------------------------------------------------

-- Counts the try, then says what is needed to check the password. Unknown addresses are counted and answered alike
-- (user_id and password_hash null). Five tries are free for an account, thirty for an address.
create or replace function auth_login_begin(p_email text, p_address text)
returns table (wait_s integer, left_n integer, user_id uuid, password_hash text, totp boolean)
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    by_address record;
    by_account record;
begin
    select * into by_address from auth_throttle(auth_throttle_key('login:address', p_address), 30, 30, 900, 3600);
    if by_address.wait_s > 0 then
        return query select by_address.wait_s, 0, null::uuid, null::text, false;
        return;
    end if;
    select * into by_account from auth_throttle(auth_throttle_key('login:account', p_email), 5, 60, 3600, 86400);
    if by_account.wait_s > 0 then
        return query select by_account.wait_s, 0, null::uuid, null::text, false;
        return;
    end if;
    return query select 0, by_account.left_n, u.id, u.password_hash, coalesce(u.totp_enabled_at is not null, false)
                 from (select 1) one left join users u on u.email = p_email;
end $$;

-- The password was right. p_password_hash is the one that was checked: null when it was changed meanwhile.
create or replace function auth_login_done(p_user uuid, p_password_hash text, p_token_hash text, p_address_key text,
                                           p_address text, p_agent text, p_trace text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    u users;
begin
    select * into u from users where id = p_user and password_hash = p_password_hash for update;
    if not found then
        return null;
    end if;
    perform auth_throttle_good(auth_throttle_key('login:account', u.email), auth_throttle_key('login:address', p_address_key));
    perform auth_session_make(u.id, p_token_hash, p_address, p_agent, p_trace);
    return auth_me(u.id);
end $$;

-- The password was right and a code is needed. The tries of the account stay counted until the code is right, too.
create or replace function auth_ticket_make(p_user uuid, p_password_hash text, p_ticket_hash text) returns boolean
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    insert into login_tickets (token_hash, user_id)
    select p_ticket_hash, u.id from users u where u.id = p_user and u.password_hash = p_password_hash;
    return found;
end $$;

-- Counts a try of the code. No row: unknown, too old, or tried five times.
create or replace function auth_ticket_begin(p_ticket_hash text) returns table (user_id uuid, totp_secret text)
language sql security definer set search_path = pg_catalog, public as $$
    with t as (
        update login_tickets set tries = tries + 1
        where token_hash = p_ticket_hash and expires_at > now() and tries < 5
        returning user_id)
    select u.id, u.totp_secret from t join users u on u.id = t.user_id where u.totp_enabled_at is not null
$$;

-- The code was right (p_step), or a recovery code is given (p_code_hash): each is good once. Null: it was used before.
create or replace function auth_ticket_done(p_ticket_hash text, p_step bigint, p_code_hash text, p_token_hash text,
                                            p_address_key text, p_address text, p_agent text, p_trace text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    u users;
begin
    select x.* into u from login_tickets t join users x on x.id = t.user_id
    where t.token_hash = p_ticket_hash and t.expires_at > now() for update of x;
    if not found then
        return null;
    end if;
    if p_step is not null then
        update users set totp_last_step = p_step where id = u.id and totp_last_step < p_step;
    else
        update recovery_codes set used_at = now() where user_id = u.id and code_hash = p_code_hash and used_at is null;
    end if;
    if not found then
        return null;
    end if;
    delete from login_tickets where token_hash = p_ticket_hash;
    perform auth_throttle_good(auth_throttle_key('login:account', u.email), auth_throttle_key('login:address', p_address_key));
    if p_step is null then
        perform auth_audit_self(u.id, 'user.recovery_code', p_address, p_trace);
    end if;
    perform auth_session_make(u.id, p_token_hash, p_address, p_agent, p_trace);
    return auth_me(u.id) || jsonb_build_object('recoveryCodesLeft',
        (select count(*) from recovery_codes c where c.user_id = u.id and c.used_at is null));
end $$;

-- ---- who is it? -----------------------------------------------------------------------------------------------------------

-- The session of a cookie, and what its person is in p_org (role_kind null: not a member). Notes at most once a minute that they
-- were seen; renewed: the thirty days begin anew (once a day), so should those of the cookie.
create or replace function auth_session(p_token_hash text, p_org uuid)
returns table (session_id uuid, user_id uuid, name text, language text, role_kind text, status text, permissions text[],
               team_ids uuid[], renewed boolean)
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    s sessions;
    late boolean;
begin
    select * into s from sessions x where x.token_hash = p_token_hash and x.expires_at > now();
    if not found then
        return;
    end if;
    late := s.expires_at < now() + interval '29 days';
    if s.last_seen_at < now() - interval '1 minute' then
        update sessions x set last_seen_at = now(), expires_at = case when late then now() + interval '30 days' else x.expires_at end
        where x.id = s.id;
    else
        late := false;
    end if;
    update memberships m set last_seen_at = now()
    where m.org_id = p_org and m.user_id = s.user_id and coalesce(m.last_seen_at, '-infinity') < now() - interval '1 minute';
    return query
        select s.id, u.id, u.name, u.language, r.kind, m.status, role_permissions(r),
               array(select tm.team_id from team_members tm where tm.org_id = p_org and tm.user_id = u.id order by tm.team_id),
               late
        from users u
        left join memberships m on m.org_id = p_org and m.user_id = u.id
        left join roles r on r.org_id = m.org_id and r.id = m.role_id
        where u.id = s.user_id;
end $$;

-- The key of an integration. No row: unknown or revoked.
create or replace function auth_key(p_key_hash text, p_address text)
returns table (key_id uuid, org_id uuid, name text, language text, permissions text[], allowed_addresses text[], rate_per_minute integer)
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    update api_keys k set last_used_at = now(), last_used_from = p_address
    where k.key_hash = p_key_hash and k.revoked_at is null and coalesce(k.last_used_at, '-infinity') < now() - interval '1 minute';
    return query
        select k.id, k.org_id, k.name, o.language, coalesce(k.permissions, role_permissions(r)), k.allowed_addresses, k.rate_per_minute
        from api_keys k
        join organizations o on o.id = k.org_id
        left join roles r on r.org_id = k.org_id and r.id = k.role_id
        where k.key_hash = p_key_hash and k.revoked_at is null;
end $$;

-- ---- one's own account ----------------------------------------------------------------------------------------------------

create or replace function auth_password(p_user uuid) returns text
language sql stable security definer set search_path = pg_catalog, public as $$
    select password_hash from users where id = p_user
$$;

-- Counts a try of the own password, as at login: a stolen session must not be a place to guess it.
create or replace function auth_password_try(p_user uuid) returns table (wait_s integer, left_n integer)
language sql security definer set search_path = pg_catalog, public as $$
    select t.wait_s, t.left_n from users u,
        lateral auth_throttle(auth_throttle_key('password:account', u.email), 5, 60, 3600, 86400) t
    where u.id = p_user
$$;

create or replace function auth_password_good(p_user uuid) returns void
language sql security definer set search_path = pg_catalog, public as $$
    select auth_throttle_good(auth_throttle_key('password:account', u.email), null) from users u where u.id = p_user
$$;

-- Name, language, settings (merged, null removes a member), e-mail address.
create or replace function auth_me_update(p_user uuid, p_in jsonb, p_address text, p_trace text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    before users;
    after users;
begin
    select * into before from users where id = p_user for update;
    update users u
    set name = coalesce(p_in ->> 'name', u.name), language = coalesce(p_in ->> 'language', u.language),
        email = coalesce(p_in ->> 'email', u.email),
        settings = jsonb_strip_nulls(u.settings || coalesce(p_in -> 'settings', '{}')), updated_at = now()
    where u.id = p_user returning * into after;
    if length(after.settings::text) > 16384 then
        raise exception using errcode = 'IF413', message = 'SETTINGS_TOO_LARGE', hint = 'settings';
    end if;
    if (before.name, before.email) is distinct from (after.name, after.email) then
        perform auth_audit_self(p_user, 'user.update', p_address, p_trace,
            audit_diff(jsonb_build_object('name', before.name, 'email', before.email),
                       jsonb_build_object('name', after.name, 'email', after.email)));
        perform auth_user_changed(p_user, 'users');
    elsif before.language <> after.language then
        perform auth_user_changed(p_user);
    end if;
    return auth_me(p_user);
end $$;

-- A new password ends every other session, and whatever else could still let somebody in.
create or replace function auth_password_set(p_user uuid, p_hash text, p_keep_session uuid, p_address text, p_trace text)
returns void language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    update users set password_hash = p_hash, updated_at = now() where id = p_user;
    delete from sessions where user_id = p_user and id is distinct from p_keep_session;
    delete from login_tickets where user_id = p_user;
    delete from password_resets where user_id = p_user;
    perform auth_audit_self(p_user, 'user.password', p_address, p_trace);
    perform auth_user_changed(p_user);
end $$;

create or replace function auth_sessions(p_user uuid, p_current uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, public as $$
    select jsonb_build_object('items', coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'current', s.id = p_current,
               'address', s.address, 'userAgent', s.user_agent, 'createdAt', ts_json(s.created_at),
               'lastSeenAt', ts_json(s.last_seen_at)) order by s.id = p_current desc, s.last_seen_at desc), '[]'), 'next', null)
    from sessions s where s.user_id = p_user and s.expires_at > now()
$$;

-- End one session of a person, or (p_session null) all except p_keep. How many ended.
create or replace function auth_sessions_end(p_user uuid, p_session uuid, p_keep uuid, p_address text, p_trace text) returns integer
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    ended integer;
begin
    delete from sessions where user_id = p_user and id is distinct from p_keep and (p_session is null or id = p_session);
    get diagnostics ended = row_count;
    if ended > 0 then
        perform auth_audit_self(p_user, 'user.logout', p_address, p_trace);
        perform auth_user_changed(p_user);
    end if;
    return ended;
end $$;

-- A secret that waits for its first code. The person's address; null: two factors are on already.
create or replace function auth_totp_begin(p_user uuid, p_sealed text) returns text
language sql security definer set search_path = pg_catalog, public as $$
    update users set totp_secret = p_sealed, totp_last_step = 0 where id = p_user and totp_enabled_at is null returning email
$$;

create or replace function auth_totp_waiting(p_user uuid) returns text
language sql stable security definer set search_path = pg_catalog, public as $$
    select totp_secret from users where id = p_user and totp_enabled_at is null
$$;

-- The first code was right: on, with recovery codes. p_sealed is the secret that was checked. False: it changed meanwhile.
create or replace function auth_totp_enable(p_user uuid, p_sealed text, p_step bigint, p_codes text[], p_address text, p_trace text)
returns boolean language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    update users set totp_enabled_at = now(), totp_last_step = p_step, updated_at = now()
    where id = p_user and totp_enabled_at is null and totp_secret = p_sealed;
    if not found then
        return false;
    end if;
    delete from recovery_codes where user_id = p_user;
    insert into recovery_codes (user_id, code_hash) select p_user, c from unnest(p_codes) c;
    perform auth_audit_self(p_user, 'user.totp_on', p_address, p_trace);
    perform auth_user_changed(p_user, 'users');
    return true;
end $$;

create or replace function auth_totp_disable(p_user uuid, p_address text, p_trace text) returns void
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    update users set totp_enabled_at = null, totp_secret = null, updated_at = now() where id = p_user and totp_enabled_at is not null;
    if found then
        delete from recovery_codes where user_id = p_user;
        perform auth_audit_self(p_user, 'user.totp_off', p_address, p_trace);
        perform auth_user_changed(p_user, 'users');
    end if;
end $$;

-- ---- members ------------------------------------------------------------------------------------------------------------------

-- Nobody may take the last active owner away. Locks the organization, so that two owners cannot demote each other at once.
create or replace function member_owner_guard(p_org uuid, p_leaving uuid) returns void
language plpgsql as $$
begin
    perform from organizations where id = p_org for update;
    if not exists (select from memberships m join roles r on r.org_id = m.org_id and r.id = m.role_id
                   where m.org_id = p_org and m.user_id <> p_leaving and m.status = 'active' and r.kind = 'owner') then
        raise exception using errcode = 'IF409', message = 'LAST_OWNER';
    end if;
end $$;

-- Somebody left or was suspended: no team is led by them, links that they gave away are worth nothing, the inbox takes their
-- chats back, the news goes out. API keys stay: they are the organization's.
create or replace function member_gone(p_org uuid, p_user uuid) returns void
language plpgsql as $$
begin
    delete from invitations where org_id = p_org and created_by = p_user and accepted_at is null;
    update teams set leader_id = null, updated_at = now() where org_id = p_org and leader_id = p_user;
    perform auth_hook('inbox_user_removed', p_org, p_user);
    perform auth_members_changed(p_org, array[p_user]);
    insert into events (org_id, type, payload)
    values (p_org, 'user.removed', jsonb_build_object('userId', p_user)),
           (p_org, 'settings.changed', '{"what": "users"}'),
           (p_org, 'settings.changed', '{"what": "teams"}');
end $$;

-- Put a person into exactly these teams. 400 for a team that is not the organization's.
create or replace function member_teams_set(p_org uuid, p_user uuid, p_teams uuid[]) returns void
language plpgsql as $$
begin
    if exists (select from unnest(p_teams) x (id) where not exists (select from teams t where t.org_id = p_org and t.id = x.id)) then
        raise exception using errcode = 'IF400', message = 'TEAM_NOT_FOUND', hint = 'teamIds';
    end if;
    delete from team_members where org_id = p_org and user_id = p_user and team_id <> all (p_teams);
    insert into team_members (org_id, team_id, user_id, position)
    select p_org, x.id, p_user,
           coalesce((select max(m.position) + 1 from team_members m where m.org_id = p_org and m.team_id = x.id), 0)
    from (select distinct id from unnest(p_teams) u (id)) x
    on conflict do nothing;
end $$;

-- Give a team exactly these members, in this order. 400 for somebody who is not a member of the organization.
create or replace function team_members_set(p_org uuid, p_team uuid, p_users uuid[]) returns void
language plpgsql as $$
begin
    if exists (select from unnest(p_users) x (id)
               where not exists (select from memberships m where m.org_id = p_org and m.user_id = x.id)) then
        raise exception using errcode = 'IF400', message = 'USER_NOT_FOUND', hint = 'memberIds';
    end if;
    -- whoever comes or goes sees other chats from now on
    perform auth_members_changed(p_org, array(
        select x.id from (select unnest(p_users) as id union all
                          select m.user_id from team_members m where m.org_id = p_org and m.team_id = p_team) x
        where (x.id = any (p_users)) <> exists (select from team_members m
                                                where m.org_id = p_org and m.team_id = p_team and m.user_id = x.id)));
    delete from team_members where org_id = p_org and team_id = p_team and user_id <> all (p_users);
    insert into team_members (org_id, team_id, user_id, position)
    select distinct on (x.id) p_org, p_team, x.id, x.n::integer - 1 from unnest(p_users) with ordinality x (id, n) order by x.id, x.n
    on conflict (org_id, team_id, user_id) do update set position = excluded.position;
end $$;

-- ---- upkeep and the command line ------------------------------------------------------------------------------------------

-- The audit log of all organizations as far as the installation keeps it (INTERFLOW_AUDIT_KEEP); a bounded part of it at a time.
create or replace function audit_sweep(days integer) returns bigint
language sql security definer set search_path = pg_catalog, public as $$
    with old as (delete from audit_log a using (select x.org_id, x.id from audit_log x where x.created_at < now() - make_interval(days => days)
                                                limit 50000) o
                 where a.org_id = o.org_id and a.id = o.id returning 1)
    select count(*) from old
$$;

create or replace function auth_sweep() returns void
language sql security definer set search_path = pg_catalog, public as $$
    delete from sessions where expires_at < now();
    delete from login_tickets where expires_at < now();
    delete from password_resets where expires_at < now();
    delete from login_throttles where last_at < now() - interval '2 days' and coalesce(blocked_until, '-infinity') < now();
    delete from invitations where accepted_at is null and expires_at < now() - interval '30 days';
$$;

-- `interflow user add`: a person (made when new) in an organization (by id or name; made when there is none of that name, with
-- them as owner). Answers {userId, organizationId, created, organizationCreated}.
create or replace function auth_cli_user_add(p_email text, p_name text, p_password_hash text, p_organization text, p_role text,
                                             p_language text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    person users;
    org uuid;
    is_new boolean := false;
    org_is_new boolean := false;
begin
    select id into org from organizations where id::text = lower(p_organization);
    if org is null then
        select min(id::text)::uuid into org from organizations where fold(name) = fold(p_organization) having count(*) = 1;
        if org is null and exists (select from organizations where fold(name) = fold(p_organization)) then
            raise exception using errcode = 'IF409', message = 'ORGANIZATION_AMBIGUOUS';
        end if;
    end if;
    select * into person from users where email = p_email;
    if not found then
        insert into users (email, name, password_hash, language) values (p_email, p_name, p_password_hash, p_language)
        returning * into person;
        is_new := true;
    end if;
    if org is null then
        org := auth_organization_make(person.id, p_organization, p_language,
            case p_language when 'es' then 'America/Mexico_City' when 'en' then 'UTC' else 'America/Sao_Paulo' end,
            case p_language when 'es' then 'MXN' when 'en' then 'USD' else 'BRL' end,
            case p_language when 'es' then 'MX' when 'en' then 'US' else 'BR' end);
        org_is_new := true;
    else
        perform set_config('app.org', org::text, true);
        insert into memberships (org_id, user_id, role_id)
        select org, person.id, r.id from roles r where r.org_id = org and r.kind = p_role;
    end if;
    perform audit_add(org, 'system', null, 'interflow', '', '', case when org_is_new then 'organization.create' else 'user.add' end,
                      case when org_is_new then 'organization' else 'user' end, case when org_is_new then org else person.id end,
                      case when org_is_new then p_organization else person.name end);
    perform auth_user_changed(person.id, 'users');
    return jsonb_build_object('userId', person.id, 'organizationId', org, 'created', is_new, 'organizationCreated', org_is_new);
end $$;

-- `interflow user passwd`: a new password, every session ended, tries forgotten; p_drop_totp also takes the second factor off.
create or replace function auth_cli_passwd(p_email text, p_password_hash text, p_drop_totp boolean) returns boolean
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    person uuid := (select id from users where email = p_email);
begin
    if person is null then
        return false;
    end if;
    perform auth_password_set(person, p_password_hash, null, '', '');
    if p_drop_totp then
        perform auth_totp_disable(person, '', '');
    end if;
    delete from login_throttles where key in (auth_throttle_key('login:account', p_email), auth_throttle_key('password:account', p_email));
    return true;
end $$;

-- Nobody but the program may call what runs with the owner's rights.
do $$
declare
    f regprocedure;
begin
    for f in select p.oid from pg_proc p join pg_namespace n on n.oid = p.pronamespace
             where p.prosecdef and p.proname like 'auth\_%' and n.nspname = current_schema() loop
        execute format('revoke execute on function %s from public', f);
        execute format('grant execute on function %s to interflow_app', f);
    end loop;
end $$;
