/* Small macros that every file may use: constants, cleanup, array length. None of them returns,
 * loops or generates code. */
#ifndef INTERFLOW_BASE_UTIL_H
#define INTERFLOW_BASE_UTIL_H

#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a)           (sizeof(a) / sizeof((a)[0]))
#define CLEANUP(f)             __attribute__((cleanup(f)))
#define MUST_USE               __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define MAYBE_UNUSED           __attribute__((unused))

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

/* A run of bytes that may hold anything, NUL included. Owned by whoever says so. */
struct bytes {
    const unsigned char *data;
    size_t len;
};

/* close(2) on scope exit; -1 is left alone. */
void fd_closep(int *fd);

#endif
