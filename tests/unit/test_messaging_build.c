/* What leaves over Messenger and Instagram: pieces of text within the limits, order of files and
 * text, buttons in the form that each takes, windows, and whether our address can be fetched from. */
#include "check.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "channels/meta/messaging.h"
#include "channels/meta/messaging_account.h"

static const struct messaging_platform *const both[] = {&messaging_messenger, &messaging_instagram};

static void pieces_fit_and_lose_nothing(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(8 * MIB);
    static const char *const units[] = {"a",
                                        "\u00e4",
                                        "\u20ac",
                                        "\U0001F600",
                                        "palavra ",
                                        "x\n\n",
                                        "\U0001F468\u200D\U0001F469\u200D\U0001F467 "};
    for (size_t p = 0; p < ARRAY_LEN(both); p++)
        for (size_t u = 0; u < ARRAY_LEN(units); u++) {
            CLEANUP(buf_free) struct buf b = BUF_INIT(MIB), joined = BUF_INIT(MIB);
            for (int i = 0; i < 5000; i++)
                buf_adds(&b, units[u]);
            const char *rest = buf_str(&b), *piece;
            size_t count = 0;
            while (*rest && (piece = messaging_split(a, both[p], &rest))) {
                assert_true(text_valid(piece, strlen(piece)));
                if (both[p]->text_max) assert_true(text_length(piece) <= (size_t)both[p]->text_max);
                if (both[p]->text_bytes_max)
                    assert_true(strlen(piece) <= (size_t)both[p]->text_bytes_max);
                buf_adds(&joined, piece);
                count++;
            }
            assert_true(count > 1);
            /* What is lost is white space at the breaks. */
            size_t before = 0, after = 0;
            for (const char *s = buf_str(&b); *s; s++)
                before += *s != ' ' && *s != '\n';
            for (const char *s = buf_str(&joined); *s; s++)
                after += *s != ' ' && *s != '\n';
            assert_int_equal(before, after);
        }
}

static void pieces_break_where_people_would(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    CLEANUP(buf_free) struct buf b = BUF_INIT(KIB * 8);
    for (int i = 0; i < 900; i++)
        buf_addc(&b, 'a');
    buf_adds(&b, "\n\n");
    for (int i = 0; i < 90; i++)
        buf_adds(&b, "b ");
    const char *rest = buf_str(&b);
    assert_int_equal(strlen(messaging_split(a, &messaging_instagram, &rest)), 900);
    assert_int_equal(*rest, 'b');
    const char *exact = "curto";
    assert_string_equal(messaging_split(a, &messaging_instagram, &exact), "curto");
    assert_string_equal(exact, "");
    const char *blank = " \n ";
    assert_null(messaging_split(a, &messaging_messenger, &blank));
}

static struct messaging_parts build(struct arena *a, const struct messaging_platform *p,
                                    const struct outbound *m)
{
    struct messaging_parts parts;
    const char *code = NULL, *why = NULL;
    if (!messaging_parts(a, p, m, &parts, &code, &why)) fail_msg("%s: %s", code, why);
    return parts;
}

static json_t *data_of(struct arena *a, const char *text)
{
    json_t *j = NULL;
    assert_int_equal(json_parse(a, text, strlen(text), &j, NULL), ERR_OK);
    return j;
}

static void files_before_text(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct outbound m = {.kind = MESSAGE_IMAGE, .text = "legenda", .file_count = 3};
    m.files[0] = (struct file){.kind = "image", .type = "image/png", .size_bytes = 10};
    m.files[1] = (struct file){.kind = "image", .type = "image/webp", .size_bytes = 10};
    m.files[2] = (struct file){.kind = "document", .type = "application/pdf", .size_bytes = 10};
    struct messaging_parts parts = build(a, &messaging_messenger, &m);
    assert_int_equal(parts.count, 4);
    assert_string_equal(parts.items[0].file_type, "image");
    assert_string_equal(parts.items[1].file_type, "file"); /* Messenger shows no webp */
    assert_string_equal(parts.items[2].file_type, "file");
    assert_string_equal(parts.items[3].text, "legenda");
}

static void buttons_and_links(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    static const char two[] =
        "{\"buttons\":[{\"id\":\"1\",\"title\":\"Sim\"},{\"id\":\"2\",\"title\":\"N\u00e3o\"}]}";
    struct outbound m = {.kind = MESSAGE_TEXT, .text = "Certo?", .data = data_of(a, two)};
    struct messaging_parts parts = build(a, &messaging_messenger, &m);
    assert_int_equal(parts.count, 1);
    assert_string_equal(json_get_text(parts.items[0].template_payload, "template_type"), "button");
    parts = build(a, &messaging_instagram, &m);
    assert_string_equal(parts.items[0].text, "Certo?");
    assert_int_equal(json_array_size(parts.items[0].quick_replies), 2);
    m.data = data_of(a, "{\"link\":{\"title\":\"Abrir\",\"url\":\"https://loja.example\"}}");
    parts = build(a, &messaging_instagram, &m);
    assert_int_equal(parts.count, 1);
    assert_string_equal(json_get_text(parts.items[0].template_payload, "template_type"), "generic");
    CLEANUP(buf_free) struct buf b = BUF_INIT(4096);
    for (int i = 0; i < 100; i++)
        buf_adds(&b, "texto ");
    m.text = buf_str(&b);
    parts = build(a, &messaging_instagram, &m); /* too long for a card: text, then the card */
    assert_int_equal(parts.count, 2);
    assert_non_null(parts.items[0].text);
    assert_non_null(parts.items[1].template_payload);
}

