/* What every unit test includes: cmocka with the headers that it wants before itself. */
#ifndef INTERFLOW_TESTS_CHECK_H
#define INTERFLOW_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#endif
