/* The channels' own rows, for the list of all tables. */
#ifndef INTERFLOW_CHANNELS_API_H
#define INTERFLOW_CHANNELS_API_H

#include "core/router.h"

extern const struct route channels_routes[];

#endif
