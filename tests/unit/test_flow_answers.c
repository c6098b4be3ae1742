/* Answers to questions, as people write them in three languages, and what is not one. */
#include "check.h"

#include "base/json.h"
#include "flows/nodes/answers.h"
#include "flows/zone.h"

#define NOW_MS INT64_C(1772452800000) /* Monday 2026-03-02 12:00 UTC */

struct fixture {
    struct arena *arena;
    struct flow_env env;
};

static int64_t now_ms(void *arg)
{
    (void)arg;
    return NOW_MS;
}

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.arena = arena_new(16 * MIB)};
    f.env = (struct flow_env){
        .now_ms = now_ms,
        .zones = flow_zones_new(),
        .language = "pt",
        .zone = "America/Sao_Paulo",
        .currency = "BRL",
        .country = "BR",
    };
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    flow_zones_free(f->env.zones);
    arena_free(f->arena);
    return 0;
}

static bool read(struct fixture *f, const struct answer_rules *rules, const char *text,
                 struct value *ret, const char **ret_why)
{
    struct answer a = {.text = text, .kind = "text"};
    return answer_read(&f->env, f->arena, rules, &a, ret, ret_why);
}

/* As JSON, so that the type shows; NULL: with why. */
static void gives(struct fixture *f, const struct answer_rules *rules, const char *text,
                  const char *json, const char *why)
{
    struct value v = value_empty();
    const char *said = "";
    bool fits = read(f, rules, text, &v, &said);
    if (!json) {
        if (fits) fail_msg("\"%s\" was taken", text);
        if (why) assert_string_equal(said, why);
        return;
    }
    if (!fits) fail_msg("\"%s\" was not taken: %s", text, said);
    json_t *j = value_to_json(&v);
    char *got = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    if (strcmp(got, json) != 0) fail_msg("\"%s\" gave %s, not %s", text, got, json);
    free(got);
    json_decref(j);
}

static void speak(struct fixture *f, const char *language, const char *country,
                  const char *currency)
{
    f->env.language = language;
    f->env.country = country;
    f->env.currency = currency;
}

static void test_kinds(void **state)
{
    (void)state;
    assert_int_equal(answer_kind_of("yesno"), ANSWER_YESNO);
    assert_int_equal(answer_kind_of("phone"), ANSWER_PHONE);
    assert_int_equal(answer_kind_of("nonsense"), ANSWER_TEXT);
    assert_int_equal(answer_kind_of(""), ANSWER_TEXT);
}

static void test_text(void **state)
{
    struct fixture *f = *state;
    struct answer_rules r = {.kind = ANSWER_TEXT};
    gives(f, &r, "  Ana Lima \n", "\"Ana Lima\"", NULL);
    gives(f, &r, " \n\t ", NULL, "no text");
    r = (struct answer_rules){
        .kind = ANSWER_TEXT, .has_min = true, .min = 2, .has_max = true, .max = 4};
    gives(f, &r, "ã", NULL, "too short");
    gives(f, &r, "ãéíó", "\"ãéíó\"", NULL); /* characters, not bytes */
    gives(f, &r, "ãéíóu", NULL, "too long");
    r = (struct answer_rules){.kind = ANSWER_TEXT, .pattern = "^\\d{5}-?\\d{3}$"};
    gives(f, &r, "01310-100", "\"01310-100\"", NULL);
    gives(f, &r, "01310", NULL, "does not match the pattern");
    r.pattern = "("; /* publishing refuses it: here it fits nothing */
    gives(f, &r, "x", NULL, "does not match the pattern");
}

