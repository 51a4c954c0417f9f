/*
 * Each block is read by the thread whose turn it is, which then goes on to take it apart, while the
 * next one reads. A block ends with a line; what is behind goes into the next one.
 */
#include "cost/read.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/find.h"
#include "base/mem.h"
#include "base/near.h"
#include "base/work.h"
#include "codec/stream.h"

enum { SLOTS_PER_JOB = 2 };

struct kept {
	struct cost_record record;
	uint64_t line; /* in its block, from 0 */
};

struct fault {
	uint64_t line;
	struct err err;
};

struct block {
	char *text; /* COST_LINE_MAX, and NEAR_PAD behind */
	size_t n;
	bool last; /* the input ended */
	uint64_t lines;
	struct kept *kept;
	size_t n_kept, cap_kept;
	struct buf scratch;
	struct fault fault[COST_FAULTS_MAX];
	uint64_t n_faults; /* more than are in fault, perhaps */
};

struct reader {
	struct cost_reading *how;
	const char *name;
	struct codec_stream *in;
	struct block *blocks; /* one for each slot */
	uint64_t lines;	      /* of the blocks before */

	pthread_mutex_t lock; /* guards turn, ended, and the reading itself */
	pthread_cond_t turned;
	size_t turn; /* the item that is read next */
	bool ended;
	struct buf rest; /* behind the last whole line of the block before */
};

static int fill(struct reader *r, struct block *b, struct err *e)
{
	int64_t got;
	size_t whole;

	memcpy(b->text, r->rest.p, r->rest.n);
	b->n = r->rest.n;
	buf_reset(&r->rest);
	got = codec_stream_read(r->in, b->text + b->n, COST_LINE_MAX - b->n, e);
	if (got < 0)
		return -1;
	b->n += (size_t)got;
	b->last = b->n < COST_LINE_MAX;
	if (!b->last) {
		const char *end = memrchr(b->text, '\n', b->n);

		if (!end)
			return err_set(e, ERR_LIMIT, "a line is longer than %d bytes",
				       COST_LINE_MAX);
		whole = (size_t)(end - b->text) + 1;
		buf_add(&r->rest, b->text + whole, b->n - whole);
		b->n = whole;
	}
	memset(b->text + b->n, 0, NEAR_PAD);
	return 0;
}

/* Reads the block of this item, when those before are read. */
static int take_turn(struct reader *r, struct block *b, size_t item, struct err *e)
{
	int rc = 0;

	b->n = 0;
	b->last = true;
	pthread_mutex_lock(&r->lock);
	while (r->turn != item)
		pthread_cond_wait(&r->turned, &r->lock);
	if (!r->ended)
		rc = fill(r, b, e);
	r->ended |= rc < 0 || b->last;
	r->turn++;
	pthread_cond_broadcast(&r->turned);
	pthread_mutex_unlock(&r->lock);
	return rc;
}

static void add_fault(struct block *b, uint64_t line, const struct err *e)
{
	if (b->n_faults < COST_FAULTS_MAX)
		b->fault[b->n_faults] = (struct fault){ line, *e };
	b->n_faults++;
}

static void parse_line(const struct reader *r, struct block *b, struct bytes line)
{
	struct err e;

	if (bytes_trim(line).n == 0)
		return;
	mem_grow(&b->kept, &b->cap_kept, b->n_kept + 1, sizeof(*b->kept));
	b->kept[b->n_kept].line = b->lines;
	if (cost_record_json(line, r->how->dims, &b->scratch, &b->kept[b->n_kept].record, &e) < 0)
		add_fault(b, b->lines, &e);
	else
		b->n_kept++;
}

static int parse_block(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	struct reader *r = data;
	struct block *b = &r->blocks[slot];
	struct bytes rest;

	(void)worker;
	b->lines = b->n_kept = b->n_faults = 0;
	if (take_turn(r, b, item, e) < 0)
		return -1;
	buf_reset(&b->scratch);
	buf_reserve(&b->scratch, b->n + 1); /* so that nothing in it moves */
	rest = bytes_of(b->text, b->n);
	if (item == 0) {
		struct bytes text = codec_skip_bom(rest);

		rest = text;
	}
	while (rest.n > 0) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) : rest.n;

		parse_line(r, b, bytes_of(rest.p, n));
		b->lines++;
		rest = bytes_sub(rest, n + 1, rest.n);
	}
	return 0;
}

static int at_line(const struct reader *r, uint64_t line, struct err *e)
{
	return err_wrap(e, "%s: line %llu", r->name, (unsigned long long)(r->lines + line + 1));
}

static int take_up(void *data, size_t item, size_t slot, struct err *e)
{
	struct reader *r = data;
	struct block *b = &r->blocks[slot];

	(void)item;
	for (size_t i = 0; i < b->n_faults && i < COST_FAULTS_MAX; i++) {
		if (r->how->n_faults + i >= COST_FAULTS_MAX)
			break;
		at_line(r, b->fault[i].line, &b->fault[i].err);
		r->how->fault(r->how->data, &b->fault[i].err);
	}
	r->how->n_faults += b->n_faults;
	for (size_t i = 0; i < b->n_kept; i++)
		if (r->how->record(r->how->data, &b->kept[i].record, e) < 0)
			return at_line(r, b->kept[i].line, e);
	r->lines += b->lines;
	return b->last;
}

int cost_read(struct cost_reading *how, int fd, const char *name, struct err *e)
{
	unsigned jobs = how->jobs;
	size_t window = (size_t)jobs * SLOTS_PER_JOB;
	struct reader r = { .how = how, .name = name };
	struct work w = { SIZE_MAX, jobs, window, parse_block, take_up, &r };
	int rc;

	r.in = codec_stream_new(fd, (struct bytes){ 0 });
	r.blocks = mem_alloc(window * sizeof(*r.blocks));
	for (size_t i = 0; i < window; i++)
		r.blocks[i].text = mem_alloc(COST_LINE_MAX + NEAR_PAD);
	pthread_mutex_init(&r.lock, NULL);
	pthread_cond_init(&r.turned, NULL);
	rc = work_run(&w, e);
	pthread_cond_destroy(&r.turned);
	pthread_mutex_destroy(&r.lock);
	for (size_t i = 0; i < window; i++) {
		free(r.blocks[i].text);
		free(r.blocks[i].kept);
		buf_release(&r.blocks[i].scratch);
	}
	free(r.blocks);
	buf_release(&r.rest);
	codec_stream_free(r.in);
	return rc < 0 ? -1 : 0;
}
