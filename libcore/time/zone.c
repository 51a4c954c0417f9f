/*
 * A zoneinfo file holds two tables of changes, with 32 and with 64 bits, and behind them a rule for
 * the time behind the last change ("CET-1CEST,M3.5.0,M10.5.0/3"). The second table and the rule are
 * used; files without them (version 1) have the first table only.
 */
#include "time/zone.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/rd.h"
#include "time/calendar.h"

enum { FILE_MAX = 1 << 20, TYPES_MAX = 256, HEADER_LEN = 44, NAME_MAX_LEN = 64 };

struct zone_type {
	int32_t east;
	bool is_dst;
	char abbrev[TIME_ZONE_ABBREV_MAX];
};

/* When summer time begins or ends: "M3.5.0/2", "J60", "59". */
struct rule_day {
	enum { DAY_JULIAN, DAY_OF_YEAR, DAY_OF_MONTH } kind;
	int month, week, day;
	int32_t s; /* into the day */
};

struct rule {
	bool is_set, has_dst;
	struct zone_type std, dst;
	struct rule_day begin, end; /* of dst */
};

struct time_zone {
	struct buf name;
	size_t n_changes, n_types;
	int64_t *at;
	uint8_t *type;
	struct zone_type types[TYPES_MAX];
	struct rule rule;
};

void time_zone_free(struct time_zone *z)
{
	if (!z)
		return;
	buf_release(&z->name);
	free(z->at);
	free(z->type);
	free(z);
}

struct bytes time_zone_name(const struct time_zone *z)
{
	return buf_bytes(&z->name);
}

/* --- the rule -------------------------------------------------------------------------- */

static bool take(struct bytes *t, char c)
{
	if (!t->n || t->p[0] != c)
		return false;
	*t = bytes_sub(*t, 1, t->n);
	return true;
}

static bool take_number(struct bytes *t, int max, int *ret)
{
	int v = 0;
	size_t n = 0;

	for (; n < t->n && n < 4 && t->p[n] >= '0' && t->p[n] <= '9'; n++)
		v = v * 10 + (t->p[n] - '0');
	*t = bytes_sub(*t, n, t->n);
	*ret = v;
	return n > 0 && v <= max;
}

static bool take_name(struct bytes *t, char ret[TIME_ZONE_ABBREV_MAX])
{
	bool quoted = take(t, '<');
	size_t n = 0;

	while (n < t->n && n < TIME_ZONE_ABBREV_MAX - 1 &&
	       (quoted ? t->p[n] != '>' : (t->p[n] | 0x20) >= 'a' && (t->p[n] | 0x20) <= 'z'))
		n++;
	memcpy(ret, t->p, n);
	ret[n] = '\0';
	*t = bytes_sub(*t, n, t->n);
	return n >= 3 && (!quoted || take(t, '>'));
}

/* [+-]hh[:mm[:ss]] as seconds. */
static bool take_time(struct bytes *t, int32_t *ret)
{
	int h, m = 0, s = 0, sign = take(t, '-') ? -1 : 1;

	if (sign == 1)
		take(t, '+');
	if (!take_number(t, 167, &h) || (take(t, ':') && !take_number(t, 59, &m)) ||
	    (take(t, ':') && !take_number(t, 59, &s)))
		return false;
	*ret = sign * (h * 3600 + m * 60 + s);
	return true;
}

static bool take_day(struct bytes *t, struct rule_day *ret)
{
	ret->s = 7200;
	if (take(t, 'M')) {
		ret->kind = DAY_OF_MONTH;
		if (!take_number(t, 12, &ret->month) || ret->month < 1 || !take(t, '.') ||
		    !take_number(t, 5, &ret->week) || ret->week < 1 || !take(t, '.') ||
		    !take_number(t, 6, &ret->day))
			return false;
	} else {
		ret->kind = take(t, 'J') ? DAY_JULIAN : DAY_OF_YEAR;
		if (!take_number(t, 365, &ret->day))
			return false;
	}
	return !take(t, '/') || take_time(t, &ret->s);
}

static bool parse_rule(struct bytes t, struct rule *ret)
{
	struct rule r = { .is_set = true };

	if (!take_name(&t, r.std.abbrev) || !take_time(&t, &r.std.east))
		return false;
	r.std.east = -r.std.east;
	if (t.n) {
		r.has_dst = r.dst.is_dst = true;
		if (!take_name(&t, r.dst.abbrev))
			return false;
		r.dst.east = r.std.east + 3600;
		if (t.n && t.p[0] != ',') {
			if (!take_time(&t, &r.dst.east))
				return false;
			r.dst.east = -r.dst.east;
		}
		if (!take(&t, ',') || !take_day(&t, &r.begin) || !take(&t, ',') ||
		    !take_day(&t, &r.end))
			return false;
	}
	if (t.n)
		return false;
	*ret = r;
	return true;
}

