/* The IMAP reader against a server that says anything, in pieces of any size: it ends, within its
 * limits, and never gives more of a body than it announced. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "channels/email/imap_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct server {
    const uint8_t *data;
    size_t len, at, step;
};

static enum err serve(void *arg, void *out, size_t len, size_t *ret_len)
{
    struct server *s = arg;
    size_t n = s->len - s->at;
    if (n == 0) return ERR_IO;
    if (n > s->step) n = s->step;
    if (n > len) n = len;
    memcpy(out, s->data + s->at, n);
    s->at += n;
    *ret_len = n;
    return ERR_OK;
}

struct body {
    size_t said, got;
};

static enum err count(void *arg, size_t size, const void *data, size_t len)
{
    struct body *b = arg;
    if (len == 0) *b = (struct body){.said = size};
    if (len > 0 && !data) abort();
    b->got += len;
    if (b->got > b->said) abort();
    return ERR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    struct server s = {data + 1, size - 1, 0, 1 + data[0] % 64U};
    struct body body = {0};
    struct imap_reader r;
    struct imap_line line;
    imap_reader_init(&r, (struct imap_source){serve, &s});
    r.bodies = (struct imap_body_sink){count, &body};
    while (imap_read(&r, &line) == ERR_OK) {
        struct imap_fetch f;
        uint32_t n = 0;
        imap_fetch_read(line.rest, &f);
        (void)imap_code_number(line.rest, "UIDVALIDITY", &n);
        (void)imap_list_has(line.rest, "IDLE");
        struct buf b = BUF_INIT(4 * KIB);
        (void)imap_folder_write(&b, line.rest);
        buf_free(&b);
    }
    imap_reader_end(&r);
    return 0;
}
