/* People from outside against a real PostgreSQL: one person is made however many ask at once;
 * numbers are found in any notation; first touch fills only what is empty; a merge keeps both
 * histories; SQL's telephone numbers for people are those of the program. */
#include "check.h"

#include <libpq-fe.h>

#include "base/json.h"
#include "crm/crm.h"
#include "database.h"
#include "sql.h"

static const char *const no_params[] = {NULL};
static const char *const id_params[] = {"id", NULL};
static const char *const n_params[] = {"n", NULL};

static struct test_database db;
static struct uuid org;

static int set_up(void **state)
{
    (void)state;
    db = test_database_start();
    test_database_migrate(&db);
    PGconn *pg = PQconnectdb(db.url);
    test_sql(pg,
             "insert into organizations (id, name) values ('00000000-0000-7000-8000-00000000000a', "
             "'Loja')");
    test_sql(pg, "insert into custom_fields (org_id, slug, name, kind, options) values "
                 "('00000000-0000-7000-8000-00000000000a', 'cidade', 'Cidade', 'text', '[]'),"
                 "('00000000-0000-7000-8000-00000000000a', 'nota', 'Nota', 'number', '[]')");
    test_sql(pg, "insert into tags (org_id, name) values ('00000000-0000-7000-8000-00000000000a', "
                 "'Orçamento')");
    PQfinish(pg);
    (void)uuid_parse("00000000-0000-7000-8000-00000000000a", &org);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_database_stop(&db);
    return 0;
}

static struct ctx *context(struct app *app)
{
    struct ctx *c = ctx_new(app, 16 * MIB, clock_mono_ms() + 20 * SECOND_MS);
    c->org = org;
    c->actor.kind = ACTOR_SYSTEM;
    c->actor.sees_all_chats = true;
    c->actor.sees_contacts = true;
    return c;
}

static json_t *parsed(struct ctx *c, const char *text)
{
    json_t *j = NULL;
    assert_int_equal(json_parse(c->arena, text, strlen(text), &j, NULL), ERR_OK);
    return j;
}

/* --- a crowd for one new person -------------------------------------------------------- */

#define CROWD 40

struct crowd {
    struct app *app;
    int left, created, failed;
    struct uuid first;
};

static void ask(void *arg)
{
    static const char *const notations[] = {"+55 11 98421-7730", "5511984217730", "551184217730",
                                            "(11) 8421-7730"};
    struct crowd *w = arg;
    CLEANUP(ctx_freep) struct ctx *c = context(w->app);
    struct crm_found found = {0};
    int n = --w->left;
    struct crm_person p = {.kind = n % 2 ? "phone" : "whatsapp",
                           .identifier = notations[n % 4],
                           .name = "Ana Souza",
                           .source = "webchat"};
    if (crm_customer_find_or_create(c, &p, &found) != ERR_OK)
        w->failed++;
    else
        w->created += found.created;
    if (uuid_is_nil(w->first)) w->first = found.customer;
    if (!uuid_equal(w->first, found.customer)) w->failed++;
}

static void race(struct app *app, void *arg)
{
    (void)arg;
    struct crowd w = {.app = app, .left = CROWD};
    int started = 0;
    for (; started < CROWD; started++)
        assert_int_equal(loop_spawn(app->loop, ask, &w, NULL), ERR_OK);
    int64_t end = clock_mono_ms() + 20 * SECOND_MS;
    while (loop_count(app->loop) > 1 && clock_mono_ms() < end)
        assert_int_equal(loop_sleep(app->loop, 10), ERR_OK);
    assert_int_equal(w.left, 0);
    assert_int_equal(w.failed, 0);
    assert_int_equal(w.created, 1);

    CLEANUP(ctx_freep) struct ctx *c = context(app);
    struct rows *rows = NULL;
    static const struct sql COUNT = {
        .name = "t_count", .text = "select count(*) as n from customers", .params = no_params};
    assert_int_equal(db_one(c, &COUNT, NULL, &rows), ERR_OK);
    assert_int_equal(rows_int(rows, 0, "n", -1), 1);
}

static void test_race(void **state)
{
    (void)state;
    test_run(&db, race, NULL);
}

/* --- further contacts, explicit customers ---------------------------------------------- */

static bool has_reason(const json_t *list, const char *field, const char *reason)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        if (strcmp(json_get_text(one, "field"), field) == 0 &&
            strcmp(json_get_text(one, "reason"), reason) == 0)
            return true;
    }
    return false;
}

