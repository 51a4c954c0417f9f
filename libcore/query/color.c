#include "query/color.h"

#include "ingest/levels.h"

static struct bytes value_of(const struct log_labels *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (bytes_is(l->v[i].name, name))
			return l->v[i].value;
	return (struct bytes){ 0 };
}

const char *color_of_level(const struct log_labels *l)
{
	static const struct {
		const char *level, *color;
	} colors[] = {
		{ "fatal", "\x1b[1;31m" }, { "critical", "\x1b[1;31m" }, { "error", "\x1b[31m" },
		{ "warn", "\x1b[33m" },	   { "info", "\x1b[32m" },	 { "debug", "\x1b[36m" },
		{ "trace", COLOR_DIM },
	};
	struct bytes level = level_by_name(value_of(l, "detected_level"));

	if (!level.n)
		level = level_by_name(value_of(l, "level"));
	for (size_t i = 0; i < sizeof(colors) / sizeof(*colors); i++)
		if (bytes_is(level, colors[i].level))
			return colors[i].color;
	return "";
}

void color_add(struct buf *b, const char *color, struct bytes text)
{
	struct bytes line;
	bool first = true;

	while (*color && bytes_split(&text, '\n', &line)) {
		if (!first)
			buf_add_char(b, '\n');
		first = false;
		buf_add_str(b, color);
		buf_add_bytes(b, line);
		buf_add_str(b, COLOR_END);
	}
	if (!*color)
		buf_add_bytes(b, text);
}
