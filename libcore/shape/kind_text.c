/* Any values: as they are, each with a newline behind it. */
#include <string.h>

#include "base/mem.h"
#include "shape/kind.h"

static bool encode(const struct kind_in *in, struct kind_out *out)
{
	size_t total = in->n;
	char *to;

	for (size_t i = 0; i < in->n; i++)
		total += in->v[i].n;
	to = buf_reserve(&out->body, total + NEAR_PAD);
	for (size_t i = 0; i < in->n; i++) {
		kind_copy(to, in->v[i].p, in->v[i].n);
		to += in->v[i].n;
		*to++ = '\n';
	}
	out->body.n += total;
	return true;
}

/* Where each value begins; returns how many newlines there are, which may be more than n. */
static size_t find_newlines(struct bytes in, size_t n, uint32_t *off)
{
	const char *end = in.p + in.n;
	size_t found = 0;

	off[0] = 0;
	for (const char *p = in.p; found <= n && (p = near_either(p, end, '\n', '\n')) < end; p++) {
		if (++found <= n)
			off[found] = (uint32_t)(p + 1 - in.p);
	}
	return found;
}

static int decode(const struct kind_from *from, struct kind_mem *m, struct shape_values *ret,
		  struct err *e)
{
	uint32_t *off;
	char *text;

	/* Each value's newline is not among the bytes of all. */
	if (from->body.n < from->n || from->body.n - from->n > from->max)
		return kind_corrupt(e, "as long as no values can be");
	/* All are made: where one begins is known only from those before it. */
	if (kind_room(m, from, 0, &text, &off, e) < 0)
		return -1;
	if (find_newlines(from->body, from->n, off) != from->n || off[from->n] != from->body.n)
		return kind_corrupt(e, "not as many values as lines that have one");
	*ret = (struct shape_values){ .n = from->n, .text = from->body.p, .off = off, .gap = 1 };
	return 0;
}

const struct kind kind_text = { .name = "text", .encode = encode, .decode = decode };
