#include "labels/value_error.h"

#include <ctype.h>
#include <math.h>

#include "base/convert.h"
#include "base/num.h"
#include "base/unicode.h"
#include "base/utf8.h"
#include "labels/quote.h"

/* Whether a text is a number but for its size. */
static bool is_out_of_range(struct bytes text)
{
	double v;

	return text.n && isdigit((unsigned char)text.p[text.n - 1]) && num_double(text, &v) &&
	       isinf(v);
}

void value_error_number(struct buf *b, struct bytes text)
{
	buf_add_str(b, "strconv.ParseFloat: parsing ");
	quote_add(b, text);
	buf_add_str(b, is_out_of_range(text) ? ": value out of range" : ": invalid syntax");
}

/* As Go's time quotes: bytes that are not printable ASCII by their number. */
static void quote_time(struct buf *b, struct bytes text)
{
	buf_add_char(b, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c >= 0x80 || c < ' ')
			buf_addf(b, "\\x%02x", c);
		else if (c == '"' || c == '\\')
			buf_addf(b, "\\%c", c);
		else
			buf_add_char(b, (char)c);
	}
	buf_add_char(b, '"');
}

void value_error_duration(struct buf *b, struct bytes text)
{
	struct bytes unit;
	int64_t ns;

	switch (convert_duration_fault(text, &ns, &unit)) {
	case DURATION_NO_UNIT:
		buf_add_str(b, "time: missing unit in duration ");
		break;
	case DURATION_UNKNOWN_UNIT:
		buf_add_str(b, "time: unknown unit ");
		quote_time(b, unit);
		buf_add_str(b, " in duration ");
		break;
	default:
		buf_add_str(b, "time: invalid duration ");
	}
	quote_time(b, text);
}

static bool is_unit(struct bytes unit)
{
	struct buf one = { 0 };
	uint64_t size;
	bool ok;

	buf_add_char(&one, '1');
	buf_add_bytes(&one, unit);
	ok = convert_bytes(buf_bytes(&one), &size);
	buf_release(&one);
	return ok;
}

static void add_lower(struct buf *b, struct bytes text)
{
	for (size_t i = 0, len; i < text.n; i += len)
		utf8_add(b, unicode_lower(utf8_next(bytes_sub(text, i, text.n), &len)));
}

void value_error_bytes(struct buf *b, struct bytes text)
{
	struct bytes unit = convert_bytes_unit(text);
	struct buf number = { 0 };
	double v;

	for (size_t i = 0; i < text.n - unit.n; i++)
		if (text.p[i] != ',')
			buf_add_char(&number, text.p[i]);
	if (!num_double(buf_bytes(&number), &v) || isinf(v)) {
		value_error_number(b, buf_bytes(&number));
	} else if (is_unit(unit)) {
		buf_add_str(b, "too large: ");
		buf_add_bytes(b, text);
	} else {
		buf_add_str(b, "unhandled size name: ");
		add_lower(b, bytes_trim(unit));
	}
	buf_release(&number);
}
