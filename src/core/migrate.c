/* Bringing the database to this program's version: the numbered migrations that are missing, each
 * in its own transaction, then the functions whose text changed. Blocking, on a connection of its
 * own, before any worker runs; an advisory lock keeps a second node out meanwhile.
 *
 * Forward only. A migration that was applied must not change afterwards (its checksum is kept), and
 * a database that knows a version which this program does not know is left alone: it belongs to a
 * newer program.
 *
 * The connecting user becomes the owner of everything. It need not be a superuser: it must be able
 * to create the role interflow_app (or find it made and be a member of it) and the four extensions
 * (or find them there). Each failure is one line that says what to do. */
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "core/db.h"
#include "core/log.h"
#include "core/worker.h"

#define MIGRATE_LOCK    "7236104928356291"
#define MIGRATE_LOCK_MS (10 * MINUTE_MS)
#define SERVER_MIN      150000

struct migrate {
    struct arena *arena;
    PGconn *pg;
    const char *why;
    int applied;
};

static void finishp(PGconn **pg)
{
    PQfinish(*pg);
    *pg = NULL;
}

static void clearp(PGresult **r)
{
    PQclear(*r);
    *r = NULL;
}

/* First line of what the server said. */
static const char *server_words(struct migrate *m, const PGresult *r)
{
    const char *text = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (!text || !*text) text = PQerrorMessage(m->pg);
    size_t len = strcspn(text, "\n");
    return arena_strndup(m->arena, text, len);
}

/* Any number of statements. what: "creating the role interflow_app", for the line of failure. */
static MUST_USE enum err run(struct migrate *m, const char *what, const char *text)
{
    CLEANUP(clearp) PGresult *r = PQexec(m->pg, text);
    ExecStatusType status = PQresultStatus(r);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
        return ERR_OK;
    const char *line = PQresultErrorField(r, PG_DIAG_STATEMENT_POSITION);
    const char *context = PQresultErrorField(r, PG_DIAG_CONTEXT);
    m->why = arena_printf(m->arena, "%s failed: %s%s%s%s%s%s", what, server_words(m, r),
                          line ? " (at character " : "", line ? line : "", line ? ")" : "",
                          context ? "; in " : "",
                          context ? arena_strndup(m->arena, context, strcspn(context, "\n")) : "");
    return PQstatus(m->pg) == CONNECTION_BAD ? ERR_UNAVAILABLE : ERR_INTERNAL;
}

/* One statement with parameters; the caller clears *ret. */
static MUST_USE enum err ask(struct migrate *m, const char *what, const char *text, int count,
                             const char *const *values, PGresult **ret)
{
    PGresult *r = PQexecParams(m->pg, text, count, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(r);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
        *ret = r;
        return ERR_OK;
    }
    m->why = arena_printf(m->arena, "%s failed: %s", what, server_words(m, r));
    PQclear(r);
    return PQstatus(m->pg) == CONNECTION_BAD ? ERR_UNAVAILABLE : ERR_INTERNAL;
}

static const char *checksum(struct migrate *m, const char *text)
{
    char *hex = arena_alloc(m->arena, SHA256_HEX_SIZE);
    return sha256_hex(text, strlen(text), hex);
}

/* --- before the migrations ------------------------------------------------------------- */

static MUST_USE enum err open_connection(struct migrate *m, const char *url)
{
    static const char *const keys[] = {"connect_timeout", "dbname", "client_encoding",
                                       "application_name", NULL};
    const char *const values[] = {"10", url, "UTF8", "interflow migrate", NULL};
    m->pg = PQconnectdbParams(keys, values, 1);
    if (PQstatus(m->pg) != CONNECTION_OK) {
        m->why =
            arena_printf(m->arena, "cannot connect to the database: %s", server_words(m, NULL));
        return ERR_UNAVAILABLE;
    }
    if (PQserverVersion(m->pg) < SERVER_MIN) {
        m->why = arena_printf(m->arena, "PostgreSQL 15 or newer is needed, this is %s",
                              PQparameterStatus(m->pg, "server_version"));
        return ERR_CONFLICT;
    }
    const char *encoding = PQparameterStatus(m->pg, "server_encoding");
    if (encoding && strcmp(encoding, "UTF8") != 0) {
        m->why =
            arena_printf(m->arena, "the database's encoding must be UTF8, this is %s", encoding);
        return ERR_CONFLICT;
    }
    return run(m, "setting up the connection",
               "set client_min_messages = warning; set timezone = 'UTC'; set lock_timeout = 0; "
               "set statement_timeout = 0; set idle_in_transaction_session_timeout = 0");
}

