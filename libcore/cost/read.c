/*
 * Each block is read by the thread whose turn it is, which then goes on to take it apart, while the
 * next one reads. A block ends with a line, or a row; what is behind goes into the next one.
 */
#include "cost/read.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/find.h"
#include "base/mem.h"
#include "base/near.h"
#include "base/work.h"
#include "codec/stream.h"

enum { SLOTS_PER_JOB = 2 };

struct block {
	char *text; /* COST_LINE_MAX, and NEAR_PAD behind */
	size_t n;
	bool last;	/* the input ended */
	uint64_t line;	/* of its first, from 1 */
	size_t heading; /* bytes of it that are no records */
	struct cost_record *kept;
	size_t n_kept, cap_kept;
	struct arena scratch;
	struct err fault[COST_FAULTS_MAX];
	uint64_t n_faults; /* more than are in fault, perhaps */
};

struct reader {
	struct cost_reading *how;
	const char *name;
	struct codec_stream *in;
	struct block *blocks; /* one for each slot */

	pthread_mutex_t lock; /* guards all below, and the reading itself */
	pthread_cond_t turned;
	size_t turn; /* the item that is read next */
	bool ended;
	struct buf rest; /* behind the last whole line of the block before */
	uint64_t lines;	 /* before the block that is read next */

	/* Set with the first block. */
	bool is_csv;
	struct cost_columns columns;
};

/* --- reading a block ------------------------------------------------------------------------- */

