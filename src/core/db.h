/* PostgreSQL through libpq's pipeline mode.
 *
 * Named queries: sql/<thing>.sql files hold statements with a header, parameters by name:
 *
 *     -- name: tag_create
 *     -- Make a tag. Conflicts on the name are the caller's 409.
 *     -- wakes: events
 *     insert into tags (org_id, id, name, color) values (:org, :id, :name, :color)
 *     returning tag_json(tags);
 *
 * tools/sqlgen.py turns them into `const struct sql SQL_TAG_CREATE` (declared in the generated
 * "sql.h"). `::casts`, strings, quoted names, dollar quotes and comments are left alone. Parameters
 * are numbered in order of first use.
 *
 * A parameter's value is looked up by name: first in the params given by the caller, then among the
 * context's own, then in c->in (text, numbers and booleans as text, objects and arrays as json).
 * What is nowhere is NULL. The context's own:
 *
 *     org  actor (user id or null)  actor_id (whoever acts, or null)  actor_kind  actor_name
 *     sees_all  sees_contacts  teams  lang  trace  address  now_ms  in (the whole input as json)
 *
 * Outside a transaction a statement runs on a shared connection: [set_config('app.org', …, true) +
 * statement + sync] in one round trip, one implicit transaction. Between db_begin and db_commit all
 * statements of this context use one leased connection; a transaction that was not committed is
 * rolled back by db_rollbackp. Statements are prepared on first use per connection. Serialization
 * failures and deadlocks are ERR_CONFLICT with code RETRY (db_retry repeats).
 *
 * Connections that break are replaced with back-off; statements on the wire then give
 * ERR_UNAVAILABLE (the caller's client retries with its idempotency key). Not thread-safe: worker
 * only, inside coroutines. */
#ifndef INTERFLOW_CORE_DB_H
#define INTERFLOW_CORE_DB_H

#include "core/ctx.h"

#define SQL_PARAMS_MAX 40

enum wake { WAKE_EVENTS = 1, WAKE_JOBS = 2 };

/* Each class has its own connections and time limit: what is slow may never starve what is fast. */
enum db_class { DB_FAST, DB_SEARCH, DB_REPORT, DB_CLASS_COUNT };

struct sql {
    const char *name;          /* "tag_create"; also the prepared statement's name */
    const char *text;          /* with $1… */
    const char *const *params; /* names, NULL at the end */
    int param_count;
    uint32_t wakes;         /* enum wake bits, from "-- wakes: events, jobs" */
    enum db_class db_class; /* from "-- class: search|report" */
};

enum param_type {
    PARAM_END,
    PARAM_TEXT,
    PARAM_INT,
    PARAM_BOOL,
    PARAM_UUID,
    PARAM_JSON,
    PARAM_NULL
};

struct param {
    enum param_type type;
    const char *name;
    const char *text;
    int64_t number;
    struct uuid uuid;
    const json_t *json;
};

#define P_TEXT(n, v)                                                                               \
    ((struct param){.type = PARAM_TEXT, .name = (n), .text = (v)}) /* NULL text is null */
#define P_INT(n, v)  ((struct param){.type = PARAM_INT, .name = (n), .number = (v)})
#define P_BOOL(n, v) ((struct param){.type = PARAM_BOOL, .name = (n), .number = (v)})
#define P_UUID(n, v)                                                                               \
    ((struct param){.type = PARAM_UUID, .name = (n), .uuid = (v)}) /* nil is null */
#define P_JSON(n, v) ((struct param){.type = PARAM_JSON, .name = (n), .json = (v)})
#define P_NULL(n)    ((struct param){.type = PARAM_NULL, .name = (n)})
#define PARAMS(...)  ((const struct param[]){__VA_ARGS__, {0}})

struct rows; /* a result; belongs to the context's arena */

