/* Telephone numbers in many notations: the canonical form, the other forms of the same line, and
 * above all what must not match: landlines, mobiles that never had a shorter form, typing
 * errors. */
#include "check.h"

#include <stdio.h>

#include "crm/phone.h"

struct reading {
    const char *country; /* NULL: international only */
    const char *text;
    const char *e164;  /* NULL: refused */
    const char *other; /* the second candidate, NULL: none */
};

static const struct reading readings[] = {
    /* Brazil, one mobile in many notations */
    {"BR", "+55 11 98421-7730", "+5511984217730", "551184217730"},
    {"BR", "+5511984217730", "+5511984217730", "551184217730"},
    {"BR", "5511984217730", "+5511984217730", "551184217730"},
    {"BR", "005511984217730", "+5511984217730", "551184217730"},
    {"BR", "00 55 11 98421-7730", "+5511984217730", "551184217730"},
    {"BR", "(11) 98421-7730", "+5511984217730", "551184217730"},
    {"BR", "11 98421.7730", "+5511984217730", "551184217730"},
    {"BR", "11/98421-7730", "+5511984217730", "551184217730"},
    {"BR", "011 98421-7730", "+5511984217730", "551184217730"},
    {"BR", "(011) 98421-7730", "+5511984217730", "551184217730"},
    {"BR", "0 15 11 98421-7730", "+5511984217730", "551184217730"},
    {"BR", "0211198421-7730", "+5511984217730", "551184217730"},
    {"BR", "+55 (0) 11 98421 7730", "+5511984217730", "551184217730"},
    {"BR", "+55 011 98421 7730", "+5511984217730", "551184217730"},
    {"BR", "+55 015 11 98421 7730", "+5511984217730", "551184217730"},
    {"BR", "tel:+55-11-98421-7730", "+5511984217730", "551184217730"},
    {"BR", "5511984217730@s.whatsapp.net", "+5511984217730", "551184217730"},
    {"BR", "551184217730@c.us", "+5511984217730", "551184217730"},
    {"BR",
     "\xe2\x80\xaa+55 11 98421\xe2\x80\x91"
     "7730\xe2\x80\xac",
     "+5511984217730", "551184217730"},
    {"BR",
     "+55\xc2\xa0"
     "11\xc2\xa0"
     "98421\xe2\x80\x93"
     "7730",
     "+5511984217730", "551184217730"},
    {NULL, "5511984217730", "+5511984217730", "551184217730"},
    {"US", "+55 11 98421-7730", "+5511984217730", "551184217730"},
    /* … and without its ninth digit */
    {"BR", "(11) 8421-7730", "+5511984217730", "551184217730"},
    {"BR", "551184217730", "+5511984217730", "551184217730"},
    {"BR", "+55 11 8421-7730", "+5511984217730", "551184217730"},
    {NULL, "551184217730", "+5511984217730", "551184217730"},
    {"BR", "21 6421-7730", "+5521964217730", "552164217730"},
    {"BR", "85 7421-7730", "+5585974217730", "558574217730"},
    {"BR", "47 9421-7730", "+5547994217730", "554794217730"},
    /* landlines: never touched */
    {"BR", "(11) 3456-7890", "+551134567890", NULL},
    {"BR", "+55 11 2345-6789", "+551123456789", NULL},
    {"BR", "011 4004-1234", "+551140041234", NULL},
    {"BR", "552155556666", "+552155556666", NULL},
    {NULL, "551134567890", "+551134567890", NULL},
    /* newer mobiles: without the 9 they would be landlines, or nothing */
    {"BR", "11 91234-5678", "+5511912345678", NULL},
    {"BR", "11 93456-7890", "+5511934567890", NULL},
    {"BR", "11 95555-1234", "+5511955551234", NULL},
    /* area 55 is not the country code */
    {"BR", "55 98421-7730", "+5555984217730", "555584217730"},
    {"BR", "(55) 3221-4567", "+555532214567", NULL},
    {"BR", "55 55 98421-7730", "+5555984217730", "555584217730"},
    {"BR", "0800 123 4567", "+558001234567", NULL},
    /* refused */
    {"BR", "98421-7730", NULL, NULL},
    {"BR", "3456-7890", NULL, NULL},
    {"BR", "(11) 1234-5678", NULL, NULL},
    {"BR", "(11) 0842-7730", NULL, NULL},
    {"BR", "(20) 98421-7730", NULL, NULL},
    {"BR", "(23) 3456-7890", NULL, NULL},
    {"BR", "(11) 88421-7730", NULL, NULL},
    {"BR", "11 98421-77", NULL, NULL},
    {"BR", "11 98421-77301", NULL, NULL},
    {"BR", "19 2345-67890", NULL, NULL},
    {"BR", "+55 11 98421-77301", NULL, NULL},
    {"BR", "11 98421-7730 / 11 3456-7890", NULL, NULL},
    {"BR", "11 98421-7730 ramal 12", NULL, NULL},
    {"BR", "0000000000", NULL, NULL},
    {"BR", "123.456.789-09", NULL, NULL},     /* a CPF */
    {"BR", "12.345.678/0001-95", NULL, NULL}, /* a CNPJ */
    {NULL, "11 98421-7730", NULL, NULL},
    {NULL, "011 98421-7730", NULL, NULL},
    /* Mexico: 52 and 52 1 */
    {"MX", "55 1234 5678", "+525512345678", "5215512345678"},
    {"MX", "+52 55 1234 5678", "+525512345678", "5215512345678"},
    {"MX", "+52 1 55 1234 5678", "+525512345678", "5215512345678"},
    {NULL, "5215512345678", "+525512345678", "5215512345678"},
    {NULL, "525512345678", "+525512345678", "5215512345678"},
    {"MX", "01 55 1234 5678", "+525512345678", "5215512345678"},
    {"MX", "044 55 1234 5678", "+525512345678", "5215512345678"},
    {"MX", "045 33 1234 5678", "+523312345678", "5213312345678"},
    {"BR", "5215512345678", "+525512345678", "5215512345678"},
    {"MX", "1234 5678", NULL, NULL},
    {"MX", "+52 1 1234 5678 90", NULL, NULL},
    {"MX", "155 1234 567", NULL, NULL},
    /* Argentina: 54 9, area codes of two to four digits, the 15 */
    {"AR", "+54 9 11 2345-6789", "+5491123456789", "541123456789"},
    {NULL, "5491123456789", "+5491123456789", "541123456789"},
    {NULL, "541123456789", "+541123456789", "5491123456789"},
    {"AR", "011 15 2345-6789", "+5491123456789", "541123456789"},
    {"AR", "(011) 15-2345-6789", "+5491123456789", "541123456789"},
    {"AR", "11 15 2345 6789", "+5491123456789", "541123456789"},
    {"AR", "+54 11 15 2345 6789", "+5491123456789", "541123456789"},
    {"AR", "+54 9 11 15 2345 6789", "+5491123456789", "541123456789"},
    {"AR", "0351 15 234-5678", "+5493512345678", "543512345678"},
    {"AR", "351 15 234 5678", "+5493512345678", "543512345678"},
    {"AR", "02920 15 41-2345", "+5492920412345", "542920412345"},
    {"AR", "9 11 2345 6789", "+5491123456789", "541123456789"},
    {"AR", "11 2345-6789", "+541123456789", "5491123456789"},
    {"AR", "0351 423-4567", "+543514234567", "5493514234567"},
    {"AR", "0800 123 4567", "+548001234567", NULL},
    {"AR", "15 2345-6789", NULL, NULL},
    {"AR", "4321-5678", NULL, NULL},
    {"AR", "+54 9 11 2345 678", NULL, NULL},
    {"AR", "0351 15 2345-6789", NULL, NULL}, /* a digit too many for that area */
    /* others: themselves only */
    {"CL", "+56 9 8765 4321", "+56987654321", NULL},
    {"CL", "09 8765 4321", "+56987654321", NULL},
    {"CL", "9 8765 4321", "+56987654321", NULL},
    {"CO", "300 123 4567", "+573001234567", NULL},
    {"CO", "+57 601 234 5678", "+576012345678", NULL},
    {"PE", "987 654 321", "+51987654321", NULL},
    {"UY", "099 123 456", "+59899123456", NULL},
    {"UY", "+598 099 123 456", "+59899123456", NULL},
    {"PY", "0981 123 456", "+595981123456", NULL},
    {"BO", "71234567", "+59171234567", NULL},
    {"EC", "099 123 4567", "+593991234567", NULL},
    {"VE", "0414-1234567", "+584141234567", NULL},
    {"CR", "8888 1234", "+50688881234", NULL},
    {"PA", "6123-4567", "+50761234567", NULL},
    {"PA", "212-3456", "+5072123456", NULL},
    {"US", "(212) 555-2671", "+12125552671", NULL},
    {"US", "1-212-555-2671", "+12125552671", NULL},
    {"us", "212.555.2671", "+12125552671", NULL},
    {"US", "011 55 11 98421 7730", "+5511984217730", "551184217730"},
    {"CA", "416 555 0123", "+14165550123", NULL},
    {"DO", "809-555-0123", "+18095550123", NULL},
    {"ES", "612 34 56 78", "+34612345678", NULL},
    {"ES", "0034 612 345 678", "+34612345678", NULL},
    {"PT", "912 345 678", "+351912345678", NULL},
    {NULL, "+351 912 345 678", "+351912345678", NULL},
    {"GB", "020 7946 0958", "+442079460958", NULL},
    {"GB", "+44 (0)20 7946 0958", "+442079460958", NULL},
    {"GB", "+44 020 7946 0958", "+442079460958", NULL},
    {"GB", "+44 00 20 7946 0958", NULL, NULL},
    {"DE", "0151 12345678", "+4915112345678", NULL},
    {"DE", "4915112345678", "+4915112345678", NULL},
    {"IT", "06 1234 5678", "+390612345678", NULL},
    {"RU", "8 812 123-45-67", "+78121234567", NULL},
    {"BR", "+86 138 0013 8000", "+8613800138000", NULL},
    {"BR", "+290 22222", "+29022222", NULL},
    {"ZZ", "+34 612 345 678", "+34612345678", NULL},
    {"US", "555-2671", NULL, NULL},
    {"US", "(012) 555-2671", NULL, NULL},
    {"US", "(212) 055-2671", NULL, NULL},
    {"ES", "+34 012 345 678", NULL, NULL},
    {"ES", "61234567", NULL, NULL},
    {"PT", "+351 412 345 678", NULL, NULL},
    {"CL", "8765 4321", NULL, NULL},
    /* no telephone numbers at all */
    {"BR", "", NULL, NULL},
    {"BR", "   ", NULL, NULL},
    {"BR", "+", NULL, NULL},
    {"BR", "abc", NULL, NULL},
    {"BR", "ana@example.com", NULL, NULL},
    {"BR", "11984217730@example.com", NULL, NULL},
    {"BR", "+55+11984217730", NULL, NULL},
    {"BR", "11+984217730", NULL, NULL},
    {"BR", "\xff\xfe", NULL, NULL},
    {NULL, "+1234567890123456", NULL, NULL},
    {NULL, "+0123456789", NULL, NULL},
    {NULL, "1234567", NULL, NULL},
    {NULL, NULL, NULL, NULL},
    {NULL, "+49123456789012345678901234567890", NULL, NULL},
    {NULL, "+49                                                                      301234567",
     NULL, NULL},
};

