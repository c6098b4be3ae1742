/* What the Meta channels share: reading broken JSON, times, errors to classes, signatures, which
 * hosts may be asked for files, multipart bodies. */
#include "check.h"

#include "base/crypto.h"
#include "channels/meta/graph.h"
#include "channels/meta/meta_errors.h"
#include "channels/meta/meta_json.h"
#include "channels/meta/meta_media.h"
#include "channels/meta/meta_signature.h"

static struct bytes bytes_of(const char *text)
{
    return (struct bytes){.data = (const unsigned char *)text, .len = strlen(text)};
}

static json_t *parse(struct arena *a, const char *text)
{
    json_t *j = NULL;
    assert_int_equal(meta_json_parse(a, bytes_of(text), &j, NULL), ERR_OK);
    return j;
}

/* --- JSON ------------------------------------------------------------------------------ */

static void test_json_mended(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    json_t *j = parse(a, "{\"a\":\"Ana \\ud83d\",\"b\":\"\\ude00 x\",\"c\":\"\\ud83d\\ude00\","
                         "\"d\":\"x\\u0000y\",\"e\":\"\\\\ud83d\",\"f\":\"\\ud83d\\u0041\"}");
    assert_string_equal(meta_text(j, "a"), "Ana \xef\xbf\xbd");
    assert_string_equal(meta_text(j, "b"), "\xef\xbf\xbd x");
    assert_string_equal(meta_text(j, "c"), "\xf0\x9f\x98\x80");
    assert_string_equal(meta_text(j, "d"), "x\xef\xbf\xbdy");
    assert_string_equal(meta_text(j, "e"), "\\ud83d");
    assert_string_equal(meta_text(j, "f"), "\xef\xbf\xbd"
                                           "A");
    j = parse(a, "{\"a\":\"caf\xe9\"}");
    assert_string_equal(meta_text(j, "a"), "caf\xef\xbf\xbd");
    json_t *no = NULL;
    const char *why = NULL;
    assert_int_equal(meta_json_parse(a, bytes_of("{\"a\":"), &no, &why), ERR_INVALID);
    assert_non_null(why);
    assert_int_equal(meta_json_parse(a, bytes_of(""), &no, &why), ERR_INVALID);
}

static void test_ids_and_times(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    json_t *j = parse(a, "{\"t\":\"17\",\"n\":594425479261596,\"e\":\"\",\"o\":{},\"z\":null,"
                         "\"s\":\"1762000000\",\"i\":1762000000,\"ms\":1762000000123,\"x\":\"abc\","
                         "\"neg\":-5,\"big\":99999999999999999}");
    assert_string_equal(meta_id(a, j, "t"), "17");
    assert_string_equal(meta_id(a, j, "n"), "594425479261596");
    assert_null(meta_id(a, j, "e"));
    assert_null(meta_id(a, j, "o"));
    assert_null(meta_id(a, j, "z"));
    assert_null(meta_id(a, j, "none"));
    assert_int_equal(meta_time(json_object_get(j, "s")), INT64_C(1762000000000));
    assert_int_equal(meta_time(json_object_get(j, "i")), INT64_C(1762000000000));
    assert_int_equal(meta_time(json_object_get(j, "ms")), INT64_C(1762000000123));
    assert_int_equal(meta_time(json_object_get(j, "x")), 0);
    assert_int_equal(meta_time(json_object_get(j, "neg")), 0);
    assert_int_equal(meta_time(json_object_get(j, "big")), 0);
    assert_int_equal(meta_time(NULL), 0);
}

/* --- errors ---------------------------------------------------------------------------- */