/* Run q; *ret_rows may be NULL when only success matters. What PostgreSQL refused is translated:
 * - unique or exclusion violation: ERR_CONFLICT (code from the constraint's COMMENT, see
 * sql/README)
 * - foreign key: ERR_INVALID naming the field, ERR_CONFLICT (IN_USE) when removing
 * - check, not null, a value that its type does not take: ERR_INVALID naming the field
 * - SQLSTATE IFnnn raised by our functions: the error of that HTTP status, MESSAGE = code,
 *   HINT = field, DETAIL = JSON data
 * - serialization failure, deadlock: ERR_CONFLICT (RETRY)
 * - statement_timeout: ERR_DEADLINE; connection trouble: ERR_UNAVAILABLE
 * - anything else, also a row that row-level security refuses, is our bug: logged, ERR_INTERNAL */
MUST_USE enum err db_query(struct ctx *c, const struct sql *q, const struct param *params,
                           struct rows **ret_rows);
/* One row or ERR_NOT_FOUND. */
MUST_USE enum err db_one(struct ctx *c, const struct sql *q, const struct param *params,
                         struct rows **ret_rows);
/* First column of the first row as text (usually JSON); ERR_NOT_FOUND when there is no row or it is
 * null. */
MUST_USE enum err db_json(struct ctx *c, const struct sql *q, const struct param *params,
                          const char **ret_text);
/* Run and forget the rows. */
MUST_USE enum err db_exec(struct ctx *c, const struct sql *q, const struct param *params);

int rows_count(const struct rows *r);
int rows_affected(const struct rows *r);
/* Text of a cell by column name; NULL when null. Valid as long as the context. Asserts that the
 * column exists. */
const char *rows_text(const struct rows *r, int row, const char *column);
int64_t rows_int(const struct rows *r, int row, const char *column, int64_t otherwise);
bool rows_bool(const struct rows *r, int row, const char *column);
struct uuid rows_uuid(const struct rows *r, int row, const char *column); /* nil when null */

/* Transactions. db_begin waits for a leased connection (at most until the deadline:
 * ERR_UNAVAILABLE). */
MUST_USE enum err db_begin(struct ctx *c, struct db_tx **ret_tx);
MUST_USE enum err db_commit(struct ctx *c,
                            struct db_tx **tx); /* then wakes events and jobs; sets *tx NULL */
void db_rollbackp(struct db_tx **tx);           /* cleanup: rolls back when not committed */
/* A place in the open transaction that it can go back to, also after a statement failed: then the
 * rest of it goes on as if what came since had not been. One at a time; each ends by keep or undo.
 * They wait for nothing (the words travel with the next statement). ERR_UNAVAILABLE. */
MUST_USE enum err db_savepoint(struct ctx *c);
MUST_USE enum err db_savepoint_keep(struct ctx *c);
MUST_USE enum err db_savepoint_undo(struct ctx *c);
/* Run body in a transaction, again (at most 4 times, with jitter) on serialization failures and
 * deadlocks. body must not reply, send or touch anything outside the database. */
MUST_USE enum err db_retry(struct ctx *c, enum err (*body)(struct ctx *c, void *arg), void *arg);

/* --- set-up, by the worker ------------------------------------------------------------- */
struct db;
struct db_options {
    const char *url;                    /* libpq conninfo or URL */
    const char *role;                   /* "set role" after connecting; NULL: as connected */
    int shared, leased, search, report; /* connections per class (shared + leased serve DB_FAST) */
    int fast_timeout_ms, search_timeout_ms, report_timeout_ms;
};
struct loop;
struct db *db_new(struct loop *l, const struct db_options *o,
                  void (*wake)(void *arg, uint32_t wakes), void *arg);
void db_free(struct db *d);
/* Is there at least one live connection? For /readyz. */
bool db_ready(const struct db *d);
/* Every embedded statement, NULL at the end: for the test that prepares all, and sqlgen's own
 * table. */
extern const struct sql *const sql_all[];
/* The files of sql/migrations (version from their name, in order) and sql/functions, a row without
 * name at the end. */
struct sql_file {
    int version;
    const char *name; /* "0001_platform" */
    const char *text;
};
extern const struct sql_file sql_migrations[];
extern const struct sql_file sql_functions[];

#endif
