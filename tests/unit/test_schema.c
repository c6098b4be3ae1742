/* What the program brings to the database: every embedded statement prepares against a migrated
 * one, whatever belongs to an organization stands behind the wall, and migrations know what was
 * applied. */
#include "check.h"

#include <libpq-fe.h>

#include "database.h"

static struct test_database db;

static int set_up(void **state)
{
    (void)state;
    db = test_database_start();
    test_database_migrate(&db);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_database_stop(&db);
    return 0;
}

static void test_all_prepare(void **state)
{
    (void)state;
    PGconn *pg = PQconnectdb(db.url);
    test_sql(pg, "set role interflow_app");
    int bad = 0;
    for (int i = 0; sql_all[i]; i++) {
        PGresult *r = PQprepare(pg, sql_all[i]->name, sql_all[i]->text, 0, NULL);
        if (PQresultStatus(r) != PGRES_COMMAND_OK) {
            (void)fprintf(stderr, "%s: %s", sql_all[i]->name, PQerrorMessage(pg));
            bad++;
        } else {
            PGresult *d = PQdescribePrepared(pg, sql_all[i]->name);
            assert_int_equal(PQnparams(d), sql_all[i]->param_count);
            PQclear(d);
        }
        PQclear(r);
    }
    PQfinish(pg);
    assert_int_equal(bad, 0);
}

/* Whatever belongs to an organization stands behind the wall; whatever climbs over it does so with
 * a fixed search_path. */
static void test_walls(void **state)
{
    (void)state;
    static const char *const questions[] = {
        "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and "
        "a.attname = 'org_id' "
        "where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and not "
        "a.attisdropped "
        "and not (c.relrowsecurity and exists (select from pg_policy p where p.polrelid = c.oid)) "
        "and (has_table_privilege('interflow_app', c.oid, 'select') or "
        "has_table_privilege('interflow_app', c.oid, 'insert'))",
        "select p.proname::text from pg_proc p where p.prosecdef and p.pronamespace = "
        "'public'::regnamespace "
        "and not exists (select from unnest(p.proconfig) x where x like 'search_path=%')",
        "select p.proname::text from pg_proc p, aclexplode(p.proacl) a where p.prosecdef "
        "and p.pronamespace = 'public'::regnamespace and a.grantee = 0",
        "select c.relname::text from pg_class c where c.relowner = 'interflow_app'::regrole",
        "select i.relname::text from pg_index x join pg_class i on i.oid = x.indexrelid join "
        "pg_class c on c.oid = x.indrelid "
        "join pg_attribute o on o.attrelid = c.oid and o.attname = 'org_id' "
        "where c.relnamespace = 'public'::regnamespace and x.indisprimary and x.indkey[0] <> "
        "o.attnum "
        "and o.attnotnull and c.relname <> 'users'",
    };
    PGconn *pg = PQconnectdb(db.url);
    int bad = 0;
    for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
        PGresult *r = PQexec(pg, questions[i]);
        assert_int_equal(PQresultStatus(r), PGRES_TUPLES_OK);
        for (int row = 0; row < PQntuples(r); row++) {
            (void)fprintf(stderr, "rule %d is broken by %s\n", (int)i + 1, PQgetvalue(r, row, 0));
            bad++;
        }
        PQclear(r);
    }
    PQfinish(pg);
    assert_int_equal(bad, 0);
}

static void test_migrate_again(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    const char *why = NULL;
    int applied = -1;
    assert_int_equal(migrate_run(a, db.url, &why, &applied), ERR_OK);
    assert_int_equal(applied, 0);
    PGconn *pg = PQconnectdb(db.url);
    test_sql(pg, "insert into schema_versions (version, name, checksum, took_ms) values (9000, "
                 "'9000_future', '', 0)");
    assert_int_equal(migrate_run(a, db.url, &why, &applied), ERR_CONFLICT);
    assert_non_null(strstr(why, "newer version"));
    test_sql(pg, "delete from schema_versions where version = 9000");
    test_sql(pg, "update schema_versions set checksum = 'x' || checksum where version = 1");
    assert_int_equal(migrate_run(a, db.url, &why, &applied), ERR_CONFLICT);
    test_sql(pg, "update schema_versions set checksum = substr(checksum, 2) where version = 1");
    assert_int_equal(migrate_run(a, db.url, &why, &applied), ERR_OK);
    PQfinish(pg);
    assert_int_equal(migrate_run(a, "postgresql:///x?host=/nowhere", &why, &applied),
                     ERR_UNAVAILABLE);
}

