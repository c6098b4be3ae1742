/* The spool of one mail on its way in (mail_spool.h): the size that the mail server announced decides
 * where; a file without a name goes with its descriptor. More than announced, or a second body where
 * one was asked for, is a server that lies: it does not fill our disk. */
#include "channels/email/mail_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

void mail_spool_init(struct mail_spool *s, const char *folder)
{
    *s = (struct mail_spool){.folder = folder, .memory = BUF_INIT(MAIL_SPOOL_MEMORY), .fd = -1};
}

void mail_spool_end(struct mail_spool *s)
{
    if (s->mapped) (void)munmap(s->mapped, s->len);
    if (s->fd >= 0) (void)close(s->fd);
    buf_free(&s->memory);
    s->mapped = NULL;
    s->fd = -1;
    s->len = 0;
}

enum err mail_spool_take(void *arg, size_t size_bytes, const void *data, size_t len)
{
    struct mail_spool *s = arg;
    if (len == 0) {
        if (s->announced) return ERR_UPSTREAM;
        s->announced = true;
        s->size = size_bytes;
        if (size_bytes > MAIL_SPOOL_MEMORY) {
            s->fd = open(s->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
            if (s->fd < 0) return ERR_UNAVAILABLE;
        }
        return ERR_OK;
    }
    if (!s->announced || len > s->size - s->len) return ERR_UPSTREAM;
    s->len += len;
    if (s->fd < 0) {
        buf_add(&s->memory, data, len);
        return buf_failed(&s->memory) ? ERR_UPSTREAM : ERR_OK;
    }
    for (size_t done = 0; done < len;) {
        ssize_t n = write(s->fd, (const char *)data + done, len - done);
        if (n < 0 && errno != EINTR) return ERR_UNAVAILABLE;
        done += n > 0 ? (size_t)n : 0;
    }
    return ERR_OK;
}

enum err mail_spool_bytes(struct mail_spool *s, struct bytes *ret)
{
    if (s->fd < 0 || s->len == 0) {
        *ret = (struct bytes){(const unsigned char *)buf_str(&s->memory), s->memory.len};
        return ERR_OK;
    }
    void *p = mmap(NULL, s->len, PROT_READ, MAP_PRIVATE, s->fd, 0);
    if (p == MAP_FAILED) return ERR_IO;
    s->mapped = p;
    *ret = (struct bytes){p, s->len};
    return ERR_OK;
}
