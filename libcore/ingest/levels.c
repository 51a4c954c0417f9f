/*
 * Levels are found as Loki finds them, mistakes included, since its users see them: "info" anywhere
 * in a text wins over "error", and "FATAL crash" is unknown. Which answers it gives was found by
 * asking a Loki 3.4.
 */
#include "ingest/levels.h"

#include <strings.h>

#include "base/find.h"
#include "base/near.h"
#include "base/num.h"
#include "json/json.h"

static const struct bytes fields[] = {
	BYTES_LIT("level"),    BYTES_LIT("LEVEL"),    BYTES_LIT("Level"),
	BYTES_LIT("severity"), BYTES_LIT("SEVERITY"), BYTES_LIT("Severity"),
	BYTES_LIT("lvl"),      BYTES_LIT("LVL"),      BYTES_LIT("Lvl"),
};

enum { N_FIELDS = sizeof(fields) / sizeof(*fields) };

static int field_of(struct bytes name)
{
	for (int i = 0; i < N_FIELDS; i++)
		if (bytes_eq(name, fields[i]))
			return i;
	return -1;
}

struct bytes level_by_name(struct bytes value)
{
	static const struct {
		struct bytes name, level;
	} names[] = {
		{ BYTES_LIT("trace"), BYTES_LIT("trace") },
		{ BYTES_LIT("trc"), BYTES_LIT("trace") },
		{ BYTES_LIT("debug"), BYTES_LIT("debug") },
		{ BYTES_LIT("dbg"), BYTES_LIT("debug") },
		{ BYTES_LIT("info"), BYTES_LIT("info") },
		{ BYTES_LIT("inf"), BYTES_LIT("info") },
		{ BYTES_LIT("information"), BYTES_LIT("info") },
		{ BYTES_LIT("warn"), BYTES_LIT("warn") },
		{ BYTES_LIT("wrn"), BYTES_LIT("warn") },
		{ BYTES_LIT("warning"), BYTES_LIT("warn") },
		{ BYTES_LIT("error"), BYTES_LIT("error") },
		{ BYTES_LIT("err"), BYTES_LIT("error") },
		{ BYTES_LIT("critical"), BYTES_LIT("critical") },
		{ BYTES_LIT("fatal"), BYTES_LIT("fatal") },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (value.n == names[i].name.n &&
		    strncasecmp(value.p, names[i].name.p, value.n) == 0)
			return names[i].level;
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
 * counts, and none is better than the first of the table. */
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
	} while (best > 0 && json_take(&j, ','));
	if (found.n >= 2 && found.p[0] == '"')
		found = bytes_sub(found, 1, found.n - 2);
	return found;
}

/* What a field's name can end in. */
static bool ends_field(char c)
{
	return (c | 0x20) == 'l' || (c | 0x20) == 'y';
}

/* A '=' at i that a field's name may end before, or that a quote stands behind? */
static bool may_matter(struct bytes line, size_t i)
{
	return line.p[i] == '=' &&
	       ((i > 0 && ends_field(line.p[i - 1])) || (i + 1 < line.n && line.p[i + 1] == '"'));
}

/* The first such at or behind i; line.n: none. */
static size_t next_that_matters(struct bytes line, size_t i)
{
	if (i == 0 && line.n && may_matter(line, i++))
		return 0;
#ifdef __SSE2__
	for (; i + 17 <= line.n; i += 16) {
		const char *p = line.p + i;
		__m128i before = _mm_or_si128(near_load(p - 1), _mm_set1_epi8(0x20));
		__m128i name = _mm_or_si128(near_is(before, 'l'), near_is(before, 'y'));
		__m128i either = _mm_or_si128(name, near_is(near_load(p + 1), '"'));
		unsigned hits = near_bits(_mm_and_si128(near_is(near_load(p), '='), either));

		if (hits)
			return i + (size_t)__builtin_ctz(hits);
	}
#endif
	while (i < line.n && !may_matter(line, i))
		i++;
	return i;
}

static bool is_blank(char c)
{
	return (unsigned char)c <= ' ';
}

/* Behind the quoted value that begins at i; *ret_end is where its closing quote is, or would be. */
static size_t skip_quoted(struct bytes line, size_t i, size_t *ret_end)
{
	while (i < line.n && line.p[i] != '"')
		i += line.p[i] == '\\' ? 2 : 1;
	*ret_end = i < line.n ? i : line.n;
	return i + 1;
}

/*
 * The value of the first of the fields in a line of key=value. Most '=' are passed by: a key
 * stands behind a blank or a quoted value, wherever the one before ended, unless it is itself in
 * quotes; so beside fields only quotes need a look.
 */
static struct bytes logfmt_field(struct bytes line)
{
	size_t from = 0; /* where a key may begin: the line's start, behind a quoted value */
	size_t at = 0;

	while ((at = next_that_matters(line, at)) < line.n) {
		size_t key = at, value = at + 1, end = value;
		bool quoted = value < line.n && line.p[value] == '"', is_field;

		while (key > from && !is_blank(line.p[key - 1]) && line.p[key - 1] != '=')
			key--;
		at++;
		if (key > from && line.p[key - 1] == '=') /* this one stands in a value */
			continue;
		is_field = field_of(bytes_sub(line, key, value - 1 - key)) >= 0;
		if (quoted)
			from = at = skip_quoted(line, ++value, &end);
		while (is_field && !quoted && end < line.n && !is_blank(line.p[end]))
			end++;
		if (is_field)
			return bytes_sub(line, value, end - value);
	}
	return (struct bytes){ 0 };
}

struct bytes level_of_labels(const struct labels *labels)
{
	for (int i = 0; i < N_FIELDS; i++) {
		struct bytes v = labels_get(labels, fields[i].p);

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
			if (bytes_eq(meta[i].name, fields[f])) {
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
	else
		level = level_by_name(logfmt_field(trimmed));
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
