-- What health.c asks of the database.

-- name: ready
-- Does it answer, in the role of the program?
select 1 as ready;
