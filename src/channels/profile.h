/* Name and picture of people who wrote, where the platform tells them. */
#ifndef INTERFLOW_CHANNELS_PROFILE_H
#define INTERFLOW_CHANNELS_PROFILE_H

#include "core/jobs.h"

/* contact.profile {channelId, customerId, identifier}: put by the inbox where a person is new. */
extern const struct job_kind profile_jobs[];

#endif
