#include "push/syslog.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "push/normal.h"
#include "time/time.h"

const struct bytes syslog_labels_default = { "host,app", 8 };

static const char *const facilities[] = { "kern",     "user",	"mail",	  "daemon", "auth",
					  "syslog",   "lpr",	"news",	  "uucp",   "cron",
					  "authpriv", "ftp",	"ntp",	  "audit",  "alert",
					  "clock",    "local0", "local1", "local2", "local3",
					  "local4",   "local5", "local6", "local7" };
static const char *const severities[] = { "emergency", "alert",	 "critical",	  "error",
					  "warning",   "notice", "informational", "debug" };
/* What finders of levels know; syslog's notice is no level of theirs, nor are the two above
 * critical.
 */
static const char *const levels[] = { "critical", "critical", "critical", "error",
				      "warn",	  "info",     "info",	  "debug" };

enum { PRI_MAX = 191, TOKEN_MAX = 255 };

/* What a message tells of itself; what it does not tell is empty. */
struct message {
	struct bytes facility, severity, level, host, app, proc_id, msg_id;
	struct bytes data; /* structured, as it stands */
	struct bytes text;
	int64_t ts_ns;
};

void syslog_release(struct syslog *s)
{
	free(s->labels.v);
	free(s->meta.v);
	push_current_release(&s->current);
}

static struct bytes behind(struct bytes b, size_t n)
{
	return bytes_sub(b, n, b.n);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "<13>": takes it off *in. */
static bool take_priority(struct bytes *in, struct message *m)
{
	unsigned v = 0;
	size_t i = 1;

	if (in->n < 3 || in->p[0] != '<')
		return false;
	for (; i < in->n && i <= 3 && is_digit(in->p[i]); i++)
		v = v * 10 + (unsigned)(in->p[i] - '0');
	if (i == 1 || i == in->n || in->p[i] != '>' || v > PRI_MAX)
		return false;
	m->facility = bytes_str(facilities[v / 8]);
	m->severity = bytes_str(severities[v % 8]);
	m->level = bytes_str(levels[v % 8]);
	*in = behind(*in, i + 1);
	return true;
}

/* What stands up to a blank or the end; takes it and the blank off. */
static struct bytes take_token(struct bytes *in)
{
	struct bytes token;
	size_t n = 0;

	while (n < in->n && in->p[n] != ' ')
		n++;
	token = bytes_sub(*in, 0, n);
	*in = behind(*in, n + 1);
	return token;
}

/* --- RFC 5424: 1 TIME HOST APP PROCID MSGID [id name="value"] TEXT --- */

/* A token; "-" is none. */
static bool take_field(struct bytes *in, struct bytes *ret)
{
	*ret = take_token(in);
	if (bytes_is(*ret, "-"))
		ret->n = 0;
	else if (ret->n == 0 || ret->n > TOKEN_MAX)
		return false;
	return true;
}

/* The length of [id name="value" ...] at the start, or 0. */
static size_t element_len(struct bytes in)
{
	bool quoted = false;

	for (size_t i = 1; in.n && in.p[0] == '[' && i < in.n; i++) {
		if (quoted && in.p[i] == '\\')
			i++;
		else if (in.p[i] == '"')
			quoted = !quoted;
		else if (!quoted && in.p[i] == ']')
			return i + 1;
	}
	return 0;
}

static bool take_data(struct bytes *in, struct bytes *ret)
{
	struct bytes start = *in;
	size_t n = 0, more;

	if (in->n && in->p[0] == '-' && (in->n == 1 || in->p[1] == ' ')) {
		*ret = bytes_sub(start, 0, 0);
		*in = behind(*in, 2);
		return true;
	}
	while ((more = element_len(behind(start, n))) > 0)
		n += more;
	if (n == 0 || (n < start.n && start.p[n] != ' '))
		return false;
	*ret = bytes_sub(start, 0, n);
	*in = behind(start, n + 1);
	return true;
}

static bool read_new(struct bytes in, struct message *ret)
{
	static const struct bytes version = { "1 ", 2 }, bom = { "\xef\xbb\xbf", 3 };
	struct message m = *ret;
	struct bytes time;

	if (!bytes_starts(in, version))
		return false;
	in = behind(in, version.n);
	if (!take_field(&in, &time) || (time.n && time_scan_rfc3339(time, &m.ts_ns) != time.n) ||
	    !take_field(&in, &m.host) || !take_field(&in, &m.app) || !take_field(&in, &m.proc_id) ||
	    !take_field(&in, &m.msg_id) || !take_data(&in, &m.data))
		return false;
	m.text = bytes_starts(in, bom) ? behind(in, bom.n) : in;
	*ret = m;
	return true;
}

/* --- RFC 3164: Mmm dd hh:mm:ss HOST TAG[PID]: TEXT --- */

static int month_of(struct bytes in)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (in.n >= 3 && memcmp(in.p, months + 3 * i, 3) == 0)
			return i + 1;
	return 0;
}

