/*
 * Random limits, holds, streams and times: what goes by its age or to make room is what the
 * plainest reading of the rules says, to the nanosecond; and what is dropped to make room is the
 * oldest, and no more of it than need be.
 */
#include "unit.h"

#include "base/mem.h"
#include "index/writer.h"
#include "limits/file.h"
#include "retention/expire.h"
#include "retention/keep.h"
#include "retention/retention.h"
#include "time/time.h"

static uint64_t state;
static unsigned percent;

/* At 5 percent, as `make check` has it, 10,000 cases. */
enum {
	CASES_PER_PERCENT = 2000,
	DAY = 20000,
	PACKS = 3,
	RULES_MAX = 4,
	STREAMS = 9,
	CHUNKS_MAX = 5
};

static const char *const words[] = { "a", "b", "c" };
static const int64_t HOUR = 3600 * NS_PER_S;

/* app = words[app], or any; and env. */
struct selector {
	size_t app, env; /* 3: any */
};

struct rule {
	struct selector s;
	unsigned priority, hours;
};

struct held {
	struct selector s;
	bool of_other, timed;
	int64_t from, through;
};

struct chunk_of {
	size_t stream;
	uint32_t pack;
	int64_t from, through;
};

struct world {
	unsigned hours; /* retention_period */
	struct rule rule[RULES_MAX];
	size_t n_rules;
	struct held held[2];
	size_t n_held;
	struct chunk_of chunk[STREAMS * CHUNKS_MAX];
	size_t n_chunks;
	int64_t now;
	bool picked[PACKS];
};

static struct selector random_selector(void)
{
	struct selector s = { rnd_below(&state, 4), rnd_below(&state, 4) };

	if (s.app == 3 && s.env == 3)
		s.app = 0; /* Loki refuses {} */
	return s;
}

static void add_selector(struct buf *b, struct selector s)
{
	buf_add_char(b, '{');
	if (s.app < 3)
		buf_addf(b, "app=\"%s\"", words[s.app]);
	if (s.env < 3)
		buf_addf(b, "%senv=\"%s\"", s.app < 3 ? "," : "", words[s.env]);
	buf_add_char(b, '}');
}

static bool fits(struct selector s, size_t stream)
{
	return (s.app == 3 || s.app == stream % 3) && (s.env == 3 || s.env == stream / 3);
}

/* Times of the day that are all about the cuts. */
static int64_t random_ts(const struct world *w)
{
	static const unsigned periods[] = { 24, 25, 26, 30, 36 };
	int64_t day = time_day_start(DAY), ts;

	if (rnd_below(&state, 4) == 0)
		return day + (int64_t)(rnd(&state) % (uint64_t)(24 * HOUR));
	ts = w->now - periods[rnd_below(&state, 5)] * HOUR + (int64_t)rnd_below(&state, 5) - 2;
	if (ts < day)
		return day;
	return ts < day + 24 * HOUR ? ts : day + 24 * HOUR - 1;
}

static unsigned random_hours(void)
{
	static const unsigned hours[] = { 24, 24, 25, 26, 30, 36, 0 };

	return hours[rnd_below(&state, 7)];
}

static void random_world(struct world *w)
{
	*w = (struct world){ .hours = random_hours(), .n_rules = rnd_below(&state, RULES_MAX + 1) };
	w->now = time_day_start(DAY + 1) + (int64_t)rnd_below(&state, 40) * HOUR;
	for (size_t i = 0; i < w->n_rules; i++)
		w->rule[i] = (struct rule){ random_selector(), (unsigned)rnd_below(&state, 3),
					    24 + (unsigned)rnd_below(&state, 4) };
	w->n_held = rnd_below(&state, 3);
	for (size_t i = 0; i < w->n_held; i++) {
		struct held *h = &w->held[i];

		*h = (struct held){ .s = random_selector(),
				    .of_other = rnd_below(&state, 4) == 0,
				    .timed = rnd_below(&state, 2) };
		h->from = h->timed ? random_ts(w) : INT64_MIN;
		h->through = h->timed ? h->from + (int64_t)rnd_below(&state, 3) : INT64_MAX;
	}
	for (size_t p = 0; p < PACKS; p++)
		w->picked[p] = rnd_below(&state, 6) == 0;
	for (size_t s = 0; s < STREAMS; s++)
		for (size_t k = rnd_below(&state, CHUNKS_MAX); k > 0; k--) {
			int64_t a = random_ts(w), b = random_ts(w);

			w->chunk[w->n_chunks++] =
				(struct chunk_of){ s, (uint32_t)rnd_below(&state, PACKS),
						   a < b ? a : b, a < b ? b : a };
		}
}

/* ---- what is said of it ---- */

static struct limits_set *limits_of_world(const struct world *w)
{
	struct report quiet = { 0 };
	struct limits_set *ret;
	struct buf b = { 0 };
	struct err e = { 0 };

