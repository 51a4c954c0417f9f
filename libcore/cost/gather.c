#include "cost/gather.h"

#include <unistd.h>

#include "base/io.h"
#include "base/num.h"
#include "base/work.h"
#include "cost/inputs.h"
#include "cost/read.h"
#include "cost/twice.h"

enum { JOBS_MAX = 4 }; /* more would wait for the sums, and need their memory */

/* A record, and the same one before it. */
struct doubled {
	struct cost_where at, first;
};

/* What is known while operands are read. */
struct state {
	struct cost_gathering *g;
	char **operand;			      /* NULL: stdin */
	uint32_t file;			      /* the one that is read */
	struct cost_twice *twice;	      /* NULL until a record is known by something */
	uint64_t n_here;		      /* records of that one, wanted or not */
	struct doubled told[COST_TWICE_TOLD]; /* the first of those that stand twice */
	size_t n_told;
};

void cost_gathering_release(struct cost_gathering *g)
{
	buf_release(&g->found);
}

static int note_identity(struct state *s, const struct cost_record *r, struct err *e)
{
	if (!s->twice)
		s->twice = cost_twice_new();
	return cost_twice_add(s->twice, r->identity, (struct cost_where){ s->file, r->line }, e);
}

/* 1: it is in the currency of all others; 0: it is to be left out. */
static int check_currency(struct cost_gathering *g, const struct cost_record *r, struct err *e)
{
	struct bytes currency = r->currency;

	if (!g->found.n)
		buf_add_bytes(&g->found, currency);
	if (bytes_eq(buf_bytes(&g->found), currency))
		return 1;
	if (g->currency) {
		g->n_other++;
		return 0;
	}
	return err_set(e, ERR_CORRUPT,
		       "'%.*s': found '%.*s' behind records in '%.*s', which cannot be added "
		       "up%s",
		       BYTES_ARG(r->currency_field), BYTES_ARG(currency),
		       BYTES_ARG(buf_bytes(&g->found)),
		       g->has_currency ? " (--currency takes one of them)" : "");
}

static int on_record(void *data, const struct cost_record *r, struct err *e)
{
	struct state *s = data;
	int rc;

	s->n_here++;
	if (s->g->wanted && !s->g->wanted(s->g->data, r))
		return 0;
	rc = check_currency(s->g, r, e);
	if (rc <= 0)
		return rc;
	if (r->is_known && note_identity(s, r, e) < 0)
		return -1;
	return s->g->record(s->g->data, r, e);
}

static void on_fault(void *data, const struct err *e)
{
	cli_report(((struct state *)data)->g->cli, e);
}

static void add_place(const struct state *s, struct cost_where at, struct buf *out)
{
	const char *name = s->operand ? s->operand[at.file] : "-";

	if (strcmp(name, "-") == 0)
		buf_add_str(out, "stdin");
	else
		buf_addf(out, "'%s'", name);
	buf_addf(out, ": line %llu", (unsigned long long)at.line);
}

static bool is_before(struct cost_where a, struct cost_where b)
{
	return a.file != b.file ? a.file < b.file : a.line < b.line;
}

/* They come in no order: the first of them are kept, in theirs. */
static void on_twice(void *data, struct cost_where at, struct cost_where first)
{
	struct state *s = data;
	size_t i = s->n_told;

	if (i == COST_TWICE_TOLD && !is_before(at, s->told[--i].at))
		return;
	for (; i > 0 && is_before(at, s->told[i - 1].at); i--)
		s->told[i] = s->told[i - 1];
	s->told[i] = (struct doubled){ at, first };
	s->n_told += s->n_told < COST_TWICE_TOLD;
}

static void tell_twice(const struct state *s)
{
	for (size_t i = 0; i < s->n_told; i++) {
		struct buf b = { 0 };
		struct err e;

		add_place(s, s->told[i].at, &b);
		buf_add_str(&b, ": the same record as ");
		add_place(s, s->told[i].first, &b);
		err_set(&e, ERR_CORRUPT, "%s", buf_str(&b));
		cli_report(s->g->cli, &e);
		buf_release(&b);
	}
}

static int read_one(struct cost_reading *r, const char *path, struct err *e)
{
	struct buf name = { 0 };
	int fd, rc;

	if (strcmp(path, "-") == 0)
		return cost_read(r, STDIN_FILENO, "stdin", e);
	fd = io_open(path, e);
	if (fd < 0)
		return -1;
	buf_addf(&name, "'%s'", path);
	rc = cost_read(r, fd, buf_str(&name), e);
	buf_release(&name);
	close(fd);
	return rc;
}

static int read_all(struct state *s, char **operand, size_t n, struct err *e)
{
	static char *const only_stdin[] = { "-" };
	struct cost_reading r = { .dims = s->g->dims,
				  .map = s->g->map,
				  .jobs = work_cpus() < JOBS_MAX ? work_cpus() : JOBS_MAX,
				  .identify = s->g->unique,
				  .record = on_record,
				  .fault = on_fault,
				  .data = s };

	int64_t n_twice;

	if (cost_check_once(operand, n, e) < 0)
		return -1;
	s->operand = n ? operand : NULL;
	for (size_t i = 0; i < (n ? n : 1); i++) {
		uint64_t n_faults = r.n_faults;

		s->file = (uint32_t)i;
		s->n_here = 0;
		if (read_one(&r, n ? operand[i] : only_stdin[i], e) < 0)
			return -1;
		/* Of the only one it is told what becomes of it. */
		if (n > 1 && s->n_here == 0 && r.n_faults == n_faults)
			cli_warn(s->g->cli, "'%s': there is no cost record in it", operand[i]);
	}
	if (r.n_faults > 0)
		return err_set(e, ERR_CORRUPT, "no %s: %llu %s cannot be counted", s->g->answer,
			       (unsigned long long)r.n_faults,
			       num_word(r.n_faults, "record", "records"));
	n_twice = s->twice ? cost_twice_each(s->twice, on_twice, s, e) : 0;
	tell_twice(s);
	if (n_twice > 0)
		return err_set(e, ERR_CORRUPT, "no %s: %lld %s twice", s->g->answer,
			       (long long)n_twice,
			       num_word((uint64_t)n_twice, "record stands", "records stand"));
	return n_twice < 0 ? -1 : 0;
}

int cost_gather(struct cost_gathering *g, char **operand, size_t n, struct err *e)
{
	struct state s = { .g = g };
	int rc;

	if (g->currency)
		buf_add_str(&g->found, g->currency);
	rc = read_all(&s, operand, n, e);
	cost_twice_free(s.twice);
	return rc;
}
