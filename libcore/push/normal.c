#include "push/normal.h"

#include "base/num.h"
#include "base/utf8.h"
#include "time/time.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

char *push_put_clean(char *to, struct bytes name)
{
	for (size_t i = 0, n; i < name.n; i += n) {
		utf8_next(bytes_sub(name, i, 4), &n);
		*to++ = is_name_char(name.p[i]) ? name.p[i] : '_';
	}
	return to;
}

struct bytes push_normal_name(struct bytes name, struct arena *a)
{
	static const char prefix[] = "key_";
	enum { PREFIX = sizeof(prefix) - 1 };
	char *start, *end;
	size_t i = 0;

	while (i < name.n && is_name_char(name.p[i]))
		i++;
	if (i == name.n && (i == 0 || (!is_digit(name.p[0]) && name.p[0] != '_')))
		return name;
	start = (char *)arena_alloc(a, PREFIX + name.n) + PREFIX;
	end = push_put_clean(start, name);
	if (is_digit(start[0]))
		start = memcpy(start - PREFIX, prefix, PREFIX);
	else if (start[0] == '_' && (end - start == 1 || start[1] != '_'))
		start = memcpy(start - PREFIX + 1, prefix, PREFIX - 1);
	return bytes_of(start, (size_t)(end - start));
}

bool push_is_among(struct bytes list, struct bytes name)
{
	struct bytes piece;

	while (list.n > 0 && bytes_split(&list, ',', &piece))
		if (bytes_eq(bytes_trim(piece), name))
			return true;
	return false;
}

/* --- times --- */

/* "1768471200", "1768471200123.5": the unit is what makes it a time of these centuries. */
static bool number_time(struct bytes text, int64_t *ret_ns)
{
	static const int64_t units[] = { NS_PER_S, NS_PER_MS, NS_PER_US, 1 };
	const char *dot = text.n ? memchr(text.p, '.', text.n) : NULL;
	struct bytes whole = bytes_sub(text, 0, dot ? (size_t)(dot - text.p) : text.n);
	struct bytes rest = bytes_sub(text, whole.n + 1, text.n);
	num_wide limit = INT64_C(1) << 31, ns;
	int64_t v, scale;
	size_t i = 0;

	if (!num_i64(whole, &v) || (dot && rest.n == 0))
		return false;
	for (; i < 3 && (v >= limit || v <= -limit); i++)
		limit *= 1000;
	ns = (num_wide)v * units[i];
	scale = units[i];
	for (size_t k = 0; k < rest.n; k++) {
		if (rest.p[k] < '0' || rest.p[k] > '9')
			return false;
		scale /= 10;
		ns += (whole.p[0] == '-' ? -1 : 1) * (rest.p[k] - '0') * scale;
	}
	*ret_ns = (int64_t)ns;
	return ns == num_clip(ns);
}

bool push_time(struct bytes text, int64_t *ret_ns)
{
	enum { SECONDS = 19, TEXT_MAX = 48 };
	char copy[TEXT_MAX + 2];
	size_t n = text.n;
	int32_t day;

	if (number_time(text, ret_ns))
		return true;
	if (time_day_parse(text, &day)) {
		*ret_ns = time_day_start(day);
		return true;
	}
	if (n < SECONDS || n > TEXT_MAX)
		return false;
	memcpy(copy, text.p, n);
	if (n > SECONDS && copy[SECONDS] == ',')
		copy[SECONDS] = '.';
	if (copy[n - 1] >= '0' && copy[n - 1] <= '9') {
		if (n >= SECONDS + 5 && (copy[n - 5] == '+' || copy[n - 5] == '-')) {
			memmove(copy + n - 1, copy + n - 2, 2);
			copy[n - 2] = ':';
			n++;
		} else if (n < SECONDS + 6 || (copy[n - 6] != '+' && copy[n - 6] != '-')) {
			copy[n++] = 'Z';
		}
	}
	return time_scan_rfc3339(bytes_of(copy, n), ret_ns) == n;
}