static void what_cannot_be_sent_says_why(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    static const char long_title[] =
        "{\"buttons\":[{\"id\":\"1\",\"title\":\"mais de vinte letras aqui\"}]}";
    const struct outbound bad[] = {
        {.kind = MESSAGE_LOCATION, .text = ""},
        {.kind = MESSAGE_TEMPLATE, .text = "x"},
        {.kind = MESSAGE_TEXT, .text = " \n "},
        {.kind = MESSAGE_TEXT, .text = "x", .data = data_of(a, long_title)},
    };
    for (size_t p = 0; p < ARRAY_LEN(both); p++)
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
            struct messaging_parts parts;
            const char *code = NULL, *why = NULL;
            assert_false(messaging_parts(a, both[p], &bad[i], &parts, &code, &why));
            assert_non_null(code);
            assert_non_null(why);
        }
}

static void windows(void **state)
{
    (void)state;
    const int64_t now = INT64_C(1760000000000), wrote = now - 25 * HOUR_MS;
    struct outbound m = {.window_until_unix_ms = 0};
    assert_int_equal(messaging_window(&m, now), WINDOW_OPEN);
    m.window_until_unix_ms = now + 1;
    assert_int_equal(messaging_window(&m, now), WINDOW_OPEN);
    m.window_until_unix_ms = wrote + DAY_MS;
    assert_int_equal(messaging_window(&m, now), WINDOW_CLOSED); /* a program */
    m.human = true;
    assert_int_equal(messaging_window(&m, now), WINDOW_HUMAN);
    assert_int_equal(messaging_window(&m, wrote + 7 * DAY_MS - 1), WINDOW_HUMAN);
    assert_int_equal(messaging_window(&m, wrote + 7 * DAY_MS), WINDOW_CLOSED);
}

static void tokens_are_renewed_in_time(void **state)
{
    (void)state;
    const int64_t now = INT64_C(1760000000000);
    assert_false(messaging_token_due(now + 60 * DAY_MS, now - 2 * DAY_MS, now));
    assert_true(messaging_token_due(now + 9 * DAY_MS, now - 51 * DAY_MS, now));
    assert_true(messaging_token_due(now + 9 * DAY_MS, now - HOUR_MS, now)); /* connected late */
    assert_true(messaging_token_due(now - DAY_MS, now - HOUR_MS, now));
    assert_false(messaging_token_due(0, now - HOUR_MS, now)); /* perhaps too young there */
    assert_true(messaging_token_due(0, now - 2 * DAY_MS, now));
}

static void metadata_names_the_message(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct uuid id;
    assert_true(uuid_parse("0199c0de-0000-7000-8000-000000000001", &id));
    assert_string_equal(messaging_metadata(a, id, 0, true),
                        "interflow:0199c0de-0000-7000-8000-000000000001");
    assert_string_equal(messaging_metadata(a, id, 1, false),
                        "interflow:0199c0de-0000-7000-8000-000000000001#2");
}

static void our_address_from_outside(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    static const char graph[] = "https://graph.facebook.com";
    static const char *const fine[] = {"https://atendimento.example",
                                       "http://atendimento.example:8080", "https://93.184.216.34"};
    static const char *const inner[] = {
        "http://127.0.0.1:8080", "http://localhost",   "http://10.0.0.5", "http://192.168.1.2:80",
        "http://servidor",       "https://loja.local", "http://[::1]:80", "http://[fd00::1]"};
    for (size_t i = 0; i < ARRAY_LEN(fine); i++)
        if (!messaging_reachable(a, fine[i], graph)) fail_msg("%s", fine[i]);
    for (size_t i = 0; i < ARRAY_LEN(inner); i++)
        if (messaging_reachable(a, inner[i], graph)) fail_msg("%s", inner[i]);
    assert_false(messaging_reachable(a, NULL, graph));
    assert_true(messaging_reachable(a, "http://127.0.0.1:8080", "http://127.0.0.1:9"));
}

static void errors_without_tokens(void **state)
{
    (void)state;
    struct arena *a = arena_new(MIB);
    json_t *j = json_pack("{s:{s:i, s:s}}", "error", "code", 190, "message",
                          "Malformed access token EAABsbCS1iHgBAKZCq8ZBcZA9x0123456789abcdefghijk");
    struct meta_error e;
    meta_error_read(a, META_MESSENGER, 400, j, &e);
    assert_int_equal(e.class, META_RECONNECT);
    assert_non_null(strstr(e.message, "Malformed access token"));
    assert_null(strstr(e.message, "EAAB"));
    assert_null(strstr(json_get_text(e.raw, "message"), "EAAB"));
    json_decref(j);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_without_tokens),
        cmocka_unit_test(pieces_fit_and_lose_nothing),
        cmocka_unit_test(pieces_break_where_people_would),
        cmocka_unit_test(files_before_text),
        cmocka_unit_test(buttons_and_links),
        cmocka_unit_test(what_cannot_be_sent_says_why),
        cmocka_unit_test(windows),
        cmocka_unit_test(tokens_are_renewed_in_time),
        cmocka_unit_test(metadata_names_the_message),
        cmocka_unit_test(our_address_from_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
