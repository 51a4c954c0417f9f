#include "yaml/yaml.h"

/* Words that a reader would take for something else than text. */
static bool is_special(struct bytes t)
{
	static const char *const words[] = { "null", "true", "false", "yes", "no", "on",
					     "off",  "y",    "n",     "~",   "<<" };
	char low[8];

	if (t.n >= sizeof(low))
		return false;
	for (size_t i = 0; i < t.n; i++)
		low[i] = (char)(t.p[i] >= 'A' && t.p[i] <= 'Z' ? t.p[i] + 32 : t.p[i]);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (bytes_is(bytes_of(low, t.n), words[i]))
			return true;
	return false;
}

static bool is_plain_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("_-./+%$@=^~", c));
}

static bool is_plain(struct bytes t)
{
	if (t.n == 0 || is_special(t) || bytes_starts(t, BYTES_LIT("...")) ||
	    !strchr("abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ_./$",
		    t.p[0]))
		return false;
	for (size_t i = 0; i < t.n; i++)
		if (!is_plain_byte(t.p[i]))
			return false;
	return true;
}

void yaml_add_text(struct buf *out, struct bytes text)
{
	if (is_plain(text)) {
		buf_add_bytes(out, text);
		return;
	}
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", c);
		else if (c == '\n')
			buf_add_str(out, "\\n");
		else if (c < 0x20 || c == 0x7f)
			buf_addf(out, "\\x%02x", c);
		else
			buf_add_char(out, (char)c);
	}
	buf_add_char(out, '"');
}
