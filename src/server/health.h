/* /healthz, /readyz and /metrics (health.c). */
#ifndef INTERFLOW_SERVER_HEALTH_H
#define INTERFLOW_SERVER_HEALTH_H

#include "core/router.h"

extern const struct route health_routes[];

#endif