/* The time "month day clock" of a year, as RFC 3339 checks it. */
static bool time_in(uint64_t year, int month, int day, struct bytes clock,
		    const struct syslog_opts *o, int64_t *ret)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%04u-%02d-%02dT%.*sZ", (unsigned)year, month, day,
			 BYTES_ARG(clock));

	return time_scan_rfc3339(bytes_of(text, (size_t)n), ret) == (size_t)n &&
	       !__builtin_sub_overflow(*ret, o->zone_s * NS_PER_S, ret);
}

/* The nearest to now of the years around it. */
static bool time_near(int month, int day, struct bytes clock, const struct syslog_opts *o,
		      int64_t *ret)
{
	char today[TIME_DAY_LEN + 1];
	uint64_t best = UINT64_MAX, year;

	time_day_text(time_day(o->now_ns), today);
	if (!num_u64(bytes_of(today, 4), &year) || year == 0)
		return false;
	for (uint64_t y = year - 1; y <= year + 1; y++) {
		int64_t ts;
		uint64_t far;

		if (!time_in(y, month, day, clock, o, &ts))
			continue;
		far = ts > o->now_ns ? (uint64_t)ts - (uint64_t)o->now_ns
				     : (uint64_t)o->now_ns - (uint64_t)ts;
		if (far < best) {
			best = far;
			*ret = ts;
		}
	}
	return best != UINT64_MAX;
}

/* A number of at most max digits, blanks before it; -1 when none stands there. */
static int take_number(struct bytes *in, size_t max)
{
	struct bytes rest = *in;
	int v = 0;
	size_t n = 0;

	while (rest.n && rest.p[0] == ' ')
		rest = behind(rest, 1);
	for (; n < max && n < rest.n && is_digit(rest.p[n]); n++)
		v = v * 10 + (rest.p[n] - '0');
	if (n == 0 || n == rest.n || rest.p[n] != ' ')
		return -1;
	*in = behind(rest, n + 1);
	return v;
}

/* "Jan 15 10:00:03", with a year behind the day or a fraction behind the seconds. */
static bool take_old_time(struct bytes *in, const struct syslog_opts *o, int64_t *ret)
{
	struct bytes rest = *in, clock;
	int month, day, year;

	if (rest.n && (rest.p[0] == '*' || rest.p[0] == '.')) /* a router's clock that is not set */
		rest = behind(rest, 1);
	month = month_of(rest);
	if (!month || rest.n < 4 || rest.p[3] != ' ')
		return false;
	rest = behind(rest, 3);
	day = take_number(&rest, 2);
	if (day < 0)
		return false;
	year = take_number(&rest, 4);
	clock = take_token(&rest);
	if (clock.n && clock.p[clock.n - 1] == ':')
		clock.n--;
	if (clock.n > 20 || !(year >= 0 ? time_in((uint64_t)year, month, day, clock, o, ret)
					: time_near(month, day, clock, o, ret)))
		return false;
	*in = rest;
	return true;
}

static bool take_time(struct bytes *in, const struct syslog_opts *o, int64_t *ret)
{
	size_t n = time_scan_rfc3339(*in, ret);

	if (n == 0)
		return take_old_time(in, o, ret);
	if (n < in->n && in->p[n] != ' ')
		return false;
	*in = behind(*in, n + 1);
	return true;
}

/* "sshd[123]: " or "su: " */
static bool take_tag(struct bytes *in, struct message *m)
{
	struct bytes name, pid = { 0 };
	size_t n = 0, end;

	while (n < in->n && n < TOKEN_MAX && !strchr(" :[]", in->p[n]) && in->p[n])
		n++;
	if (n == 0 || n == in->n || (in->p[n] != ':' && in->p[n] != '['))
		return false;
	name = bytes_sub(*in, 0, n);
	if (in->p[n] == '[') {
		for (end = n + 1; end < in->n && in->p[end] != ']' && in->p[end] != ' ';)
			end++;
		if (end == in->n || in->p[end] != ']')
			return false;
		pid = bytes_sub(*in, n + 1, end - n - 1);
		n = end + 1;
	}
	if (n < in->n && in->p[n] == ':')
		n++;
	else if (!pid.p)
		return false;
	if (n < in->n && in->p[n] != ' ') /* 10:00:03, fe80::1 */
		return false;
	m->app = name;
	m->proc_id = pid;
	*in = behind(*in, n + 1);
	return true;
}

