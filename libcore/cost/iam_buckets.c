/* Which buckets a policy speaks of: resources "arn:PARTITION:s3:::BUCKET" and what is below. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cost/iam.h"

static const char stand_in[] = "example";

struct found {
	struct iam_bucket *v;
	size_t n, cap;
};

static void add(struct found *f, struct iam_bucket b)
{
	for (size_t i = 0; i < f->n; i++)
		if (bytes_eq(f->v[i].name, b.name) && bytes_eq(f->v[i].partition, b.partition))
			return;
	if (f->n > IAM_BUCKETS_MAX)
		return;
	mem_grow(&f->v, &f->cap, f->n + 1, sizeof(*f->v));
	f->v[f->n++] = b;
}

/* The symbols up to one of stops, or the end, as a text: runs as a stand-in. */
static struct bytes take(const struct iam_glob *g, uint32_t *i, char stop, const char *run,
			 bool *ret_pattern, struct arena *a)
{
	struct buf b = { 0 };
	struct bytes ret;

	*ret_pattern = false;
	for (; *i < g->n && g->sym[*i] != stop; ++*i) {
		uint16_t s = g->sym[*i];

		*ret_pattern |= s >= 256;
		if (s == IAM_RUN)
			buf_add_str(&b, run);
		else
			buf_add_char(&b, s == IAM_ONE ? 'x' : (char)s);
	}
	ret = arena_copy(a, buf_bytes(&b));
	buf_release(&b);
	return ret;
}

/* False: it is no bucket's. "*" is any. */
static bool bucket_of(const struct iam_glob *g, struct arena *a, struct iam_bucket *ret)
{
	bool pattern;
	uint32_t i = 0;

	*ret = (struct iam_bucket){ .partition = BYTES_LIT("aws"),
				    .name = bytes_str(stand_in),
				    .stand_in = true };
	if (g->n == 1 && g->sym[0] == IAM_RUN)
		return true;
	for (unsigned part = 0; part < 5; part++, i++) {
		static const char *const expected[] = { "arn", NULL, "s3", "", "" };
		struct bytes t = take(g, &i, ':', "", &pattern, a);

		if (i == g->n)
			return false;
		if (part == 1 && !pattern)
			ret->partition = t;
		if (expected[part] && !bytes_is(t, expected[part]))
			return false;
	}
	ret->name = take(g, &i, '/', stand_in, &ret->stand_in, a);
	return ret->name.n > 0;
}

struct iam_bucket *iam_buckets(const struct iam *p, struct bytes only, struct arena *a,
			       size_t *ret_n)
{
	struct found f = { 0 };

	for (int round = 0; round < 2; round++)
		for (size_t s = 0; s < p->n; s++)
			for (size_t i = 0; i < p->v[s].resource.n; i++) {
				struct iam_bucket b;

				if (bucket_of(&p->v[s].resource.v[i], a, &b) &&
				    b.stand_in == (round == 1) &&
				    (!only.n || bytes_eq(b.name, only)))
					add(&f, b);
			}
	*ret_n = f.n;
	return f.v;
}