static const struct {
    enum meta_product product;
    int code, subcode;
    enum meta_class class;
    const char *id;
} known[] = {
    {META_WHATSAPP, 1, 0, META_LATER, "META_TEMPORARY"},
    {META_WHATSAPP, 131000, 0, META_LATER, "META_TEMPORARY"},
    {META_WHATSAPP, 131016, 0, META_LATER, "META_TEMPORARY"},
    {META_WHATSAPP, 131057, 0, META_LATER, "META_MAINTENANCE"},
    {META_WHATSAPP, 133004, 0, META_LATER, "META_TEMPORARY"},
    {META_WHATSAPP, 4, 0, META_SLOW, "META_QUOTA"},
    {META_WHATSAPP, 80007, 0, META_SLOW, "META_RATE_LIMIT"},
    {META_WHATSAPP, 130429, 0, META_SLOW, "META_RATE_LIMIT"},
    {META_WHATSAPP, 131056, 0, META_SLOW, "META_PAIR_LIMIT"},
    {META_WHATSAPP, 131048, 0, META_ACCOUNT, "META_SPAM"},
    {META_WHATSAPP, 131064, 0, META_ACCOUNT, "META_SPAM"},
    {META_WHATSAPP, 0, 0, META_RECONNECT, "META_TOKEN"},
    {META_WHATSAPP, 190, 463, META_RECONNECT, "META_TOKEN"},
    {META_WHATSAPP, 3, 0, META_RECONNECT, "META_PERMISSION"},
    {META_WHATSAPP, 10, 0, META_RECONNECT, "META_PERMISSION"},
    {META_WHATSAPP, 131005, 0, META_RECONNECT, "META_PERMISSION"},
    {META_WHATSAPP, 200, 0, META_RECONNECT, "META_PERMISSION"},
    {META_WHATSAPP, 299, 0, META_RECONNECT, "META_PERMISSION"},
    {META_WHATSAPP, 368, 0, META_ACCOUNT, "META_RESTRICTED"},
    {META_WHATSAPP, 131031, 0, META_ACCOUNT, "META_RESTRICTED"},
    {META_WHATSAPP, 130497, 0, META_ACCOUNT, "META_COUNTRY"},
    {META_WHATSAPP, 131042, 0, META_ACCOUNT, "META_PAYMENT"},
    {META_WHATSAPP, 131045, 0, META_ACCOUNT, "META_NOT_REGISTERED"},
    {META_WHATSAPP, 133010, 0, META_ACCOUNT, "META_NOT_REGISTERED"},
    {META_WHATSAPP, 131037, 0, META_ACCOUNT, "META_DISPLAY_NAME"},
    {META_WHATSAPP, 100, 33, META_ACCOUNT, "META_NUMBER_GONE"},
    {META_WHATSAPP, 131047, 0, META_TEMPLATE, "META_WINDOW_CLOSED"},
    {META_WHATSAPP, 131026, 0, META_RECIPIENT, "META_UNDELIVERABLE"},
    {META_WHATSAPP, 130403, 0, META_RECIPIENT, "META_BLOCKED"},
    {META_WHATSAPP, 131050, 0, META_RECIPIENT, "META_STOPPED_MARKETING"},
    {META_WHATSAPP, 131049, 0, META_RECIPIENT, "META_HELD_BACK"},
    {META_WHATSAPP, 130472, 0, META_RECIPIENT, "META_HELD_BACK"},
    {META_WHATSAPP, 131021, 0, META_RECIPIENT, "META_OWN_NUMBER"},
    {META_WHATSAPP, 131030, 0, META_RECIPIENT, "META_TEST_RECIPIENT"},
    {META_WHATSAPP, 131062, 0, META_RECIPIENT, "META_NEEDS_PHONE"},
    {META_WHATSAPP, 100, 0, META_CONTENT, "META_INVALID"},
    {META_WHATSAPP, 131008, 0, META_CONTENT, "META_INVALID"},
    {META_WHATSAPP, 131053, 0, META_CONTENT, "META_MEDIA"},
    {META_WHATSAPP, 132001, 0, META_CONTENT, "META_TEMPLATE_MISSING"},
    {META_WHATSAPP, 132015, 0, META_CONTENT, "META_TEMPLATE_PAUSED"},
    {META_WHATSAPP, 133005, 0, META_ACCOUNT, "META_PIN_WRONG"},
    {META_WHATSAPP, 999999, 0, META_CONTENT, "META_REFUSED"},
    {META_MESSENGER, 10, 2018278, META_RECIPIENT, "META_WINDOW_CLOSED_PAGE"},
    {META_INSTAGRAM, 10, 2534022, META_RECIPIENT, "META_WINDOW_CLOSED_PAGE"},
    {META_MESSENGER, 10, 1893063, META_ACCOUNT, "META_RESTRICTED"},
    {META_MESSENGER, 10, 0, META_RECONNECT, "META_PERMISSION"},
    {META_MESSENGER, 100, 2018001, META_RECIPIENT, "META_NO_SUCH_PERSON"},
    {META_MESSENGER, 551, 1545041, META_RECIPIENT, "META_UNAVAILABLE"},
    {META_INSTAGRAM, 613, 0, META_SLOW, "META_RATE_LIMIT"},
    /* another product's code means nothing here */
    {META_MESSENGER, 131047, 0, META_CONTENT, "META_REFUSED"},
    {META_WHATSAPP, 551, 0, META_CONTENT, "META_REFUSED"},
};

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
        json_t *j = json_pack("{s:{s:i, s:i, s:s}}", "error", "code", known[i].code,
                              "error_subcode", known[i].subcode, "message", "words");
        struct meta_error e;
        meta_error_read(a, known[i].product, 400, j, &e);
        if (e.class != known[i].class) fail_msg("code %d: class %d", known[i].code, (int)e.class);
        assert_string_equal(e.id, known[i].id);
        assert_non_null(e.words);
        assert_string_equal(e.message, "words");
        assert_non_null(e.raw);
        json_decref(j);
    }
}

