/* Values of labels read as numbers, durations and sizes: what Go's strconv, time and Loki's sizes
 * take, for the kinds of texts that the tests' data has. */
#include <errno.h>
#include <math.h>
#include <strings.h>

#include "detail.h"

static const char *text_z(struct bytes text, char *z, size_t max)
{
	if (text.n == 0 || text.n >= max || memchr(text.p, '\0', text.n))
		return NULL;
	memcpy(z, text.p, text.n);
	z[text.n] = '\0';
	return z;
}

/* A plain decimal number at p, moved behind it. */
static bool decimal(const char **p, double *ret)
{
	char *end;
	const char *digit = **p == '-' || **p == '+' ? *p + 1 : *p;

	if (!strchr("0123456789.", *digit) || *digit == '\0' ||
	    (digit[0] == '0' && (digit[1] == 'x' || digit[1] == 'X')))
		return false;
	if (*digit == '.' && !(digit[1] >= '0' && digit[1] <= '9'))
		return false;
	*ret = strtod(*p, &end);
	*p = end;
	return true;
}

bool nv_number(struct bytes text, double *ret)
{
	char z[64];
	const char *p = text_z(text, z, sizeof(z));

	if (p && (strcmp(p, "NaN") == 0 || strcmp(p, "nan") == 0)) {
		*ret = NAN;
		return true;
	}
	if (p && (strcasecmp(p + (*p == '-' || *p == '+'), "inf") == 0)) {
		*ret = *p == '-' ? -INFINITY : INFINITY;
		return true;
	}
	return p && decimal(&p, ret) && *p == '\0';
}

bool nv_duration(struct bytes text, int64_t *ret_ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ns", 1 },  { "us", 1e3 }, { "ms", 1e6 },
		      { "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 } };
	char z[64];
	const char *p = text_z(text, z, sizeof(z));
	double sum = 0, sign = 1;

	if (!p)
		return false;
	if (*p == '-' || *p == '+')
		sign = *p++ == '-' ? -1 : 1;
	if (strcmp(p, "0") == 0) {
		*ret_ns = 0;
		return true;
	}
	do {
		double v;
		size_t i = 0, n = sizeof(units) / sizeof(*units);
		size_t len;

		if (*p == '-' || *p == '+' || !decimal(&p, &v))
			return false;
		len = strspn(p, "abcdefghijklmnopqrstuvwxyz");
		while (i < n &&
		       (strlen(units[i].name) != len || strncmp(units[i].name, p, len) != 0))
			i++;
		if (i == n)
			return false;
		sum += v * units[i].ns;
		p += len;
	} while (*p);
	*ret_ns = (int64_t)llround(sum * sign);
	return true;
}

bool nv_size(struct bytes text, double *ret)
{
	static const char *const units[] = { "b", "kb",	 "k",  "mb",  "m",  "gb",
					     "g", "kib", "ki", "mib", "mi", "gib" };
	static const double factor[] = { 1,   1e3,  1e3,  1e6,	   1e6,	    1e9,
					 1e9, 1024, 1024, 1048576, 1048576, 1073741824 };
	char z[64], unit[8] = { 0 };
	const char *p = text_z(text, z, sizeof(z));
	double v;
	size_t n = 0;

	/* No signs, no exponents. */
	if (p && p[strspn(p, "0123456789.")] && strchr("eE", p[strspn(p, "0123456789.")]))
		return false;
	if (!p || *p == '-' || *p == '+' || !decimal(&p, &v))
		return false;
	while (*p == ' ')
		p++;
	for (; *p; p++) {
		if (n == sizeof(unit) - 1)
			return false;
		unit[n++] = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
	}
	if (n == 0) {
		*ret = floor(v);
		return true;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(units[i], unit) == 0) {
			*ret = floor(v * factor[i]);
			return true;
		}
	}
	return false;
}