static void check_reading(struct arena *a, const struct reading *r)
{
    struct phone p = {0};
    enum err e = phone_parse(a, r->text, r->country, &p);
    if (!r->e164) {
        if (e != ERR_INVALID) fail_msg("%s in %s gave %s", r->text, r->country, p.e164);
        assert_null(p.e164);
        return;
    }
    if (e) fail_msg("%s in %s was refused", r->text, r->country ? r->country : "-");
    if (strcmp(p.e164, r->e164) != 0)
        fail_msg("%s in %s gave %s, not %s", r->text, r->country ? r->country : "-", p.e164,
                 r->e164);
    assert_string_equal(p.candidates[0], r->e164 + 1);
    if (p.candidate_count != (r->other ? 2 : 1))
        fail_msg("%s has %d forms", r->text, p.candidate_count);
    if (r->other) assert_string_equal(p.candidates[1], r->other);
}

static void notations(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(readings); i++) {
        CLEANUP(arena_freep) struct arena *a = arena_new(16 * KIB);
        check_reading(a, &readings[i]);
    }
}

static bool share_a_form(const struct phone *p, const struct phone *q)
{
    for (int i = 0; i < p->candidate_count; i++)
        for (int k = 0; k < q->candidate_count; k++)
            if (strcmp(p->candidates[i], q->candidates[k]) == 0) return true;
    return false;
}

