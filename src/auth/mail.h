/* Mail to the staff through the organization's own mail server: password links, invitations. Other
 * domains may add templates (mail_texts.c) and call mail_add inside their transaction; the job
 * mail.send does the rest. */
#ifndef INTERFLOW_AUTH_MAIL_H
#define INTERFLOW_AUTH_MAIL_H

#include "auth/auth.h"
#include "core/http_client.h"

struct mail {
    const char *to;       /* one address */
    const char *template; /* name in mail_texts.c */
    const char *language; /* "pt", "es", "en" */
    const json_t *data;   /* variables of the texts, borrowed; NULL: none */
    const char *secret;   /* from mail_secret; NULL: none */
};
/* Queue a mail of c->org, in the open transaction when there is one. It waits in the jobs until a
 * server takes it. */
MUST_USE enum err mail_add(struct ctx *c, const struct mail *m);
/* A link that must not stand in the database in clear text, sealed for the job: {{link}} of the
 * texts. In the arena. */
const char *mail_secret(struct ctx *c, const char *link);

/* --- inside src/auth; pure ------------------------------------------------------------- */

/* The texts of one mail in one language; {{variables}} as in core/template.h. */
struct mail_text {
    const char *subject;
    const char *greeting;
    const char *body;   /* paragraphs, an empty line between them */
    const char *button; /* words of the link; NULL: no link */
    const char *footer;
};
struct mail_template {
    const char *name; /* NULL ends the table */
    struct mail_text pt, es, en;
};
extern const struct mail_template mail_templates[];
const struct mail_text *mail_text_find(const char *template, const char *language);

struct mail_headers {
    const char *from_email, *from_name;
    const char *to;
    const char *message_id; /* without the angle brackets */
    int64_t date_unix_ms;
    const char *boundary;
    const char *language;
};
/* A complete message (RFC 5322, multipart/alternative, quoted-printable, CRLF) in the arena.
 * ERR_INVALID: an address with characters that headers must not hold; ERR_TOO_LARGE. */
MUST_USE enum err mail_message(struct arena *a, const struct mail_headers *h,
                               const struct mail_text *t, const json_t *vars, struct bytes *ret);
/* One mail now, with the settings of c->org: for the test button and the job. ERR_NOT_FOUND: no
 * mail server is set. */
MUST_USE enum err mail_send_now(struct ctx *c, const char *to, const char *template,
                                const char *language, const json_t *vars, const char *message_id);
enum job_outcome mail_job(struct ctx *c, struct job *j);

#endif
