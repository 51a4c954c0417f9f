#include "ring/text.h"

#include <stdlib.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/num.h"
#include "json/json.h"
#include "time/time.h"

enum { VERSION = 1 };

/* ---- writing ---- */

void ring_add_settings(struct buf *b, const struct ring *r)
{
	const struct ring_settings *s = &r->settings;

	buf_addf(b,
		 "{\"lokid_ring\":%d,\"revision\":%llu,\"replication\":%u,\"zone_awareness\":%s,"
		 "\"heartbeat_timeout\":\"",
		 VERSION, (unsigned long long)r->revision, s->replication,
		 s->zone_awareness ? "true" : "false");
	time_add_duration(b, s->heartbeat_timeout_ns);
	buf_addf(b, "\",\"tokens\":%u}", s->tokens);
}

static void add_member(struct buf *b, const char *name, struct bytes value)
{
	buf_addf(b, "\"%s\":", name);
	json_add_quoted(b, value);
	buf_add_char(b, ',');
}

static void add_time(struct buf *b, const char *name, int64_t ts_ns)
{
	buf_addf(b, "\"%s\":\"", name);
	time_add_rfc3339(b, ts_ns);
	buf_add_str(b, "\",");
}

void ring_add_instance(struct buf *b, const struct ring_instance *in)
{
	buf_add_char(b, '{');
	add_member(b, "instance", in->name);
	add_member(b, "addr", in->addr);
	add_member(b, "zone", in->zone);
	add_member(b, "state", bytes_str(ring_state_name(in->state)));
	add_time(b, "heartbeat", in->heartbeat_ns);
	add_time(b, "registered", in->registered_ns);
	buf_add_str(b, "\"tokens\":[");
	for (size_t i = 0; i < in->n_tokens; i++)
		buf_addf(b, "%s%u", i ? "," : "", in->token[i]);
	buf_add_str(b, "]}");
}

void ring_add_text(struct buf *b, const struct ring *r)
{
	size_t start = b->n;

	ring_add_settings(b, r);
	buf_add_char(b, '\n');
	for (size_t i = 0; i < r->n; i++) {
		ring_add_instance(b, &r->v[i]);
		buf_add_char(b, '\n');
	}
	buf_addf(b, "{\"end\":%zu,\"crc32c\":\"%08x\"}\n", r->n,
		 crc32c(b->p + start, b->n - start));
}

/* ---- reading ---- */

struct field {
	const char *name;
	struct bytes raw; /* as it stands there; .p NULL: it is not there */
};

/* Sets the fields of one object that are named; others are stepped over. */
static int read_fields(struct bytes line, struct field *v, size_t n, struct err *e)
{
	struct json_at j = json_start(line);
	struct bytes key, raw;
	bool escaped;

	if (!json_take(&j, '{'))
		return err_set(e, ERR_CORRUPT, "expected an object of JSON");
	if (json_take(&j, '}') && j.p == j.end)
		return 0;
	do {
		json_skip_space(&j);
		if (!json_string(&j, &key, &escaped) || !json_take(&j, ':') ||
		    !json_value(&j, &raw))
			return err_set(e, ERR_CORRUPT, "no JSON at byte %zu",
				       (size_t)(j.p - line.p) + 1);
		for (size_t i = 0; i < n; i++) {
			if (!bytes_is(key, v[i].name))
				continue;
			if (v[i].raw.p)
				return err_set(e, ERR_CORRUPT, "%s: it is there twice", v[i].name);
			v[i].raw = raw;
		}
	} while (json_take(&j, ','));
	if (!json_take(&j, '}') || (json_skip_space(&j), j.p != j.end))
		return err_set(e, ERR_CORRUPT, "no JSON at byte %zu", (size_t)(j.p - line.p) + 1);
	return 0;
}

static int expected(const struct field *f, const char *what, struct err *e)
{
	if (!f->raw.p)
		return err_set(e, ERR_CORRUPT, "%s: missing", f->name);
	return err_set(e, ERR_CORRUPT, "%s: expected %s, found %.*s", f->name, what,
		       BYTES_ARG(bytes_sub(f->raw, 0, 100)));
}