/* Pairs as matching sees them: two texts are the same line when they share a form. */
static void same_line_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *country, *one, *two;
        bool same;
    } pairs[] = {
        {"BR", "11 98421-7730", "551184217730", true},
        {"BR", "5511984217730", "(011) 8421-7730", true},
        {"BR", "11 93456-7890", "11 3456-7890", false}, /* a mobile and the landline inside it */
        {"BR", "11 92345-6789", "551123456789", false},
        {"BR", "11 98421-7730", "21 98421-7730", false},
        {"BR", "11 98421-7730", "11 98421-7731", false},
        {"BR", "55 98421-7730", "5511984217730", false},
        {"MX", "5215512345678", "55 1234 5678", true},
        {"MX", "5215512345678", "33 1234 5678", false},
        {"AR", "5491123456789", "11 15 2345-6789", true},
        {"AR", "5491123456789", "11 2345-6789", true},
        {"AR", "0351 15 234-5678", "11 2345-6789", false},
        {"AR", "0351 423-4567", "0351 15 234-5678", false},
        {"CL", "+56 9 8765 4321", "+56 2 8765 4321", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        CLEANUP(arena_freep) struct arena *a = arena_new(16 * KIB);
        struct phone p, q;
        assert_int_equal(phone_parse(a, pairs[i].one, pairs[i].country, &p), 0);
        assert_int_equal(phone_parse(a, pairs[i].two, pairs[i].country, &q), 0);
        if (share_a_form(&p, &q) != pairs[i].same)
            fail_msg("%s and %s: %s", pairs[i].one, pairs[i].two,
                     pairs[i].same ? "not matched" : "matched");
    }
}

