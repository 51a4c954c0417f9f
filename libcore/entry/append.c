#include "entry/append.h"

#include <stdlib.h>

#include "base/mem.h"

enum { SET_UNKNOWN = UINT32_MAX };

void append_scratch_release(struct append_scratch *s)
{
	free(s->set);
	free(s->pairs);
	*s = (struct append_scratch){ 0 };
}

/* The heap's number of the run's set; each set is translated once. */
static uint32_t translate(struct entries *es, const struct run *run, uint32_t set,
			  struct append_scratch *s)
{
	size_t n;

	if (set == 0)
		return 0;
	if (s->set[set] != SET_UNKNOWN)
		return s->set[set];
	n = meta_n_pairs(&run->meta, set);
	mem_grow(&s->pairs, &s->cap_pairs, n, sizeof(*s->pairs));
	for (size_t i = 0; i < n; i++)
		s->pairs[i] = meta_pair(&run->meta, set, i);
	s->set[set] = metatab_add(&es->meta, s->pairs, n);
	return s->set[set];
}

/* All entries, the lines at once. */
static void append_all(struct entries *es, uint32_t stream, const struct run *run,
		       struct append_scratch *s)
{
	uint64_t first = es->text.n;
	char *text;

	buf_add(&es->text, run->lines, run->lines_len);
	text = es->text.p + first;
	mem_grow(&es->v, &es->cap, es->n + run->n, sizeof(*es->v));
	for (size_t i = 0; i < run->n; i++) {
		uint32_t off = run->line_off[i], end = run->line_off[i + 1];
		uint32_t meta = run->meta_set ? translate(es, run, run->meta_set[i], s) : 0;

		text[end - 1] = '\n'; /* whatever the run says */
		es->v[es->n++] = (struct entry_ref){ run->ts_ns[i], first + off, end - off - 1,
						     stream, meta };
	}
}

size_t entries_append_run(struct entries *es, uint32_t stream, const struct run *run,
			  int64_t from_ns, int64_t to_ns, struct append_scratch *s)
{
	size_t taken = 0;

	if (run->meta_set) {
		mem_grow(&s->set, &s->cap_set, (size_t)run->meta.n_sets + 1, sizeof(*s->set));
		memset(s->set, 0xff, ((size_t)run->meta.n_sets + 1) * sizeof(*s->set));
	}
	if (from_ns == INT64_MIN && to_ns == INT64_MAX) {
		append_all(es, stream, run, s);
		return run->n;
	}
	for (size_t i = 0; i < run->n; i++) {
		int64_t ts = run->ts_ns[i];
		uint32_t meta = 0;

		if (ts < from_ns || (ts >= to_ns && to_ns != INT64_MAX))
			continue;
		if (run->meta_set)
			meta = translate(es, run, run->meta_set[i], s);
		entries_add(es, stream, ts, run_line(run, i), meta);
		taken++;
	}
	return taken;
}
