/* Quotes: the pieces are pieces of the input, in order, and no word of it is lost. */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/mail_check.h"
#include "channels/email/mail_quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t words(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += !isspace((unsigned char)*s);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * MIB);
    char *text = arena_strndup(a, (const char *)data, size);
    struct mail_quote q;
    if (!text) return 0;
    if (!mail_quote_text(a, text, &q)) abort();
    if (words(q.fresh) + words(q.signature) + words(q.quoted) != words(text)) abort();
    if (words(text) && !words(q.fresh)) abort(); /* a mail never shows nothing */
    if (!mail_quote_html(a, text, &q)) abort();
    if (strlen(q.fresh) + strlen(q.quoted) > strlen(text)) abort();
    if (*q.quoted && (!strstr(text, q.quoted) || !strstr(text, q.fresh))) abort();
    return 0;
}
