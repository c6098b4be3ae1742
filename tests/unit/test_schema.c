/* What the program brings to the database: every embedded statement prepares against a migrated
 * one, whatever belongs to an organization stands behind the wall, and migrations know what was
 * applied. */
#include "check.h"

#include <libpq-fe.h>

#include "database.h"

static struct test_database db;

static void must(PGconn *pg, const char *text)
{
    PGresult *r = PQexec(pg, text);
    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK) {
        (void)fprintf(stderr, "%s\n%s", text, PQerrorMessage(pg));
        exit(1);
    }
    PQclear(r);
}

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
    must(pg, "set role interflow_app");
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
    must(pg, "insert into schema_versions (version, name, checksum, took_ms) values (9000, "
             "'9000_future', '', 0)");
    assert_int_equal(migrate_run(a, db.url, &why, &applied), ERR_CONFLICT);
    assert_non_null(strstr(why, "newer version"));
    must(pg, "delete from schema_versions where version = 9000");
    must(pg, "update schema_versions set checksum = 'x' || checksum where version = 1");
    assert_int_equal(migrate_run(a, db.url, &why, &applied), ERR_CONFLICT);
    must(pg, "update schema_versions set checksum = substr(checksum, 2) where version = 1");
    assert_int_equal(migrate_run(a, db.url, &why, &applied), ERR_OK);
    PQfinish(pg);
    assert_int_equal(migrate_run(a, "postgresql:///x?host=/nowhere", &why, &applied),
                     ERR_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_prepare),
        cmocka_unit_test(test_walls),
        cmocka_unit_test(test_migrate_again),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
