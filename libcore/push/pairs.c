#include "push/pairs.h"

#include "base/mem.h"

int push_pairs_add(struct push_pairs *p, struct bytes name, struct bytes value, struct err *e)
{
	if (p->n == PUSH_META_MAX)
		return err_set(e, ERR_LIMIT, "more than %d attributes", PUSH_META_MAX);
	if (name.n > LABEL_NAME_MAX)
		return err_set(e, ERR_LIMIT,
			       "an attribute's name is %zu bytes long, at most %d are taken",
			       name.n, LABEL_NAME_MAX);
	mem_grow(&p->v, &p->cap, p->n + 1, sizeof(*p->v));
	p->v[p->n++] = (struct label){ name, value };
	return 0;
}

int push_pairs_set(struct push_pairs *p, struct bytes name, struct bytes value, struct err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		if (bytes_eq(p->v[i].name, name)) {
			p->v[i].value = value;
			return 0;
		}
	}
	return push_pairs_add(p, name, value, e);
}

int push_current_set(struct push_current *c, struct push_pairs *labels,
		     const struct push_sink *sink, struct err *e)
{
	struct push_labels spelled = { .form = PUSH_LABELS_PAIRS };
	struct labels set = { labels->v, labels->n };
	struct buf was = c->spelling;

	if (labels_normalize(&set, e) < 0)
		return -1;
	labels->n = set.n;
	buf_reset(&c->next);
	labels_encode(&c->next, &set);
	if (c->told && bytes_eq(buf_bytes(&c->next), buf_bytes(&c->spelling)))
		return 0;
	c->spelling = c->next;
	c->next = was;
	c->told = true;
	spelled.spelling = buf_bytes(&c->spelling);
	return sink->stream(sink->data, &spelled, e);
}

void push_current_release(struct push_current *c)
{
	buf_release(&c->spelling);
	buf_release(&c->next);
}
