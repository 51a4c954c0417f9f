#include "prompt/mark.h"

#include "base/visible.h"
#include "prompt/width.h"
#include "query/format.h"

enum { INDENT = 2, COLS_MIN = 10 };

/* A part of a line as it is shown: a tab is a blank. */
static void add_shown(struct buf *b, struct bytes text)
{
	size_t from = b->n;

	visible_add(b, text);
	for (size_t i = from; i < b->n; i++)
		if (b->p[i] == '\t')
			b->p[i] = ' ';
}

void mark_add(struct buf *b, struct bytes text, const struct logql_pos *pos, unsigned cols)
{
	size_t at = pos->off < text.n ? pos->off : text.n, from = at, to = at, col, skip = 0;
	struct buf line = { 0 };
	struct bytes shown;

	while (from > 0 && text.p[from - 1] != '\n')
		from--;
	while (to < text.n && text.p[to] != '\n')
		to++;
	add_shown(&line, bytes_sub(text, from, at - from));
	col = width_of(buf_bytes(&line), 0);
	add_shown(&line, bytes_sub(text, at, to - at));
	shown = buf_bytes(&line);
	cols = (cols > COLS_MIN ? cols : COLS_MIN) - INDENT - 1;
	/* Of a long line the part round the place. */
	if (width_of(shown, 0) > cols && col > cols * 2 / 3) {
		skip = width_fit(shown, col - cols * 2 / 3);
		col -= width_of(bytes_sub(shown, 0, skip), 0);
	}
	shown = bytes_sub(shown, skip, shown.n);
	shown.n = width_fit(shown, cols);
	buf_addf(b, "%*s%.*s\n%*s^\n", INDENT, "", BYTES_ARG(shown), (int)(INDENT + col), "");
	buf_release(&line);
}
