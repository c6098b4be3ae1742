/* A received mail as a struct: who, to whom, about what, the best text, the HTML, the attachments,
 * and what was odd. Pure: bytes in, struct out; no database, no loop. Large mails take tens of
 * milliseconds: call through loop_offload.
 *
 * What comes out is valid UTF-8 without NUL, whatever went in. A mail that breaks a limit gives a
 * fault that says which; its headers are there as far as they could be read, so that the caller can
 * keep the raw mail, say who wrote it and say why it is shown as a file. */
#ifndef INTERFLOW_CHANNELS_EMAIL_MAIL_PARSE_H
#define INTERFLOW_CHANNELS_EMAIL_MAIL_PARSE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/clock.h"

/* Why a mail could not be parsed whole. */
enum mail_fault {
    MAIL_OK,
    MAIL_EMPTY,             /* no bytes but white space */
    MAIL_TOO_LARGE,         /* limits.size_max */
    MAIL_TOO_DEEP,          /* limits.depth_max multiparts inside each other */
    MAIL_TOO_MANY_PARTS,    /* limits.parts_max */
    MAIL_HEADERS_TOO_LARGE, /* limits.header_max or header_count_max, in any part */
    MAIL_TOO_SLOW,          /* limits.time_ms */
    MAIL_NO_MEMORY,         /* the arena's limit */
    MAIL_FAULT_COUNT
};
/* "too-deep": for logs and message data. */
const char *mail_fault_name(enum mail_fault f);
/* English words for a person; the interface translates by name. */
const char *mail_fault_words(enum mail_fault f);

/* What was odd about a mail that could be parsed. Bits. */
enum mail_problem {
    MAIL_PROBLEM_NO_HEADERS = 1 << 0,
    MAIL_PROBLEM_NO_FROM = 1 << 1,
    MAIL_PROBLEM_NO_DATE = 1 << 2,       /* none or absurd: taken from Received when there is one */
    MAIL_PROBLEM_NO_MESSAGE_ID = 1 << 3, /* made from the content */
    MAIL_PROBLEM_BAD_HEADER = 1 << 4,    /* a line that is no header among the headers */
    MAIL_PROBLEM_NUL = 1 << 5,           /* NUL bytes, taken out */
    MAIL_PROBLEM_CHARSET = 1 << 6,       /* missing, unknown or untrue: guessed */
    MAIL_PROBLEM_DAMAGED = 1 << 7,       /* bytes that fit no charset became U+FFFD */
    MAIL_PROBLEM_NO_BOUNDARY = 1 << 8,   /* a multipart without boundary, or one never met */
    MAIL_PROBLEM_CUT_OFF = 1 << 9,       /* the closing boundary is missing */
    MAIL_PROBLEM_CODING = 1 << 10,       /* an unknown transfer encoding: bytes as they are */
    MAIL_PROBLEM_TEXT_CUT =
        1 << 11, /* more text than limits.text_max: the rest is in the raw mail */
    MAIL_PROBLEM_LIST_CUT = 1 << 12,  /* more addresses, references or attachments than are kept */
    MAIL_PROBLEM_ENCRYPTED = 1 << 13, /* the content is an attachment that only its reader opens */
    MAIL_PROBLEM_TNEF = 1 << 14,      /* winmail.dat: not unpacked */
    MAIL_PROBLEM_LINE_ENDS = 1 << 15, /* only bare CR */
};
#define MAIL_PROBLEM_COUNT 16
/* The name of one bit: "no-date". */
const char *mail_problem_name(enum mail_problem p);

struct mail_limits {
    size_t size_max;         /* bytes of the whole mail */
    size_t header_max;       /* bytes of the headers of one part */
    size_t header_count_max; /* fields of one part */
    size_t text_max;         /* bytes of text and of HTML, each, before decoding */
    int depth_max;           /* of multiparts; a forwarded message is not gone into */
    int parts_max;
    int addresses_max; /* of one header */
    int references_max;
    int64_t time_ms;
    int64_t now_unix_ms; /* a date more than a day after is absurd; 0: not checked */
};
/* size 40 MiB, headers 512 KiB and 2,000, text 2 MiB, depth 30, parts 500, addresses 500, references
 * 100, time 10 s. */
struct mail_limits mail_limits_usual(int64_t now_unix_ms);

struct mail_address {
    const char *name;    /* "" when none */
    const char *address; /* as written, domain in small letters; "" for none (name only) */
};
struct mail_addresses {
    const struct mail_address *list;
    int count;
};
struct mail_ids {
    const char *const *list; /* without angle brackets */
    int count;
};

