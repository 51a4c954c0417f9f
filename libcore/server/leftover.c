#include "server/leftover.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static void swap(struct marks *a, struct marks *b)
{
	struct marks was = *a;

	*a = *b;
	*b = was;
}

static void mark(struct marks *m, const struct hash128 *h)
{
	mem_grow(&m->v, &m->cap, m->n + 1, sizeof(*m->v));
	m->v[m->n++] = *h;
}

void leftover_look(struct leftover *l)
{
	l->seen.n = 0;
	swap(&l->unread, &l->were_unread);
	l->were_unread.n = hash128_sort(l->were_unread.v, l->were_unread.n);
	l->unread.n = 0;
}

void leftover_saw(struct leftover *l, const struct wal_segment *s)
{
	struct buf b = { 0 };
	struct hash128 h;

	buf_addf(&b, "%s %llu", s->path, (unsigned long long)s->size);
	h = hash128(buf_bytes(&b));
	mark(&l->seen, &h);
	buf_release(&b);
}

bool leftover_cannot_open(struct leftover *l, const struct err *why)
{
	struct hash128 h = hash128(bytes_str(why->msg));

	mark(&l->unread, &h);
	return hash128_among(l->were_unread.v, l->were_unread.n, &h);
}

bool leftover_has_new(const struct leftover *l)
{
	for (size_t i = 0; i < l->seen.n; i++)
		if (!hash128_among(l->left.v, l->left.n, &l->seen.v[i]))
			return true;
	return false;
}

void leftover_begin(struct leftover *l)
{
	swap(&l->tried, &l->seen);
	l->seen.n = 0;
}

bool leftover_was_told(const struct leftover *l, const struct err *why)
{
	return l->left.n && strcmp(l->why.msg, why->msg) == 0;
}

bool leftover_end(struct leftover *l, bool only_damage, const struct err *why)
{
	bool told = leftover_was_told(l, why);

	swap(&l->left, &l->tried);
	l->tried.n = 0;
	l->left.n = only_damage ? hash128_sort(l->left.v, l->left.n) : 0;
	l->why = *why;
	return told && l->left.n;
}

void leftover_forget(struct leftover *l)
{
	l->left.n = 0;
}

void leftover_release(struct leftover *l)
{
	free(l->seen.v);
	free(l->tried.v);
	free(l->left.v);
	free(l->unread.v);
	free(l->were_unread.v);
	*l = (struct leftover){ 0 };
}