/* The moment of the rule's day in that year, on a clock that is `east` of UTC. */
static int64_t rule_moment(const struct rule_day *d, int64_t year, int32_t east)
{
	int64_t first = time_days_of_date(year, 1, 1), day;
	bool leap = time_days_in(year, 2) == 29;

	if (d->kind == DAY_JULIAN) {
		day = first + d->day - 1 + (leap && d->day >= 60);
	} else if (d->kind == DAY_OF_YEAR) {
		day = first + d->day;
	} else {
		int64_t begin = time_days_of_date(year, d->month, 1);
		int weekday = (int)(((begin + 4) % 7 + 7) % 7);
		int in_month = (d->day - weekday + 7) % 7 + 7 * (d->week - 1);

		while (in_month >= time_days_in(year, d->month))
			in_month -= 7;
		day = begin + in_month;
	}
	return day * S_PER_DAY + d->s - east;
}

static const struct zone_type *rule_at(const struct rule *r, int64_t s)
{
	int64_t year, begin, end;
	int month, day;

	if (!r->has_dst)
		return &r->std;
	time_date_of_days(time_floor_div(s + r->std.east, S_PER_DAY), &year, &month, &day);
	begin = rule_moment(&r->begin, year, r->std.east);
	end = rule_moment(&r->end, year, r->dst.east);
	if (begin < end ? s >= begin && s < end : s >= begin || s < end)
		return &r->dst;
	return &r->std;
}

/* --- the tables ------------------------------------------------------------------------ */

struct counts {
	uint32_t isut, isstd, leap, time, type, chars;
};

static bool read_header(struct rd *rd, char *ret_version, struct counts *c)
{
	struct bytes magic = rd_bytes(rd, 4), rest = rd_bytes(rd, 16);

	*ret_version = rest.n ? rest.p[0] : '\0';
	c->isut = rd_u32be(rd);
	c->isstd = rd_u32be(rd);
	c->leap = rd_u32be(rd);
	c->time = rd_u32be(rd);
	c->type = rd_u32be(rd);
	c->chars = rd_u32be(rd);
	return !rd->failed && bytes_is(magic, "TZif") && c->time < FILE_MAX &&
	       c->type <= TYPES_MAX && c->type > 0 && c->chars < FILE_MAX && c->leap < FILE_MAX &&
	       c->isut <= TYPES_MAX && c->isstd <= TYPES_MAX;
}

static size_t body_len(const struct counts *c, size_t time_len)
{
	return c->time * time_len + c->time + c->type * 6 + c->chars + c->leap * (time_len + 4) +
	       c->isstd + c->isut;
}

static bool read_types(struct rd *rd, const struct counts *c, struct time_zone *z)
{
	struct bytes raw = rd_bytes(rd, (size_t)c->type * 6), chars = rd_bytes(rd, c->chars);

	if (rd->failed)
		return false;
	z->n_types = c->type;
	for (size_t i = 0; i < c->type; i++) {
		struct rd one = rd_init(bytes_sub(raw, i * 6, 6));
		struct zone_type *t = &z->types[i];
		size_t at, n = 0;

		t->east = (int32_t)rd_u32be(&one);
		t->is_dst = raw.p[i * 6 + 4];
		at = (unsigned char)raw.p[i * 6 + 5];
		if (t->east < -90000 || t->east > 93600)
			return false;
		while (at + n < chars.n && chars.p[at + n] && n < TIME_ZONE_ABBREV_MAX - 1)
			n++;
		if (n)
			memcpy(t->abbrev, chars.p + at, n);
	}
	return true;
}

static bool read_body(struct rd *rd, const struct counts *c, size_t time_len, struct time_zone *z)
{
	struct bytes types;

	z->at = mem_alloc((c->time + 1) * sizeof(*z->at));
	z->type = mem_alloc(c->time + 1);
	z->n_changes = c->time;
	for (size_t i = 0; i < c->time && !rd->failed; i++) {
		if (time_len == 8) {
			uint64_t hi = rd_u32be(rd);

			z->at[i] = (int64_t)(hi << 32 | rd_u32be(rd));
		} else {
			z->at[i] = (int32_t)rd_u32be(rd);
		}
		if (i && z->at[i] < z->at[i - 1])
			return false;
	}
	types = rd_bytes(rd, c->time);
	if (rd->failed)
		return false;
	for (size_t i = 0; i < c->time; i++) {
		z->type[i] = (uint8_t)types.p[i];
		if (z->type[i] >= c->type)
			return false;
	}
	if (!read_types(rd, c, z))
		return false;
	rd_bytes(rd, c->leap * (time_len + 4) + c->isstd + c->isut);
	return !rd->failed;
}