static void test_numbers(void **state)
{
    struct fixture *f = *state;
    struct answer_rules r = {.kind = ANSWER_NUMBER};
    gives(f, &r, "12", "12", NULL);
    gives(f, &r, "2,5", "2.5", NULL);
    gives(f, &r, "1.500", "1500", NULL);
    gives(f, &r, "R$ 1.234,56", "1234.56", NULL);
    gives(f, &r, "-3", "-3", NULL);
    gives(f, &r, "tenho 30 anos.", "30", NULL);
    gives(f, &r, "somos 4, eu acho", "4", NULL);
    gives(f, &r, "entre 10 e 20", NULL, "not a number");
    gives(f, &r, "uns dez", NULL, "not a number");
    gives(f, &r, "10h30", NULL, "not a number");
    gives(f, &r, "12/05", NULL, "not a number");
    speak(f, "es", "AR", "ARS");
    gives(f, &r, "1.500,75", "1500.75", NULL);
    gives(f, &r, "son 8 personas", "8", NULL);
    speak(f, "en", "US", "USD");
    gives(f, &r, "1,500.75", "1500.75", NULL);
    gives(f, &r, "$20", "20", NULL);
    gives(f, &r, "about 5 people", "5", NULL);
    r = (struct answer_rules){
        .kind = ANSWER_NUMBER, .has_min = true, .min = 1, .has_max = true, .max = 10};
    gives(f, &r, "0", NULL, "too small");
    gives(f, &r, "10", "10", NULL);
    gives(f, &r, "10.5", NULL, "too large");
}

static void test_email(void **state)
{
    struct fixture *f = *state;
    struct answer_rules r = {.kind = ANSWER_EMAIL};
    gives(f, &r, "ana@example.com", "\"ana@example.com\"", NULL);
    gives(f, &r, "Ana.Lima+x@EXAMPLE.com.BR", "\"Ana.Lima+x@example.com.br\"", NULL);
    gives(f, &r, "é ana@example.com, obrigada!", "\"ana@example.com\"", NULL);
    gives(f, &r, "<ana@example.com>", "\"ana@example.com\"", NULL);
    gives(f, &r, "ana@example", NULL, "not an e-mail address");
    gives(f, &r, "ana@", NULL, "not an e-mail address");
    gives(f, &r, "ana..lima@example.com", NULL, "not an e-mail address");
    gives(f, &r, "ana arroba example ponto com", NULL, "not one e-mail address");
    gives(f, &r, "a@example.com ou b@example.com", NULL, "not one e-mail address");
}

static void test_phone(void **state)
{
    struct fixture *f = *state;
    struct answer_rules r = {.kind = ANSWER_PHONE};
    gives(f, &r, "11 98421-7730", "\"+5511984217730\"", NULL);
    gives(f, &r, "meu número é (11) 98421-7730.", "\"+5511984217730\"", NULL);
    gives(f, &r, "+54 9 11 2345-6789", "\"+5491123456789\"", NULL);
    gives(f, &r, "não tenho", NULL, "not a telephone number");
    gives(f, &r, "12345", NULL, "not a telephone number");
    gives(f, &r, "ligue 11 98421-7730 ou 11 98421-7731", NULL, "not a telephone number");
    speak(f, "es", "MX", "MXN");
    gives(f, &r, "55 1234 5678", "\"+525512345678\"", NULL);
    speak(f, "en", "US", "USD");
    gives(f, &r, "(212) 555-0123", "\"+12125550123\"", NULL);
}

static void test_date(void **state)
{
    struct fixture *f = *state;
    struct answer_rules r = {.kind = ANSWER_DATE};
    gives(f, &r, "28/02/2026", "\"2026-02-28\"", NULL);
    gives(f, &r, "2026-02-28", "\"2026-02-28\"", NULL);
    gives(f, &r, "amanhã", "\"2026-03-03\"", NULL);
    gives(f, &r, "15 de março de 2026", "\"2026-03-15\"", NULL);
    gives(f, &r, "31/02/2026", NULL, "not a date");
    gives(f, &r, "um dia", NULL, "not a date");
    speak(f, "es", "MX", "MXN");
    gives(f, &r, "mañana", "\"2026-03-03\"", NULL);
    gives(f, &r, "3/4/2026", "\"2026-04-03\"", NULL);
    speak(f, "en", "US", "USD");
    gives(f, &r, "tomorrow", "\"2026-03-03\"", NULL);
    r.range = 1;
    gives(f, &r, "2026-03-02", "\"2026-03-02\"", NULL); /* today */
    gives(f, &r, "2026-03-01", NULL, "in the past");
    r.range = -1;
    gives(f, &r, "2026-03-02", "\"2026-03-02\"", NULL);
    gives(f, &r, "2026-03-03", NULL, "in the future");
    /* Today is of the zone: in Auckland it is Tuesday already. */
    f->env.zone = "Pacific/Auckland";
    gives(f, &r, "2026-03-03", "\"2026-03-03\"", NULL);
}

