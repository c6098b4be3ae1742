/* The few functions behind util.h: what must not be a macro. */
#include "base/util.h"

#include <errno.h>
#include <unistd.h>

void fd_closep(int *fd)
{
    if (*fd < 0) return;
    int saved = errno; /* a cleanup must not hide the error of the function that it leaves */
    (void)close(*fd);
    errno = saved;
    *fd = -1;
}
