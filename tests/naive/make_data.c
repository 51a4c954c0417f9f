/* Random streams and entries. */
#include "make.h"

#include "../unit/unit.h"
#include "time/time.h"

/* 2026-01-15 23:55: the data lies on both sides of a midnight. */
#define START_NS (INT64_C(1768521300) * NS_PER_S)

enum { SPAN_S = 640, STREAMS_MAX_MADE = 6 };

#define PICK(state, list) ((list)[rnd_below(state, sizeof(list) / sizeof(*(list)))])

static bool one_in(uint64_t *state, size_t n)
{
	return rnd_below(state, n) == 0;
}

void nv_data_bounds(int64_t *ret_from, int64_t *ret_to)
{
	*ret_from = START_NS;
	*ret_to = START_NS + SPAN_S * NS_PER_S;
}

/* --- fields ---------------------------------------------------------------------------------- */

static const char *const words[] = { "GET",   "POST", "error", "bob", "alice",	   "timeout",
				     "level", "/p/1", "/p/2",  "x",   "Error",	   "terror",
				     "user",  "10.5", "eu",    "a b", "h\xc3\xa9", "0" };
static const char *const addresses[] = { "10.0.0.7",   "10.0.0.200", "192.168.1.9",
					 "172.16.0.1", "fe80::1",    "2001:db8::7" };
static const char *const durations[] = { "250ms", "1.5s", "1m", "2m30s", "10us",
					 "0",	  "1h",	  "5",	"fast",	 "-1s" };
static const char *const sizes[] = { "100B", "1KB", "1.5kB", "2MB", "1KiB", "7", "512", "big" };
static const char *const numbers[] = { "0",   "1",   "2",  "3.25", "-4", "200",	 "404",	 "500",
				       "0.5", "1e3", "12", "nope", "7",	 "+Inf", "-Inf", "NaN" };

struct field {
	const char *name;
	enum { WORD, NUMBER, DURATION, SIZE, ADDRESS } kind;
};

static const struct field fields[] = {
	{ "method", WORD }, { "status", NUMBER }, { "dur", DURATION }, { "size", SIZE },
	{ "n", NUMBER },    { "user", WORD },	  { "app", WORD },     { "ip", ADDRESS },
	{ "level", WORD },  { "a-b", WORD },	  { "9z", NUMBER },    { "trace", WORD },
	{ "o_x", NUMBER },  { "total", NUMBER },  { "msg", WORD },
};

static const char *field_value(uint64_t *state, const struct field *f)
{
	switch (f->kind) {
	case NUMBER:
		return PICK(state, numbers);
	case DURATION:
		return PICK(state, durations);
	case SIZE:
		return PICK(state, sizes);
	case ADDRESS:
		return PICK(state, addresses);
	default:
		return PICK(state, words);
	}
}

/* --- lines ----------------------------------------------------------------------------------- */

static void json_value(uint64_t *state, struct buf *b, const struct field *f)
{
	const char *v = field_value(state, f);
	bool is_number = f->kind == NUMBER && strpbrk(v, "0123456789");
	bool bare = is_number && !one_in(state, 4);

	switch (rnd_below(state, 24)) {
	case 0:
		buf_add_str(b, "null");
		return;
	case 1:
		buf_add_str(b, "true");
		return;
	case 2:
		buf_add_str(b, "[1, \"b\", {\"c\":2}]");
		return;
	case 3:
		buf_add_str(b, "{\"x\": 1, \"y\":\"z\",\"q r\":{\"x\":\"deep\"}}");
		return;
	case 4:
		buf_add_str(b, "\"\"");
		return;
	case 5:
		buf_add_str(b, "\"say \\\"hi\\\" \\n\\u00e9\\\\\"");
		return;
	default:
		buf_addf(b, bare ? "%s" : "\"%s\"", v);
	}
}

static void json_line(uint64_t *state, struct buf *b)
{
	size_t start = b->n, n = rnd_below(state, 7);

	buf_add_char(b, '{');
	for (size_t i = 0; i < n; i++) {
		const struct field *f = &PICK(state, fields);

		buf_addf(b, "%s\"%s\":%s", i ? "," : "", one_in(state, 12) ? "o" : f->name,
			 one_in(state, 4) ? " " : "");
		json_value(state, b, f);
	}
	buf_add_char(b, '}');
	if (one_in(state, 8)) /* cut short */
		b->n = start + rnd_below(state, b->n - start);
	else if (one_in(state, 12))
		buf_add_str(b, " behind");
}

