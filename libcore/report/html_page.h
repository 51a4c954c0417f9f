/* A page of HTML without script, readable on light and dark screens, narrow ones, and in print. */
#ifndef REPORT_HTML_PAGE_H
#define REPORT_HTML_PAGE_H

#include "base/buf.h"

void html_page_begin(struct buf *out, const char *title);
/* Level 2 to 4: the title is 1. */
void html_page_heading(struct buf *out, int level, struct bytes text);
void html_page_text(struct buf *out, struct bytes text);
/* What stands between is folded under a line until that is clicked; in print it is open or not, as
 * it was on the screen. */
void html_page_fold_begin(struct buf *out, struct bytes line);
void html_page_fold_end(struct buf *out);
void html_page_end(struct buf *out);

#endif