static void test_errors_odd(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct meta_error e;
    meta_error_read(a, META_WHATSAPP, 200, parse(a, "{\"messages\":[]}"), &e);
    assert_int_equal(e.class, META_FINE);
    meta_error_read(a, META_WHATSAPP, 502, NULL, &e);
    assert_int_equal(e.class, META_LATER);
    meta_error_read(a, META_WHATSAPP, 429, NULL, &e);
    assert_int_equal(e.class, META_SLOW);
    assert_true(e.retry_after_ms > 0);
    meta_error_read(a, META_WHATSAPP, 404, parse(a, "[]"), &e);
    assert_int_equal(e.class, META_CONTENT);
    meta_error_read(a, META_WHATSAPP, 500,
                    parse(a, "{\"error\":{\"code\":12345,\"is_transient\":true}}"), &e);
    assert_int_equal(e.class, META_LATER);
    /* from statuses[].errors[] */
    meta_error_read(a, META_WHATSAPP, 0,
                    parse(a, "{\"code\":131026,\"title\":\"Message undeliverable\","
                             "\"error_data\":{\"details\":\"d\"}}"),
                    &e);
    assert_int_equal(e.class, META_RECIPIENT);
    assert_string_equal(e.details, "d");
    json_t *j = meta_error_json(a, &e);
    assert_string_equal(meta_text(j, "code"), "META_UNDELIVERABLE");
    assert_string_equal(meta_text(j, "advice"), "recipient");
    assert_int_equal(json_get_int(json_object_get(j, "raw"), "code", 0), 131026);
}

