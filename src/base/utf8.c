/* UTF-8 by the table of RFC 3629, section 4. */
#include "base/utf8.h"

size_t utf8_next(const char *s, size_t len, uint32_t *ret_code)
{
    if (len == 0) return 0;
    const unsigned char *u = (const unsigned char *)s;
    if (u[0] < 0x80) {
        if (ret_code) *ret_code = u[0];
        return 1;
    }
    size_t need;
    uint32_t code, lowest;
    if (u[0] >= 0xc2 && u[0] <= 0xdf) {
        need = 2;
        code = u[0] & 0x1fu;
        lowest = 0x80;
    } else if (u[0] >= 0xe0 && u[0] <= 0xef) {
        need = 3;
        code = u[0] & 0x0fu;
        lowest = 0x800;
    } else if (u[0] >= 0xf0 && u[0] <= 0xf4) {
        need = 4;
        code = u[0] & 0x07u;
        lowest = 0x10000;
    } else {
        return 0;
    }
    if (len < need) return 0;
    for (size_t i = 1; i < need; i++) {
        if ((u[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (u[i] & 0x3fu);
    }
    if (code < lowest || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return 0;
    if (ret_code) *ret_code = code;
    return need;
}

size_t utf8_put(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}
