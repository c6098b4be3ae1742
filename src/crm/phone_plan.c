/* The numbering plans: Latin America, its main correspondents and the rest of the world in two
 * kinds of rows. Full rows know lengths and first digits (national plans as published to the ITU,
 * E.164 national numbering); short rows know only the calling code and what is dialled before a
 * number at home, and take any length. To add a country: a row here and its cases in
 * tests/unit/test_phone.c. */
#include "crm/phone_plan.h"

#include <string.h>

#define LEN(n) (UINT32_C(1) << (n))

/* clang-format off: one row per line */
static const struct phone_plan plans[] = {
    /* Latin America and the Caribbean */
    {"AR", "54", LEN(10) | LEN(11), "123689", PHONE_ARGENTINA, {"0"}, {"## ####-####"}},
    {"BO", "591", LEN(8), "2345678", PHONE_PLAIN, {"0"}, {"#### ####"}},
    {"BR",
     "55",
     LEN(10) | LEN(11),
     "123456789",
     PHONE_BRAZIL,
     {"0"},
     {"## ####-####", "## #####-####"}},
    {"CL", "56", LEN(9), "23456789", PHONE_PLAIN, {"0"}, {"# #### ####"}},
    {"CO", "57", LEN(8) | LEN(10), "", PHONE_PLAIN, {"0"}, {"# ### ####", "### ### ####"}},
    {"CR", "506", LEN(8), "245678", PHONE_PLAIN, {NULL}, {"#### ####"}},
    {"CU", "53", LEN(6) | LEN(7) | LEN(8), "234567", PHONE_PLAIN, {"0"}, {"#### ####"}},
    {"EC", "593", LEN(8) | LEN(9), "23456789", PHONE_PLAIN, {"0"}, {"# ### ####", "## ### ####"}},
    {"GT", "502", LEN(8), "234567", PHONE_PLAIN, {NULL}, {"#### ####"}},
    {"HN", "504", LEN(8), "23789", PHONE_PLAIN, {NULL}, {"#### ####"}},
    {"HT", "509", LEN(8), "23458", PHONE_PLAIN, {NULL}, {"#### ####"}},
    {"MX", "52", LEN(10), "23456789", PHONE_MEXICO, {"01", "044", "045"}, {"## #### ####"}},
    {"NI", "505", LEN(8), "125678", PHONE_PLAIN, {NULL}, {"#### ####"}},
    {"PA", "507", LEN(7) | LEN(8), "23456789", PHONE_PLAIN, {NULL}, {"### ####", "#### ####"}},
    {"PE", "51", LEN(8) | LEN(9), "1456789", PHONE_PLAIN, {"0"}, {"# ### ####", "### ### ###"}},
    {"PY",
     "595",
     LEN(7) | LEN(8) | LEN(9),
     "23456789",
     PHONE_PLAIN,
     {"0"},
     {"## ### ###", "### ### ###"}},
    {"SV", "503", LEN(8), "2678", PHONE_PLAIN, {NULL}, {"#### ####"}},
    {"UY", "598", LEN(8), "2349", PHONE_PLAIN, {"0"}, {"#### ####"}},
    {"VE", "58", LEN(10), "2458", PHONE_PLAIN, {"0"}, {"### ### ####"}},
    /* North America: one plan, one row per country that people name; the first answers for "+1" */
    {"US", "1", LEN(10), "23456789", PHONE_NANP, {"1"}, {"### ###-####"}},
    {"CA", "1", LEN(10), "23456789", PHONE_NANP, {"1"}, {"### ###-####"}},
    {"DO", "1", LEN(10), "23456789", PHONE_NANP, {"1"}, {"### ###-####"}},
    {"PR", "1", LEN(10), "23456789", PHONE_NANP, {"1"}, {"### ###-####"}},
    {"JM", "1", LEN(10), "23456789", PHONE_NANP, {"1"}, {"### ###-####"}},
    {"TT", "1", LEN(10), "23456789", PHONE_NANP, {"1"}, {"### ###-####"}},
    {"BS", "1", LEN(10), "23456789", PHONE_NANP, {"1"}, {"### ###-####"}},
    {"BB", "1", LEN(10), "23456789", PHONE_NANP, {"1"}, {"### ###-####"}},
    /* Iberia */
    {"ES", "34", LEN(9), "56789", PHONE_PLAIN, {NULL}, {"### ### ###"}},
    {"PT", "351", LEN(9), "236789", PHONE_PLAIN, {NULL}, {"### ### ###"}},
    /* Elsewhere: what is dialled before a number may also begin one, so the length must tell */
    {"RU", "7", LEN(10), "3456789", PHONE_PLAIN, {"8"}, {"### ###-##-##"}},
    /* The rest, lengths unknown */
    {.country = "AO", .code = "244", .first = ""},
    {.country = "AT", .code = "43", .first = "", .prefixes = {"0"}},
    {.country = "AU", .code = "61", .first = "", .prefixes = {"0"}},
    {.country = "BE", .code = "32", .first = "", .prefixes = {"0"}},
    {.country = "BG", .code = "359", .first = "", .prefixes = {"0"}},
    {.country = "BZ", .code = "501", .first = ""},
    {.country = "CH", .code = "41", .first = "", .prefixes = {"0"}},
    {.country = "CN", .code = "86", .first = "", .prefixes = {"0"}},
    {.country = "CV", .code = "238", .first = ""},
    {.country = "CZ", .code = "420", .first = ""},
    {.country = "DE", .code = "49", .first = "", .prefixes = {"0"}},
    {.country = "DK", .code = "45", .first = ""},
    {.country = "FI", .code = "358", .first = "", .prefixes = {"0"}},
    {.country = "FR", .code = "33", .first = "", .prefixes = {"0"}},
    {.country = "GB", .code = "44", .first = "", .prefixes = {"0"}},
    {.country = "GF", .code = "594", .first = "", .prefixes = {"0"}},
    {.country = "GR", .code = "30", .first = ""},
    {.country = "GY", .code = "592", .first = ""},
    {.country = "HR", .code = "385", .first = "", .prefixes = {"0"}},
    {.country = "HU", .code = "36", .first = "", .prefixes = {"06"}},
    {.country = "IE", .code = "353", .first = "", .prefixes = {"0"}},
    {.country = "IL", .code = "972", .first = "", .prefixes = {"0"}},
    {.country = "IN", .code = "91", .first = "", .prefixes = {"0"}},
    {.country = "IT", .code = "39", .first = ""}, /* the 0 belongs to the number */
    {.country = "JP", .code = "81", .first = "", .prefixes = {"0"}},
    {.country = "KR", .code = "82", .first = "", .prefixes = {"0"}},
    {.country = "LU", .code = "352", .first = ""},
    {.country = "MZ", .code = "258", .first = ""},
    {.country = "NG", .code = "234", .first = "", .prefixes = {"0"}},
    {.country = "NL", .code = "31", .first = "", .prefixes = {"0"}},
    {.country = "NO", .code = "47", .first = ""},
    {.country = "NZ", .code = "64", .first = "", .prefixes = {"0"}},
    {.country = "PL", .code = "48", .first = ""},
    {.country = "RO", .code = "40", .first = "", .prefixes = {"0"}},
    {.country = "SE", .code = "46", .first = "", .prefixes = {"0"}},
    {.country = "SR", .code = "597", .first = ""},
    {.country = "TR", .code = "90", .first = "", .prefixes = {"0"}},
    {.country = "UA", .code = "380", .first = "", .prefixes = {"0"}},
    {.country = "ZA", .code = "27", .first = "", .prefixes = {"0"}},
};
/* clang-format on */

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

const struct phone_plan *phone_plan_of_country(const char *iso)
{
    if (!iso || strlen(iso) != 2) return NULL;
    for (size_t i = 0; i < ARRAY_LEN(plans); i++)
        if (plans[i].country[0] == upper(iso[0]) && plans[i].country[1] == upper(iso[1]))
            return &plans[i];
    return NULL;
}

/* Length of the calling code by the ITU's list (E.164 assigned country codes): 1 and 7 alone, these
 * of two digits, all others of three. */
static size_t code_length(const char *digits)
{
    static const char two[] =
        "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 "
        "60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 ";
    if (digits[0] == '1' || digits[0] == '7') return 1;
    for (const char *t = two; *t; t += 3)
        if (strncmp(t, digits, 2) == 0) return 2;
    return 3;
}

const struct phone_plan *phone_plan_of_number(const char *digits, size_t *ret_code_len)
{
    size_t len = code_length(digits);
    *ret_code_len = len;
    for (size_t i = 0; i < ARRAY_LEN(plans); i++)
        if (strlen(plans[i].code) == len && strncmp(plans[i].code, digits, len) == 0)
            return &plans[i];
    return NULL;
}
