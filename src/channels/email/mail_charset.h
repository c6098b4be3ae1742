/* Text of mails as valid UTF-8, whatever the bytes are and whatever they call themselves, and the
 * encoded words of headers (RFC 2047). Pure; memory from the arena; linear in the input. */
#ifndef INTERFLOW_CHANNELS_EMAIL_MAIL_CHARSET_H
#define INTERFLOW_CHANNELS_EMAIL_MAIL_CHARSET_H

#include <stdbool.h>

#include "base/arena.h"

/* What became of the name of the charset; a higher one is worse. */
enum mail_charset_found {
    MAIL_CHARSET_SAID,    /* the bytes are what was said (or plain ASCII) */
    MAIL_CHARSET_GUESSED, /* nothing was said, or a name nobody knows, or it was plainly untrue */
    MAIL_CHARSET_DAMAGED, /* some bytes fit nothing and became U+FFFD */
};

/* in as UTF-8: always valid, without NUL and other control characters but \t and \n (CRLF and a
 * lone CR become \n), without a byte order mark. charset is the label as it stands in the mail;
 * NULL or "": not said. Labels mean what mail programs mean by them: iso-8859-1 is windows-1252,
 * gb2312 is GB18030. The result is at most four times as long as in and lies in the arena; NULL
 * only when its limit is met. ret_found may be NULL; it is only raised, never lowered. */
char *mail_utf8(struct arena *a, struct bytes in, const char *charset,
                enum mail_charset_found *ret_found);

/* The value of a header of free text: unfolded, encoded words decoded (also broken ones: split
 * inside a character, with spaces, without an end), raw 8-bit text guessed, white space at both ends
 * taken off. One line. NULL only when the arena's limit is met. */
char *mail_words(struct arena *a, const char *raw, size_t len, enum mail_charset_found *ret_found);

/* The same text with each encoded word written anew as UTF-8 base64, for a parser of structure
 * (addresses, parameters) that decodes words itself but trusts their charset. */
char *mail_words_normal(struct arena *a, const char *raw, size_t len,
                        enum mail_charset_found *ret_found);

/* Exactly valid UTF-8? ret_multibyte (may be NULL): characters beyond ASCII. */
bool mail_utf8_valid(struct bytes in, size_t *ret_multibyte);

/* The character of a byte in windows-1252; U+FFFD for the five bytes that have none. */
uint32_t mail_windows_1252(unsigned char byte);

/* The first place of mark (at least one byte) in s up to end, NULL when there is none. Reads no
 * further than that place, however often it is called. */
const char *mail_find(const char *s, const char *end, const char *mark);

/* Once per process before anything of GMime is used; cheap afterwards; any thread. */
void mail_gmime_ready(void);

#endif
