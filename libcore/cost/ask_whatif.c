#include "cost/ask_whatif.h"

#include <inttypes.h>
#include <math.h>

#include "base/num.h"
#include "cli/output.h"
#include "cost/inputs.h"
#include "cost/money.h"
#include "cost/whatif.h"
#include "report/table.h"
#include "time/time.h"

/* As the daemon has it without a configuration: ingester.wal.segment_age. */
#define FLUSH_NOW_NS (300 * NS_PER_S)

/* ---- options ---- */

static int take_retention(void *at, const char *value, struct err *e)
{
	const int64_t day = 86400 * NS_PER_S;
	int64_t *to = at;

	if (time_parse_age(bytes_str(value), to, e) < 0)
		return -1;
	if (*to < day || *to % day || *to / day > INT32_MAX)
		return err_set(e, ERR_USAGE, "expected days as 30d, found '%s'", value);
	return 0;
}

static int take_encoding(void *at, const char *value, struct err *e)
{
	static const char *const words[] = { "none", "snappy", "zstd", NULL };
	const char **to = at;
	int i;

	if (cli_read_word(value, words, &i, e) < 0)
		return -1;
	*to = value;
	return 0;
}

#define AT(field) offsetof(struct cost_whatif_opts, field)

const struct cli_taken cost_whatif_options[] = {
	COST_BASE_OPTIONS("text|jsonl|csv", cost_take_table_format),
	COST_PLAN_OPTIONS(AT(plan)),
	{ { 0, "retention", "DAYS", "if entries stayed so long: 30d" },
	  take_retention,
	  AT(retention_ns) },
	{ { 0, "encoding", "zstd|snappy|none", "if chunks were packed so" },
	  take_encoding,
	  AT(encoding) },
	{ { 0, "ratio", "N", "of --encoding: bytes of lines for each of chunks (measured)" },
	  cost_take_ratio,
	  AT(ratio) },
	{ { 0, "flush", "DURATION", "if the log were flushed so often: 15s" },
	  cost_take_age,
	  AT(flush_ns) },
	{ { 0, "flush-now", "DURATION", "how often it is now (5m)" },
	  cost_take_age,
	  AT(flush_now_ns) },
	{ { 0 }, NULL, 0 },
};

/* ---- the answer ---- */

struct row {
	const char *name;
	enum row_kind { ROW_COUNT, ROW_BYTES, ROW_MONEY } kind;
	num_wide now, then;
};

static size_t make_rows(const struct whatif *w, bool priced, struct row ret[6])
{
	const struct row rows[] = {
		{ "stored", ROW_BYTES, w->now.bytes, w->then.bytes },
		{ "objects", ROW_COUNT, w->now.objects, w->then.objects },
		{ "PUT requests a month", ROW_COUNT, w->now.puts, w->then.puts },
		{ "storage a month", ROW_MONEY, w->now.storage, w->then.storage },
		{ "PUT requests' cost", ROW_MONEY, w->now.puts_cost, w->then.puts_cost },
		{ "cost a month", ROW_MONEY, (num_wide)w->now.storage + w->now.puts_cost,
		  (num_wide)w->then.storage + w->then.puts_cost },
	};
	size_t n = priced ? 6 : 3;

	memcpy(ret, rows, n * sizeof(*rows));
	return n;
}

static void add_value(struct table *t, const struct row *r, num_wide v, enum cost_format format)
{
	struct buf b = { 0 };

	if (v < 0 && r->kind != ROW_MONEY) {
		buf_add_char(&b, '-');
		v = -v;
	}
	if (r->kind == ROW_MONEY)
		money_text(&b, v);
	else if (r->kind == ROW_BYTES && format == COST_TEXT)
		num_add_size(&b, (uint64_t)v);
	else
		buf_addf(&b, "%" PRIu64, (uint64_t)v);
	table_add(t, buf_bytes(&b));
	buf_release(&b);
}

/* Not -0.0. */
static double percent_of(double change, double of)
{
	double percent = change * 100 / of;

	return fabs(percent) < 0.05 ? 0 : percent;
}

static void print_table(const struct row *v, size_t n, enum cost_format format, struct buf *out)
{
	struct table t = { 0 };

	table_column(&t, "", TABLE_LEFT);
	table_column(&t, "now", TABLE_RIGHT);
	table_column(&t, "then", TABLE_RIGHT);
	table_column(&t, "change", TABLE_RIGHT);
	table_column(&t, "%", TABLE_RIGHT);
	for (size_t i = 0; i < n; i++) {
		table_addf(&t, "%s", v[i].name);
		add_value(&t, &v[i], v[i].now, format);
		add_value(&t, &v[i], v[i].then, format);
		add_value(&t, &v[i], v[i].then - v[i].now, format);
		if (v[i].now)
			table_addf(&t, "%+.1f",
				   percent_of((double)(v[i].then - v[i].now), (double)v[i].now));
		else
			table_add(&t, (struct bytes){ 0 });
	}
	if (format == COST_CSV)
		table_csv(&t, out);
	else
		table_text(&t, out);
	table_release(&t);
}

