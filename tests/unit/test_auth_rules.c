/* The pure rules of src/auth: permissions and their sets, who may give rights to whom, passwords,
 * opening hours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/auth.h"
#include "auth/hours.h"
#include "auth/permissions.h"
#include "auth/rights.h"

static void permissions_are_complete(void **state)
{
    (void)state;
    for (int i = PERMISSION_NONE + 1; i < PERMISSION_COUNT; i++) {
        const struct permission_row *row = &permission_rows[i];
        assert_non_null(row->name);
        const struct permission_words *words[] = {&row->pt, &row->es, &row->en};
        for (int w = 0; w < 3; w++) {
            assert_true(words[w]->label && *words[w]->label);
            assert_true(words[w]->help && *words[w]->help);
        }
        assert_int_equal(permission_number(row->name, strlen(row->name)), i);
        assert_string_equal(permission_name(i), row->name);
    }
    assert_null(permission_name(PERMISSION_NONE));
    assert_null(permission_name(PERMISSION_COUNT));
    assert_null(permission_name(-1));
    assert_int_equal(permission_number("chats.vie", 9), PERMISSION_NONE);
    assert_int_equal(permission_number("", 0), PERMISSION_NONE);
    assert_true(PERMISSION_COUNT < 64);
}

static void permission_sets(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 * KIB);
    permission_set two =
        PERMISSION_BIT(PERMISSION_CHATS_VIEW) | PERMISSION_BIT(PERMISSION_CUSTOMERS_EDIT);
    assert_int_equal(permissions_from_array("{chats.view,customers.edit}"), two);
    assert_int_equal(permissions_from_array("{chats.view,of.a.newer.program,customers.edit}"), two);
    assert_int_equal(permissions_from_array("{}"), 0);
    assert_int_equal(permissions_from_array(NULL), 0);
    assert_int_equal(permissions_from_array("{chats.view"), PERMISSION_BIT(PERMISSION_CHATS_VIEW));
    assert_string_equal(permissions_to_array(a, two), "{customers.edit,chats.view}");
    assert_string_equal(permissions_to_array(a, 0), "{}");
    assert_int_equal(permissions_from_array(permissions_to_array(a, PERMISSION_ALL)),
                     PERMISSION_ALL);
    arena_free(a);
}

static void permissions_by_name(void **state)
{
    (void)state;
    permission_set set = 0;
    const char *unknown = NULL;
    json_t *good = json_pack("[s, s, s]", "chats.view", "chats.reply", "chats.view");
    json_t *bad = json_pack("[s, s]", "chats.view", "chats.fly");
    json_t *number = json_pack("[i]", 1);
    assert_true(permissions_from_json(good, &set, &unknown));
    assert_int_equal(set, PERMISSION_BIT(PERMISSION_CHATS_VIEW) |
                              PERMISSION_BIT(PERMISSION_CHATS_REPLY));
    assert_false(permissions_from_json(bad, &set, &unknown));
    assert_string_equal(unknown, "chats.fly");
    assert_false(permissions_from_json(number, &set, &unknown));
    json_decref(good);
    json_decref(bad);
    json_decref(number);
}

static void nobody_gives_more_than_they_have(void **state)
{
    (void)state;
    permission_set few =
        PERMISSION_BIT(PERMISSION_CHATS_VIEW) | PERMISSION_BIT(PERMISSION_USERS_MANAGE);
    struct rights owner = {.owner = true};
    struct rights admin = {.permissions = PERMISSION_ALL};
    struct rights helper = {.permissions = few};
    assert_true(rights_cover(&owner, true, PERMISSION_ALL));
    assert_true(rights_cover(&admin, false, PERMISSION_ALL));
    assert_false(rights_cover(&admin, true, 0));
    assert_true(rights_cover(&helper, false, PERMISSION_BIT(PERMISSION_CHATS_VIEW)));
    assert_true(rights_cover(&helper, false, 0));
    assert_false(rights_cover(&helper, false, few | PERMISSION_BIT(PERMISSION_CHATS_REPLY)));
    assert_false(rights_cover(&helper, true, few));
}

static bool accepted(const char *password, const char *email, const char **ret_code)
{
    const char *words = NULL;
    *ret_code = NULL;
    bool fine = password_acceptable(password, email, ret_code, &words);
    if (!fine) assert_non_null(words);
    return fine;
}

static void passwords(void **state)
{
    (void)state;
    const char *code = NULL;
    char longest[202];
    memset(longest, 'x', sizeof longest);
    longest[0] = 'a';
    longest[201] = '\0';
    assert_true(accepted("quintal 2026", "a@b.co", &code));
    assert_true(accepted("pão de ló", NULL, &code));
    assert_false(accepted("ção7let", NULL, &code)); /* seven characters, though more bytes */
    assert_string_equal(code, "TOO_SHORT");
    assert_false(accepted("", NULL, &code));
    assert_false(accepted(longest, NULL, &code));
    assert_string_equal(code, "TOO_LONG");
    longest[200] = '\0';
    assert_true(accepted(longest, NULL, &code));
    assert_false(accepted("SENHA123", NULL, &code));
    assert_string_equal(code, "PASSWORD_WEAK");
    assert_false(accepted("zzzzzzzzzzzz", NULL, &code));
    assert_false(accepted("Marina.Duarte@loja.com", "marina.duarte@loja.com", &code));
    assert_false(accepted("marina.duarte", "marina.duarte@loja.com", &code));
    assert_true(accepted("marina.duarte", "outra@loja.com", &code));
}

