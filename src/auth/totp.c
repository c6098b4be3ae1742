/* The second factor (totp.h): its texts. Everything here is pure but the random codes; nothing
 * knows the database or a request. */
#include "auth/totp.h"

#include <qrencode.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/crypto.h"

#define CODE_CHARACTERS 16
#define QUIET           4 /* modules around the code, as ISO/IEC 18004 asks */

static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789"; /* 32 of them: no l, o, 0, 1 */

static void add_escaped(struct buf *b, const char *s)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~@";
    for (; *s; s++) {
        if (strchr(plain, *s))
            buf_addc(b, *s);
        else
            buf_addf(b, "%%%02X", (unsigned int)(unsigned char)*s);
    }
}

const char *totp_uri(struct arena *a, const char *email, const char *secret)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(4 * KIB);
    buf_adds(&b, "otpauth://totp/Interflow:");
    add_escaped(&b, email);
    buf_addf(&b, "?secret=%s&issuer=Interflow", secret);
    return arena_strdup(a, buf_str(&b));
}

/* One row of modules as runs: "M4 4h7v1h-7z…". */
static void add_row(struct buf *b, const unsigned char *row, int width, int y)
{
    for (int x = 0; x < width;) {
        int run = 0;
        while (x + run < width && (row[x + run] & 1))
            run++;
        if (run > 0) buf_addf(b, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run, run);
        x += run > 0 ? run : 1;
    }
}

const char *qr_svg(struct arena *a, const char *text)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (!code) return NULL;
    CLEANUP(buf_free) struct buf b = BUF_INIT(256 * KIB);
    int side = code->width + 2 * QUIET;
    buf_addf(&b,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
             "shape-rendering=\"crispEdges\">",
             side, side);
    buf_addf(&b, "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path fill=\"#000\" d=\"", side, side);
    for (int y = 0; y < code->width; y++)
        add_row(&b, code->data + y * code->width, code->width, y);
    buf_adds(&b, "\"/></svg>");
    QRcode_free(code);
    return buf_failed(&b) ? NULL : arena_strdup(a, buf_str(&b));
}

void recovery_code_make(char out[RECOVERY_CODE_SIZE])
{
    unsigned char random[CODE_CHARACTERS];
    size_t at = 0;
    crypto_random(random, sizeof random);
    for (size_t i = 0; i < CODE_CHARACTERS; i++) {
        if (i > 0 && i % 4 == 0) out[at++] = '-';
        out[at++] = alphabet[random[i] & 31];
    }
    out[at] = '\0';
}

const char *recovery_code_normal(struct arena *a, const char *typed)
{
    char *out = arena_alloc(a, CODE_CHARACTERS + 1);
    size_t n = 0;
    for (; *typed; typed++) {
        char ch = *typed;
        if (ch == ' ' || ch == '-') continue;
        if (ch >= 'A' && ch <= 'Z') ch = (char)(ch - 'A' + 'a');
        if (n == CODE_CHARACTERS || !strchr(alphabet, ch)) return NULL;
        out[n++] = ch;
    }
    return n == CODE_CHARACTERS ? out : NULL;
}
