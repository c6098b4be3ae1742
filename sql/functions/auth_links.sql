-- Access by a link: password resets and invitations. Like the rest of auth.sql they work before an organization is known, so they are
-- SECURITY DEFINER; they take hashes of tokens, never tokens.

-- ---- password resets --------------------------------------------------------------------------------------------------------

-- Somebody says they forgot. With an organization of theirs that has a mail server: a link goes out (the token of p_token_hash,
-- sealed in p_secret). Else the request waits for an admin. Silent for unknown addresses and when asked too often.
create or replace function auth_reset_request(p_email text, p_token_hash text, p_secret text, p_address text) returns void
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    u users;
    via record;
begin
    if (select wait_s from auth_throttle(auth_throttle_key('reset:account', p_email), 4, 900, 3600, 3600)) > 0 then
        return;
    end if;
    select * into u from users where email = p_email;
    if not found then
        return;
    end if;
    select o.id, o.name into via
    from memberships m join organizations o on o.id = m.org_id join smtp_settings s on s.org_id = m.org_id
    where m.user_id = u.id and m.status = 'active' order by m.created_at limit 1;
    if found then
        insert into password_resets (user_id, token_hash, mailed, address, expires_at)
        values (u.id, p_token_hash, true, p_address, now() + interval '1 hour');
        insert into jobs (org_id, kind, payload)
        values (via.id, 'mail.send', jsonb_build_object('to', u.email, 'template', 'password_reset', 'language', u.language,
            'data', jsonb_build_object('name', u.name, 'organization', via.name), 'secret', p_secret));
    else
        delete from password_resets where user_id = u.id and token_hash is null;
        insert into password_resets (user_id, address) values (u.id, p_address);
        insert into events (org_id, type, permission, payload)
        select m.org_id, 'settings.changed', permission_number('users.manage'), '{"what": "passwordResets"}'
        from memberships m where m.user_id = u.id;
    end if;
    delete from password_resets where id in
        (select id from password_resets where user_id = u.id order by created_at desc, id desc offset 3);
end $$;

-- Requests of members that wait for an admin.
create or replace function auth_resets(p_org uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, public as $$
    select jsonb_build_object('items', coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'userId', u.id, 'name', u.name,
               'email', u.email, 'address', p.address, 'createdAt', ts_json(p.created_at), 'expiresAt', ts_json(p.expires_at))
               order by p.created_at desc), '[]'), 'next', null)
    from password_resets p join users u on u.id = p.user_id
    join memberships m on m.org_id = p_org and m.user_id = u.id
    where p.token_hash is null and p.expires_at > now()
$$;

-- A link that an admin hands over. Refused where it would open another organization to that admin.
create or replace function auth_reset_link(p_org uuid, p_actor uuid, p_user uuid, p_token_hash text, p_address text) returns timestamptz
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    expires timestamptz := now() + interval '1 day';
begin
    perform from memberships where org_id = p_org and user_id = p_user;
    if not found then
        raise exception using errcode = 'IF404', message = 'USER_NOT_FOUND';
    end if;
    if exists (select from smtp_settings where org_id = p_org) then
        raise exception using errcode = 'IF409', message = 'MAIL_CONFIGURED';
    end if;
    if exists (select from memberships m where m.user_id = p_user and m.org_id <> p_org
               and not exists (select from memberships mine join roles r on r.org_id = mine.org_id and r.id = mine.role_id
                               where mine.org_id = m.org_id and mine.user_id = p_actor and mine.status = 'active' and r.kind = 'owner')) then
        raise exception using errcode = 'IF403', message = 'USER_IN_OTHER_ORGANIZATIONS';
    end if;
    delete from password_resets where user_id = p_user;
    insert into password_resets (user_id, token_hash, created_by, address, expires_at)
    values (p_user, p_token_hash, p_actor, p_address, expires);
    return expires;
end $$;