static int read_count(const struct field *f, uint64_t min, uint64_t max, uint64_t *ret,
		      struct err *e)
{
	if (f->raw.p && num_u64(f->raw, ret) && *ret >= min && *ret <= max)
		return 0;
	if (!f->raw.p)
		return expected(f, "", e);
	return err_set(e, ERR_CORRUPT, "%s: expected a whole number from %llu to %llu, found %.*s",
		       f->name, (unsigned long long)min, (unsigned long long)max,
		       BYTES_ARG(bytes_sub(f->raw, 0, 100)));
}

/* Appends the text to b: what it is lies there. */
static int read_text(const struct field *f, struct buf *b, struct err *e)
{
	struct json_at j = json_start(f->raw);
	struct bytes raw;
	bool escaped;

	if (!f->raw.p || !json_string(&j, &raw, &escaped) || j.p != j.end || !json_unescape(raw, b))
		return expected(f, "a text", e);
	return 0;
}

static int read_time(const struct field *f, int64_t *ret, struct err *e)
{
	struct buf text = { 0 };
	int r = read_text(f, &text, e);

	if (r == 0 && (text.n == 0 || time_scan_rfc3339(buf_bytes(&text), ret) != text.n ||
		       *ret < 0 || *ret >= RING_TIME_END_NS))
		r = expected(f, "a time from 1970 to 2200, as 2026-01-15T10:00:00Z", e);
	buf_release(&text);
	return r;
}

static int read_timeout(const struct field *f, int64_t *ret, struct err *e)
{
	struct buf text = { 0 };
	struct err why;
	int r = read_text(f, &text, e);

	if (r == 0 && (time_parse_duration(buf_bytes(&text), ret, &why) < 0 || *ret <= 0 ||
		       *ret > RING_TIMEOUT_MAX_NS))
		r = expected(f, "a duration above 0, at most 100 years", e);
	buf_release(&text);
	return r;
}

int ring_parse_settings(struct bytes line, struct ring *r, struct err *e)
{
	enum { LOKID_RING, REVISION, REPLICATION, ZONES, TIMEOUT, TOKENS, N };
	struct field f[N] = {
		[LOKID_RING] = { "lokid_ring", { 0 } },	    [REVISION] = { "revision", { 0 } },
		[REPLICATION] = { "replication", { 0 } },   [ZONES] = { "zone_awareness", { 0 } },
		[TIMEOUT] = { "heartbeat_timeout", { 0 } }, [TOKENS] = { "tokens", { 0 } }
	};
	uint64_t version, replication, tokens;
	struct ring_settings s = { 0 };

	if (read_fields(line, f, N, e) < 0)
		return -1;
	if (!f[LOKID_RING].raw.p)
		return err_set(e, ERR_CORRUPT, "this is no ring: lokid_ring: missing");
	if (read_count(&f[LOKID_RING], 1, UINT64_MAX, &version, e) < 0)
		return -1;
	if (version > VERSION)
		return err_set(e, ERR_VERSION, "version %llu, we read %d",
			       (unsigned long long)version, VERSION);
	if (read_count(&f[REVISION], 1, UINT64_MAX, &r->revision, e) < 0 ||
	    read_count(&f[REPLICATION], 1, RING_REPLICATION_MAX, &replication, e) < 0 ||
	    read_count(&f[TOKENS], 1, RING_TOKENS_MAX, &tokens, e) < 0 ||
	    read_timeout(&f[TIMEOUT], &s.heartbeat_timeout_ns, e) < 0)
		return -1;
	s.zone_awareness = bytes_is(f[ZONES].raw, "true");
	if (!s.zone_awareness && !bytes_is(f[ZONES].raw, "false"))
		return expected(&f[ZONES], "true or false", e);
	s.replication = (unsigned)replication;
	s.tokens = (unsigned)tokens;
	r->settings = s;
	return 0;
}

