/* WebSocket frames from a client, byte for byte: cut in different places they must give the same
 * messages and the same answers; every message is UTF-8 and within the limit; what is sent back is
 * well-formed and unmasked. The first byte of the input says how to cut. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "core/ws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
    struct buf text, out;
    bool over;
};

static void on_text(void *arg, const char *text, size_t len)
{
    struct heard *h = arg;
    if (len > WS_MESSAGE_MAX) abort();
    for (size_t i = 0, n = 0; i < len; i += n) {
        n = utf8_next(text + i, len - i, NULL);
        if (n == 0) abort();
    }
    buf_addf(&h->text, "%zu:", len);
    buf_add(&h->text, text, len);
}

static void on_output(void *arg, const void *data, size_t len)
{
    struct heard *h = arg;
    buf_add(&h->out, data, len);
}

static const struct ws_events events = {.text = on_text, .output = on_output};

static void feed(struct heard *h, const uint8_t *data, size_t size, size_t step)
{
    *h = (struct heard){.text = BUF_INIT(8 * MIB), .out = BUF_INIT(8 * MIB)};
    struct ws *w = ws_new(&events, h);
    if (!w) abort();
    for (size_t i = 0; i < size && !h->over; i += step) {
        h->over = !ws_feed(w, data + i, size - i < step ? size - i : step);
    }
    ws_free(w);
}

/* Only whole control frames leave here, none of them masked, nothing after a close. */
static void check_output(const struct buf *out)
{
    bool closed = false;
    for (size_t i = 0; i < out->len;) {
        const unsigned char *f = (const unsigned char *)out->data + i;
        if (closed || out->len - i < 2 || (f[0] != 0x88 && f[0] != 0x8a) || f[1] > 125) abort();
        closed = f[0] == 0x88;
        i += 2 + (size_t)f[1];
        if (i > out->len) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    size_t step = 1 + data[0] % 64;
    struct heard whole, cut;
    feed(&whole, data + 1, size - 1, size);
    feed(&cut, data + 1, size - 1, step);
    if (whole.text.len != cut.text.len) abort();
    /* A pong may be lost when the violation that ends it all comes in the same piece as the ping;
     * and how early the reason inside a malformed close frame is found to be so depends on the
     * pieces. */
    if (!whole.over && !cut.over && whole.out.len != cut.out.len) abort();
    if (whole.text.len > 0 && memcmp(whole.text.data, cut.text.data, whole.text.len) != 0) abort();
    check_output(&whole.out);
    check_output(&cut.out);
    buf_free(&whole.text);
    buf_free(&whole.out);
    buf_free(&cut.text);
    buf_free(&cut.out);
    const unsigned char *rest = data + 1;
    size_t left = size - 1;
    ws_skip_pongs(&rest, &left);
    if (rest + left != data + size) abort();
    return 0;
}
