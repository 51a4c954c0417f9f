/* Text made safe for other languages, as Go's packages do it. */
#ifndef TEMPLATE_ESCAPE_H
#define TEMPLATE_ESCAPE_H

#include "base/buf.h"

void escape_js(struct buf *out, struct bytes text);
/* As in a query: blanks become "+". */
void escape_url(struct buf *out, struct bytes text);

/* The reverse of escape_url. False: *ret_bad is the escape that is none. */
bool unescape_url(struct buf *out, struct bytes text, struct bytes *ret_bad);

#endif