static void test_yesno(void **state)
{
    struct fixture *f = *state;
    struct answer_rules r = {.kind = ANSWER_YESNO};
    static const char *const yes[] = {
        "Sim",           "sim!", "SIM, pode",  "s",    "Claro", "pode ser",         "Sí",
        "si, por favor", "dale", "yes please", "Yeah", "ok",    "\xF0\x9F\x91\x8D", "Com certeza!",
        "sim quero"};
    static const char *const no[] = {
        "Não",         "nao",  "não, obrigada", "NÃO QUERO",      "n", "no", "No.",
        "no, gracias", "Nope", "nunca",         "de jeito nenhum"};
    static const char *const neither[] = {"talvez", "no sábado",  "simples",
                                          "sei lá", "nada disso", "okidoki"};
    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        gives(f, &r, yes[i], "true", NULL);
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        gives(f, &r, no[i], "false", NULL);
    for (size_t i = 0; i < ARRAY_LEN(neither); i++)
        gives(f, &r, neither[i], NULL, "neither yes nor no");
}

static void test_file(void **state)
{
    struct fixture *f = *state;
    json_t *files = json_loads("[{\"id\":\"1\",\"kind\":\"document\",\"name\":\"a.pdf\"},"
                               "{\"id\":\"2\",\"kind\":\"image\",\"name\":\"b.png\"}]",
                               0, NULL);
    struct answer a = {.text = "", .kind = "document", .files = files}, none = {.text = "já mando"};
    struct answer_rules any = {.kind = ANSWER_FILE},
                        image = {.kind = ANSWER_FILE, .file_kind = "image"},
                        audio = {.kind = ANSWER_FILE, .file_kind = "audio"};
    struct value v;
    const char *why = "";
    assert_true(answer_read(&f->env, f->arena, &any, &a, &v, &why));
    assert_string_equal(value_member(&v, "name", 4)->text.s, "a.pdf");
    assert_true(answer_read(&f->env, f->arena, &image, &a, &v, &why));
    assert_string_equal(value_member(&v, "name", 4)->text.s, "b.png");
    assert_false(answer_read(&f->env, f->arena, &audio, &a, &v, &why));
    assert_string_equal(why, "another kind of file");
    assert_false(answer_read(&f->env, f->arena, &any, &none, &v, &why));
    assert_string_equal(why, "no file");
    json_decref(files);
}

/* Whatever is sent: an answer or none, never trouble. */
static void test_long(void **state)
{
    struct fixture *f = *state;
    char *big = malloc(200001);
    struct value v;
    const char *why;
    for (int kind = 0; kind < ANSWER_KIND_COUNT; kind++) {
        struct answer_rules r = {.kind = (enum answer_kind)kind};
        static const char fills[] = {'a', '1', '@', ' ', '(', '.'};
        for (size_t i = 0; i < ARRAY_LEN(fills); i++) {
            memset(big, fills[i], 200000);
            big[200000] = 0;
            bool fits = read(f, &r, big, &v, &why);
            if (kind != ANSWER_TEXT) assert_false(fits);
        }
    }
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test_setup_teardown(test_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_email, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_phone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_date, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_yesno, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
