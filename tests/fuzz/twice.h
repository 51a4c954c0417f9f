/*
 * Lines through the stages of a query twice: as they are applied, and with the parsers' complete,
 * slow way alone. What is left, and its labels, must be equal. Lines end where memory ends, so that
 * whoever reads on is killed.
 */
#ifndef TESTS_TWICE_H
#define TESTS_TWICE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "logql/parse.h"
#include "query/keys.h"
#include "query/stage_json.h"
#include "query/stage_logfmt.h"

enum twice_way { TWICE_FAST, TWICE_SLOW, TWICE_WAYS };

struct twice {
	struct logql_query tree;
	struct pipeline pipeline;
	const struct labels *stream; /* the caller's; another one may be set at any time */
	struct metatab meta;
	uint32_t *set; /* of each entry */
	size_t cap_set;
	struct twice_run {
		struct names names;
		struct keys keys;
		struct block block;
	} run[TWICE_WAYS];
	char *memory;
	size_t memory_len;
	uint32_t *off;
	size_t cap_off;
};

static inline int twice_no_load(struct block *b, unsigned want, struct err *e)
{
	(void)want;
	(void)e;
	b->have = WANT_ALL;
	return 0;
}

/* Metadata that entries have by turns: none, harmless, names of fields, an error. */
static inline void twice_add_meta(struct twice *t)
{
	static const struct label sets[][2] = {
		{ { { "pod", 3 }, { "p", 1 } }, { { "node", 4 }, { "n", 1 } } },
		{ { { "method", 6 }, { "m", 1 } }, { { "status", 6 }, { "9", 1 } } },
		{ { { "__error__", 9 }, { "x", 1 } }, { { "level", 5 }, { "", 0 } } },
	};

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		if (metatab_add(&t->meta, sets[i], 2) != i + 1)
			abort();
}

/* The query is a log query, its entries grouped so. */
static inline void twice_init(struct twice *t, const char *query, const struct grouping *group,
			      const struct labels *stream)
{
	*t = (struct twice){ .stream = stream, .memory_len = 1 << 20 };
	if (logql_parse(bytes_str(query), NULL, &t->tree, NULL, NULL) < 0 ||
	    pipeline_bind(&t->pipeline, t->tree.root->log, NULL, group, NULL) < 0)
		abort();
	for (int k = 0; k < TWICE_WAYS; k++) {
		struct twice_run *r = &t->run[k];

		names_copy(&r->names, &t->pipeline.names);
		r->block.names = &r->names;
		r->block.keys = &r->keys;
		r->block.load = twice_no_load;
	}
	twice_add_meta(t);
	t->memory = mmap(NULL, t->memory_len + 65536, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (t->memory == MAP_FAILED || mprotect(t->memory + t->memory_len, 65536, PROT_NONE) < 0)
		abort();
}

static inline void twice_release(struct twice *t)
{
	for (int k = 0; k < TWICE_WAYS; k++) {
		block_release(&t->run[k].block);
		keys_release(&t->run[k].keys);
		names_release(&t->run[k].names);
	}
	pipeline_release(&t->pipeline);
	logql_query_release(&t->tree);
	munmap(t->memory, t->memory_len + 65536);
	metatab_release(&t->meta);
	free(t->off);
	free(t->set);
}

static inline void twice_apply(struct twice *t, enum twice_way way, const struct run *run)
{
	struct block *b = &t->run[way].block;
	int r = 0;

	block_reset(b, t->stream);
	b->run = *run;
	b->have = WANT_ALL;
	block_select_all(b);
	for (size_t i = 0; i < t->pipeline.n_stages && b->n_sel && r == 0; i++) {
		const struct stage *s = &t->pipeline.stage[i];

		if (way == TWICE_SLOW && s->ops == &stage_json)
			r = stage_extract(s, b, json_extract_slowly, NULL);
		else if (way == TWICE_SLOW && s->ops == &stage_logfmt)
			r = stage_extract(s, b, logfmt_extract_slowly, NULL);
		else
			r = s->ops->apply(s, b, NULL);
	}
	if (r < 0)
		abort();
}

/* The labels of an entry as a text, in their order. */
static inline void twice_print(const struct block *b, uint32_t i, struct buf *out)
{
	size_t n = block_n_labels(b, i);
	struct elabel *v = mem_alloc((n + 1) * sizeof(*v));

	buf_reset(out);
	n = block_labels(b, i, v);
	for (size_t k = 0; k < n; k++)
		buf_addf(out, "%.*s(%u)=%.*s;", BYTES_ARG(b->names->v[v[k].name]), v[k].kind,
			 BYTES_ARG(v[k].value));
	free(v);
}

static inline void twice_differ(struct bytes line, const struct buf *fast, const struct buf *slow)
{
	fprintf(stderr, "line: %.*s\nfast: %.*s\nslow: %.*s\n", BYTES_ARG(line),
		BYTES_ARG(buf_bytes(fast)), BYTES_ARG(buf_bytes(slow)));
	abort();
}

static inline void twice_compare(const struct twice *t)
{
	const struct block *a = &t->run[TWICE_FAST].block, *b = &t->run[TWICE_SLOW].block;
	struct buf fast = { 0 }, slow = { 0 };
	size_t k = 0;

	for (; k < a->n_sel || k < b->n_sel; k++) {
		uint32_t i = k < a->n_sel ? block_entry(a, k) : UINT32_MAX;
		uint32_t j = k < b->n_sel ? block_entry(b, k) : UINT32_MAX;

		buf_reset(&fast);
		buf_reset(&slow);
		if (i <= j)
			twice_print(a, i, &fast);
		if (j <= i)
			twice_print(b, j, &slow);
		if (i != j || !bytes_eq(buf_bytes(&fast), buf_bytes(&slow)))
			twice_differ(run_line(&a->run, i < j ? i : j), &fast, &slow);
	}
	buf_release(&fast);
	buf_release(&slow);
}

/* Lines, a newline behind each, that are an entry each; at most 1 MiB. Every other has metadata. */
static inline void twice_lines(struct twice *t, struct bytes lines)
{
	char *p = t->memory + t->memory_len - lines.n;
	struct run run = { .lines = p, .lines_len = lines.n };

	memcpy(p, lines.p, lines.n);
	mem_grow(&t->off, &t->cap_off, lines.n + 1, sizeof(*t->off));
	mem_grow(&t->set, &t->cap_set, lines.n + 1, sizeof(*t->set));
	t->off[0] = 0;
	for (uint32_t i = 0; i < lines.n; i++)
		if (p[i] == '\n')
			t->off[++run.n] = i + 1;
	for (uint32_t i = 0; i < run.n; i++)
		t->set[i] = i % 2 ? i / 2 % 4 : 0;
	run.line_off = t->off;
	run.meta_set = t->set;
	run.meta = metatab_view(&t->meta);
	for (int way = 0; way < TWICE_WAYS; way++)
		twice_apply(t, way, &run);
	twice_compare(t);
}

#endif
