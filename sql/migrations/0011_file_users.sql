-- Files: who uses one (file_used in functions/files.sql), by an index each.

create index field_values_file on field_values (org_id, (value #>> '{}'))
    where jsonb_typeof(value) = 'string' and length(value #>> '{}') = 36;
comment on index field_values_file is 'Values of fields of kind file are ids: which customers have this file?';