static bool hours_ok(const char *text)
{
    const char *why = NULL;
    json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(j);
    bool fine = hours_valid(j, &why);
    if (!fine) assert_non_null(why);
    json_decref(j);
    return fine;
}

static void hours(void **state)
{
    (void)state;
    assert_true(hours_ok("{}"));
    assert_true(hours_ok("{\"mon\":[[\"08:00\",\"12:00\"],[\"12:00\",\"18:30\"]],\"sun\":[]}"));
    assert_true(hours_ok("{\"fri\":[[\"00:00\",\"24:00\"]]}"));
    static const char *const wrong[] = {
        "[]",
        "3",
        "{\"monday\":[]}",
        "{\"mon\":{}}",
        "{\"mon\":[[\"08:00\"]]}",
        "{\"mon\":[\"08:00\"]}",
        "{\"mon\":[[\"8:00\",\"12:00\"]]}",
        "{\"mon\":[[\"08:60\",\"12:00\"]]}",
        "{\"mon\":[[\"08:00\",\"24:01\"]]}",
        "{\"mon\":[[\"12:00\",\"12:00\"]]}",
        "{\"mon\":[[\"18:00\",\"08:00\"]]}",
        "{\"mon\":[[8,12]]}",
        "{\"mon\":[[\"08:00\",\"12:00\"],[\"11:59\",\"13:00\"]]}",
        "{\"mon\":[[\"13:00\",\"14:00\"],[\"08:00\",\"09:00\"]]}",
        "{\"mon\":[[\"-1:00\",\"12:00\"]]}",
        "{\"mon\":[[\"00:00\",\"01:00\"],[\"01:00\",\"02:00\"],[\"02:00\",\"03:00\"],[\"03:00\","
        "\"04:00\"],[\"04:00\",\"05:00\"],"
        "[\"05:00\",\"06:00\"],[\"06:00\",\"07:00\"]]}",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        if (hours_ok(wrong[i])) fail_msg("accepted: %s", wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permissions_are_complete),
        cmocka_unit_test(permission_sets),
        cmocka_unit_test(permissions_by_name),
        cmocka_unit_test(nobody_gives_more_than_they_have),
        cmocka_unit_test(passwords),
        cmocka_unit_test(hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