/* Ascending, each once. The array lies in a. */
static int read_tokens(const struct field *f, struct ring_instance *in, struct arena *a,
		       struct err *e)
{
	struct json_at j = json_start(f->raw);
	uint32_t *v = arena_alloc(a, RING_TOKENS_MAX * sizeof(*v));
	struct bytes raw;
	uint64_t token;
	size_t n = 0;

	if (!f->raw.p || !json_take(&j, '['))
		return expected(f, "a list of numbers", e);
	do {
		json_skip_space(&j);
		if (!json_value(&j, &raw))
			return expected(f, "at least one number", e);
		if (!num_u64(raw, &token) || token > UINT32_MAX)
			return err_set(e, ERR_CORRUPT,
				       "tokens: expected numbers from 0 to 4294967295, found %.*s",
				       BYTES_ARG(bytes_sub(raw, 0, 40)));
		if (n == RING_TOKENS_MAX)
			return err_set(e, ERR_LIMIT, "tokens: more than %d", RING_TOKENS_MAX);
		if (n && token <= v[n - 1])
			return err_set(e, ERR_CORRUPT,
				       "tokens: expected them ascending, found %llu behind %u",
				       (unsigned long long)token, v[n - 1]);
		v[n++] = (uint32_t)token;
	} while (json_take(&j, ','));
	if (!json_take(&j, ']') || j.p != j.end)
		return expected(f, "a list of numbers", e);
	in->token = v;
	in->n_tokens = n;
	return 0;
}

enum { INSTANCE, ADDR, ZONE, STATE, HEARTBEAT, REGISTERED, TOKEN_LIST, N_FIELDS };

/* The texts lie in b. */
static int read_names(const struct field *f, struct ring_instance *in, struct buf *b, struct err *e)
{
	static const int of[] = { INSTANCE, ADDR, ZONE, STATE };
	size_t end[4];
	struct bytes text[4], state;

	for (size_t i = 0; i < 4; i++) {
		if (read_text(&f[of[i]], b, e) < 0)
			return -1;
		end[i] = b->n;
	}
	for (size_t i = 0, start = 0; i < 4; start = end[i], i++)
		text[i] = bytes_of(b->p + start, end[i] - start);
	if (ring_check_name("instance", text[0], e) < 0) {
		e->code = ERR_CORRUPT;
		return -1;
	}
	in->name = text[0];
	in->addr = text[1];
	in->zone = text[2];
	state = text[3];
	if (ring_check_addr(in->addr, e) < 0 ||
	    (in->zone.n && ring_check_name("zone", in->zone, e) < 0)) {
		e->code = ERR_CORRUPT;
		return -1;
	}
	if (!ring_state_read(state, &in->state))
		return expected(&f[STATE], "PENDING, JOINING, ACTIVE or LEAVING", e);
	return 0;
}

int ring_parse_instance(struct bytes line, struct ring *r, struct ring_instance **ret,
			struct err *e)
{
	struct field f[N_FIELDS] = {
		[INSTANCE] = { "instance", { 0 } },   [ADDR] = { "addr", { 0 } },
		[ZONE] = { "zone", { 0 } },	      [STATE] = { "state", { 0 } },
		[HEARTBEAT] = { "heartbeat", { 0 } }, [REGISTERED] = { "registered", { 0 } },
		[TOKEN_LIST] = { "tokens", { 0 } }
	};
	struct ring_instance in = { 0 }, *added;
	struct arena a = { 0 };
	struct buf names = { 0 };
	int rc = -1;

	if (read_fields(line, f, N_FIELDS, e) < 0 || read_names(f, &in, &names, e) < 0 ||
	    read_time(&f[HEARTBEAT], &in.heartbeat_ns, e) < 0 ||
	    read_time(&f[REGISTERED], &in.registered_ns, e) < 0 ||
	    read_tokens(&f[TOKEN_LIST], &in, &a, e) < 0) {
		if (in.name.n)
			err_wrap(e, "instance '%.*s'", BYTES_ARG(in.name));
	} else if (ring_find(r, in.name)) {
		err_set(e, ERR_CORRUPT, "instance '%.*s' is there twice", BYTES_ARG(in.name));
	} else if (r->n == RING_INSTANCES_MAX) {
		err_set(e, ERR_LIMIT, "more than %d instances", RING_INSTANCES_MAX);
	} else {
		added = ring_add(r, &in);
		if (ret)
			*ret = added;
		rc = 0;
	}
	buf_release(&names);
	arena_release(&a);
	return rc;
}