	buf_addf(&b, "limits_config:\n  retention_period: %uh\n", w->hours);
	for (size_t i = 0; i < w->n_rules; i++) {
		buf_addf(&b, "%s  - {priority: %u, period: %uh, selector: '",
			 i ? "" : "  retention_stream:\n", w->rule[i].priority, w->rule[i].hours);
		add_selector(&b, w->rule[i].s);
		buf_add_str(&b, "'}\n");
	}
	if (limits_read_text(buf_bytes(&b), "random", &ret, &quiet, &e) < 0)
		fail_msg("%s\n%s", e.msg, buf_str(&b));
	buf_release(&b);
	return ret;
}

static struct hold *hold_of_world(const struct world *w)
{
	struct buf b = { 0 };
	struct hold *ret;
	struct err e = { 0 };

	for (size_t i = 0; i < w->n_held; i++) {
		if (w->held[i].of_other)
			buf_add_str(&b, "other ");
		add_selector(&b, w->held[i].s);
		if (w->held[i].timed)
			buf_addf(&b, " %lld %lld", (long long)w->held[i].from,
				 (long long)w->held[i].through);
		buf_add_char(&b, '\n');
	}
	ret = hold_parse(buf_bytes(&b), "random", &e);
	if (!ret)
		fail_msg("%s\n%s", e.msg, buf_str(&b));
	buf_release(&b);
	return ret;
}

static struct index *index_of_world(const struct world *w, struct buf *file)
{
	struct index_writer *iw = index_writer_new(BYTES_LIT("acme"), DAY);
	struct index *ix;
	struct err e = { 0 };

	for (unsigned p = 0; p < PACKS; p++) {
		struct index_pack row = { .size = 1000 };

		row.name = hash128(bytes_of(&p, sizeof(p)));
		index_writer_pack(iw, &row);
	}
	for (size_t i = 0; i < w->n_chunks; i++) {
		const struct chunk_of *c = &w->chunk[i];
		struct label v[] = { { BYTES_LIT("app"), bytes_str(words[c->stream % 3]) },
				     { BYTES_LIT("env"), bytes_str(words[c->stream / 3]) } };
		struct labels l = { v, 2 };
		struct hash128 id = labels_stream_id(BYTES_LIT("acme"), &l);
		/* its length is its number */
		struct index_chunk row = { .length = 100 + (uint32_t)i,
					   .head_len = 50,
					   .from = c->from,
					   .through = c->through,
					   .entries = 1,
					   .n_blocks = 1 };
		struct index_block b = { .offset = 50,
					 .length = 50,
					 .entries = 1,
					 .min_ts = c->from,
					 .max_ts = c->through };

		assert_int_equal(0, index_writer_chunk(iw, c->pack, &id, &l, &row, &b, &e));
	}
	assert_int_equal(0, index_writer_finish(iw, file, &e));
	index_writer_free(iw);
	ix = index_open(buf_bytes(file), "random.idx", &e);
	assert_non_null(ix);
	return ix;
}

/* ---- the plainest reading ---- */

static unsigned hours_of(const struct world *w, size_t stream)
{
	const struct rule *best = NULL;

	for (size_t i = 0; i < w->n_rules; i++) {
		const struct rule *r = &w->rule[i];

		if (!fits(r->s, stream))
			continue;
		if (!best || r->priority > best->priority ||
		    (r->priority == best->priority && r->hours < best->hours))
			best = r;
	}
	return best ? best->hours : w->hours;
}

static bool is_held(const struct world *w, const struct chunk_of *c)
{
	bool ret = false;

	for (size_t i = 0; i < w->n_held; i++) {
		const struct held *h = &w->held[i];

		ret = ret || (!h->of_other && fits(h->s, c->stream) && c->from <= h->through &&
			      h->from <= c->through);
	}
	return ret;
}

static bool goes(const struct world *w, const struct chunk_of *c)
{
	unsigned hours = hours_of(w, c->stream);

	return !is_held(w, c) &&
	       ((hours > 0 && w->now - c->through > hours * HOUR) || w->picked[c->pack]);
}

static const char *pick(const struct hash128 *pack, void *data)
{
	const struct world *w = data;

	for (unsigned p = 0; p < PACKS; p++) {
		struct hash128 name = hash128(bytes_of(&p, sizeof(p)));

		if (w->picked[p] && hash128_cmp(&name, pack) == 0)
			return "--keep-bytes 1B";
	}
	return NULL;
}

