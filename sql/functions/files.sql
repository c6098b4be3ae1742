-- Files: what crosses the organizations.

create or replace function files_unreferenced(hashes text[]) returns setof text
language sql stable security definer set search_path = pg_catalog, public as $$
    select h from unnest(hashes) as h where not exists (select from public.files f where f.sha256 = h)
$$;
comment on function files_unreferenced(text[]) is
    'Of these content hashes, those without a row in any organization: their content may be removed from the disk';
revoke all on function files_unreferenced(text[]) from public;
grant execute on function files_unreferenced(text[]) to interflow_app;

-- The customers that have the file in a field. Runs as the owner: under row-level security the index over values would not be used.
create or replace function file_customers(p_org uuid, p_file uuid) returns setof uuid
language sql stable security definer set search_path = pg_catalog, public as $$
    select v.customer_id from field_values v join custom_fields d on d.org_id = v.org_id and d.id = v.field_id
     where p_org = app_org() and v.org_id = p_org and jsonb_typeof(v.value) = 'string' and length(v.value #>> '{}') = 36
       and v.value #>> '{}' = p_file::text and d.kind = 'file'
$$;
revoke all on function file_customers(uuid, uuid) from public;
grant execute on function file_customers(uuid, uuid) to interflow_app;

-- Does anything of the organization use the file? The one list of all that can, for the sweep below and for the erasure of a customer:
-- what begins to refer to files takes a line here.
create or replace function file_used(p_org uuid, p_file uuid) returns boolean
language sql stable as $$
    select exists (select from message_files x where x.org_id = p_org and x.file_id = p_file)
        or exists (select from mails x where x.org_id = p_org and x.file_id = p_file)
        or exists (select from customers x where x.org_id = p_org and x.avatar_file_id = p_file)
        or exists (select from file_customers(p_org, p_file))
        or exists (select from shortcuts s where s.org_id = p_org and s.steps::text like '%' || p_file || '%')
        or exists (select from channels c where c.org_id = p_org and c.settings::text like '%' || p_file || '%')
        or exists (select from flow_files x where x.org_id = p_org and x.file_id = p_file)
$$;

-- Whoever begins to use a file by more than a foreign key holds it until the commit, so that the sweep does not take it meanwhile.
-- False: there is none.
create or replace function file_hold(p_org uuid, p_file uuid) returns boolean
language plpgsql as $$
begin
    perform 1 from files f where f.org_id = p_org and f.id = p_file for key share;
    return found;
end $$;

-- For the sweep, which is nobody's of one organization.
create or replace function files_orgs() returns setof uuid
language sql stable security definer set search_path = pg_catalog, public as $$ select o.id from organizations o order by o.id $$;
revoke all on function files_orgs() from public;
grant execute on function files_orgs() to interflow_app;

-- One step through the organization's files in the order of their ids: of p_limit behind p_after (null: from the first one on), those that
-- are older than a day and that nothing uses lose their row (their content goes with files.clean). The last id that was looked at, null at
-- the end.
create or replace function files_sweep(p_org uuid, p_after uuid, p_limit integer, out last uuid, out removed integer)
language plpgsql as $$
declare
    looked uuid[];
    unused uuid[];
begin
    looked := array(select f.id from files f where f.org_id = p_org and f.id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
                   order by f.id limit p_limit);
    last := looked[cardinality(looked)];
    unused := array(select f.id from files f
                     where f.org_id = p_org and f.id = any (looked) and f.created_at < now() - interval '1 day'
                       and not file_used(p_org, f.id) for update skip locked);
    -- Looked at again under the lock: whoever begins to use a file holds it (by a foreign key, or file_hold).
    delete from files f where f.org_id = p_org and f.id = any (unused) and not file_used(p_org, f.id);
    get diagnostics removed = row_count;
end $$;

-- May this person (p_actor: whoever is signed in or the key; who: as what they read) see the file? One they brought, or one of a message,
-- customer or shortcut within their reach, or of a flow when they may open flows.
create or replace function file_visible(f files, who crm_actor, p_actor uuid) returns boolean
language sql stable as $$
    select (who).sees_all or f.created_by = p_actor
        or exists (select from message_files mf join messages m on m.org_id = mf.org_id and m.id = mf.message_id
                   join chats ch on ch.org_id = m.org_id and ch.id = m.chat_id
                   where mf.org_id = f.org_id and mf.file_id = f.id and m.deleted_at is null
                     and (ch.assignee_id = (who).id or ch.team_id = any ((who).teams)))
        or exists (select from customers cu where cu.org_id = f.org_id and cu.avatar_file_id = f.id and customer_visible(cu, who))
        or exists (select from file_customers(f.org_id, f.id) x (id) join customers cu on cu.org_id = f.org_id and cu.id = x.id
                   where cu.deleted_at is null and customer_visible(cu, who))
        or exists (select from shortcuts s where s.org_id = f.org_id and s.steps::text like '%' || f.id || '%'
                   and (s.user_id = (who).id or (s.user_id is null and (s.team_ids = '{}' or s.team_ids && (who).teams))))
        or (exists (select from flow_files x where x.org_id = f.org_id and x.file_id = f.id)
            and exists (select from memberships m join roles r on r.org_id = m.org_id and r.id = m.role_id
                        where m.org_id = f.org_id and m.user_id = (who).id and 'flows.view' = any (role_permissions(r))))
$$;