enum mail_file_kind {
    MAIL_FILE_ATTACHMENT,
    MAIL_FILE_INLINE,    /* an image that the HTML shows by cid: */
    MAIL_FILE_MESSAGE,   /* a forwarded mail, as .eml */
    MAIL_FILE_CALENDAR,  /* an invitation; method is set when it says one */
    MAIL_FILE_REPORT,    /* machine-readable part or returned mail of a bounce or receipt */
    MAIL_FILE_SIGNATURE, /* S/MIME or PGP signature */
};
struct mail_file {
    enum mail_file_kind kind;
    const char *name;       /* safe as a file name; never empty */
    const char *type;       /* as declared, small letters: "image/png" */
    const char *content_id; /* "" none; without angle brackets */
    const char *method;     /* calendar: "REQUEST", "CANCEL", "REPLY"; else "" */
    bool asked_inline;      /* Content-Disposition: inline */
    struct bytes content;   /* decoded; in the arena or in the input, which must live as long */
};

/* What kind of sender wrote this: see mail_auto.h. */
enum mail_sender {
    MAIL_FROM_PERSON,
    MAIL_FROM_AUTO_REPLY,   /* out of office and the like */
    MAIL_FROM_BOUNCE,       /* says that a mail of ours did not arrive, or was late */
    MAIL_FROM_RECEIPT,      /* says that a mail of ours was shown (RFC 8098) */
    MAIL_FROM_LIST,         /* a mailing list */
    MAIL_FROM_BULK,         /* newsletter */
    MAIL_FROM_NOTIFICATION, /* written by a program, not as an answer */
};

enum mail_dsn_action {
    MAIL_DSN_FAILED,
    MAIL_DSN_DELAYED,
    MAIL_DSN_DELIVERED,
    MAIL_DSN_RELAYED,
    MAIL_DSN_EXPANDED,
};
struct mail_dsn_recipient {
    const char *address;
    enum mail_dsn_action action;
    const char *status;     /* "5.1.1"; "" unknown */
    const char *diagnostic; /* the server's words, one line; "" none */
    const char *remote;     /* server that said so; "" unknown */
};
struct mail_dsn {
    bool standard; /* RFC 3464; else found in free text */
    struct mail_dsn_recipient *recipients;
    int recipient_count;
    struct mail_ids original_ids; /* Message-IDs of the mails that it is about */
    const char *envelope_id;      /* "" none */
};

struct mail_in {
    const char *message_id; /* without angle brackets; made from the content when missing */
    bool message_id_made;
    const char *in_reply_to;    /* "" none; the first when there are several */
    struct mail_ids references; /* oldest first, without doubles; In-Reply-To included at the end */
    struct mail_addresses from, reply_to, to, cc, bcc, sender;
    const char *return_path; /* "" when empty or missing */
    bool return_path_empty;  /* it was there and was <> */
    const char *subject;
    int64_t date_unix_ms; /* 0: unknown */
    const char *text;     /* never NULL; \n line ends */
    bool text_from_html;  /* there was no plain text */
    const char *html;     /* raw, unsafe: through mail_html_clean; NULL none */
    const struct mail_file *files;
    int file_count;
    enum mail_sender sender_kind;
    bool sender_weak; /* only a sign (subject, address): do not answer by itself, show as ever */
    const char *sender_reason; /* the header or words that said so; "" */
    bool no_auto_answer;       /* never answer this by a program */
    const char *list_id, *list_unsubscribe, *auto_submitted, *precedence; /* "" none */
    const struct mail_dsn *dsn;                                           /* NULL: no bounce */
    uint32_t problems;                                                    /* enum mail_problem */
    struct mail_entity
        *root; /* for the other files of this folder; NULL when there are no headers */
};

/* Parses. *ret is always filled (zeroed members are "" or empty lists, never NULL strings), with the
 * headers also when a fault is returned. Everything lies in the arena or in bytes. Give the arena at
 * least three times the size of the mail plus 16 MiB. Time is linear in the size. */
enum mail_fault mail_parse(struct arena *a, struct bytes bytes, const struct mail_limits *limits,
                           struct mail_in *ret);

/* The name of a file without path, control and direction characters, at most 150 bytes, "" when
 * nothing is left. */
const char *mail_file_name_clean(struct arena *a, const char *name);
/* Addresses of a header value or of what a person typed ("Ana <a@b.c>, d@e.f"), at most max.
 * *ret_cut (may be NULL) is set when there were more. */
struct mail_addresses mail_addresses_read(struct arena *a, const char *value, size_t len, int max,
                                          bool *ret_cut);

#endif
