/* The clean-up of kept answers, for the list of job kinds (src/server/tables.c). */
#ifndef INTERFLOW_CORE_IDEMPOTENCY_H
#define INTERFLOW_CORE_IDEMPOTENCY_H

#include "core/jobs.h"

extern const struct job_kind idempotency_jobs[];

#endif
