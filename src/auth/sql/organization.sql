-- name: organization_get
-- The organization as everybody in it sees it; the row is locked.
select o.name, organization_json(o)::jsonb as json from organizations o where o.id = :org::uuid for update;

-- name: organization_update
-- Change what is given; settings are merged, null removes a member.
update organizations
set name = coalesce(:name, name), time_zone = coalesce(:timeZone, time_zone), language = coalesce(:language, language),
    currency = coalesce(:currency, currency), country = coalesce(:country, country),
    settings = jsonb_strip_nulls(settings || coalesce(:settings::jsonb, '{}')), updated_at = now()
where id = :org::uuid and (:timeZone::text is null or time_zone_valid(:timeZone) or fault(400, 'UNKNOWN_TIME_ZONE', 'timeZone'))
returning organization_json(organizations) as json, audit_diff(:before::jsonb, organization_json(organizations)::jsonb) as changes,
          length(settings::text) as settings_size;

-- name: smtp_get
-- The mail server, with its sealed password.
select host, port, security, username, password, from_email, from_name from smtp_settings where org_id = :org::uuid;

-- name: smtp_json
-- The mail server as people see it.
select coalesce((select json_build_object('configured', true, 'host', s.host, 'port', s.port, 'security', s.security,
                     'user', s.username, 'passwordSet', s.password is not null, 'from', s.from_email, 'fromName', s.from_name)
                 from smtp_settings s where s.org_id = :org::uuid),
                json_build_object('configured', false));

-- name: smtp_put
-- Set the mail server.
insert into smtp_settings as s (org_id, host, port, security, username, password, from_email, from_name)
values (:org::uuid, :host, :port::integer, :security, coalesce(:user, ''), :sealed, :from, coalesce(:fromName, ''))
on conflict (org_id) do update
set host = excluded.host, port = excluded.port, security = excluded.security, username = excluded.username,
    password = excluded.password, from_email = excluded.from_email, from_name = excluded.from_name, updated_at = now();

-- name: smtp_delete
-- Forget the mail server.
delete from smtp_settings where org_id = :org::uuid returning host;