static bool parse_file(struct bytes file, struct time_zone *z)
{
	struct rd rd = rd_init(file);
	struct counts c;
	struct bytes line;
	char version;

	if (!read_header(&rd, &version, &c))
		return false;
	if (version < '2')
		return read_body(&rd, &c, 4, z);
	rd_bytes(&rd, body_len(&c, 4));
	if (rd.failed || !read_header(&rd, &version, &c) || !read_body(&rd, &c, 8, z))
		return false;
	line = bytes_sub(file, rd.off, file.n);
	if (line.n >= 2 && line.p[0] == '\n' && line.p[line.n - 1] == '\n' && line.n > 2)
		return parse_rule(bytes_sub(line, 1, line.n - 2), &z->rule);
	return true;
}

struct time_zone *time_zone_parse(struct bytes name, struct bytes file, struct err *e)
{
	struct time_zone *z = mem_alloc(sizeof(*z));

	buf_add_bytes(&z->name, name);
	if (file.n <= FILE_MAX && parse_file(file, z))
		return z;
	time_zone_free(z);
	err_set(e, ERR_CORRUPT, "zone '%.*s': not a zoneinfo file", BYTES_ARG(name));
	return NULL;
}

/* Names come from queries: they must not lead out of the folder. */
static bool is_name(struct bytes name)
{
	if (name.n == 0 || name.n > NAME_MAX_LEN || name.p[0] == '/' || name.p[0] == '.')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

		if (!letter && !(c >= '0' && c <= '9') && c != '/' && c != '_' && c != '+' &&
		    c != '-')
			return false;
	}
	return true;
}

struct time_zone *time_zone_open(struct bytes name, struct err *e)
{
	const char *dir = getenv("ZONEINFO");
	struct buf path = { 0 }, file = { 0 };
	struct time_zone *z = NULL;

	if (!is_name(name)) {
		err_set(e, ERR_USAGE, "no zone is called '%.*s'", BYTES_ARG(name));
		return NULL;
	}
	buf_addf(&path, "%s/%.*s", dir && *dir ? dir : "/usr/share/zoneinfo", BYTES_ARG(name));
	if (io_read_file(buf_str(&path), FILE_MAX, &file, e) == 0)
		z = time_zone_parse(name, buf_bytes(&file), e);
	buf_release(&path);
	buf_release(&file);
	return z;
}

/* --- asking ---------------------------------------------------------------------------- */

/* Before the first change: the first type that is not summer time. */
static const struct zone_type *first_type(const struct time_zone *z)
{
	for (size_t i = 0; i < z->n_types; i++)
		if (!z->types[i].is_dst)
			return &z->types[i];
	return &z->types[0];
}

static const struct zone_type *type_at(const struct time_zone *z, int64_t s)
{
	size_t lo = 0, hi = z->n_changes;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (z->at[mid] <= s)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == z->n_changes && z->rule.is_set)
		return rule_at(&z->rule, s);
	return lo == 0 ? first_type(z) : &z->types[z->type[lo - 1]];
}

int32_t time_zone_at(const struct time_zone *z, int64_t s, char ret_abbrev[TIME_ZONE_ABBREV_MAX])
{
	const struct zone_type *t = type_at(z, s);

	memcpy(ret_abbrev, t->abbrev, TIME_ZONE_ABBREV_MAX);
	return t->east;
}

bool time_zone_has(const struct time_zone *z, struct bytes abbrev, int64_t s, int32_t *ret_east)
{
	/* The one in force at that time, of those that share the name. */
	for (size_t i = 0; i < z->n_types; i++) {
		const struct zone_type *t = &z->types[i];

		if (bytes_is(abbrev, t->abbrev) &&
		    bytes_is(abbrev, type_at(z, s - t->east)->abbrev)) {
			*ret_east = type_at(z, s - t->east)->east;
			return true;
		}
	}
	for (size_t i = 0; i < z->n_types; i++) {
		if (bytes_is(abbrev, z->types[i].abbrev)) {
			*ret_east = z->types[i].east;
			return true;
		}
	}
	return false;
}
