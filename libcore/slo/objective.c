#include "slo/objective.h"

#include <stdlib.h>

#include "base/mem.h"

void slo_set_release(struct slo_set *s)
{
	free(s->v);
	arena_release(&s->mem);
	*s = (struct slo_set){ 0 };
}

struct slo *slo_set_add(struct slo_set *s)
{
	mem_grow(&s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n] = (struct slo){ 0 };
	return &s->v[s->n++];
}

void slo_add_place(struct buf *b, const struct slo *o)
{
	if (o->file)
		buf_addf(b, "%s:%u: ", o->file, o->line);
	buf_addf(b, "objective '%.*s'", BYTES_ARG(o->name));
}