static MUST_USE enum err lock(struct migrate *m)
{
    enum err e =
        run(m, "waiting for another program's migration", "set statement_timeout = 600000");
    if (e) return e;
    e = run(m, "waiting for another program's migration",
            "select pg_advisory_lock(" MIGRATE_LOCK ")");
    if (e) return e;
    return run(m, "setting up the connection", "set statement_timeout = 0");
}

/* Roles belong to the whole cluster: another database of it may make the same role at this
 * moment. */
static MUST_USE enum err make_role(struct migrate *m)
{
    static const char text[] =
        "do $$ begin\n"
        "  if not exists (select from pg_roles where rolname = 'interflow_app') then\n"
        "    begin create role interflow_app nologin noinherit;\n"
        "    exception when duplicate_object or unique_violation then null; end;\n"
        "  end if;\n"
        "  if not pg_has_role(current_user, 'interflow_app',\n"
        "       case when current_setting('server_version_num')::int >= 160000 then 'SET' else "
        "'MEMBER' end) then\n"
        "    execute format('grant interflow_app to %I', current_user);\n"
        "  end if;\n"
        "  execute 'grant usage on schema public to interflow_app';\n"
        "end $$";
    enum err e = run(m, "making the role interflow_app", text);
    if (e == ERR_INTERNAL) {
        m->why =
            arena_printf(m->arena,
                         "%s; as a superuser run: create role interflow_app nologin noinherit; "
                         "grant interflow_app to the user of DATABASE_URL",
                         m->why);
    }
    return e;
}

static MUST_USE enum err make_extensions(struct migrate *m)
{
    static const char *const names[] = {"unaccent", "pg_trgm", "btree_gin", "btree_gist"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        enum err e = run(m, arena_printf(m->arena, "making the extension %s", names[i]),
                         arena_printf(m->arena, "create extension if not exists %s", names[i]));
        if (e == ERR_INTERNAL) {
            m->why = arena_printf(m->arena,
                                  "%s; as a superuser run in this database: create extension %s",
                                  m->why, names[i]);
        }
        if (e) return e;
    }
    return ERR_OK;
}

static MUST_USE enum err make_tables(struct migrate *m)
{
    return run(
        m, "making the table of versions",
        "create table if not exists schema_versions (version integer primary key, name text not "
        "null, "
        "checksum text not null, applied_at timestamptz not null default now(), took_ms integer "
        "not null);"
        "create table if not exists schema_functions (name text primary key, checksum text not "
        "null, "
        "applied_at timestamptz not null default now());"
        "comment on table schema_versions is 'Migrations that were applied (sql/migrations)';"
        "comment on table schema_functions is 'Files of functions as they were applied "
        "(sql/functions)'");
}

/* --- migrations ------------------------------------------------------------------------ */

static MUST_USE enum err apply_migration(struct migrate *m, const struct sql_file *f)
{
    const char *what = arena_printf(m->arena, "migration %s", f->name);
    int64_t began = clock_mono_ms();
    enum err e = run(m, what, "begin");
    if (!e) e = run(m, what, f->text);
    if (!e) {
        CLEANUP(clearp) PGresult *r = NULL;
        const char *const values[] = {
            arena_printf(m->arena, "%d", f->version), f->name, checksum(m, f->text),
            arena_printf(m->arena, "%lld", (long long)(clock_mono_ms() - began))};
        e = ask(m, what,
                "insert into schema_versions (version, name, checksum, took_ms) values ($1, $2, "
                "$3, $4)",
                4, values, &r);
    }
    if (!e) e = run(m, what, "commit");
    if (e) {
        PQclear(PQexec(m->pg, "rollback"));
        return e;
    }
    m->applied++;
    log_event(LOG_INFO, NULL, "migration applied",
              LOG_FIELDS(LOG_TEXT("name", f->name), LOG_INT("ms", clock_mono_ms() - began)));
    return ERR_OK;
}