static void add_side(const char *name, const struct whatif_side *s, struct buf *out)
{
	buf_addf(out,
		 "{\"side\":\"%s\",\"bytes\":%" PRIu64 ",\"objects\":%" PRIu64
		 ",\"puts_a_month\":%" PRIu64,
		 name, s->bytes, s->objects, s->puts);
	if (s->has_puts_cost) {
		buf_add_str(out, ",\"storage_cost\":");
		money_text(out, s->storage);
		buf_add_str(out, ",\"puts_cost\":");
		money_text(out, s->puts_cost);
		buf_add_str(out, ",\"cost\":");
		money_text(out, (num_wide)s->storage + s->puts_cost);
	}
}

/* ---- what it rests on ---- */

static void add_grounds(const struct cost_whatif_opts *o, const struct whatif *w, struct buf *out)
{
	buf_addf(out, "\nmeasured: %u %s of entries", w->days_used,
		 num_word(w->days_used, "day", "days"));
	if (o->encoding && !w->is_ratio_assumed && o->ratio == 0)
		buf_addf(out, "; %.1f bytes of lines for each of chunks in %s", w->ratio,
			 o->encoding);
	buf_add_str(out, "\nassumed: each flush is 2 PUT requests of each tenant");
	if (w->extra_days)
		buf_addf(out, "; %u more %s as the mean of the last %u", w->extra_days,
			 num_word(w->extra_days, "day", "days"), w->measured.days);
	if (w->is_ratio_assumed)
		buf_addf(out,
			 "; %.0f bytes of lines for each of chunks in %s, since the store has "
			 "none",
			 w->ratio, o->encoding);
	if (o->ratio > 0)
		buf_addf(out, "; %.1f bytes of lines for each of chunks, as given", w->ratio);
	if (o->flush_ns)
		buf_add_str(out, "; compaction makes as many objects of any flushes");
	buf_add_char(out, '\n');
}

static void print_lines(const struct whatif *w, struct buf *out)
{
	add_side("now", &w->now, out);
	buf_add_str(out, "}\n");
	add_side("then", &w->then, out);
	buf_addf(out, ",\"extra_days\":%u", w->extra_days);
	if (w->ratio > 0)
		buf_addf(out, ",\"ratio\":%.3f,\"ratio_assumed\":%s", w->ratio,
			 w->is_ratio_assumed ? "true" : "false");
	buf_add_str(out, "}\n");
}

static int answer(const struct cost_whatif_opts *o, const struct whatif *w, struct err *e)
{
	struct buf out = { 0 };
	struct row rows[6];
	int rc;

	if (o->base.format == COST_JSONL) {
		print_lines(w, &out);
	} else {
		print_table(rows, make_rows(w, o->plan.prices != NULL, rows), o->base.format, &out);
		if (o->base.format == COST_TEXT)
			add_grounds(o, w, &out);
	}
	rc = cli_print(buf_bytes(&out), e);
	buf_release(&out);
	return rc;
}

/* ---- the verb ---- */

static int encoding_of(const char *name)
{
	for (int i = 0; name && i < CODEC_COUNT; i++)
		if (strcmp(codec_name((unsigned)i), name) == 0)
			return i;
	return -1;
}

static int check(const struct cost_whatif_opts *o, char **operand, size_t n, struct err *e)
{
	if (n)
		return err_set(e, ERR_USAGE, "unexpected operand '%s'", operand[0]);
	if (o->ratio > 0 && !o->encoding)
		return err_set(e, ERR_USAGE, "--ratio is that of --encoding");
	if (!o->retention_ns && !o->encoding && !o->flush_ns && !o->plan.n_tiers)
		return err_set(e, ERR_USAGE,
			       "what if what? Say --retention, --encoding, --flush or "
			       "--tier");
	if (o->plan.n_tiers && !o->plan.prices)
		return err_set(e, ERR_USAGE,
			       "option '--tier': only of --prices: it changes what is paid alone");
	return 0;
}

int cost_ask_whatif(void *opts, char **operand, size_t n, struct err *e)
{
	struct cost_whatif_opts *o = opts;
	struct arena mem = { 0 };
	struct usage u = { 0 };
	struct prices p;
	struct whatif w;
	int rc = check(o, operand, n, e);

	if (rc < 0)
		return -1;
	cost_plan_default(&o->plan, &o->base);
	if (o->plan.prices)
		rc = cost_plan_prices(&o->plan, &mem, &p, e);
	if (rc == 0)
		rc = cost_plan_usage(&o->plan, &o->base, NULL, COST_DAMAGE_REFUSED, &u, e);
	if (rc == 0 && u.n == 0)
		rc = err_set(e, ERR_CORRUPT, "'%s': nothing lies there to reckon with",
			     o->plan.store);
	if (rc == 0) {
		const struct whatif_ask ask = {
			.today = o->plan.at,
			.retention = (uint32_t)(o->retention_ns / (86400 * NS_PER_S)),
			.encoding = encoding_of(o->encoding),
			.ratio = o->ratio,
			.flush_now_ns = o->flush_now_ns ? o->flush_now_ns : FLUSH_NOW_NS,
			.flush_ns = o->flush_ns,
			.tier = o->plan.tier,
			.n_tiers = o->plan.n_tiers,
			.class = o->plan.class,
			.prices = o->plan.prices ? &p : NULL,
		};

		rc = whatif_reckon(&u, &ask, &w, e);
	}
	if (rc == 0)
		rc = answer(o, &w, e);
	usage_release(&u);
	arena_release(&mem);
	return rc;
}
