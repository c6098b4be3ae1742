/* Who waits for whom among the mails that are taken at the same time: strangers for nobody, what
 * belongs together for what lay before it, everybody for what is not read yet. */
#include "check.h"

#include <stdio.h>

#include "base/util.h"
#include "channels/email/mail_order.h"

static void key(struct mail_turn *t, char kind, const char *text)
{
    mail_turn_key(t, kind, text, text ? strlen(text) : 0);
}

static void strangers_wait_for_nobody(void **state)
{
    (void)state;
    struct mail_order o = {0};
    struct mail_turn a, b;
    mail_order_add(&o, &a, 1);
    mail_order_add(&o, &b, 2);
    key(&a, 'p', "ana@x.example");
    key(&b, 'p', "bia@x.example");
    key(&b, 'm', "ana@x.example"); /* the same text, but another kind of key */
    key(&b, 'm', NULL);
    key(&a, 'm', "");
    assert_int_equal(a.key_count, 1);
    a.known = b.known = true;
    assert_true(mail_turn_free(&a));
    assert_true(mail_turn_free(&b));
}

static void what_is_not_read_yet_holds_all_behind_it(void **state)
{
    (void)state;
    struct mail_order o = {0};
    struct mail_turn a, b;
    mail_order_add(&o, &a, 1);
    mail_order_add(&o, &b, 2);
    key(&b, 'p', "bia@x.example");
    b.known = true;
    assert_false(mail_turn_free(&b));
    assert_true(mail_turn_free(&a)); /* the oldest waits for nobody */
    key(&a, 'p', "ana@x.example");
    a.known = true;
    assert_true(mail_turn_free(&b));
}

static void what_belongs_together_goes_in_order(void **state)
{
    (void)state;
    static const char *const people[] = {"ana", "bia", "ana", "caio"};
    static const char *const ids[] = {"m1", "m2", "m3", "m4"};
    struct mail_order o = {0};
    struct mail_turn t[4];
    for (uint32_t i = 0; i < ARRAY_LEN(t); i++) {
        mail_order_add(&o, &t[i], i + 1);
        key(&t[i], 'p', people[i]);
        key(&t[i], 'm', ids[i]);
        t[i].known = true;
    }
    key(&t[3], 'm', "m2"); /* Caio answers in Bia's conversation */
    assert_true(mail_turn_free(&t[0]));
    assert_true(mail_turn_free(&t[1]));
    assert_false(mail_turn_free(&t[2]));
    assert_false(mail_turn_free(&t[3]));
    assert_int_equal(o.first->uid, 1);

    mail_order_remove(&t[1]); /* out of the middle */
    assert_true(mail_turn_free(&t[3]));
    assert_false(mail_turn_free(&t[2]));
    mail_order_remove(&t[0]);
    mail_order_remove(&t[0]); /* a second time is nothing */
    assert_true(mail_turn_free(&t[2]));
    assert_int_equal(o.first->uid, 3);
    mail_order_remove(&t[3]);
    mail_order_remove(&t[2]);
    assert_null(o.first);
    assert_null(o.last);
}

/* More keys than there is room for: related to everything, on either side. */
static void with_too_many_names_it_waits_for_all(void **state)
{
    (void)state;
    struct mail_order o = {0};
    struct mail_turn a, b, c;
    mail_order_add(&o, &a, 1);
    mail_order_add(&o, &b, 2);
    mail_order_add(&o, &c, 3);
    key(&a, 'p', "ana");
    key(&c, 'p', "caio");
    for (int i = 0; i < MAIL_TURN_KEYS_MAX + 1; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "m%d", i);
        key(&b, 'm', text);
    }
    a.known = b.known = c.known = true;
    assert_int_equal(b.key_count, MAIL_TURN_KEYS_MAX);
    assert_false(mail_turn_free(&b));
    assert_false(mail_turn_free(&c));
    mail_order_remove(&a);
    assert_true(mail_turn_free(&b));
    assert_false(mail_turn_free(&c));
    mail_order_remove(&b);
    assert_true(mail_turn_free(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_wait_for_nobody),
        cmocka_unit_test(what_is_not_read_yet_holds_all_behind_it),
        cmocka_unit_test(what_belongs_together_goes_in_order),
        cmocka_unit_test(with_too_many_names_it_waits_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
