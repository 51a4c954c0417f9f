/*
 * Matchers to series. Posting lists are unpacked into bit sets, one bit a series: 100,000 series
 * are 12 KiB, so sets of any shape cost the same few microseconds to combine.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "index/reader.h"
#include "labels/matcher.h"

void index_set_release(struct index_set *s)
{
	free(s->v);
	*s = (struct index_set){ 0 };
}

/* Calls add(first, n, data) for each run of series of a posting list. */
typedef void run_fn(uint32_t first, uint32_t n, void *data);

/* lokid-index(5), "POSTINGS": uvarint of gap * 2, plus 1 when another uvarint, length - 2, follows.
 */
static int each_run(struct index *ix, uint32_t pair, run_fn *add, void *data, struct err *e)
{
	uint64_t len = index_section_len(ix, SEC_POSTINGS), next = 0, left;
	uint32_t from, to = (uint32_t)len;
	struct bytes list;
	struct rd rd;

	if (index_row(ix, SEC_PAIRS, pair, &rd, e) < 0)
		return -1;
	rd.off += 8;
	from = rd_u32be(&rd);
	left = rd_u32be(&rd);
	if (pair + 1 < index_info(ix)->n_pairs) {
		if (index_row(ix, SEC_PAIRS, pair + 1, &rd, e) < 0)
			return -1;
		rd.off += 8;
		to = rd_u32be(&rd);
	}
	if (to < from)
		return err_set(e, ERR_CORRUPT, "postings of pair %u: from %u to %u", pair, from,
			       to);
	if (index_section_bytes(ix, SEC_POSTINGS, from, to - from, &list, e) < 0)
		return err_wrap(e, "postings of pair %u", pair);
	rd = rd_init(list);
	while (left > 0) {
		uint64_t gap = rd_uvarint(&rd);
		uint64_t n = gap & 1 ? rd_uvarint_max(&rd, UINT32_MAX) + 2 : 1;

		next += gap >> 1;
		if (rd.failed || n > left || next + n > index_info(ix)->n_series)
			return err_set(e, ERR_CORRUPT,
				       "postings of pair %u: no valid run at byte %zu", pair,
				       rd.off);
		add((uint32_t)next, (uint32_t)n, data);
		next += n + 1; /* the next run does not touch this one */
		left -= n;
	}
	if (rd_left(&rd) != 0)
		return err_set(e, ERR_CORRUPT, "postings of pair %u: %zu bytes too many", pair,
			       rd_left(&rd));
	return 0;
}

static void add_to_set(uint32_t first, uint32_t n, void *data)
{
	struct index_set *s = data;

	mem_grow(&s->v, &s->cap, s->n + n, sizeof(*s->v));
	for (uint32_t i = 0; i < n; i++)
		s->v[s->n++] = first + i;
}

int index_postings(struct index *ix, uint32_t pair, struct index_set *s, struct err *e)
{
	return each_run(ix, pair, add_to_set, s, e);
}

static void add_to_bits(uint32_t first, uint32_t n, void *data)
{
	uint64_t *w = data;

	for (uint64_t i = first, end = (uint64_t)first + n; i < end;) {
		if (i % 64 == 0 && end - i >= 64) {
			w[i / 64] = UINT64_MAX;
			i += 64;
		} else {
			w[i / 64] |= UINT64_C(1) << (i % 64);
			i++;
		}
	}
}

/* Into w come the series that have a value of the label for which the matcher says `want`. */
static int values_that(struct index *ix, const struct matcher *m, bool want, uint64_t *w,
		       struct err *e)
{
	struct index_name name;
	int rc = index_name_find(ix, m->name, &name, e);

	if (rc <= 0)
		return rc;
	for (uint32_t i = 0; i < name.n_pairs; i++) {
		struct index_pair p;

		if (index_pair_at(ix, name.first_pair + i, &p, e) < 0)
			return -1;
		if (matcher_match_value(m, p.value) == want &&
		    each_run(ix, name.first_pair + i, add_to_bits, w, e) < 0)
			return -1;
	}
	return 0;
}

/* all &= what m matches; w is scratch of as many words. */
static int match_one(struct index *ix, const struct matcher *m, uint64_t *all, uint64_t *w,
		     size_t words, struct err *e)
{
	/* A series without the label has "": when that fits, look for those that do not fit. */
	bool absent_fits = matcher_match_value(m, BYTES_LIT(""));
	bool one_value = (m->op == MATCH_EQ || m->op == MATCH_NE) && m->value.n > 0;
	uint32_t pair;
	int rc;

	memset(w, 0, words * sizeof(*w));
	if (one_value) { /* the only value that fits, or that does not */
		rc = index_pair_find(ix, m->name, m->value, &pair, e);
		if (rc == 1)
			rc = each_run(ix, pair, add_to_bits, w, e);
	} else {
		rc = values_that(ix, m, !absent_fits, w, e);
	}
	for (size_t i = 0; i < words; i++)
		all[i] &= absent_fits ? ~w[i] : w[i];
	return rc < 0 ? -1 : 0;
}

int index_match(struct index *ix, const struct matcher *m, size_t n, struct index_set *s,
		struct err *e)
{
	uint32_t n_series = index_info(ix)->n_series;
	size_t words = (size_t)n_series / 64 + 1;
	uint64_t *all = mem_alloc(2 * words * sizeof(*all)), *scratch = all + words;
	int rc = 0;

	s->n = 0;
	add_to_bits(0, n_series, all);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = match_one(ix, &m[i], all, scratch, words, e);
	for (size_t i = 0; i < words && rc == 0; i++)
		for (uint64_t bits = all[i]; bits; bits &= bits - 1)
			add_to_set((uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(bits), 1, s);
	free(all);
	return rc;
}