static void extras(struct app *app, void *arg)
{
    (void)arg;
    CLEANUP(ctx_freep) struct ctx *c = context(app);
    struct crm_found a = {0};
    struct crm_found b = {0};
    struct crm_person p = {.kind = "whatsapp",
                           .identifier = "5521987650001",
                           .email = "Bia@Uol.com.br",
                           .phone = "21 98765-0001"};
    assert_int_equal(crm_customer_find_or_create(c, &p, &a), ERR_OK);
    assert_true(a.created);
    assert_int_equal(json_array_size(a.contacts_applied), 1);
    assert_string_equal(json_string_value(json_array_get(a.contacts_applied, 0)), "email");
    assert_true(has_reason(a.contacts_skipped, "phone", "same_as_contact"));

    p.email = "outra@uol.com.br";
    p.phone = "não";
    assert_int_equal(crm_customer_find_or_create(c, &p, &b), ERR_OK);
    assert_false(b.created);
    assert_true(uuid_equal(a.customer, b.customer));
    assert_true(has_reason(b.contacts_skipped, "email", "already_filled"));
    assert_true(has_reason(b.contacts_skipped, "phone", "invalid"));

    struct crm_person other = {
        .kind = "email", .identifier = "caio@example.com", .phone = "21 98765-0001"};
    struct crm_found d = {0};
    assert_int_equal(crm_customer_find_or_create(c, &other, &d), ERR_OK);
    assert_true(d.created);
    assert_true(has_reason(d.contacts_skipped, "phone", "duplicate"));

    struct crm_person wrong = {
        .customer = d.customer, .kind = "whatsapp", .identifier = "5521987650001"};
    assert_int_equal(crm_customer_find_or_create(c, &wrong, &b), ERR_CONFLICT);
    assert_string_equal(c->fault.code, "CUSTOMER_DUPLICATE");
    fault_clear(c);
    struct crm_person bad = {.kind = "email", .identifier = "nada"};
    assert_int_equal(crm_customer_find_or_create(c, &bad, &b), ERR_INVALID);
    assert_string_equal(c->fault.details[0].field, "contactValue");
}

static void test_extras(void **state)
{
    (void)state;
    test_run(&db, extras, NULL);
}

/* --- first touch ----------------------------------------------------------------------- */

static void first_touch(struct app *app, void *arg)
{
    (void)arg;
    CLEANUP(ctx_freep) struct ctx *c = context(app);
    struct crm_found f = {0};
    struct crm_person p = {.kind = "email", .identifier = "dora@example.com"};
    json_t *said = NULL;
    assert_int_equal(crm_customer_find_or_create(c, &p, &f), ERR_OK);
    assert_int_equal(
        crm_first_touch(c, f.customer, parsed(c, "{\"source\":\"google\"}"),
                        parsed(c, "{\"cidade\":\"Recife\",\"nota\":\"dez\",\"nada\":1}"),
                        parsed(c, "[\"orcamento\",\"VIP\"]"), &said),
        ERR_OK);
    const char *text = json_text(c->arena, said);
    assert_string_equal(text, "{\"utmApplied\":true,\"customFieldsApplied\":[\"cidade\"],"
                              "\"customFieldsSkipped\":[{\"slug\":\"nota\",\"reason\":"
                              "\"invalid\"},{\"slug\":\"nada\",\"reason\":\"not_found\"}],"
                              "\"tagsApplied\":[\"orcamento\"],\"tagsSkipped\":[{"
                              "\"name\":\"VIP\",\"reason\":\"not_found\"}]}");
    assert_int_equal(crm_first_touch(c, f.customer,
                                     parsed(c, "{\"source\":\"bing\",\"medium\":\"cpc\"}"),
                                     parsed(c, "[{\"slug\":\"cidade\",\"value\":\"Olinda\"},{"
                                               "\"slug\":\"nota\",\"value\":\"9.5\"}]"),
                                     NULL, &said),
                     ERR_OK);
    text = json_text(c->arena, said);
    assert_non_null(strstr(text, "\"customFieldsApplied\":[\"nota\"]"));
    assert_non_null(strstr(text, "{\"slug\":\"cidade\",\"reason\":\"already_filled\"}"));

    static const struct sql LOOK = {.name = "t_look",
                                    .text =
                                        "select customer_fields_json(c, true)->>'cidade' as city, "
                                        "customer_fields_json(c, true)->>'nota' as score, "
                                        "utm->>'source' as source, utm->>'medium' as medium from "
                                        "customers c where id = $1::uuid",
                                    .params = id_params,
                                    .param_count = 1};
    struct rows *rows = NULL;
    assert_int_equal(db_one(c, &LOOK, PARAMS(P_UUID("id", f.customer)), &rows), ERR_OK);
    assert_string_equal(rows_text(rows, 0, "city"), "Recife");
    assert_string_equal(rows_text(rows, 0, "score"), "9.5");
    assert_string_equal(rows_text(rows, 0, "source"), "google");
    assert_string_equal(rows_text(rows, 0, "medium"), "cpc");
}

static void test_first_touch(void **state)
{
    (void)state;
    test_run(&db, first_touch, NULL);
}

/* --- telephone numbers for people ------------------------------------------------------ */

static void display(struct app *app, void *arg)
{
    (void)arg;
    static const char *const numbers[] = {"+5511984217730", "+551132345678",  "+14155552671",
                                          "+525512345678",  "+5491123456789", "+526641234567",
                                          "+56912345678",   "+573001234567",  "+41791234567"};
    static const struct sql SHOW = {
        .name = "t_show",
        .text = "select contact_display('phone', $1) as shown, mask_contact('phone', $1) as masked",
        .params = n_params,
        .param_count = 1};
    CLEANUP(ctx_freep) struct ctx *c = context(app);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        struct rows *rows = NULL;
        assert_int_equal(db_one(c, &SHOW, PARAMS(P_TEXT("n", numbers[i])), &rows), ERR_OK);
        assert_string_equal(rows_text(rows, 0, "shown"), phone_format(c->arena, numbers[i]));
        const char *masked = rows_text(rows, 0, "masked");
        int digits = 0;
        for (const char *p = strchr(masked, ' '); *p; p++)
            digits += *p >= '0' && *p <= '9';
        assert_int_equal(digits, 4);
    }
}

static void test_display(void **state)
{
    (void)state;
    test_run(&db, display, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_race), cmocka_unit_test(test_extras),
                                       cmocka_unit_test(test_first_touch),
                                       cmocka_unit_test(test_display)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
