/* Text made safe for HTML and SVG, between tags and in attributes. */
#ifndef BASE_HTML_H
#define BASE_HTML_H

#include "base/buf.h"

void html_add(struct buf *out, struct bytes text);

#endif
