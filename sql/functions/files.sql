-- Files: what crosses the organizations.

create or replace function files_unreferenced(hashes text[]) returns setof text
language sql stable security definer set search_path = pg_catalog, public as $$
    select h from unnest(hashes) as h where not exists (select from public.files f where f.sha256 = h)
$$;
comment on function files_unreferenced(text[]) is
    'Of these content hashes, those without a row in any organization: their content may be removed from the disk';
revoke all on function files_unreferenced(text[]) from public;
grant execute on function files_unreferenced(text[]) to interflow_app;