static MUST_USE enum err apply_migrations(struct migrate *m)
{
    CLEANUP(clearp) PGresult *r = NULL;
    enum err e =
        ask(m, "reading the versions",
            "select version, name, checksum from schema_versions order by version", 0, NULL, &r);
    if (e) return e;
    int known = 0;
    while (sql_migrations[known].name) {
        known++;
    }
    int have = PQntuples(r);
    for (int i = 0; i < have; i++) {
        long version = strtol(PQgetvalue(r, i, 0), NULL, 10);
        if (version > known) {
            m->why = arena_printf(
                m->arena,
                "the database is of a newer version (%s) than this program (%d migrations): "
                "install the newer program",
                PQgetvalue(r, i, 1), known);
            return ERR_CONFLICT;
        }
        if (version != i + 1) {
            m->why =
                arena_printf(m->arena, "migration %04d was never applied, later ones were", i + 1);
            return ERR_CONFLICT;
        }
        if (strcmp(PQgetvalue(r, i, 2), checksum(m, sql_migrations[i].text)) != 0) {
            m->why = arena_printf(
                m->arena, "migration %s is not the text that this database was made with (as %s)",
                sql_migrations[i].name, PQgetvalue(r, i, 1));
            return ERR_CONFLICT;
        }
    }
    for (int i = have; i < known; i++) {
        e = apply_migration(m, &sql_migrations[i]);
        if (e) return e;
    }
    return ERR_OK;
}

/* --- functions ------------------------------------------------------------------------- */

static bool function_changed(struct migrate *m, const PGresult *have, const struct sql_file *f)
{
    for (int i = 0; i < PQntuples(have); i++) {
        if (strcmp(PQgetvalue(have, i, 0), f->name) == 0) {
            return strcmp(PQgetvalue(have, i, 1), checksum(m, f->text)) != 0;
        }
    }
    return true;
}

/* Twice in one transaction: first without looking into bodies, since files call each other in any
 * order; then with. A file that is unchanged is not looked at, except when migrations were applied:
 * those may have changed what it stands on. */
static MUST_USE enum err apply_function_files(struct migrate *m, const PGresult *have)
{
    static const char *const passes[] = {"set local check_function_bodies = off",
                                         "set local check_function_bodies = on"};
    for (size_t pass = 0; pass < ARRAY_LEN(passes); pass++) {
        enum err e = run(m, "applying functions", passes[pass]);
        if (e) return e;
        for (const struct sql_file *f = sql_functions; f->name; f++) {
            if (m->applied == 0 && !function_changed(m, have, f)) continue;
            const char *what = arena_printf(m->arena, "applying functions/%s.sql", f->name);
            e = run(m, what, f->text);
            if (e) return e;
            CLEANUP(clearp) PGresult *r = NULL;
            e = ask(
                m, what,
                "insert into schema_functions (name, checksum) values ($1, $2) "
                "on conflict (name) do update set checksum = excluded.checksum, applied_at = now()",
                2, (const char *const[]){f->name, checksum(m, f->text)}, &r);
            if (e) return e;
        }
    }
    /* Security definer functions are for the program alone, and look into pg_temp last: where it is
     * not named it comes first, and whoever may make temporary tables could put one in a table's
     * place. Extensions' own functions stay as they are. */
    return run(m, "granting functions",
               "do $$ declare f regprocedure; begin\n"
               "  for f in select p.oid::regprocedure from pg_proc p\n"
               "           where p.pronamespace = 'public'::regnamespace and p.prosecdef and "
               "p.proowner = current_user::regrole\n"
               "             and not exists (select from pg_depend d where d.classid = "
               "'pg_proc'::regclass\n"
               "                             and d.objid = p.oid and d.deptype = 'e')\n"
               "  loop\n"
               "    execute format('revoke all on function %s from public', f);\n"
               "    execute format('grant execute on function %s to interflow_app', f);\n"
               "    execute format('alter function %s set search_path = pg_catalog, public, "
               "pg_temp', f);\n"
               "  end loop;\n"
               "end $$");
}

