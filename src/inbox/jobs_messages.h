/* The inbox's jobs about messages, for its table of job kinds (inbox.c). */
#ifndef INTERFLOW_INBOX_JOBS_MESSAGES_H
#define INTERFLOW_INBOX_JOBS_MESSAGES_H

#include "core/jobs.h"

enum job_outcome inbox_job_send(struct ctx *c, struct job *j);
enum err inbox_job_send_parked(struct ctx *c, struct job *j);
enum job_outcome inbox_job_release(struct ctx *c, struct job *j);
enum job_outcome inbox_job_wake(struct ctx *c, struct job *j);
enum job_outcome inbox_job_fetch(struct ctx *c, struct job *j);
enum err inbox_job_fetch_parked(struct ctx *c, struct job *j);
enum job_outcome inbox_job_react(struct ctx *c, struct job *j);
enum job_outcome inbox_job_seen(struct ctx *c, struct job *j);

#endif
