/* Error codes of the whole program: one table, from which come HTTP status, public code and log
 * name. 0 is success. Functions that can fail return one of these and must be checked; the words
 * that help a person go into the context's fault (core/ctx.h). To add one: a row here, a row in
 * err.c. */
#ifndef INTERFLOW_BASE_ERR_H
#define INTERFLOW_BASE_ERR_H

#include "base/util.h"

enum err {
    ERR_OK = 0,
    ERR_INVALID,       /* 400: input breaks a rule; the fault names the field */
    ERR_UNAUTHORIZED,  /* 401: nobody is logged in, or the key is unknown */
    ERR_FORBIDDEN,     /* 403: known, but not allowed */
    ERR_NOT_FOUND,     /* 404: gone, or another organization's */
    ERR_METHOD,        /* 405 */
    ERR_TIMEOUT,       /* 408 towards clients; deadlines of ours are ERR_DEADLINE */
    ERR_CONFLICT,      /* 409: exists already, or changed meanwhile */
    ERR_PRECONDITION,  /* 412 */
    ERR_TOO_LARGE,     /* 413 */
    ERR_MEDIA_TYPE,    /* 415 */
    ERR_RANGE,         /* 416 */
    ERR_UNPROCESSABLE, /* 422: well formed, but cannot be now (channel disconnected) */
    ERR_RATE_LIMITED,  /* 429 */
    ERR_HEADERS,       /* 431 */
    ERR_INTERNAL,      /* 500: our bug, or an answer we did not expect */
    ERR_UPSTREAM,      /* 502: a peer outside failed */
    ERR_UNAVAILABLE,   /* 503: database away, shutting down, too many at once */
    ERR_DEADLINE,      /* 504: our own time limit ran out */
    ERR_CANCELLED,     /* 499: the other side went away, or the program stops */
    ERR_NO_MEMORY,     /* 503: a limit on memory was met */
    ERR_IO,            /* 500: disk or socket */
    ERR_COUNT
};

struct err_row {
    int status;       /* HTTP status */
    const char *code; /* public code, UPPER_SNAKE */
    const char *text; /* English words for a log or an answer without better ones */
};

/* The row of an error; unknown numbers give ERR_INTERNAL's. Never NULL. */
const struct err_row *err_row(enum err e);

#endif
