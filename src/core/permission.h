/* A set of permissions as bits. Which bit means what is declared once, in auth/permissions.h; core
 * only compares. */
#ifndef INTERFLOW_CORE_PERMISSION_H
#define INTERFLOW_CORE_PERMISSION_H

#include <stdint.h>

typedef uint64_t permission_set;

#define PERMISSION_BIT(p) (UINT64_C(1) << (p))

#endif
