-- Files: rows that give a name to content on disk (files.c).

-- name: file_create
-- The row of a file whose content is in the store.
insert into files (org_id, id, name, type, kind, size_bytes, sha256, width, height, source, created_by)
values (:org, :id, :name, :type, :kind, :size_bytes::bigint, :sha256, nullif(:width::integer, 0), nullif(:height::integer, 0),
        :source, :actor_id);

-- name: file_get
-- One file of the organization.
select id, name, type, kind, size_bytes, sha256, coalesce(width, 0) as width, coalesce(height, 0) as height
from files
where org_id = :org and id = :file_id;

-- name: files_sweep_begin
-- May contents be removed until the end of this transaction? Not while a backup runs (cli_backup.c holds the lock shared): what its
-- copy of the database names must still be there when it comes to the files.
select pg_try_advisory_xact_lock(hashtextextended('interflow.files', 0)) as free;

-- name: files_unreferenced
-- Of these hashes, those that no organization refers to.
select sha256 from files_unreferenced(:hashes::text[]) as sha256;

-- name: files_orgs
-- Every organization, for the sweep of rows.
select org_id from files_orgs() as org_id;

-- name: files_sweep
-- Rows of the organization that nothing uses go: one step behind :after (null: the first step).
select last, removed from files_sweep(:org::uuid, :after::uuid, :limit::integer);
