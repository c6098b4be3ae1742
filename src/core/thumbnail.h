/* Small pictures of large ones, and of videos: made by ffmpeg in a process apart (child.h) when they
 * are first asked for, kept beside the content, gone with it. */
#ifndef INTERFLOW_CORE_THUMBNAIL_H
#define INTERFLOW_CORE_THUMBNAIL_H

#include "core/files.h"

#define THUMBNAIL_SIDE 640 /* pixels of the longer side at most */

/* Answer with a WebP picture of at most THUMBNAIL_SIDE × THUMBNAIL_SIDE. A picture that is small
 * already, moves (GIF), or that no small one can be made of is answered as it is. ERR_NOT_FOUND
 * (NO_THUMBNAIL): a video that cannot be read, or neither picture nor video; ERR_CANCELLED. Blocks
 * (coroutine). */
MUST_USE enum err thumbnail_reply(struct ctx *c, const struct file *f, struct reply *p);

#endif
