#include "entry/entries.h"

#include <stdlib.h>

#include "base/mem.h"

void entries_release(struct entries *es)
{
	free(es->v);
	buf_release(&es->text);
	metatab_release(&es->meta);
	*es = (struct entries){ 0 };
}

void entries_reset(struct entries *es)
{
	es->n = 0;
	buf_reset(&es->text);
	metatab_reset(&es->meta);
}

static uint64_t add_line(struct entries *es, struct bytes line)
{
	uint64_t off = es->text.n;
	char *to = buf_reserve(&es->text, line.n + 1);

	if (line.n)
		memcpy(to, line.p, line.n);
	to[line.n] = '\n';
	es->text.n += line.n + 1;
	return off;
}

void entries_add(struct entries *es, uint32_t stream, int64_t ts_ns, struct bytes line,
		 uint32_t meta)
{
	if (es->n == es->cap)
		mem_grow(&es->v, &es->cap, es->n + 1, sizeof(*es->v));
	es->v[es->n++] =
		(struct entry_ref){ ts_ns, add_line(es, line), (uint32_t)line.n, stream, meta };
}

void entries_set_line(struct entries *es, size_t i, struct bytes line)
{
	es->v[i].line_off = add_line(es, line);
	es->v[i].line_len = (uint32_t)line.n;
}

size_t entries_memory(const struct entries *es)
{
	return es->cap * sizeof(*es->v) + es->text.cap + metatab_memory(&es->meta);
}