-- Is this link good? Its person's address, for the page and the rules of passwords.
create or replace function auth_reset_find(p_token_hash text) returns text
language sql stable security definer set search_path = pg_catalog, public as $$
    select u.email from password_resets p join users u on u.id = p.user_id
    where p.token_hash = p_token_hash and p.expires_at > now()
$$;

-- Use the link. The person's id; null when it is used or too old.
create or replace function auth_reset_done(p_token_hash text, p_hash text, p_address text, p_trace text) returns uuid
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    u users;
begin
    with p as (delete from password_resets where token_hash = p_token_hash and expires_at > now() returning user_id)
    select x.* into u from p join users x on x.id = p.user_id;
    if not found then
        return null;
    end if;
    perform auth_password_set(u.id, p_hash, null, p_address, p_trace);
    delete from login_throttles where key in (auth_throttle_key('login:account', u.email), auth_throttle_key('password:account', u.email));
    return u.id;
end $$;

-- ---- invitations ------------------------------------------------------------------------------------------------------------

create or replace function auth_invitation(p_token_hash text) returns jsonb
language sql stable security definer set search_path = pg_catalog, public as $$
    select jsonb_build_object('organization', o.name, 'language', o.language, 'email', i.email,
        'inviter', (select u.name from users u where u.id = i.created_by), 'roleName', r.name,
        'existingUser', exists (select from users u where u.email = i.email), 'expiresAt', ts_json(i.expires_at))
    from invitations i join organizations o on o.id = i.org_id join roles r on r.org_id = i.org_id and r.id = i.role_id
    where i.token_hash = p_token_hash and i.accepted_at is null and i.expires_at > now()
$$;

-- Take an invitation: p_user is logged in, or null and a new account is made of p_in {name, email, language} and p_password_hash.
-- Answers {userId, organizationId}. 404 INVITATION_NOT_FOUND, 403 INVITATION_OTHER_EMAIL, 409 EMAIL_TAKEN, ALREADY_MEMBER.
create or replace function auth_invitation_accept(p_token_hash text, p_user uuid, p_in jsonb, p_password_hash text,
                                                  p_session_hash text, p_address text, p_agent text, p_trace text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    i invitations;
    person users;
begin
    select * into i from invitations x
    where x.token_hash = p_token_hash and x.accepted_at is null and x.expires_at > now() for update;
    if not found then
        raise exception using errcode = 'IF404', message = 'INVITATION_NOT_FOUND';
    end if;
    perform set_config('app.org', i.org_id::text, true);
    if p_user is not null then
        select * into person from users where id = p_user;
    else
        insert into users (email, name, password_hash, language)
        select coalesce(i.email, p_in ->> 'email'), p_in ->> 'name', p_password_hash, coalesce(p_in ->> 'language', o.language)
        from organizations o where o.id = i.org_id returning * into person;
    end if;
    if i.email is not null and i.email <> person.email then
        raise exception using errcode = 'IF403', message = 'INVITATION_OTHER_EMAIL', hint = 'email';
    end if;
    insert into memberships (org_id, user_id, role_id) values (i.org_id, person.id, i.role_id) on conflict do nothing;
    if not found then
        raise exception using errcode = 'IF409', message = 'ALREADY_MEMBER';
    end if;
    insert into team_members (org_id, team_id, user_id, position)
    select i.org_id, t.id, person.id, coalesce((select max(position) + 1 from team_members x where x.org_id = t.org_id and x.team_id = t.id), 0)
    from teams t where t.org_id = i.org_id and t.id = any (i.team_ids);
    update invitations set accepted_at = now(), accepted_by = person.id where org_id = i.org_id and id = i.id;
    perform audit_add(i.org_id, 'user', person.id, person.name, p_address, p_trace, 'invitation.accept', 'user', person.id, person.name);
    perform auth_user_changed(person.id, 'users');
    if p_session_hash is not null then
        perform auth_session_make(person.id, p_session_hash, p_address, p_agent, p_trace);
    end if;
    return auth_me(person.id) || jsonb_build_object('organizationId', i.org_id);
end $$;
