/* Writing a mail: bytes for SMTP (RFC 5322, CRLF) from a struct. Pure: the same struct gives the same
 * bytes, so that a second attempt to send is the same mail. */
#ifndef INTERFLOW_CHANNELS_EMAIL_MAIL_BUILD_H
#define INTERFLOW_CHANNELS_EMAIL_MAIL_BUILD_H

#include "base/err.h"
#include "channels/email/mail_parse.h"

#define MAIL_BUILD_MAX            (40 * MIB)
#define MAIL_BUILD_REFERENCES_MAX 50
#define MAIL_BUILD_PEOPLE_MAX     100 /* of To and of Cc */
#define MAIL_BUILD_FILES_MAX      50

struct mail_new_file {
    const char *name;       /* any text; cleaned */
    const char *type;       /* "image/png"; NULL or odd: application/octet-stream */
    const char *content_id; /* shown in the HTML by cid:; NULL: an attachment */
    struct bytes content;
};

/* Borrowed; NULL members are left out. Texts may hold anything: line ends in header values become
 * spaces, so no header can be added by them. */
struct mail_new {
    const char *message_id;       /* MUST: without angle brackets; the same at each attempt */
    int64_t date_unix_ms;         /* MUST: of the first attempt */
    struct mail_address from;     /* MUST: an address */
    struct mail_address reply_to; /* address NULL: none */
    struct mail_addresses to, cc; /* Bcc stands in the envelope only: it is not part of this */
    const char *subject;
    const char *in_reply_to;
    struct mail_ids references; /* of the mail that is answered; its id is added from in_reply_to */
    const char *text;           /* plain, what was written now */
    const char *html; /* NULL: made from text; else used as it is: must be ours or clean */
    const char *signature_text; /* below the text, after "-- " */
    const char *signature_html; /* clean; NULL: made from signature_text */
    const char *quote_intro;    /* "On … Ana wrote:", one line */
    const char *quote_text;     /* the mail that is answered, plain; marked with "> " here */
    const char *quote_html;     /* clean; NULL: made from quote_text */
    const struct mail_new_file *files;
    int file_count;
    bool auto_replied; /* a program answers: Auto-Submitted and what other programs look for */
};

/* The mail in the arena (what is beyond it is freed with it). ERR_INVALID: no or unusable sender,
 * receiver or Message-ID; ERR_TOO_LARGE: beyond MAIL_BUILD_MAX or a count; ERR_NO_MEMORY. */
MUST_USE enum err mail_build(struct arena *a, const struct mail_new *m, struct bytes *ret);

/* May the address stand in a header and in an SMTP command? The plain form of RFC 5321: a local part
 * of at most 64 bytes and a domain, ASCII letters, digits and a few marks, dots only between, at
 * most 254 bytes. No quoted local parts, no domain literals, no SMTPUTF8, no encoded words. */
bool mail_address_fits(const char *address);
/* "Re: x" for an answer, unless it begins so already (Re, RES, RV, AW, SV and the like, also
 * "Re[2]:"). In the arena. */
const char *mail_subject_reply(struct arena *a, const char *subject);

#endif
