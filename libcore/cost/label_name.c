#include "cost/label_name.h"

#include <ctype.h>

void cost_add_label_name(struct buf *out, struct bytes name, const char *const *taken)
{
	bool is_taken = name.n == 0 || isdigit((unsigned char)name.p[0]) ||
			bytes_starts(name, BYTES_LIT("__"));

	for (size_t i = 0; taken[i]; i++)
		is_taken |= bytes_is(name, taken[i]);
	buf_add_str(out, is_taken ? "cost_" : "");
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		buf_add_char(out, c < 0x80 && isalnum(c) ? (char)c : '_');
	}
}
