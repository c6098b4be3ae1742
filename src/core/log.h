/* Structured logs: one JSON object per line on standard error (or readable lines on a terminal),
 * with time, level, worker, trace id, message and fields. Library code returns errors; the router,
 * the job runner and the supervisor log once. Never log secrets, message texts or contact data. */
#ifndef INTERFLOW_CORE_LOG_H
#define INTERFLOW_CORE_LOG_H

#include <stdbool.h>

#include "base/util.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *name; /* NULL ends the list */
    const char *text; /* NULL: use number */
    int64_t number;
};

/* NULL is shown as an empty text. */
static inline const char *log_text(const char *text)
{
    return text ? text : "";
}

#define LOG_TEXT(n, t)  ((struct log_field){.name = (n), .text = log_text(t)})
#define LOG_INT(n, v)   ((struct log_field){.name = (n), .number = (int64_t)(v)})
#define LOG_FIELDS(...) ((const struct log_field[]){__VA_ARGS__, {0}})

struct log_options {
    enum log_level level;
    bool json;           /* false: readable lines */
    const char *process; /* "supervisor", "worker 1" */
};

void log_setup(const struct log_options *o);
/* trace may be NULL. Thread-safe: one write(2) per line. */
void log_event(enum log_level level, const char *trace, const char *message,
               const struct log_field *fields);

#endif
