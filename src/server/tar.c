/* Tar as a stream (tar.h). Source: POSIX.1-2017, pax, "ustar Interchange Format"; sizes from 8 GiB
 * on are GNU's base-256. Only plain files are written; of an archive read, directories are skipped
 * and anything else than files is refused. */
#include "server/tar.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define BLOCK 512
#define CHUNK (256 * KIB)

static void octal(char *field, size_t size, uint64_t value)
{
    for (size_t i = size - 1; i-- > 0; value >>= 3)
        field[i] = (char)('0' + (value & 7));
    field[size - 1] = '\0';
}

static unsigned checksum(const unsigned char *h)
{
    unsigned sum = 0;
    for (int i = 0; i < BLOCK; i++)
        sum += i >= 148 && i < 156 ? ' ' : h[i];
    return sum;
}

static enum err write_all(FILE *out, const void *data, size_t len)
{
    return fwrite(data, 1, len, out) == len ? ERR_OK : ERR_IO;
}

static enum err header_put(FILE *out, const char *name, int64_t size_bytes, int64_t modified_s)
{
    char h[BLOCK] = {0};
    snprintf(h, TAR_NAME_MAX, "%s", name);
    octal(h + 100, 8, 0600);
    octal(h + 108, 8, 0);
    octal(h + 116, 8, 0);
    if (size_bytes < INT64_C(1) << 33) {
        octal(h + 124, 12, (uint64_t)size_bytes);
    } else {
        h[124] = (char)0x80;
        for (int i = 0; i < 8; i++)
            h[128 + i] = (char)((uint64_t)size_bytes >> (56 - 8 * i));
    }
    octal(h + 136, 12, (uint64_t)modified_s);
    h[156] = '0';
    memcpy(h + 257,
           "ustar\0"
           "00",
           8);
    octal(h + 148, 7, checksum((const unsigned char *)h));
    h[155] = ' ';
    return write_all(out, h, BLOCK);
}

static enum err padding_put(FILE *out, int64_t size_bytes)
{
    static const char zeros[BLOCK];
    size_t rest = (size_t)(size_bytes % BLOCK);
    return rest ? write_all(out, zeros, BLOCK - rest) : ERR_OK;
}

static void hash_end(struct sha256_ctx *hash, char hex[SHA256_HEX_SIZE])
{
    unsigned char sum[SHA256_SIZE];
    sha256_end(hash, sum);
    if (hex) hex_encode(sum, sizeof sum, hex);
}

enum err tar_put_fd(FILE *out, const char *name, int fd, int64_t size_bytes, int64_t modified_s,
                    char hex[SHA256_HEX_SIZE])
{
    enum err e = header_put(out, name, size_bytes, modified_s);
    CLEANUP(mem_freep) char *chunk = mem_alloc(CHUNK);
    struct sha256_ctx *hash = sha256_new();
    for (int64_t left = size_bytes; left > 0 && !e;) {
        ssize_t n = read(fd, chunk, left < (int64_t)CHUNK ? (size_t)left : CHUNK);
        if (n <= 0) {
            errno = n == 0 ? EIO : errno;
            e = ERR_IO;
            break;
        }
        sha256_add(hash, chunk, (size_t)n);
        e = write_all(out, chunk, (size_t)n);
        left -= n;
    }
    hash_end(hash, hex);
    return e ? e : padding_put(out, size_bytes);
}

enum err tar_put_text(FILE *out, const char *name, const char *text, int64_t modified_s)
{
    size_t len = strlen(text);
    enum err e = header_put(out, name, (int64_t)len, modified_s);
    if (!e) e = write_all(out, text, len);
    return e ? e : padding_put(out, (int64_t)len);
}

enum err tar_end(FILE *out)
{
    static const char zeros[2 * BLOCK];
    return write_all(out, zeros, sizeof zeros);
}

/* --- reading --------------------------------------------------------------------------- */

static bool number(const unsigned char *field, size_t size, int64_t *ret)
{
    uint64_t value = 0;
    if (field[0] == 0x80) {
        for (size_t i = 1; i < size; i++) {
            if (value >> 55) return false;
            value = value << 8 | field[i];
        }
    } else {
        for (size_t i = 0; i < size && field[i] && field[i] != ' '; i++) {
            if (field[i] < '0' || field[i] > '7') return false;
            value = value << 3 | (uint64_t)(field[i] - '0');
        }
    }
    if (value > INT64_MAX / 2) return false;
    *ret = (int64_t)value;
    return true;
}

static bool is_zero(const unsigned char *h)
{
    for (int i = 0; i < BLOCK; i++)
        if (h[i]) return false;
    return true;
}

enum err tar_next(FILE *in, struct tar_entry *ret_entry, bool *ret_end)
{
    unsigned char h[BLOCK];
    for (;;) {
        size_t n = fread(h, 1, BLOCK, in);
        if (ferror(in)) return ERR_IO;
        if (n != BLOCK)
            return ERR_INVALID; /* an archive ends with empty blocks: this one was cut off */
        *ret_end = is_zero(h);
        if (*ret_end) return ERR_OK;
        struct tar_entry entry = {0};
        int64_t sum = 0;
        if (!number(h + 148, 8, &sum) || (unsigned)sum != checksum(h) ||
            !number(h + 124, 12, &entry.size_bytes) || !number(h + 136, 12, &entry.modified_s))
            return ERR_INVALID;
        if (h[156] == '5') continue;
        if ((h[156] != '0' && h[156] != '\0') || h[99] || h[345]) return ERR_INVALID;
        memcpy(entry.name, h, TAR_NAME_MAX - 1);
        *ret_entry = entry;
        return ERR_OK;
    }
}

enum err tar_get_fd(FILE *in, const struct tar_entry *entry, int fd, char hex[SHA256_HEX_SIZE])
{
    CLEANUP(mem_freep) char *chunk = mem_alloc(CHUNK);
    struct sha256_ctx *hash = sha256_new();
    enum err e = ERR_OK;
    int64_t left = entry->size_bytes;
    int64_t padding = left % BLOCK ? BLOCK - left % BLOCK : 0;
    while (left > 0 && !e) {
        size_t n = fread(chunk, 1, left < (int64_t)CHUNK ? (size_t)left : CHUNK, in);
        if (n == 0) {
            e = ferror(in) ? ERR_IO : ERR_INVALID;
            break;
        }
        sha256_add(hash, chunk, n);
        for (size_t done = 0; fd >= 0 && done < n && !e;) {
            ssize_t w = write(fd, chunk + done, n - done);
            if (w < 0 && errno != EINTR) e = ERR_IO;
            done += w > 0 ? (size_t)w : 0;
        }
        left -= (int64_t)n;
    }
    hash_end(hash, hex);
    if (!e && padding > 0 && fread(chunk, 1, (size_t)padding, in) != (size_t)padding)
        e = ferror(in) ? ERR_IO : ERR_INVALID;
    return e;
}

enum err tar_get_text(FILE *in, const struct tar_entry *entry, char *text, size_t max)
{
    if (entry->size_bytes > (int64_t)max) return ERR_TOO_LARGE;
    size_t len = (size_t)entry->size_bytes, padding = len % BLOCK ? BLOCK - len % BLOCK : 0;
    char rest[BLOCK];
    if (fread(text, 1, len, in) != len || fread(rest, 1, padding, in) != padding)
        return ferror(in) ? ERR_IO : ERR_INVALID;
    text[len] = '\0';
    return ERR_OK;
}
