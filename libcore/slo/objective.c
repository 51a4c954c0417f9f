#include "slo/objective.h"

#include <stdlib.h>

#include "base/mem.h"

void slo_set_release(struct slo_set *s)
{
	for (size_t i = 0; i < s->n_zones; i++)
		time_zone_free(s->zone[i]);
	free(s->zone);
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

const struct time_zone *slo_set_zone(struct slo_set *s, struct bytes name, struct err *e)
{
	struct time_zone *zone;

	for (size_t i = 0; i < s->n_zones; i++)
		if (bytes_eq(time_zone_name(s->zone[i]), name))
			return s->zone[i];
	zone = time_zone_open(name, e);
	if (!zone)
		return NULL;
	mem_grow(&s->zone, &s->cap_zones, s->n_zones + 1, sizeof(*s->zone));
	return s->zone[s->n_zones++] = zone;
}

void slo_add_place(struct buf *b, const struct slo *o)
{
	if (o->file)
		buf_addf(b, "%s:%u: ", o->file, o->line);
	buf_addf(b, "objective '%.*s'", BYTES_ARG(o->name));
}
