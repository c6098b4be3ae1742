-- The number that an event stands under, so that whoever comes later to the same row is told later.
--
-- The number of the transaction alone does not say that: it is given out at the first write, and a transaction may wait for a row (a
-- chat, say) long after that. Then it comes to the row after others with higher numbers, and its news would be told before theirs.
-- So an event stands under its own transaction's number or that of the youngest transaction that has ended when the event is written,
-- whichever is higher. Whoever held the row before has ended by then: what it wrote stands under a lower number, or under the same
-- one with a lower id.
--
-- It is never lower than the own transaction's, so the reader's rule stays true: below the snapshot's xmin nothing can come any more.
-- And it is never higher than that of a transaction that has begun, so that nothing has to happen first for it to be read.
--
-- PL/pgSQL and volatile on purpose: only so does the expression below see who has ended by now (a snapshot of its own), not who had
-- when the statement began, which may have waited since.
create function event_order() returns xid8 language plpgsql volatile as $$
declare
    own xid8 := pg_current_xact_id();
    next xid8 := pg_snapshot_xmax(pg_current_snapshot());       -- one more than the youngest that has ended
begin
    if next <= own then
        return own;
    end if;
    return ((next::text)::bigint - 1)::text::xid8;
end $$;
comment on function event_order() is 'The number for a new event: not lower than that of any event written by a transaction that has ended';

alter table events alter column xid set default event_order();
comment on column events.xid is 'event_order(): the transaction that wrote it, or the youngest that had ended by then. Readers go by (xid, id) below the snapshot''s xmin: no late commit is skipped, and who holds a lock later is told later';