static MUST_USE enum err apply_functions(struct migrate *m)
{
    CLEANUP(clearp) PGresult *have = NULL;
    enum err e = ask(m, "reading the functions", "select name, checksum from schema_functions", 0,
                     NULL, &have);
    if (e) return e;
    bool changed = m->applied > 0;
    for (const struct sql_file *f = sql_functions; f->name && !changed; f++) {
        changed = function_changed(m, have, f);
    }
    if (!changed) return ERR_OK;
    e = run(m, "applying functions", "begin");
    if (!e) e = apply_function_files(m, have);
    if (!e) e = run(m, "applying functions", "commit");
    if (e) PQclear(PQexec(m->pg, "rollback"));
    return e;
}

/* Managed servers (Supabase) give roles of theirs rights on whatever is made in the schema public, by
 * default privileges, and let the internet in as these roles. So nobody but the program may call
 * what runs with the owner's rights, whoever was given it, and the public roles have no table.
 * Other roles keep what an administrator gave them on tables (reports), behind the same wall as the
 * program. */
static MUST_USE enum err close_doors(struct migrate *m)
{
    return run(m, "taking rights from the server's public roles",
               "do $$ declare x record; begin\n"
               "  for x in select p.oid::regprocedure as what, a.grantee::regrole as who\n"
               "           from pg_proc p, aclexplode(p.proacl) a\n"
               "           where p.pronamespace = 'public'::regnamespace and p.prosecdef\n"
               "             and p.proowner = current_user::regrole and a.grantee <> 0\n"
               "             and a.grantee <> p.proowner\n"
               "             and a.grantee <> 'interflow_app'::regrole\n"
               "             and not exists (select from pg_depend d where d.classid = "
               "'pg_proc'::regclass\n"
               "                             and d.objid = p.oid and d.deptype = 'e')\n"
               "  loop\n"
               "    execute format('revoke all on function %s from %s', x.what, x.who);\n"
               "  end loop;\n"
               "  for x in select distinct c.oid::regclass as what, c.relkind = 'S' as counts,\n"
               "                  case a.grantee when 0 then 'public'\n"
               "                       else a.grantee::regrole::text end as who\n"
               "           from pg_class c, aclexplode(c.relacl) a\n"
               "           where c.relnamespace = 'public'::regnamespace\n"
               "             and c.relowner = current_user::regrole\n"
               "             and (a.grantee = 0 or a.grantee in (select oid from pg_roles\n"
               "                  where rolname in ('anon', 'authenticated')))\n"
               "             and not exists (select from pg_depend d where d.classid = "
               "'pg_class'::regclass\n"
               "                             and d.objid = c.oid and d.deptype = 'e')\n"
               "  loop\n"
               "    execute format('revoke all on %s %s from %s',\n"
               "                   case when x.counts then 'sequence' else 'table' end, x.what, "
               "x.who);\n"
               "  end loop;\n"
               "end $$");
}

static MUST_USE enum err migrate_all(struct migrate *m)
{
    enum err e = lock(m);
    if (!e) e = make_tables(m);
    if (!e) e = make_role(m);
    if (!e) e = make_extensions(m);
    if (!e) e = apply_migrations(m);
    if (!e) e = apply_functions(m);
    if (!e) e = close_doors(m);
    if (!e) e = run(m, "adopting events of a restored backup", "select event_adopt()");
    return e;
}

enum err migrate_run(struct arena *a, const char *url, const char **ret_why, int *ret_applied)
{
    struct migrate m = {.arena = a};
    CLEANUP(finishp) PGconn *pg = NULL;
    enum err e = open_connection(&m, url);
    pg = m.pg;
    if (!e) e = migrate_all(&m);
    if (e) {
        *ret_why = m.why ? m.why : "the migration failed";
        return e;
    }
    if (ret_applied) *ret_applied = m.applied;
    return ERR_OK;
}