static void test_results(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    static const struct {
        int code, tries;
        enum send_outcome outcome;
        int64_t wait;
    } rows[] = {
        {131000, 1, SEND_LATER, 0},        {131056, 1, SEND_LATER, 4000},
        {131056, 2, SEND_LATER, 16000},    {131056, 3, SEND_LATER, 64000},
        {131056, 30, SEND_LATER, HOUR_MS}, {190, 1, SEND_DISCONNECTED, 0},
        {131047, 1, SEND_REFUSED, 0},      {131031, 1, SEND_REFUSED, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_t *j = json_pack("{s:{s:i}}", "error", "code", rows[i].code);
        struct meta_error e;
        struct send_result r = {0};
        meta_error_read(a, META_WHATSAPP, 400, j, &e);
        meta_error_result(&e, rows[i].tries, &r);
        assert_int_equal(r.outcome, rows[i].outcome);
        assert_int_equal(r.retry_after_ms, rows[i].wait);
        assert_non_null(r.error_code);
        assert_non_null(r.advice);
        json_decref(j);
    }
}

/* --- signature ------------------------------------------------------------------------- */

static const char *signature(struct arena *a, const char *secret, const char *body)
{
    unsigned char mac[SHA256_SIZE];
    char hex[2 * SHA256_SIZE + 1];
    hmac_sha256(secret, strlen(secret), body, strlen(body), mac);
    hex_encode(mac, sizeof mac, hex);
    return arena_printf(a, "sha256=%s", hex);
}

static void test_signature(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    const char *body = "{\"a\":\"\\u00e4 \\/ \\u0040 \\ud83d\\ude00\"}";
    const char *good = signature(a, "first", body);
    const char *secrets[] = {NULL, "", "second", "first"};
    assert_true(meta_signature_valid(good, bytes_of(body), secrets, 4));
    assert_true(meta_signature_valid(signature(a, "second", body), bytes_of(body), secrets, 4));
    assert_false(meta_signature_valid(good, bytes_of(body), secrets, 3));
    assert_false(meta_signature_valid(good, bytes_of("{\"a\":\"ä / @ 😀\"}"), secrets, 4));
    assert_false(meta_signature_valid(NULL, bytes_of(body), secrets, 4));
    assert_false(meta_signature_valid("", bytes_of(body), secrets, 4));
    assert_false(meta_signature_valid("sha256=", bytes_of(body), secrets, 4));
    assert_false(meta_signature_valid(good + 7, bytes_of(body), secrets, 4));
    assert_false(meta_signature_valid(arena_strndup(a, good, 70), bytes_of(body), secrets, 4));
    assert_false(meta_signature_valid(arena_printf(a, "%s0", good), bytes_of(body), secrets, 4));
    assert_false(
        meta_signature_valid(arena_printf(a, "sha1=%s", good + 7), bytes_of(body), secrets, 4));
    const char *empty[] = {"", NULL};
    assert_false(meta_signature_valid(signature(a, "", body), bytes_of(body), empty, 2));
}

/* --- hosts ----------------------------------------------------------------------------- */

static void test_hosts(void **state)
{
    (void)state;
    const char *hosts = "lookaside.fbsbx.com, cdninstagram.com,http://127.0.0.1:8090";
    static const char *const good[] = {
        "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1",
        "https://LOOKASIDE.fbsbx.com",
        "https://lookaside.fbsbx.com:443/x",
        "https://scontent.cdninstagram.com/a",
        "https://cdninstagram.com/a",
        "http://127.0.0.1:8090/x",
    };
    static const char *const bad[] = {
        "http://lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com.evil.example/x",
        "https://evil.example/lookaside.fbsbx.com",
        "https://lookaside.fbsbx.com@evil.example/x",
        "https://evil.example\\lookaside.fbsbx.com/",
        "https://lookaside.fbsbx.com:8443/x",
        "https://xlookaside.fbsbx.com/",
        "https://evilcdninstagram.com/",
        "https://.cdninstagram.com/",
        "http://127.0.0.1:8091/x",
        "http://127.0.0.1:80900/x",
        "ftp://lookaside.fbsbx.com/x",
        "lookaside.fbsbx.com/x",
        "https:///x",
        "",
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        if (!meta_media_allowed(good[i], hosts)) fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (meta_media_allowed(bad[i], hosts)) fail_msg("allowed: %s", bad[i]);
    assert_false(meta_media_allowed(NULL, hosts));
    assert_false(meta_media_allowed("https://x.example/", ""));
    assert_false(meta_media_allowed("https://x.example/", NULL));
}

static void test_multipart(void **state)
{
    (void)state;
    CLEANUP(buf_free) struct buf b = BUF_INIT(KIB);
    struct graph_part parts[] = {
        {.name = "type", .data = bytes_of("image/png")},
        {.name = "file",
         .filename = "a\"b\r\nc.png",
         .type = "image/png",
         .data = bytes_of("\x89PNG")},
    };
    graph_multipart(&b, parts, 2, "X");
    assert_string_equal(buf_str(&b),
                        "--X\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nimage/png\r\n"
                        "--X\r\nContent-Disposition: form-data; name=\"file\"; "
                        "filename=\"a%22b  c.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n"
                        "--X--\r\n");
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    assert_string_equal(graph_escape(a, "a b&c=é~"), "a%20b%26c%3D%C3%A9~");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_mended), cmocka_unit_test(test_ids_and_times),
        cmocka_unit_test(test_errors),      cmocka_unit_test(test_errors_odd),
        cmocka_unit_test(test_results),     cmocka_unit_test(test_signature),
        cmocka_unit_test(test_hosts),       cmocka_unit_test(test_multipart),
    };
    if (crypto_init() != ERR_OK) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
