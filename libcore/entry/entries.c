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

void entries_add(struct entries *es, uint32_t stream, int64_t ts_ns, struct bytes line,
		 uint32_t meta)
{
	if (es->n == es->cap)
		mem_grow(&es->v, &es->cap, es->n + 1, sizeof(*es->v));
	es->v[es->n++] = (struct entry_ref){ ts_ns, es->text.n, (uint32_t)line.n, stream, meta };
	buf_add_bytes(&es->text, line);
}

size_t entries_memory(const struct entries *es)
{
	return es->cap * sizeof(*es->v) + es->text.cap + metatab_memory(&es->meta);
}