static void packed_line(uint64_t *state, struct buf *b)
{
	buf_addf(b, "{\"user\":\"%s\"", PICK(state, words));
	if (!one_in(state, 5))
		buf_addf(b, ",\"_entry\":\"status=%s dur=%s\"", PICK(state, numbers),
			 PICK(state, durations));
	buf_addf(b, ",\"app\":\"%s\",\"n\":%d}", PICK(state, words), 3);
}

static void logfmt_line(uint64_t *state, struct buf *b)
{
	size_t n = rnd_below(state, 7);

	for (size_t i = 0; i < n; i++) {
		const struct field *f = &PICK(state, fields);
		const char *v = field_value(state, f);

		if (i)
			buf_add_str(b, one_in(state, 8) ? "  " : " ");
		switch (rnd_below(state, 20)) {
		case 0:
			buf_add_str(b, f->name);
			break;
		case 1:
			buf_addf(b, "%s=", f->name);
			break;
		case 2:
			buf_addf(b, "%s=a=b", f->name);
			break;
		case 3:
			buf_addf(b, "=%s", v);
			break;
		case 4:
			buf_addf(b, "%s=\"not ended", f->name);
			break;
		case 5:
			buf_addf(b, "%s=\"q \\\"%s\\\"\"", f->name, v);
			break;
		default:
			buf_addf(b, strchr(v, ' ') || one_in(state, 4) ? "%s=\"%s\"" : "%s=%s",
				 f->name, v);
		}
	}
}

static void plain_line(uint64_t *state, struct buf *b)
{
	if (one_in(state, 2)) {
		buf_addf(b, "%s - %s [%s] \"%s %s HTTP/1.1\" %s %s", PICK(state, addresses),
			 PICK(state, words), PICK(state, words), PICK(state, words),
			 PICK(state, words), PICK(state, numbers), PICK(state, sizes));
		return;
	}
	for (size_t i = 0, n = rnd_below(state, 6); i < n; i++)
		buf_addf(b, "%s%s", i ? " " : "", PICK(state, words));
}

static void odd_line(uint64_t *state, struct buf *b)
{
	switch (rnd_below(state, 5)) {
	case 0:
		buf_add_str(b, "\x1b[31merror\x1b[0m user=\x1b[1;32mbob\x1b[m");
		break;
	case 1:
		buf_add_str(b, "two\nlines user=x");
		break;
	case 2:
		buf_add_str(b, "bytes \xff\xfe error");
		break;
	case 3:
		break; /* empty */
	default:
		buf_add_str(b, "h\xc3\xa9llo \xe2\x9c\x93 GET 10.0.0.7");
	}
}

static struct bytes make_line(uint64_t *state, struct arena *a, unsigned likely)
{
	struct buf b = { 0 };
	struct bytes ret;

	switch (one_in(state, 4) ? (unsigned)rnd_below(state, 5) : likely) {
	case 0:
		json_line(state, &b);
		break;
	case 1:
		logfmt_line(state, &b);
		break;
	case 2:
		plain_line(state, &b);
		break;
	case 3:
		packed_line(state, &b);
		break;
	default:
		odd_line(state, &b);
	}
	ret = arena_copy(a, buf_bytes(&b));
	buf_release(&b);
	return ret;
}

/* --- all of it ------------------------------------------------------------------------------- */

static struct labels make_stream(uint64_t *state, struct arena *a, size_t i)
{
	static const char *const apps[] = { "web", "api", "db" }, *const envs[] = { "dev", "prod" };
	static const char *const pods[] = { "p-0", "p-1", "p-2", "p-3", "p-4", "p-5" };
	struct labels l = { .v = arena_alloc(a, 4 * sizeof(*l.v)) };

	l.v[l.n++] = (struct label){ BYTES_LIT("app"), bytes_str(PICK(state, apps)) };
	if (!one_in(state, 4))
		l.v[l.n++] = (struct label){ BYTES_LIT("env"), bytes_str(PICK(state, envs)) };
	l.v[l.n++] = (struct label){ BYTES_LIT("pod"), bytes_str(pods[i]) };
	if (one_in(state, 4))
		l.v[l.n++] = (struct label){ BYTES_LIT("region"), BYTES_LIT("eu") };
	return l;
}

