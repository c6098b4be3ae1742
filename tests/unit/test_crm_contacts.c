/* Identities: what is shown, which keys they are found by, what is refused; and cells of CSV
 * files. */
#include "check.h"

#include "base/buf.h"
#include "core/ctx.h"
#include "crm/crm.h"
#include "crm/csv.h"

struct reading {
    const char *kind, *identifier, *country;
    const char *canonical; /* NULL: refused */
    const char *keys;      /* joined by "," */
    const char *code;
};

static const struct reading readings[] = {
    {"phone", "(11) 98421-7730", "BR", "+5511984217730", "phone:5511984217730,phone:551184217730",
     NULL},
    {"phone", "11 3234-5678", "BR", "+551132345678", "phone:551132345678", NULL},
    {"phone", "98421-7730", "BR", NULL, NULL, "INVALID_PHONE"},
    {"phone", "+1 415 555 2671", "BR", "+14155552671", "phone:14155552671", NULL},
    {"whatsapp", "551184217730", NULL, "+5511984217730", "phone:5511984217730,phone:551184217730",
     NULL},
    {"whatsapp", "BR.1349801234567890", NULL, "BR.1349801234567890", "whatsapp:BR.1349801234567890",
     NULL},
    {"whatsapp", "12", NULL, NULL, NULL, "INVALID_PHONE"},
    {"email", "  Ana.Souza@UOL.com.br ", "BR", "ana.souza@uol.com.br", "email:ana.souza@uol.com.br",
     NULL},
    {"email", "joao@café.com.br", "BR", "joao@café.com.br", "email:joao@café.com.br", NULL},
    {"email", "ana@", "BR", NULL, NULL, "INVALID_EMAIL"},
    {"email", "b•••@uol.com.br", "BR", NULL, NULL, "INVALID_CONTACT"},
    {"instagram", "@LojaDoZe", "BR", "lojadoze", "instagram:lojadoze", NULL},
    {"instagram", "17841400000000000", NULL, "17841400000000000", "instagram:17841400000000000",
     NULL},
    {"instagram", "@", "BR", NULL, NULL, "INVALID_CONTACT"},
    {"instagram", "duas palavras", "BR", NULL, NULL, "INVALID_CONTACT"},
    {"messenger", "2450001", NULL, "2450001", "messenger:2450001", NULL},
    {"webchat", "v_Abc-9", NULL, "v_Abc-9", "webchat:v_Abc-9", NULL},
    {"other", "   ", "BR", NULL, NULL, "INVALID_CONTACT"},
    {"other", "a\001b", "BR", NULL, NULL, "INVALID_CONTACT"},
};

static void test_readings(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    for (size_t i = 0; i < ARRAY_LEN(readings); i++) {
        const struct reading *r = &readings[i];
        struct contact_form f;
        const char *code = "";
        enum err e = contact_read(a, r->kind, r->identifier, r->country, &f, &code);
        if (e != (r->canonical ? ERR_OK : ERR_INVALID))
            fail_msg("%s %s: error %d", r->kind, r->identifier, (int)e);
        if (!r->canonical) {
            if (strcmp(code, r->code) != 0) fail_msg("%s %s: %s", r->kind, r->identifier, code);
            continue;
        }
        CLEANUP(buf_free) struct buf keys = BUF_INIT(KIB);
        for (int k = 0; k < f.key_count; k++)
            buf_addf(&keys, "%s%s", k ? "," : "", f.keys[k]);
        assert_string_equal(f.canonical, r->canonical);
        assert_string_equal(buf_str(&keys), r->keys);
    }
}

static void test_long(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct contact_form f;
    char text[400];
    memset(text, 'a', sizeof text);
    text[320] = '\0';
    assert_int_equal(contact_read(a, "other", text, NULL, &f, NULL), ERR_OK);
    text[320] = 'a';
    text[321] = '\0';
    assert_int_equal(contact_read(a, "other", text, NULL, &f, NULL), ERR_INVALID);
}

static void test_types(void **state)
{
    (void)state;
    assert_string_equal(contact_kind_of("facebook"), "messenger");
    assert_string_equal(contact_kind_of("whatsapp"), "whatsapp");
    assert_null(contact_kind_of("fax"));
    assert_null(contact_kind_of(NULL));
}

static void test_csv(void **state)
{
    (void)state;
    static const struct {
        const char *text, *cell;
    } cells[] = {
        {NULL, ""},
        {"", ""},
        {"Ana", "Ana"},
        {"Souza, Ana", "\"Souza, Ana\""},
        {"a \"b\"", "\"a \"\"b\"\"\""},
        {"a\nb", "\"a\nb\""},
        {"=1+1", "\"'=1+1\""},
        {"@SUM(A1)", "\"'@SUM(A1)\""},
        {"+HYPERLINK(\"x\")", "\"'+HYPERLINK(\"\"x\"\")\""},
        {"-cmd|calc", "\"'-cmd|calc\""},
        {"\t=1", "\"'\t=1\""},
        {"+5511984217730", "+5511984217730"},
        {"+55 11 98421-7730", "+55 11 98421-7730"},
        {"-19.90", "-19.90"},
        {"-", "\"'-\""},
        {"\n=1", "\"'\n=1\""},
        {"\uff1d1+1", "\"'\uff1d1+1\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
        CLEANUP(buf_free) struct buf b = BUF_INIT(KIB);
        csv_cell(&b, cells[i].text);
        assert_string_equal(buf_str(&b), cells[i].cell);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_readings), cmocka_unit_test(test_long),
                                       cmocka_unit_test(test_types), cmocka_unit_test(test_csv)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