/* The canonical form, and each candidate, reads as the same set of forms again. */
static void forms_agree_with_each_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(readings); i++) {
        if (!readings[i].e164) continue;
        CLEANUP(arena_freep) struct arena *a = arena_new(16 * KIB);
        struct phone p, again;
        assert_int_equal(phone_parse(a, readings[i].text, readings[i].country, &p), 0);
        assert_int_equal(phone_parse(a, p.e164, NULL, &again), 0);
        assert_string_equal(again.e164, p.e164);
        for (int k = 0; k < p.candidate_count; k++) {
            assert_int_equal(phone_parse(a, arena_printf(a, "+%s", p.candidates[k]), NULL, &again),
                             0);
            assert_int_equal(again.candidate_count, p.candidate_count);
            for (int n = 0; n < p.candidate_count; n++)
                assert_true(share_a_form(
                    &(struct phone){.candidates = {p.candidates[n]}, .candidate_count = 1},
                    &again));
        }
        assert_int_equal(phone_parse(a, phone_format(a, p.e164), NULL, &again), 0);
        assert_string_equal(again.e164, p.e164);
    }
}

static void formats(void **state)
{
    (void)state;
    static const struct {
        const char *e164, *text;
    } cases[] = {
        {"+5511984217730", "+55 11 98421-7730"},
        {"+551134567890", "+55 11 3456-7890"},
        {"+525512345678", "+52 55 1234 5678"},
        {"+5491123456789", "+54 9 11 2345-6789"},
        {"+541123456789", "+54 11 2345-6789"},
        {"+5493512345678", "+54 9 351 234-5678"},
        {"+5492920412345", "+54 9 2920 41-2345"},
        {"+12125552671", "+1 212 555-2671"},
        {"+351912345678", "+351 912 345 678"},
        {"+56987654321", "+56 9 8765 4321"},
        {"+573001234567", "+57 300 123 4567"},
        {"+442079460958", "+44 207 946 0958"},
        {"+4915112345678", "+49 151 123 456 78"},
        {"+5511", "+5511"},
        {"ana.silva", "ana.silva"},
        {"", ""},
        {"5511984217730", "5511984217730"},
    };
    CLEANUP(arena_freep) struct arena *a = arena_new(16 * KIB);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(phone_format(a, cases[i].e164), cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notations),
        cmocka_unit_test(same_line_or_not),
        cmocka_unit_test(forms_agree_with_each_other),
        cmocka_unit_test(formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
