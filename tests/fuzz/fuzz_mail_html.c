/* HTML of mails: what comes out of the cleaner is judged by html_wrong, which knows only what is
 * harmless; cleaning twice changes nothing that is not remote; the text is clean. */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/mail_check.h"
#include "channels/email/mail_html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *our_cid(void *arg, const char *id)
{
    (void)arg;
    return id[0] == 'a' ? "/ours/a" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(256 * MIB);
    for (int i = 0; i < 4; i++) {
        struct mail_html_options options = {.sheets = i & 1,
                                            .remote_images = i & 2,
                                            .cid = our_cid,
                                            .output_max = i == 3 ? 500 : 0};
        struct mail_html out;
        if (!mail_html_clean(a, (const char *)data, size, &options, &out)) abort();
        if (strlen(out.html) != out.len || html_wrong(out.html, i & 1)) abort();
    }
    char *html = arena_strndup(a, (const char *)data, size);
    char *text =
        html ? mail_html_text(a, html, &(struct mail_html_text_options){.links = true}) : NULL;
    if (!text || !text_is_clean(text)) abort();
    char *back = mail_html_from_text(a, text);
    struct mail_html out;
    if (!back || !mail_html_clean(a, back, strlen(back), &(struct mail_html_options){0}, &out))
        abort();
    if (html_wrong(out.html, false)) abort();
    return 0;
}
