/* Any text as a form: what is taken and printed again with all bytes escaped is taken the same. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/buf.h"
#include "http/form.h"

static void must(bool fits)
{
	if (!fits)
		abort();
}

static void add_escaped(struct buf *b, struct bytes text)
{
	static const char high[] = "0123456789abcdef", low[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		buf_add_char(b, '%');
		buf_add_char(b, high[c >> 4]);
		buf_add_char(b, low[c & 15]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data, size), path;
	struct arena a = { 0 };
	struct form f = { 0 }, again = { 0 };
	struct buf b = { 0 };
	struct err e = { .code = ERR_NONE };

	if (form_parse(text, &a, &f, &e) < 0) {
		must(f.n == 0 && (e.code == ERR_USAGE || e.code == ERR_LIMIT) && e.msg[0]);
	} else {
		for (size_t i = 0; i < f.n; i++) {
			add_escaped(&b, f.v[i].name);
			buf_add_char(&b, '=');
			add_escaped(&b, f.v[i].value);
			buf_add_char(&b, '&');
		}
		must(form_parse(buf_bytes(&b), &a, &again, &e) == 0 && again.n == f.n);
		for (size_t i = 0; i < f.n; i++)
			must(bytes_eq(again.v[i].name, f.v[i].name) &&
			     bytes_eq(again.v[i].value, f.v[i].value));
		must(!form_text(&f, "query").p || form_text(&f, "query").n > 0);
	}
	if (form_unescape_path(text, &a, &path, &e) == 0)
		must(path.n <= text.n);
	buf_release(&b);
	arena_release(&a);
	return 0;
}
