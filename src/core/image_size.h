/* Width and height of a picture from the first bytes of its file: PNG, JPEG, GIF, WebP. Nothing is
 * decoded. */
#ifndef INTERFLOW_CORE_IMAGE_SIZE_H
#define INTERFLOW_CORE_IMAGE_SIZE_H

#include <stdbool.h>

#include "base/util.h"

#define IMAGE_SIDE_MAX 65535

/* head: the first len bytes (the frame header of a JPEG may lie behind metadata: give it a few
 * hundred KiB when there are as many). False: another format, damaged, cut off before the size, or
 * a side of 0 or more than IMAGE_SIDE_MAX. The size is that of the stored picture: a JPEG's
 * orientation 5 to 8 swaps the sides, and so do we. */
bool image_size(const unsigned char *head, size_t len, int *ret_width, int *ret_height);

#endif
