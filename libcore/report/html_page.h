/* A page of HTML without script, readable on light and dark screens, narrow ones, and in print. */
#ifndef REPORT_HTML_PAGE_H
#define REPORT_HTML_PAGE_H

#include "base/buf.h"

void html_page_begin(struct buf *out, const char *title);
/* Level 2 to 4: the title is 1. */
void html_page_heading(struct buf *out, int level, struct bytes text);
void html_page_text(struct buf *out, struct bytes text);
void html_page_end(struct buf *out);

#endif
