/* WebSocket framing without a socket: keys, heads, messages cut anywhere, fragments, control
 * frames, violations. */
#include <stdio.h>

#include "base/buf.h"
#include "core/ws.h"

#include "check.h"

struct heard {
    struct buf text; /* messages, each followed by "|" */
    struct buf out;
};

static void on_text(void *arg, const char *text, size_t len)
{
    struct heard *h = arg;
    buf_add(&h->text, text, len);
    buf_addc(&h->text, '|');
}

static void on_output(void *arg, const void *data, size_t len)
{
    struct heard *h = arg;
    buf_add(&h->out, data, len);
}

static const struct ws_events events = {.text = on_text, .output = on_output};

/* A masked frame as a client makes it. first: FIN, RSV and opcode. */
static void add_frame(struct buf *b, unsigned char first, const char *data, size_t len)
{
    static const unsigned char mask[4] = {0x12, 0x34, 0x56, 0x78};
    buf_addc(b, (char)first);
    if (len < 126) {
        buf_addc(b, (char)(0x80 | len));
    } else {
        buf_addc(b, (char)(0x80 | 126));
        buf_addc(b, (char)(len >> 8));
        buf_addc(b, (char)len);
    }
    buf_add(b, mask, 4);
    for (size_t i = 0; i < len; i++)
        buf_addc(b, (char)(data[i] ^ mask[i % 4]));
}

static bool feed(struct heard *h, const struct buf *b, size_t step)
{
    *h = (struct heard){.text = BUF_INIT(MIB), .out = BUF_INIT(MIB)};
    struct ws *w = ws_new(&events, h);
    bool fine = true;
    for (size_t i = 0; fine && i < b->len; i += step) {
        fine = ws_feed(w, b->data + i, b->len - i < step ? b->len - i : step);
    }
    ws_free(w);
    return fine;
}

static void heard_free(struct heard *h)
{
    buf_free(&h->text);
    buf_free(&h->out);
}

static void test_key(void **state)
{
    (void)state;
    char out[WS_ACCEPT_SIZE];
    assert_true(ws_accept_key("dGhlIHNhbXBsZSBub25jZQ==", out)); /* RFC 6455, 1.3 */
    assert_string_equal(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_false(ws_accept_key(NULL, out));
    assert_false(ws_accept_key("", out));
    assert_false(ws_accept_key("dGhlIHNhbXBsZSBub25jZQ=", out));
    assert_false(ws_accept_key("dGhlIHNhbXBsZSBub25jZ!==", out));
    assert_false(ws_accept_key("dGhlIHNhbXBsZSBub25jZQ==x", out));
}

static void test_head(void **state)
{
    (void)state;
    unsigned char out[WS_HEAD_MAX];
    assert_int_equal(ws_head(out, WS_TEXT, 125), 2);
    assert_memory_equal(out, "\x81\x7d", 2);
    assert_int_equal(ws_head(out, WS_TEXT, 126), 4);
    assert_memory_equal(out, "\x81\x7e\x00\x7e", 4);
    assert_int_equal(ws_head(out, WS_PING, 65535), 4);
    assert_memory_equal(out, "\x89\x7e\xff\xff", 4);
    assert_int_equal(ws_head(out, WS_TEXT, 65536), 10);
    assert_memory_equal(out, "\x81\x7f\0\0\0\0\0\x01\0\0", 10);
    unsigned char close[WS_CLOSE_FRAME_MAX];
    assert_int_equal(ws_close_frame(close, 1013, "later"), 9);
    assert_memory_equal(close, "\x88\x07\x03\xf5later", 9);
    char lengthy[300];
    memset(lengthy, 'x', sizeof(lengthy));
    lengthy[299] = '\0';
    assert_int_equal(ws_close_frame(close, 1000, lengthy), 2 + 125);
}

static void test_messages(void **state)
{
    (void)state;
    CLEANUP(buf_free) struct buf b = BUF_INIT(MIB);
    char longest[WS_MESSAGE_MAX];
    memset(longest, 'y', sizeof(longest));
    add_frame(&b, 0x81, "one", 3);
    add_frame(&b, 0x01, "t", 1);
    add_frame(&b, 0x89, "are you there", 13); /* a ping between fragments */
    add_frame(&b, 0x00, "w", 1);
    add_frame(&b, 0x80, "o\xc3\xa9", 3);
    add_frame(&b, 0x8a, "", 0);
    add_frame(&b, 0x81, "", 0);
    add_frame(&b, 0x81, longest, sizeof(longest));
    for (size_t step = 1; step < 40; step++) {
        struct heard h;
        assert_true(feed(&h, &b, step == 39 ? b.len : step));
        assert_memory_equal(h.text.data, "one|two\xc3\xa9||yyy", 14);
        assert_int_equal(h.text.len, 11 + WS_MESSAGE_MAX + 1);
        assert_int_equal(h.out.len, 15);
        assert_memory_equal(h.out.data,
                            "\x8a\x0d"
                            "are you there",
                            15);
        heard_free(&h);
    }
}

static void violation(const char *what, unsigned char first, const char *data, size_t len, int code)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(MIB);
    add_frame(&b, first, data, len);
    struct heard h;
    if (feed(&h, &b, b.len)) fail_msg("%s was accepted", what);
    assert_int_equal(h.text.len, 0);
    if (code) {
        if (h.out.len < 4) fail_msg("%s: no close frame", what);
        assert_int_equal((unsigned char)h.out.data[0], 0x88);
        assert_int_equal((unsigned char)h.out.data[2] << 8 | (unsigned char)h.out.data[3], code);
    }
    heard_free(&h);
}