static uint64_t count_lines(const char *p, size_t n)
{
	uint64_t lines = 0;

	for (const char *end = p + n; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
		lines++;
	return lines;
}

/* Up to where there are whole rows: the last newline that is in no quotes; 0 when there is none. */
static size_t whole_rows(const char *text, size_t n)
{
	const char *p = text, *end = text + n;
	bool quoted = false;
	size_t whole = 0;

	for (; (p = near_either(p, end, '"', '\n')) < end; p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (!quoted)
			whole = (size_t)(p - text) + 1;
	}
	return whole;
}

static size_t whole_lines(const struct reader *r, const struct block *b)
{
	const char *end;

	if (r->is_csv && memchr(b->text, '"', b->n))
		return whole_rows(b->text, b->n);
	end = memrchr(b->text, '\n', b->n);
	return end ? (size_t)(end - b->text) + 1 : 0;
}

/* Of a row that does not end within a block: more than a fault may be a quote too many. */
static int no_end(const struct reader *r, const struct block *b, const char *what, struct err *e)
{
	size_t quotes = 0;

	for (size_t i = 0; r->is_csv && i < b->n; i++)
		quotes += b->text[i] == '"';
	return err_set(e, ERR_LIMIT, "line %" PRIu64 ": %slonger than %d bytes%s",
		       b->line + count_lines(b->text, b->heading), what, COST_LINE_MAX,
		       quotes % 2 ? ": is a quote in it not closed?" : "");
}

static struct bytes skip_blank(struct bytes text)
{
	size_t i = 0;

	while (i < text.n &&
	       (text.p[i] == ' ' || text.p[i] == '\t' || text.p[i] == '\r' || text.p[i] == '\n'))
		i++;
	return bytes_sub(text, i, text.n);
}

static int read_heading(struct reader *r, struct block *b, struct err *e)
{
	struct bytes text = bytes_of(b->text, b->n), rest = text;
	struct csv_row row = { 0 };
	int rc = csv_next(&rest, b->last ? CSV_ALL : CSV_MORE, &row, e);

	if (rc == 0)
		rc = no_end(r, b, "a heading ", e);
	else if (rc > 0 &&
		 (rc = cost_columns_make(&row, r->how->dims, r->how->map, &r->columns, e)) < 0)
		err_wrap(e, "line %" PRIu64, row.line);
	b->heading = text.n - rest.n;
	csv_row_release(&row);
	return rc < 0 ? -1 : 0;
}

/* What the first block says of the whole. */
static int begin(struct reader *r, struct block *b, struct err *e)
{
	struct bytes text = bytes_of(b->text, b->n), start = codec_skip_bom(text);

	start = skip_blank(start);
	r->is_csv = start.n > 0 && start.p[0] != '{';
	if (start.n && start.p[0] == '[')
		return err_set(e, ERR_CORRUPT,
			       "an array, where an object a line is expected (jq -c '.[]' makes "
			       "them of it)");
	if (r->is_csv)
		return read_heading(r, b, e);
	b->heading = b->n - start.n;
	return 0;
}

/* Up to the block's end or that of the input: fewer bytes may also mean damage behind them, of
 * which the next read tells. */
static int read_on(struct reader *r, struct block *b, struct err *e)
{
	int64_t got;

	do {
		got = codec_stream_read(r->in, b->text + b->n, COST_LINE_MAX - b->n, e);
		if (got < 0)
			return -1;
		b->n += (size_t)got;
	} while (got > 0 && b->n < COST_LINE_MAX);
	b->last = b->n < COST_LINE_MAX;
	return 0;
}

static int fill(struct reader *r, struct block *b, struct err *e)
{
	size_t whole;

	if (r->rest.n)
		memcpy(b->text, r->rest.p, r->rest.n);
	b->n = r->rest.n;
	buf_reset(&r->rest);
	if (read_on(r, b, e) < 0)
		return -1;
	memset(b->text + b->n, 0, NEAR_PAD);
	b->line = r->lines + 1;
	b->heading = 0;
	if (r->turn == 0 && begin(r, b, e) < 0)
		return -1;
	if (!b->last) {
		whole = whole_lines(r, b);
		if (whole <= b->heading)
			return no_end(r, b, "", e);
		buf_add(&r->rest, b->text + whole, b->n - whole);
		b->n = whole;
		memset(b->text + b->n, 0, NEAR_PAD);
	}
	r->lines += count_lines(b->text, b->n);
	return 0;
}

/* Reads the block of this item, when those before are read. */
static int take_turn(struct reader *r, struct block *b, size_t item, struct err *e)
{
	int rc = 0;

	b->n = b->heading = 0;
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
	return rc < 0 ? err_wrap(e, "%s", r->name) : 0;
}

/* --- taking it apart ------------------------------------------------------------------------- */

static struct cost_record *next_kept(struct block *b)
{
	mem_grow(&b->kept, &b->cap_kept, b->n_kept + 1, sizeof(*b->kept));
	return &b->kept[b->n_kept];
}

/* The record that was just read of this text stays. */
static void keep(const struct reader *r, struct block *b, uint64_t line, struct bytes text)
{
	struct cost_record *c = &b->kept[b->n_kept++];

	/* Two groups of one name could not be told apart in what is printed. */
	for (size_t i = 0; i < r->how->dims->n; i++)
		if (bytes_is(c->dim[i], COST_UNATTRIBUTED))
			c->dim[i].n = 0;
	c->line = line;
	c->is_known = c->id.n > 0 || r->how->identify;
	if (c->is_known)
		c->identity = hash128(c->id.n ? c->id : bytes_trim(text));
}

static void add_fault(struct block *b, const char *name, const struct err *e)
{
	if (b->n_faults < COST_FAULTS_MAX) {
		b->fault[b->n_faults] = *e;
		err_wrap(&b->fault[b->n_faults], "%s", name);
	}
	b->n_faults++;
}

static void parse_json(const struct reader *r, struct block *b, struct bytes rest)
{
	uint64_t line = b->line + count_lines(b->text, b->heading);
	struct err e;

	for (; rest.n > 0; line++) {
		const char *end = memchr(rest.p, '\n', rest.n);
		struct bytes text = bytes_of(rest.p, end ? (size_t)(end - rest.p) : rest.n);

		rest = bytes_sub(rest, text.n + 1, rest.n);
		if (bytes_trim(text).n == 0)
			continue;
		if (cost_record_json(text, r->how->dims, &b->scratch, next_kept(b), &e) < 0) {
			err_wrap(&e, "line %" PRIu64, line);
			add_fault(b, r->name, &e);
		} else {
			keep(r, b, line, text);
		}
	}
}

/* Behind a broken row nothing says where the next one begins. */
static void parse_csv(const struct reader *r, struct block *b, struct bytes rest)
{
	struct csv_row row = { .n_lines = b->line - 1 + count_lines(b->text, b->heading) };
	struct bytes text = rest, whole = rest;
	struct err e;
	int rc;

	for (; (rc = csv_next(&rest, CSV_ALL, &row, &e)) > 0; text = rest) {
		if (cost_record_csv(&row, &r->columns, whole, &b->scratch, next_kept(b), &e) < 0) {
			err_wrap(&e, "line %" PRIu64, row.line);
			add_fault(b, r->name, &e);
		} else {
			keep(r, b, row.line, bytes_sub(text, 0, text.n - rest.n));
		}
	}
	if (rc < 0)
		add_fault(b, r->name, &e);
	csv_row_release(&row);
}

static int parse_block(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	struct reader *r = data;
	struct block *b = &r->blocks[slot];
	struct bytes records;

	(void)worker;
	b->n_kept = b->n_faults = 0;
	arena_reset(&b->scratch);
	if (take_turn(r, b, item, e) < 0)
		return -1;
	records = bytes_of(b->text + b->heading, b->n - b->heading);
	if (r->is_csv)
		parse_csv(r, b, records);
	else
		parse_json(r, b, records);
	return 0;
}

/* --- in order -------------------------------------------------------------------------------- */

static int take_up(void *data, size_t item, size_t slot, struct err *e)
{
	struct reader *r = data;
	struct block *b = &r->blocks[slot];

	(void)item;
	for (size_t i = 0; i < b->n_faults && i < COST_FAULTS_MAX; i++)
		if (r->how->n_faults + i < COST_FAULTS_MAX)
			r->how->fault(r->how->data, &b->fault[i]);
	r->how->n_faults += b->n_faults;
	for (size_t i = 0; i < b->n_kept; i++)
		if (r->how->record(r->how->data, &b->kept[i], e) < 0)
			return err_wrap(e, "%s: line %" PRIu64, r->name, b->kept[i].line);
	return b->last;
}

int cost_read(struct cost_reading *how, int fd, const char *name, struct err *e)
{
	unsigned jobs = how->jobs;
	size_t window = (size_t)jobs * SLOTS_PER_JOB; /* no rows: each waits for those before */
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
		arena_release(&r.blocks[i].scratch);
	}
	free(r.blocks);
	buf_release(&r.rest);
	cost_columns_release(&r.columns);
	codec_stream_free(r.in);
	return rc < 0 ? -1 : 0;
}