static void read_old(struct bytes in, const struct syslog_opts *o, struct message *m)
{
	bool has_time = take_time(&in, o, &m->ts_ns);

	if (has_time && !take_tag(&in, m)) {
		struct bytes rest = in, host = take_token(&rest);

		if (host.n && host.n <= TOKEN_MAX && rest.n) {
			m->host = host;
			in = rest;
			take_tag(&in, m);
		}
	} else if (!has_time && m->severity.n) {
		take_tag(&in, m);
	}
	m->text = in;
}

/* --- to labels and metadata --- */

static int add_field(struct syslog *s, const struct syslog_opts *o, const char *name,
		     struct bytes value, struct err *e)
{
	if (value.n == 0)
		return 0;
	if (push_is_among(o->labels, bytes_str(name)))
		return push_pairs_set(&s->labels, bytes_str(name), value, e);
	return push_pairs_add(&s->meta, bytes_str(name), value, e);
}

/* The value in quotes at the start of in, its \" \\ and \] resolved; takes it off. */
static struct bytes take_quoted(struct bytes *in, struct arena *a)
{
	char *start, *to;
	size_t n = 1;

	while (n < in->n && in->p[n] != '"')
		n += in->p[n] == '\\' && n + 1 < in->n ? 2 : 1;
	start = to = arena_alloc(a, n);
	for (size_t i = 1; i < n; i++) {
		if (in->p[i] == '\\' && i + 1 < n && strchr("\"\\]", in->p[i + 1]) && in->p[i + 1])
			i++;
		*to++ = in->p[i];
	}
	*in = behind(*in, n + 1);
	return bytes_of(start, (size_t)(to - start));
}

static size_t name_len(struct bytes in)
{
	size_t n = 0;

	while (n < in.n && !strchr(" =]\"", in.p[n]))
		n++;
	return n;
}

/* name="value" name="value", of the element id */
static int add_params(struct syslog *s, struct bytes id, struct bytes in, struct arena *a,
		      struct err *e)
{
	struct buf name = { 0 };
	int rc = 0;

	while (rc == 0 && in.n) {
		size_t n = name_len(in);

		if (n + 1 < in.n && n > 0 && in.p[n] == '=' && in.p[n + 1] == '"') {
			buf_reset(&name);
			buf_add_bytes(&name, id);
			buf_add_char(&name, '_');
			buf_add(&name, in.p, n);
			in = behind(in, n + 1);
			rc = push_pairs_add(&s->meta,
					    push_normal_name(arena_copy(a, buf_bytes(&name)), a),
					    take_quoted(&in, a), e);
		} else {
			in = behind(in, n + 1); /* blanks; what is no pair */
		}
	}
	buf_release(&name);
	return rc;
}

static int add_data(struct syslog *s, struct bytes data, struct arena *a, struct err *e)
{
	size_t n;

	for (; (n = element_len(data)) > 0; data = behind(data, n)) {
		struct bytes inside = bytes_sub(data, 1, n - 2);
		size_t id = name_len(inside);

		if (add_params(s, bytes_sub(inside, 0, id), behind(inside, id), a, e) < 0)
			return -1;
	}
	return 0;
}

static int add_fields(struct syslog *s, const struct syslog_opts *o, const struct message *m,
		      struct err *e)
{
	const struct {
		const char *name;
		struct bytes value;
	} fields[] = { { "host", m->host },	    { "app", m->app },
		       { "facility", m->facility }, { "severity", m->severity },
		       { "level", m->level },	    { "proc_id", m->proc_id },
		       { "msg_id", m->msg_id } };

	s->labels.n = s->meta.n = 0;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (add_field(s, o, fields[i].name, fields[i].value, e) < 0)
			return -1;
	for (size_t i = 0; i < o->n_extra; i++)
		if (push_pairs_set(&s->labels, o->extra[i].name, o->extra[i].value, e) < 0)
			return -1;
	return 0;
}

int syslog_push(struct syslog *s, const struct syslog_opts *o, struct bytes message,
		const struct push_sink *sink, struct arena *a, struct err *e)
{
	struct message m = { .text = message, .ts_ns = o->now_ns };
	struct bytes in = message;

	if (!take_priority(&in, &m) || !read_new(in, &m))
		read_old(in, o, &m);
	arena_reset(a);
	if (add_fields(s, o, &m, e) < 0 || add_data(s, m.data, a, e) < 0 ||
	    push_current_set(&s->current, &s->labels, sink, e) < 0)
		return -1;
	return sink->entry(sink->data, m.ts_ns, m.text, s->meta.v, s->meta.n, e);
}
