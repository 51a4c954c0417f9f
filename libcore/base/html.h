/* Text made safe for HTML and SVG, between tags and in attributes. */
#ifndef BASE_HTML_H
#define BASE_HTML_H

#include "base/buf.h"

void html_add(struct buf *out, struct bytes text);

/* The same for XML, which SVG is: what that cannot hold, as control characters and bytes that are
 * not UTF-8, becomes U+FFFD. */
void html_add_xml(struct buf *out, struct bytes text);

#endif
