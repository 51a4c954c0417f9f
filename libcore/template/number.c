/* Numbers of a template: one that several types can hold is good for each of them. */
#include "template/number.h"

#include <math.h>

#include "template/literal.h"

/* The whole numbers that equal f. */
static void add_wholes(struct number *n)
{
	if (n->f >= -0x1p63 && n->f < 0x1p63 && (double)(int64_t)n->f == n->f) {
		n->is_int = true;
		n->i = (int64_t)n->f;
	}
	if (n->f >= 0 && n->f < 0x1p64 && (double)(uint64_t)n->f == n->f) {
		n->is_uint = true;
		n->u = (uint64_t)n->f;
	}
}

/* A complex number whose imaginary part is zero is also any of the others. */
static void simplify(struct number *n)
{
	n->is_float = n->imaginary == 0;
	if (n->is_float)
		add_wholes(n);
}

/* "1.5+2i": where the second number begins, or 0. */
static size_t find_imaginary(struct bytes text)
{
	for (size_t i = text.n; i-- > 1;)
		if ((text.p[i] == '+' || text.p[i] == '-') && (text.p[i - 1] | 0x20) != 'e' &&
		    (text.p[i - 1] | 0x20) != 'p')
			return i;
	return 0;
}

static bool read_complex(struct bytes text, struct number *n)
{
	size_t second = find_imaginary(text);
	struct bytes imaginary = bytes_sub(text, second, text.n - second - 1);

	n->f = 0;
	if (second && !literal_read_float(bytes_sub(text, 0, second), &n->f))
		return false;
	if (!literal_read_float(imaginary, &n->imaginary))
		return false;
	n->is_complex = true;
	simplify(n);
	return true;
}

static const char *read_char(struct bytes text, struct number *n)
{
	int32_t c;

	switch (literal_read_char(text, &c)) {
	case 0:
		return "invalid syntax";
	case -1:
		return "malformed character constant: ";
	}
	n->i = c;
	n->u = (uint64_t)c;
	n->f = c;
	n->is_int = n->is_uint = n->is_float = true;
	return NULL;
}

const char *number_read(struct bytes text, struct number *n)
{
	*n = (struct number){ 0 };
	if (text.n && text.p[0] == '\'')
		return read_char(text, n);
	if (text.n && text.p[text.n - 1] == 'i')
		return read_complex(text, n) ? NULL : "illegal number syntax: ";
	n->is_uint = literal_read_u64(text, 0, &n->u) == PARSE_OK;
	n->is_int = literal_read_i64(text, 0, &n->i) == PARSE_OK;
	if (n->is_int && n->i == 0) { /* -0 too */
		n->is_uint = true;
		n->u = 0;
	}
	if (n->is_int || n->is_uint) {
		n->is_float = true;
		n->f = n->is_int ? (double)n->i : (double)n->u;
		return NULL;
	}
	if (!literal_read_float(text, &n->f))
		return "illegal number syntax: ";
	for (size_t i = 0; i < text.n; i++)
		if (strchr(".eEpP", text.p[i]))
			n->is_float = true;
	if (!n->is_float)
		return "integer overflow: ";
	add_wholes(n);
	return NULL;
}

bool number_looks_whole(struct bytes text)
{
	bool hex = text.n > 2 && text.p[0] == '0' && (text.p[1] | 0x20) == 'x';

	if (text.n && text.p[0] == '\'')
		return true;
	for (size_t i = 0; i < text.n; i++) {
		if (strchr("pP", text.p[i]) || (!hex && strchr(".eE", text.p[i])))
			return false;
	}
	return true;
}
