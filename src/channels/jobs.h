/* Runners of the channels' jobs (table in state.c). */
#ifndef INTERFLOW_CHANNELS_JOBS_H
#define INTERFLOW_CHANNELS_JOBS_H

#include "core/jobs.h"

/* receive.c: waiting bodies → decode → sink → done or parked. */
enum job_outcome job_channel_receive(struct ctx *c, struct job *j);

#endif