static struct labels make_meta(uint64_t *state, struct arena *a)
{
	static const char *const names[] = { "trace", "user", "app", "level", "n", "size" };
	struct labels l = { .v = arena_alloc(a, 3 * sizeof(*l.v)) };
	size_t at = rnd_below(state, 6);

	if (!one_in(state, 3))
		return (struct labels){ 0 };
	for (size_t n = 1 + rnd_below(state, 3); l.n < n; l.n++, at++)
		l.v[l.n] = (struct label){ bytes_str(names[at % 6]),
					   bytes_str(one_in(state, 2) ? PICK(state, words)
								      : PICK(state, numbers)) };
	return l;
}

static int64_t make_time(uint64_t *state)
{
	int64_t t = START_NS + (int64_t)rnd_below(state, SPAN_S) * NS_PER_S;

	switch (rnd_below(state, 4)) {
	case 0:
		return t - t % (10 * NS_PER_S); /* on the steps, and many at once */
	case 1:
		return t;
	default:
		return t + (int64_t)rnd_below(state, NS_PER_S);
	}
}

void nv_make_data(uint64_t *state, struct arena *a, size_t n_max, struct nv_data *ret)
{
	unsigned likely[STREAMS_MAX_MADE];
	size_t n = one_in(state, 8) ? rnd_below(state, 4)
				    : n_max / 4 + rnd_below(state, n_max - n_max / 4);

	*ret = (struct nv_data){ .n_streams = 1 + rnd_below(state, STREAMS_MAX_MADE) };
	ret->stream = arena_alloc(a, ret->n_streams * sizeof(*ret->stream));
	ret->v = arena_zalloc(a, (n + 1) * sizeof(*ret->v));
	for (size_t i = 0; i < ret->n_streams; i++) {
		ret->stream[i] = make_stream(state, a, i);
		likely[i] = (unsigned)rnd_below(state, 4);
	}
	for (; ret->n < n; ret->n++) {
		struct nv_entry *x = &ret->v[ret->n];

		if (ret->n && one_in(state, 10)) { /* again: the same parts, so that all know the
						      first one */
			*x = ret->v[rnd_below(state, ret->n)];
			x->meta = one_in(state, 2) ? x->meta : make_meta(state, a);
			continue;
		}
		x->stream = (uint32_t)rnd_below(state, ret->n_streams);
		x->ts_ns = make_time(state);
		x->line = make_line(state, a, likely[x->stream]);
		x->meta = make_meta(state, a);
		x->parts = 1U << rnd_below(state, 4);
		if (one_in(state, 5))
			x->parts |= 1 + (unsigned)rnd_below(state, NV_PARTS);
		for (size_t i = 0; i < ret->n; i++) /* by chance the same entry */
			if (ret->v[i].stream == x->stream && ret->v[i].ts_ns == x->ts_ns &&
			    bytes_eq(ret->v[i].line, x->line))
				x->parts = ret->v[i].parts;
	}
}

void nv_make_raw(const struct nv_data *data, struct arena *a, struct nv_data *ret)
{
	struct buf b = { 0 };

	*ret = (struct nv_data){ .n_streams = 1, .n = data->n, .keeps_all = true };
	ret->stream = arena_zalloc(a, sizeof(*ret->stream));
	ret->v = arena_zalloc(a, (data->n + 1) * sizeof(*ret->v));
	for (size_t i = 0; i < data->n; i++) {
		const struct nv_entry *x = &data->v[i];
		bool behind = x->line.n < 150; /* else it would not be looked for there */

		buf_reset(&b);
		if (behind)
			buf_add_bytes(&b, x->line);
		buf_add_str(&b, behind ? " " : "");
		time_add_rfc3339(&b, x->ts_ns);
		buf_add_str(&b, behind ? "" : " ");
		if (!behind)
			buf_add_bytes(&b, x->line);
		for (size_t k = 0; k < b.n; k++)
			b.p[k] = b.p[k] == '\n' ? ' ' : b.p[k];
		ret->v[i] = (struct nv_entry){ .ts_ns = x->ts_ns,
					       .line = arena_copy(a, buf_bytes(&b)) };
	}
	buf_release(&b);
}
