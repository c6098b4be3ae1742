/* Reading what an IMAP server says (RFC 3501, RFC 9051): lines with their literals, from a source of
 * bytes. The server is not trusted: every length has a limit, and nothing that it says makes us
 * allocate more than that. No network here, so that a fuzzer can be the server. */
#ifndef INTERFLOW_CHANNELS_EMAIL_IMAP_READ_H
#define INTERFLOW_CHANNELS_EMAIL_IMAP_READ_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

#define IMAP_LINE_MAX    MIB         /* of one answer without its mail bodies */
#define IMAP_LITERAL_MAX (64 * KIB)  /* of a literal that is no mail body; it is read and dropped */
#define IMAP_BODY_MAX    (100 * MIB) /* of a mail body; more is a broken server */

/* At least one byte, at most len; any error ends the connection. */
struct imap_source {
    enum err (*read)(void *arg, void *out, size_t len, size_t *ret_len);
    void *arg;
};
/* Takes a mail body in pieces, as they come: first one with len 0 that says the whole size. */
struct imap_body_sink {
    enum err (*take)(void *arg, size_t size_bytes, const void *data, size_t len);
    void *arg;
};

struct imap_reader {
    struct imap_source source;
    struct imap_body_sink bodies; /* take NULL: bodies are dropped */
    struct buf line;
    unsigned char *data; /* IMAP_WINDOW bytes */
    size_t at, end;
};

enum imap_line_kind { IMAP_UNTAGGED, IMAP_TAGGED, IMAP_CONTINUE };
enum imap_status { IMAP_NO_STATUS, IMAP_OK, IMAP_NO, IMAP_BAD, IMAP_BYE, IMAP_PREAUTH };

/* One answer. Texts live until the next call. */
struct imap_line {
    enum imap_line_kind kind;
    unsigned tag; /* number of the command: "I7" is 7; 0 when it is none of ours */
    enum imap_status status;
    uint32_t number;  /* "* 23 EXISTS" */
    const char *word; /* "EXISTS", "FETCH", "SEARCH"; "" none */
    const char *rest; /* behind the word, or the words of a status */
    bool has_body;    /* a mail body came with it (and went to the sink) */
};

void imap_reader_init(struct imap_reader *r, struct imap_source source);
void imap_reader_end(struct imap_reader *r);
/* Reads the next answer. ERR_UPSTREAM: it is no IMAP, or beyond a limit; else the source's or the
 * sink's error. */
MUST_USE enum err imap_read(struct imap_reader *r, struct imap_line *ret);

/* What of a mail came in a FETCH answer. */
struct imap_fetch {
    uint32_t uid; /* 0: not said */
    uint64_t size_bytes;
    int64_t date_unix_ms; /* when the server took it; 0: not said */
    bool has_flags, seen, answered, deleted;
};
void imap_fetch_read(const char *rest, struct imap_fetch *ret);
/* "[UIDVALIDITY 12]" in the words of a status. False when it is not there. */
bool imap_code_number(const char *rest, const char *code, uint32_t *ret);
/* Is the word in the list, as "IDLE" in "IMAP4rev1 IDLE"? Case does not matter. */
bool imap_list_has(const char *list, const char *word);
/* A folder's name as a quoted string in modified UTF-7 (RFC 3501 5.1.3). False: not valid UTF-8, or
 * it holds control characters. */
bool imap_folder_write(struct buf *out, const char *name);
/* "21-Nov-2026": a day as SEARCH SINCE wants it. */
void imap_day(int64_t unix_ms, char out[16]);

#endif
