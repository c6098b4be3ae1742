/* Subjects, compared: whether one says that it is an answer, and what is left of it without such
 * marks. Used only where a mail program dropped the references. Pure. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/crypto.h"
#include "base/json.h"
#include "channels/email/email.h"

#define KEY_MAX 200 /* bytes */

static const char *const answer_marks[] = {"re", "res",  "ref", "rv", "aw",
                                           "sv", "antw", "odp", "ynt"};
static const char *const forward_marks[] = {"fwd", "fw", "enc", "tr", "wg"};

/* Behind a mark of the list with its colon ("RE:", "Re[2]:", "Re :"); NULL when s begins with none. */
static const char *behind(const char *s, const char *const *marks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(marks[i]);
        if (strncasecmp(s, marks[i], n) != 0) continue;
        const char *at = s + n;
        if (*at == '[' || *at == '(') {
            const char *end = strpbrk(at, "])");
            if (!end || end - at > 4) continue;
            at = end + 1;
        }
        at += strspn(at, " ");
        if (*at == ':') return at + 1;
        if (strncmp(at, "\xef\xbc\x9a", 3) == 0) return at + 3; /* the wide colon */
    }
    return NULL;
}

bool mail_subject_answers(const char *subject)
{
    return behind(subject + strspn(subject, " "), answer_marks, ARRAY_LEN(answer_marks)) != NULL;
}

const char *mail_subject_key(struct arena *a, const char *subject)
{
    const char *s = subject;
    for (;;) {
        s += strspn(s, " \t");
        const char *next = behind(s, answer_marks, ARRAY_LEN(answer_marks));
        if (!next) next = behind(s, forward_marks, ARRAY_LEN(forward_marks));
        if (!next) break;
        s = next;
    }
    char key[KEY_MAX + 1];
    size_t n = 0;
    for (; *s && n < KEY_MAX; s++) {
        bool blank = *s == ' ' || *s == '\t';
        if (blank && (n == 0 || key[n - 1] == ' ')) continue;
        key[n++] = blank ? ' ' : *s >= 'A' && *s <= 'Z' ? (char)(*s + 'a' - 'A') : *s;
    }
    while (n > 0 && (key[n - 1] == ' ' || (*s && ((unsigned char)key[n - 1] & 0x80))))
        n--; /* not half a character at the cut */
    const char *clean = text_clean(a, key, n);
    return clean ? clean : "";
}

const char *mail_digest(struct arena *a, const char *from, int64_t date_unix_ms,
                        const char *subject)
{
    unsigned char sum[SHA256_SIZE];
    char hex[17], date[24];
    (void)snprintf(date, sizeof(date), "%lld", (long long)date_unix_ms);
    struct sha256_ctx *h = sha256_new();
    sha256_add(h, from, strlen(from) + 1);
    sha256_add(h, date, strlen(date) + 1);
    sha256_add(h, subject, strlen(subject));
    sha256_end(h, sum);
    hex_encode(sum, 8, hex);
    return arena_strdup(a, hex);
}
