/* The embedded interface as routes (static.c). */
#ifndef INTERFLOW_SERVER_STATIC_H
#define INTERFLOW_SERVER_STATIC_H

#include "core/router.h"

extern const struct route static_routes[];

#endif