static void check(struct world *w, unsigned number)
{
	struct limits_set *limits = limits_of_world(w);
	struct hold *hold = hold_of_world(w);
	struct buf file = { 0 };
	struct index *ix = index_of_world(w, &file);
	bool skip[PACKS] = { false }, *skip_pack = skip;
	struct live live = { .v = &ix, .n = 1, .skip_pack = &skip_pack };
	const struct expire x = { .tenant = BYTES_LIT("acme"),
				  .limits = limits_of(limits, BYTES_LIT("acme")),
				  .hold = hold,
				  .now_ns = w->now,
				  .pick = pick,
				  .pick_data = w };
	uint64_t n_gone = 0, bytes = 0, told = 0, told_bytes = 0;
	int64_t first, last;
	struct expiry y;
	struct err e = { 0 };

	if (expire_find(&x, &live, &y, &e) < 0)
		fail_msg("case %u: %s", number, e.msg);
	retention_bounds(x.limits, w->now, &first, &last);
	for (uint32_t k = 0; k < index_info(ix)->n_chunks; k++) {
		const struct chunk_of *c;
		struct index_chunk row;
		bool want;

		assert_int_equal(0, index_chunk_at(ix, k, &row, &e));
		c = &w->chunk[row.length - 100];
		want = goes(w, c);
		if (y.drop[0][k] != want)
			fail_msg("case %u: chunk %u of stream %zu, %lld..%lld, now %lld: %s",
				 number, row.length - 100, c->stream, (long long)c->from,
				 (long long)c->through, (long long)w->now, want ? "stays" : "goes");
		if (want && !w->picked[c->pack])
			assert_true(c->through < last);
		n_gone += want;
		bytes += want ? row.length : 0;
	}
	for (size_t i = 0; i < y.n_sums; i++) {
		told += y.sum[i].chunks;
		told_bytes += y.sum[i].bytes;
		assert_int_equal(y.sum[i].chunks, y.sum[i].entries);
	}
	assert_int_equal(told, n_gone);
	assert_int_equal(told_bytes, bytes);
	assert_int_equal(y.any, n_gone > 0);
	assert_int_equal(y.take[0], n_gone > 0);
	expiry_release(&y);
	index_close(ix);
	buf_release(&file);
	hold_free(hold);
	limits_set_drop(limits);
}

static void what_goes_is_what_the_rules_say(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < CASES_PER_PERCENT * percent; i++) {
		struct world w;

		random_world(&w);
		check(&w, i);
	}
}

/* ---- room ---- */

static void the_oldest_goes_and_no_more(void **unused)
{
	static const char *const tenants[] = { "acme", "beta", "" };

	(void)unused;
	for (unsigned i = 0; i < CASES_PER_PERCENT * percent; i++) {
		struct keep_pack v[12];
		struct keep_index index[4];
		size_t n = rnd_below(&state, 13), last = n, left[4] = { 0 };
		struct bytes of = bytes_str(tenants[rnd_below(&state, 3)]);
		uint64_t excess = rnd_below(&state, 60), got, sum = 0;
		bool is_all = true;

		for (size_t k = 0; k < 4; k++)
			index[k] = (struct keep_index){ .size = rnd_below(&state, 9) };
		for (size_t k = 0; k < n; k++) {
			v[k] = (struct keep_pack){ .tenant =
							   bytes_str(tenants[rnd_below(&state, 2)]),
						   .name.b[0] = (uint8_t)k,
						   .size = 1 + rnd_below(&state, 9),
						   .max_ts = (int64_t)rnd_below(&state, 5),
						   .stays = rnd_below(&state, 5) == 0,
						   .index = &index[rnd_below(&state, 4)],
						   .rule = rnd_below(&state, 6) ? NULL : "before" };
			v[k].index->n_packs += !v[k].rule;
			left[v[k].index - index] += !v[k].rule;
		}
		keep_sort(v, n);
		got = keep_drop(v, n, of, excess, "now");
		for (size_t k = 0; k < n; k++) {
			bool may = !v[k].stays && (of.n == 0 || bytes_eq(of, v[k].tenant)) &&
				   (!v[k].rule || strcmp(v[k].rule, "now") == 0);

			assert_true(k == 0 || v[k - 1].max_ts <= v[k].max_ts);
			if (v[k].rule && strcmp(v[k].rule, "now") == 0) {
				assert_true(may);
				assert_true(sum < excess); /* or it would have been enough */
				sum += v[k].size;
				if (--left[v[k].index - index] == 0)
					sum += v[k].index->size;
				last = k;
			} else if (may) {
				assert_true(sum >= excess); /* an older one was left out */
				is_all = false;
			}
		}
		assert_true(last <= n);
		assert_int_equal(got, sum);
		assert_true(sum >= excess || is_all);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_is_what_the_rules_say),
		cmocka_unit_test(the_oldest_goes_and_no_more),
	};

	state = env_number("SEED", 1);
	percent = (unsigned)env_number("PERCENT", 5);
	printf("# SEED=%llu\n", (unsigned long long)state);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