/* A managed server whose public roles get rights on all that is made (Supabase): they call nothing
 * that runs with the owner's rights and have no table. What an administrator gave a role of the house
 * stays. */
static void test_public_roles(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    const char *why = NULL;
    int applied = 0;
    const char *url = arena_printf(a, "postgresql:///managed?host=%s&user=postgres", db.dir);
    PGconn *pg = PQconnectdb(db.url);
    test_sql(pg,
             "create role anon nologin; create role authenticated nologin; create role reports");
    test_sql(pg, "create database managed");
    PQfinish(pg);
    pg = PQconnectdb(url);
    test_sql(pg,
             "alter default privileges in schema public grant all on tables to anon, authenticated;"
             "alter default privileges in schema public grant all on functions to anon, "
             "authenticated;"
             "alter default privileges in schema public grant all on sequences to anon, "
             "authenticated");
    assert_int_equal(migrate_run(a, url, &why, &applied), ERR_OK);
    test_sql(pg, "grant select on customers to reports; grant insert on jobs to anon");
    assert_int_equal(migrate_run(a, url, &why, &applied), ERR_OK);
    static const char *const questions[] = {
        "select p.oid::regprocedure::text from pg_proc p where p.prosecdef and p.pronamespace = "
        "'public'::regnamespace and has_function_privilege('anon', p.oid, 'execute')",
        "select c.relname::text from pg_class c, (values ('anon'), ('authenticated')) r (name) "
        "where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v') and "
        "has_table_privilege(r.name::name, c.oid, 'select, insert, update, delete, truncate')",
        "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace and "
        "case when c.relkind = 'S' then has_sequence_privilege('anon', c.oid, 'usage, update') end",
        "select 'customers' where not has_table_privilege('reports', 'customers', 'select')",
        "select p.oid::regprocedure::text from pg_proc p where p.prosecdef and p.pronamespace = "
        "'public'::regnamespace and not has_function_privilege('interflow_app', p.oid, 'execute')",
    };
    int bad = 0;
    for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
        PGresult *r = PQexec(pg, questions[i]);
        if (PQresultStatus(r) != PGRES_TUPLES_OK) (void)fprintf(stderr, "%s", PQerrorMessage(pg));
        assert_int_equal(PQresultStatus(r), PGRES_TUPLES_OK);
        for (int row = 0; row < PQntuples(r); row++) {
            (void)fprintf(stderr, "rule %d is broken by %s\n", (int)i + 1, PQgetvalue(r, row, 0));
            bad++;
        }
        PQclear(r);
    }
    PQfinish(pg);
    assert_int_equal(bad, 0);
}

/* What is not behind the wall is listed here: the installation's own, which a role of the program
 * does not even see unless it says so. */
static void test_tables_without_wall(void **state)
{
    (void)state;
    PGconn *pg = PQconnectdb(db.url);
    PGresult *r = PQexec(pg, "select string_agg(c.relname, ' ' order by c.relname) from pg_class c "
                             "where c.relkind in ('r', 'p') and c.relnamespace = "
                             "'public'::regnamespace and not c.relrowsecurity");
    assert_int_equal(PQresultStatus(r), PGRES_TUPLES_OK);
    assert_string_equal(PQgetvalue(r, 0, 0),
                        "event_cursors event_horizon flow_roll nodes schema_functions "
                        "schema_versions");
    PQclear(r);
    PQfinish(pg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_prepare),         cmocka_unit_test(test_walls),
        cmocka_unit_test(test_tables_without_wall), cmocka_unit_test(test_public_roles),
        cmocka_unit_test(test_migrate_again),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
