/*
 * Levels are found as Loki finds them, mistakes included, since its users see them: "info" anywhere
 * in a text wins over "error", and "FATAL crash" is unknown. Which answers it gives was found by
 * asking a Loki 3.4.
 */
#include "ingest/levels.h"

#include <strings.h>

#include "base/find.h"
#include "base/num.h"
#include "json/json.h"

static const char *const fields[] = { "level",	  "LEVEL", "Level", "severity", "SEVERITY",
				      "Severity", "lvl",   "LVL",   "Lvl" };

enum { N_FIELDS = sizeof(fields) / sizeof(*fields) };

static int field_of(struct bytes name)
{
	for (int i = 0; i < N_FIELDS; i++)
		if (bytes_is(name, fields[i]))
			return i;
	return -1;
}

struct bytes level_by_name(struct bytes value)
{
	static const struct {
		const char *name, *level;
	} names[] = {
		{ "trace", "trace" },	    { "trc", "trace" },	  { "debug", "debug" },
		{ "dbg", "debug" },	    { "info", "info" },	  { "inf", "info" },
		{ "information", "info" },  { "warn", "warn" },	  { "wrn", "warn" },
		{ "warning", "warn" },	    { "error", "error" }, { "err", "error" },
		{ "critical", "critical" }, { "fatal", "fatal" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (value.n == strlen(names[i].name) &&
		    strncasecmp(value.p, names[i].name, value.n) == 0)
			return bytes_str(names[i].level);
	return (struct bytes){ 0 };
}

/* OpenTelemetry's severity_number: four to a level. What is no number is info, as Loki has it. */
static struct bytes level_by_number(struct bytes text)
{
	static const char *const levels[] = { "trace", "debug", "info", "warn", "error", "fatal" };
	int64_t n;

	if (!num_i64(text, &n))
		return BYTES_LIT("info");
	if (n == 0 || n > 24)
		return BYTES_LIT("unknown");
	return bytes_str(levels[n < 1 ? 0 : (n - 1) / 4]);
}

/* Words that tell a level, by a part that all of them have: one look at a line finds most often
 * that it has none. The offsets are of the part's rarest letters (base/find.h). */
struct words {
	struct find part;
	const char *word[5];
	const char *level;
};

static const struct words words[] = {
	{ { { "info", 4 }, 2, 0, true }, { "info", "INFO" }, "info" },
	{ { { "err", 3 }, 0, 2, true }, { "error", "ERROR", "err:", "ERR:" }, "error" },
	{ { { "warn", 4 }, 0, 3, true }, { "warning", "WARNING", "warn:", "WARN:" }, "warn" },
	{ { { "critical:", 9 }, 0, 8, true }, { "critical:", "CRITICAL:" }, "critical" },
	{ { { "debug:", 6 }, 2, 4, true }, { "debug:", "DEBUG:" }, "debug" },
};

static bool has_one(struct bytes line, const struct words *w)
{
	for (int64_t at = find_next(&w->part, line, 0); at != FIND_NONE;
	     at = find_next(&w->part, line, (size_t)at + 1))
		for (size_t i = 0; w->word[i]; i++)
			if (bytes_starts(bytes_sub(line, (size_t)at, line.n),
					 bytes_str(w->word[i])))
				return true;
	return false;
}

static struct bytes level_by_words(struct bytes line)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (has_one(line, &words[i]))
			return bytes_str(words[i].level);
	return BYTES_LIT("unknown");
}

/* The value of the best of the fields that a JSON object has at its top; of one name the first
 * counts. */
static struct bytes json_field(struct bytes line)
{
	struct json_at j = json_start(line);
	struct bytes name, raw, found = { 0 };
	int best = N_FIELDS;
	bool escaped;

	json_skip_space(&j);
	if (!json_take(&j, '{'))
		return found;
	do {
		json_skip_space(&j);
		if (!json_string(&j, &name, &escaped) || !json_take(&j, ':'))
			break;
		json_skip_space(&j);
		if (!json_value(&j, &raw))
			break;
		int f = field_of(name);
		if (f >= 0 && f < best) {
			best = f;
			found = raw;
		}
	} while (json_take(&j, ','));
	if (found.n >= 2 && found.p[0] == '"')
		found = bytes_sub(found, 1, found.n - 2);
	return found;
}

/* The value of the first of the fields in a line of key=value. */
static struct bytes logfmt_field(struct bytes line)
{
	size_t i = 0;

	while (i < line.n) {
		size_t start, end;
		struct bytes key;

		while (i < line.n && (unsigned char)line.p[i] <= ' ')
			i++;
		for (start = i; i < line.n && (unsigned char)line.p[i] > ' ' && line.p[i] != '=';)
			i++;
		key = bytes_sub(line, start, i - start);
		if (i >= line.n || line.p[i] != '=')
			continue;
		start = ++i;
		if (i < line.n && line.p[i] == '"') {
			start = ++i;
			while (i < line.n && line.p[i] != '"')
				i += line.p[i] == '\\' ? 2 : 1;
			end = i < line.n ? i : line.n;
			i++;
		} else {
			while (i < line.n && (unsigned char)line.p[i] > ' ')
				i++;
			end = i;
		}
		if (field_of(key) >= 0)
			return bytes_sub(line, start, end - start);
	}
	return (struct bytes){ 0 };
}

struct bytes level_of_labels(const struct labels *labels)
{
	for (int i = 0; i < N_FIELDS; i++) {
		struct bytes v = labels_get(labels, fields[i]);

		if (v.n)
			return v;
	}
	return (struct bytes){ 0 };
}

struct bytes level_of_entry(const struct label *meta, size_t n_meta, struct bytes line)
{
	struct bytes trimmed, level;

	for (int f = 0; f < N_FIELDS; f++)
		for (size_t i = 0; i < n_meta; i++)
			if (bytes_is(meta[i].name, fields[f])) {
				level = level_by_name(meta[i].value);
				if (level.n)
					return level;
			}
	for (size_t i = 0; i < n_meta; i++)
		if (bytes_is(meta[i].name, "severity_number") && meta[i].value.n)
			return level_by_number(meta[i].value);
	trimmed = bytes_trim(line);
	if (trimmed.n && trimmed.p[0] == '{' && trimmed.p[trimmed.n - 1] == '}')
		level = level_by_name(json_field(trimmed));
	else if (trimmed.n && memchr(trimmed.p, '=', trimmed.n))
		level = level_by_name(logfmt_field(trimmed));
	else
		level = (struct bytes){ 0 };
	return level.n ? level : level_by_words(line);
}

size_t level_add(const struct label *meta, size_t n_meta, struct bytes of_stream, struct bytes line,
		 struct label *ret)
{
	static const struct bytes name = { "detected_level", 14 };
	size_t n = 0;

	for (size_t i = 0; i < n_meta; i++)
		if (!bytes_eq(meta[i].name, name))
			ret[n++] = meta[i];
	ret[n++] = (struct label){ name,
				   of_stream.n ? of_stream : level_of_entry(meta, n_meta, line) };
	return n;
}
