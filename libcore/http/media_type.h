/* The value of a Content-Type, read as Go's mime package does, since clients know its refusals. */
#ifndef HTTP_MEDIA_TYPE_H
#define HTTP_MEDIA_TYPE_H

#include "base/bytes.h"
#include "base/err.h"

enum { MEDIA_TYPE_MAX = 127 };

/* The type in lower case, without parameters: "application/json". Errors: ERR_USAGE. */
MUST_CHECK int media_type_parse(struct bytes value, char ret[MEDIA_TYPE_MAX + 1], struct err *e);

#endif
