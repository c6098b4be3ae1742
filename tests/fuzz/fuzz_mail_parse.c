/* Received mails: any bytes give a mail or a fault, always with clean UTF-8, names of files without
 * paths, lists within their limits, the same result twice; and what was read can be answered. */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/mail_check.h"
#include "channels/email/mail_build.h"
#include "channels/email/mail_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool fine)
{
    if (!fine) abort();
}

static void check_people(const struct mail_addresses *p)
{
    check(p->count <= 500);
    for (int i = 0; i < p->count; i++) {
        check(text_is_clean(p->list[i].name) && text_is_clean(p->list[i].address));
        check(!strpbrk(p->list[i].name, "\n\t") && !strpbrk(p->list[i].address, "\n\t <>"));
    }
}

static void check_files(const struct mail_in *m)
{
    check(m->file_count <= 500);
    for (int i = 0; i < m->file_count; i++) {
        const struct mail_file *f = &m->files[i];
        check(*f->name && strlen(f->name) <= 160 && text_is_clean(f->name));
        check(!strpbrk(f->name, "/\\\n\t") && f->name[0] != '.');
        check(text_is_clean(f->type) && text_is_clean(f->content_id) && text_is_clean(f->method));
        volatile unsigned char sum = 0; /* all of it can be read */
        for (size_t k = 0; k < f->content.len; k += 64)
            sum = (unsigned char)(sum + f->content.data[k]);
    }
}

static void check_dsn(const struct mail_dsn *d)
{
    check(d->recipient_count > 0 && d->recipient_count <= 50);
    for (int i = 0; i < d->recipient_count; i++) {
        const struct mail_dsn_recipient *r = &d->recipients[i];
        check(text_is_clean(r->address) && text_is_clean(r->status));
        check(text_is_clean(r->diagnostic) && text_is_clean(r->remote));
    }
}

/* An answer to it must be possible, whatever its subject and ids are. */
static void answer(struct arena *a, const struct mail_in *m)
{
    struct bytes out;
    struct mail_in again;
    struct mail_limits limits = mail_limits_usual(0);
    const char *to = m->from.count ? m->from.list[0].address : "";
    struct mail_address person = {m->from.count ? m->from.list[0].name : "",
                                  mail_address_fits(to) ? to : "x@y.example"};
    struct mail_new reply = {
        .message_id = "r@quintal.example",
        .from = {m->subject, "loja@quintal.example"},
        .to = {&person, 1},
        .subject = mail_subject_reply(a, m->subject),
        .in_reply_to = m->message_id,
        .references = m->references,
        .text = m->text,
        .quote_intro = m->subject,
        .quote_text = m->text,
    };
    enum err e = mail_build(a, &reply, &out);
    check(!e || e == ERR_TOO_LARGE || e == ERR_NO_MEMORY);
    if (e) return;
    enum mail_fault f = mail_parse(a, out, &limits, &again);
    check(f == MAIL_OK || f == MAIL_NO_MEMORY);
    if (f) return;
    check(again.to.count == 1 && strcasecmp(again.to.list[0].address, person.address) == 0);
    check(again.from.count == 1 && again.cc.count == 0 && again.bcc.count == 0);
    check(strcmp(again.message_id, "r@quintal.example") == 0 && again.file_count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(256 * MIB);
    struct mail_limits limits = mail_limits_usual(INT64_C(1795269600000));
    struct mail_in m;
    struct mail_in twice;
    enum mail_fault f = mail_parse(a, (struct bytes){data, size}, &limits, &m);
    check(mail_parse(a, (struct bytes){data, size}, &limits, &twice) == f);
    check(strcmp(m.message_id, twice.message_id) == 0 && strcmp(m.text, twice.text) == 0);
    check(text_is_clean(m.text) && text_is_clean(m.subject) && text_is_clean(m.message_id));
    check(!m.html || text_is_clean(m.html));
    check(text_is_clean(m.list_id) && text_is_clean(m.sender_reason));
    check(m.references.count <= 100);
    for (int i = 0; i < m.references.count; i++)
        check(text_is_clean(m.references.list[i]) && *m.references.list[i]);
    check_people(&m.from);
    check_people(&m.to);
    check_people(&m.cc);
    check_people(&m.reply_to);
    check_files(&m);
    if (m.dsn) check_dsn(m.dsn);
    if (!f && size < 64 * KIB) answer(a, &m);
    return 0;
}
