-- How much an organization may set up. Lists of these are loaded whole (the first load of every page, the pickers), so that what one
-- person makes by a script would be everybody's slow start. Tags, fields, funnels, stages, contacts and notes are counted where
-- they are made (crm_settings.sql, crm_write.sql), saved filters by their query.
--
-- The count is not locked: two at once may go one beyond, which harms nobody.

-- Arguments of the trigger: the limit, and which rows count.
create or replace function row_limit() returns trigger language plpgsql as $$
declare
    reached boolean;
begin
    execute format('select count(*) >= $2 from (select from %I x where x.org_id = $1 and (%s) limit $2) y', tg_table_name, tg_argv[1])
        into reached using new.org_id, tg_argv[0]::integer;
    if reached then
        perform fault(409, 'LIMIT_REACHED', null, jsonb_build_object('limit', tg_argv[0]::integer));
    end if;
    return new;
end $$;

create or replace trigger row_limit before insert on teams for each row execute function row_limit('200', 'true');
create or replace trigger row_limit before insert on roles for each row execute function row_limit('100', 'true');
create or replace trigger row_limit before insert on invitations for each row execute function row_limit('1000', 'x.accepted_at is null');
create or replace trigger row_limit before insert on api_keys for each row execute function row_limit('200', 'x.revoked_at is null');
create or replace trigger row_limit before insert on channels for each row execute function row_limit('200', 'x.deleted_at is null');
create or replace trigger row_limit before insert on shortcuts for each row execute function row_limit('2000', 'true');
create or replace trigger row_limit before insert on closure_types for each row execute function row_limit('200', 'x.archived_at is null');
create or replace trigger row_limit before insert on flows for each row execute function row_limit('500', 'x.deleted_at is null');
