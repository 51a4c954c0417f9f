#include "report/markdown.h"

#include "base/visible.h"

void markdown_add(struct buf *out, struct bytes text)
{
	struct buf seen = { 0 };

	visible_add(&seen, bytes_trim(text));
	for (size_t i = 0; i < seen.n; i++) {
		char c = seen.p[i];

		if (c == '\n' || c == '\t')
			c = ' ';
		if (strchr("|<>*_`[]\\#&", c))
			buf_add_char(out, '\\');
		buf_add_char(out, c);
	}
	buf_release(&seen);
}
