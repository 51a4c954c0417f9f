/* Text made safe for Markdown, also in the cells of its tables. */
#ifndef REPORT_MARKDOWN_H
#define REPORT_MARKDOWN_H

#include "base/buf.h"

/* Appends the text on one line, so that Markdown leaves it as it is. Blanks at its ends are left
 * out; control characters are made visible. */
void markdown_add(struct buf *out, struct bytes text);

#endif