/* A token and whose it is, as a number that sorts. */
static int cmp_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int ring_check_tokens(const struct ring *r, struct err *e)
{
	uint64_t *v = NULL;
	size_t n = 0, cap = 0;
	int rc = 0;

	for (size_t i = 0; i < r->n; i++) {
		mem_grow(&v, &cap, n + r->v[i].n_tokens, sizeof(*v));
		for (size_t k = 0; k < r->v[i].n_tokens; k++)
			v[n++] = (uint64_t)r->v[i].token[k] << 32 | i;
	}
	if (n)
		qsort(v, n, sizeof(*v), cmp_u64);
	for (size_t i = 1; i < n && rc == 0; i++)
		if (v[i] >> 32 == v[i - 1] >> 32)
			rc = err_set(e, ERR_CORRUPT, "token %u is of '%.*s' and of '%.*s'",
				     (uint32_t)(v[i] >> 32),
				     BYTES_ARG(r->v[(uint32_t)v[i - 1]].name),
				     BYTES_ARG(r->v[(uint32_t)v[i]].name));
	free(v);
	return rc;
}

/* The last line: how many instances there are, and the checksum of all that stands before. */
static int check_end(struct bytes before, struct bytes line, size_t n, struct err *e)
{
	struct field f[] = { { "end", { 0 } }, { "crc32c", { 0 } } };
	struct buf sum = { 0 };
	char computed[9];
	uint64_t said;
	int rc = 0;

	if (read_fields(line, f, 2, e) < 0 || read_text(&f[1], &sum, e) < 0 ||
	    read_count(&f[0], 0, RING_INSTANCES_MAX, &said, e) < 0) {
		rc = -1;
	} else {
		snprintf(computed, sizeof(computed), "%08x", crc32c(before.p, before.n));
		if (!bytes_is(buf_bytes(&sum), computed))
			rc = err_set(e, ERR_CORRUPT,
				     "crc32c mismatch: stored %.*s, computed %s (it was changed "
				     "by hand, or damaged)",
				     BYTES_ARG(bytes_sub(buf_bytes(&sum), 0, 40)), computed);
		else if (said != n)
			rc = err_set(e, ERR_CORRUPT, "expected %llu instances, found %zu",
				     (unsigned long long)said, n);
	}
	buf_release(&sum);
	return rc;
}

static int parse_lines(struct bytes text, struct ring *r, struct err *e)
{
	struct bytes rest = text, line, is_end;
	size_t number = 0;
	int rc = 0;

	while (rc == 0 && bytes_split(&rest, '\n', &line)) {
		number++;
		if (!rest.p)
			return err_set(e, ERR_CORRUPT, "cut short in line %zu: it has no end",
				       number);
		if (number == 1) {
			rc = ring_parse_settings(line, r, e);
		} else if (json_member(line, "end", &is_end)) {
			rc = check_end(bytes_of(text.p, (size_t)(line.p - text.p)), line, r->n, e);
			if (rc == 0 && rest.n)
				return err_set(e, ERR_CORRUPT,
					       "line %zu: expected nothing behind the end",
					       number + 1);
			if (rc == 0)
				return ring_check_tokens(r, e);
		} else {
			rc = ring_parse_instance(line, r, NULL, e);
		}
	}
	return err_wrap(e, "line %zu", number);
}

int ring_parse_text(struct bytes text, struct ring *ret, struct err *e)
{
	struct ring r;
	int rc;

	ring_init(&r);
	rc = text.n ? parse_lines(text, &r, e) : err_set(e, ERR_CORRUPT, "it is empty");
	if (rc < 0)
		ring_release(&r);
	else
		*ret = r;
	return rc;
}