static void test_violations(void **state)
{
    (void)state;
    char big[WS_MESSAGE_MAX + 1];
    memset(big, 'x', sizeof(big));
    violation("binary", 0x82, "\x01\x02", 2, 1003);
    violation("not UTF-8", 0x81, "\xff\xfe", 2, 1007);
    violation("too large", 0x81, big, sizeof(big), 1009);
    violation("reserved bit", 0xc1, "x", 1, 1002);
    violation("reserved opcode", 0x83, "x", 1, 1002);
    violation("continuation of nothing", 0x80, "x", 1, 1002);
    violation("fragmented ping", 0x09, "x", 1, 0); /* wslay closes without a code */
    violation("close", 0x88, "\x03\xe8", 2, 1000);
    violation("close of one byte", 0x88, "\x03", 1, 0);
    violation("close with a reserved code", 0x88, "\x03\xed", 2, 1002);
    CLEANUP(buf_free) struct buf b = BUF_INIT(KIB);
    buf_adds(&b, "\x81\x02hi"); /* not masked */
    struct heard h;
    assert_false(feed(&h, &b, b.len));
    assert_int_equal(h.text.len, 0);
    heard_free(&h);
    buf_clear(&b);
    buf_add(&b, "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04x",
            15); /* the first of 2^63 bytes */
    assert_false(feed(&h, &b, b.len));
    heard_free(&h);
    /* Fragments that together are too large. */
    buf_clear(&b);
    b.max = MIB;
    add_frame(&b, 0x01, big, 10000);
    add_frame(&b, 0x80, big, 10000);
    assert_false(feed(&h, &b, 100));
    assert_int_equal(h.text.len, 0);
    heard_free(&h);
}

static void test_skip_pongs(void **state)
{
    (void)state;
    CLEANUP(buf_free) struct buf b = BUF_INIT(KIB);
    add_frame(&b, 0x8a, "", 0);
    add_frame(&b, 0x8a, "payload", 7);
    size_t pongs = b.len;
    add_frame(&b, 0x81, "x", 1);
    const unsigned char *data = (unsigned char *)b.data;
    size_t len = b.len;
    ws_skip_pongs(&data, &len);
    assert_int_equal(len, b.len - pongs);
    for (size_t cut = 0; cut < pongs; cut++) { /* an incomplete one stays */
        data = (unsigned char *)b.data;
        len = cut;
        ws_skip_pongs(&data, &len);
        assert_int_equal(len, cut < 6 ? cut : cut - 6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key),        cmocka_unit_test(test_head),
        cmocka_unit_test(test_messages),   cmocka_unit_test(test_violations),
        cmocka_unit_test(test_skip_pongs),
    };
    return cmocka_run_group_tests_name("ws", tests, NULL, NULL);
}
