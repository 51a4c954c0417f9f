/* A websocket without its thread and its request: for the files of this module, and fuzzing. */
#ifndef HTTP_FRAMES_H
#define HTTP_FRAMES_H

#include "http/websocket.h"

struct websocket *websocket_new(void); /* closed */
/* It is open from now on, on fd, which does not block and stays the caller's; early was read before
 * and comes first. */
void websocket_begin(struct websocket *w, int fd, struct bytes early);
/* Says goodbye, unless that was said, and waits for the client's a little: a socket that is closed
 * with bytes unread is reset, and the client may lose what was said last. */
void websocket_part(struct websocket *w);
void websocket_free(struct websocket *w);

#endif
