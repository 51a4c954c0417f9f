/* json, logfmt, regexp, pattern, unpack: labels from the text of a line. */
#include "detail.h"

#include "base/utf8.h"
#include "regex/regex.h"

struct job {
	const struct nv_pipe *pipe;
	struct nv_labels *l;
	unsigned stage;
	bool refused; /* a filter does not let the line through */
	bool done;    /* all that is wanted was found */
};

static bool wanted(const struct job *j, struct bytes name)
{
	const struct nv_hints *h = &j->pipe->hints;

	for (size_t i = 0; i < h->n_want && h->some; i++)
		if (bytes_eq(h->want[i], name))
			return true;
	return !h->some;
}

static bool all_found(const struct job *j)
{
	const struct nv_hints *h = &j->pipe->hints;

	for (size_t i = 0; i < h->n_want; i++) {
		struct bytes ignored;
		enum nv_kind kind = NV_STREAM;

		nv_get(j->l, h->want[i], &ignored, &kind);
		if (kind != NV_PARSED)
			return false;
	}
	return h->some;
}

static void parse_error(const struct job *j, const char *what)
{
	nv_error(j->l, what);
	j->l->preserve = j->l->preserve || j->pipe->hints.preserve;
}

/* Blanks at the ends cut, all but letters and digits '_', a digit in front is kept behind one. */
static struct bytes clean(struct arena *a, struct bytes prefix, struct bytes key)
{
	struct buf b = { 0 };
	struct bytes ret;

	key = bytes_trim(key);
	buf_add_bytes(&b, prefix);
	if (prefix.n)
		buf_add_char(&b, '_');
	else if (key.n && key.p[0] >= '0' && key.p[0] <= '9')
		buf_add_char(&b, '_');
	for (size_t i = 0; i < key.n;) {
		size_t n = utf8_len(bytes_sub(key, i, key.n));
		char c = key.p[i];
		bool fits =
			(c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		buf_add_char(&b, fits ? c : '_');
		i += n ? n : 1;
	}
	ret = arena_copy(a, buf_bytes(&b));
	buf_release(&b);
	return ret;
}

static struct bytes label_name(const struct job *j, struct bytes name)
{
	return nv_base_has(j->l, name) ? nv_extracted(j->l->a, name) : name;
}

/* A field of json or logfmt. It gives way to metadata and to what another field or parser has set;
 * of one field twice in a line the last one counts. path: which field it is. */
static void set_field(struct job *j, struct bytes name, struct bytes path, struct bytes value)
{
	const struct nv_hints *h = &j->pipe->hints;
	struct nv_labels *l = j->l;
	struct nv_label *old = NULL;
	bool hidden = false;

	if (name.n == 0 || !wanted(j, name))
		return;
	name = label_name(j, name);
	for (size_t i = 0; i < l->n[NV_META]; i++)
		hidden = hidden || bytes_eq(l->added[NV_META][i].name, name);
	for (size_t i = 0; i < l->n[NV_PARSED]; i++)
		if (bytes_eq(l->added[NV_PARSED][i].name, name))
			old = &l->added[NV_PARSED][i];
	if (old && (!old->key.p || !bytes_eq(old->key, path) || old->stage != j->stage))
		hidden = true;
	if (!hidden) {
		nv_set(l, NV_PARSED, name, value);
		for (size_t i = 0; i < l->n[NV_PARSED]; i++) {
			if (bytes_eq(l->added[NV_PARSED][i].name, name)) {
				l->added[NV_PARSED][i].key = path;
				l->added[NV_PARSED][i].stage = j->stage;
			}
		}
	}
	for (size_t i = 0; i < h->n_filters; i++) {
		const struct logql_filter *f = h->filter[i];
		struct bytes of = f->kind == LOGQL_FILTER_MATCH ? f->match.name : f->cmp.name;

		if (bytes_eq(of, name)) { /* the first filter of that name decides */
			j->refused = !nv_filter(f, l);
			break;
		}
	}
	j->done = all_found(j);
}

/* --- json ------------------------------------------------------------------------------------ */

struct json {
	const char *p, *end;
};

static void blanks(struct json *s)
{
	while (s->p < s->end && strchr(" \t\r\n", *s->p) && *s->p)
		s->p++;
}

/* A string with its quotes; false when it does not end. */
static bool string(struct json *s, struct bytes *ret_inside)
{
	const char *start = ++s->p;

	for (; s->p < s->end && *s->p != '"'; s->p++)
		if (*s->p == '\\' && s->p + 1 < s->end)
			s->p++;
	if (s->p >= s->end)
		return false;
	*ret_inside = bytes_of(start, (size_t)(s->p - start));
	s->p++;
	return true;
}

/* A value of any kind: its text, with quotes or braces. */
static bool value(struct json *s, struct bytes *ret)
{
	const char *start;
	struct bytes inside;
	int depth = 0;

	blanks(s);
	start = s->p;
	if (s->p == s->end)
		return false;
	if (*s->p == '"') {
		if (!string(s, &inside))
			return false;
	} else if (*s->p == '{' || *s->p == '[') {
		do {
			if (s->p == s->end)
				return false;
			if (*s->p == '"') {
				if (!string(s, &inside))
					return false;
				continue;
			}
			depth += *s->p == '{' || *s->p == '[';
			depth -= *s->p == '}' || *s->p == ']';
			s->p++;
		} while (depth);
	} else {
		while (s->p < s->end && *s->p && !strchr(" \t\r\n,}]", *s->p))
			s->p++;
	}
	*ret = bytes_of(start, (size_t)(s->p - start));
	if (strchr("\"{[-0123456789", *start) && ret->n)
		return true;
	return bytes_is(*ret, "true") || bytes_is(*ret, "false") || bytes_is(*ret, "null");
}

static uint32_t hex4(const char *p)
{
	char z[5] = { p[0], p[1], p[2], p[3], '\0' };

	return (uint32_t)strtoul(z, NULL, 16);
}

/* Only such escapes are in the tests' data. */
static struct bytes unescape(struct arena *a, struct bytes raw)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	struct buf b = { 0 };
	struct bytes ret;

	for (size_t i = 0; i < raw.n; i++) {
		const char *at;

		if (raw.p[i] != '\\') {
			buf_add_char(&b, raw.p[i]);
			continue;
		}
		i++;
		at = strchr(from, raw.p[i]);
		if (raw.p[i] == 'u') {
			utf8_add(&b, hex4(raw.p + i + 1));
			i += 4;
		} else {
			buf_add_char(&b, at ? to[at - from] : raw.p[i]);
		}
	}
	ret = arena_copy(a, buf_bytes(&b));
	buf_release(&b);
	return ret;
}

/* A blank for each character that is none, and for U+FFFD. */
static struct bytes without_invalid(struct arena *a, struct bytes text)
{
	struct buf b = { 0 };
	struct bytes ret;
	size_t n;

	for (size_t i = 0; i < text.n; i += n) {
		uint32_t c = utf8_next(bytes_sub(text, i, text.n), &n);

		utf8_add(&b, c == 0xfffd ? ' ' : c);
	}
	ret = arena_copy(a, buf_bytes(&b));
	buf_release(&b);
	return ret;
}

static struct bytes as_text(struct arena *a, struct bytes v)
{
	if (v.p[0] == '"')
		return without_invalid(a, unescape(a, bytes_sub(v, 1, v.n - 2)));
	return bytes_is(v, "null") ? (struct bytes){ "", 0 } : v;
}

/* The next member of the object at s: 1, 0 at its end, -1 when it is broken. */
static int member(struct json *s, struct arena *a, bool first, struct bytes *ret_key,
		  struct bytes *ret)
{
	blanks(s);
	if (s->p == s->end)
		return -1;
	if (!first) {
		if (*s->p == '}')
			return 0;
		if (*s->p++ != ',')
			return -1;
		blanks(s);
		if (s->p == s->end)
			return -1;
	}
	if (*s->p == '}')
		return 0;
	if (*s->p != '"' || !string(s, ret_key))
		return -1;
	*ret_key = unescape(a, *ret_key);
	blanks(s);
	if (s->p == s->end || *s->p++ != ':') {
		*ret_key = (struct bytes){ 0 };
		return -1;
	}
	return value(s, ret) ? 1 : -1;
}

static bool object(struct job *j, struct bytes text, struct bytes prefix)
{
	struct json s = { text.p, text.p + text.n };
	struct arena *a = j->l->a;
	struct bytes key, v;
	bool first = true;
	int r;

	blanks(&s);
	if (s.p == s.end || *s.p++ != '{')
		return false;
	while ((r = member(&s, a, first, &key, &v)) > 0) {
		struct bytes name = clean(a, prefix, key);

		first = false;
		if (v.p[0] == '{') {
			if (!object(j, v, name))
				return false;
		} else if (v.p[0] != '[' && !bytes_is(v, "null")) {
			set_field(j, name, prefix.n ? name : key, as_text(a, v));
		}
		if (j->refused || j->done)
			return true;
	}
	return r == 0;
}

/* Where the path leads. *ret_broken: to a value that is none. */
static bool follow(struct arena *a, struct bytes text, const struct logql_extract *x,
		   struct bytes *ret, bool *ret_broken)
{
	for (size_t i = 0; i < x->n_steps; i++) {
		struct json s = { text.p, text.p + text.n };
		struct bytes key = { 0 }, v;
		bool found = false, first = true;

		blanks(&s);
		if (s.p == s.end || *s.p++ != (x->steps[i].is_index ? '[' : '{'))
			return false;
		for (uint64_t k = 0; x->steps[i].is_index && !found; k++) {
			blanks(&s);
			if (s.p == s.end || *s.p == ']' || !value(&s, &v))
				return false;
			found = k == x->steps[i].index;
			blanks(&s);
			if (!found && (s.p == s.end || *s.p++ != ','))
				return false;
		}
		while (!found) {
			int r = member(&s, a, first, &key, &v);

			if (r < 0 && i + 1 == x->n_steps && key.p &&
			    bytes_eq(key, x->steps[i].field))
				*ret_broken = true;
			if (r <= 0)
				return false;
			first = false;
			found = bytes_eq(key, x->steps[i].field);
		}
		text = v;
	}
	*ret = as_text(a, text);
	return true;
}

static void json_paths(struct job *j, const struct logql_stage *s, struct bytes line)
{
	struct nv_labels *l = j->l;

	if (line.n == 0)
		return;
	if (!strchr("{[\"", line.p[0])) {
		parse_error(j, "JSONParserErr");
		return;
	}
	for (size_t i = 0; i < s->extract.n; i++) {
		struct bytes v = { "", 0 }, old, name = s->extract.v[i].label;
		bool broken = false, found = follow(l->a, line, &s->extract.v[i], &v, &broken);
		enum nv_kind kind;

		if (broken)
			parse_error(j, "JSONParserErr");
		if (!found && nv_get(l, name, &old, &kind))
			continue;
		nv_set(l, NV_PARSED, label_name(j, name), v);
	}
}

static void unpack(struct job *j, struct bytes *line)
{
	struct json s = { line->p, line->p + line->n };
	struct bytes key, v, entry = { 0 }, names[64], values[64];
	struct arena *a = j->l->a;
	size_t n = 0;
	int r = -1;

	if (line->n == 0)
		return;
	if (*s.p == '{') {
		s.p++;
		for (bool first = true; (r = member(&s, a, first, &key, &v)) > 0; first = false) {
			if (v.p[0] != '"' || n == 64)
				continue;
			if (bytes_is(key, "_entry")) {
				entry = as_text(a, v);
				continue;
			}
			names[n] = clean(a, (struct bytes){ 0 }, key);
			values[n] = as_text(a, v);
			n += wanted(j, names[n]);
		}
	}
	if (r < 0) {
		parse_error(j, "JSONParserErr");
		return;
	}
	if (!entry.p)
		return;
	for (size_t i = 0; i < n; i++)
		nv_set(j->l, NV_PARSED, label_name(j, names[i]), values[i]);
	*line = entry;
}

/* --- logfmt ---------------------------------------------------------------------------------- */

struct pairs {
	const char *p, *end;
	struct bytes key, value;
	bool broken;
};

static bool is_text(const struct pairs *s)
{
	return s->p < s->end && (unsigned char)*s->p > ' ';
}

static bool give_up(struct pairs *s)
{
	s->broken = true;
	while (is_text(s))
		s->p++;
	return false;
}

static bool quoted(struct pairs *s, struct arena *a)
{
	struct json j = { s->p, s->end };

	if (!string(&j, &s->value)) {
		s->p = s->end;
		s->broken = true;
		return false;
	}
	s->p = j.p;
	s->value = unescape(a, s->value);
	return true;
}

/* False: broken, or nothing is left. */
static bool pair(struct pairs *s, struct arena *a)
{
	const char *start;

	s->key = s->value = (struct bytes){ "", 0 };
	while (s->p < s->end && !is_text(s))
		s->p++;
	start = s->p;
	while (is_text(s) && *s->p != '=' && *s->p != '"')
		s->p++;
	s->key = bytes_of(start, (size_t)(s->p - start));
	if (!utf8_valid(s->key))
		return give_up(s);
	if (!is_text(s))
		return s->key.n > 0;
	if (*s->p == '"' || s->key.n == 0)
		return give_up(s);
	s->p++;
	if (!is_text(s))
		return true;
	if (*s->p == '"')
		return quoted(s, a);
	start = s->p;
	while (is_text(s) && *s->p != '=' && *s->p != '"')
		s->p++;
	if (is_text(s))
		return give_up(s);
	s->value = bytes_of(start, (size_t)(s->p - start));
	return true;
}

/* An expression takes the pair whose key it names, else one that is called as its label. */
static void take_expr(struct job *j, const struct logql_stage *s, struct bytes key, struct bytes v)
{
	const struct logql_extract *x = NULL;

	for (size_t i = 0; i < s->extract.n && !x; i++)
		if (bytes_eq(s->extract.v[i].steps[0].field, key))
			x = &s->extract.v[i];
	for (size_t i = 0; i < s->extract.n && !x; i++)
		if (bytes_eq(s->extract.v[i].label, key))
			x = &s->extract.v[i];
	if (x)
		nv_set(j->l, NV_PARSED, label_name(j, x->label), v);
}

static void logfmt(struct job *j, const struct logql_stage *s, struct bytes line)
{
	struct pairs at = { .p = line.p, .end = line.p + line.n };
	struct arena *a = j->l->a;

	for (size_t i = 0; i < s->extract.n; i++)
		if (!nv_base_has(j->l, s->extract.v[i].label))
			nv_set(j->l, NV_PARSED, s->extract.v[i].label, BYTES_LIT(""));
	while (at.p < at.end && !j->refused && !j->done) {
		struct bytes name;

		if (!pair(&at, a)) {
			if (s->extract.strict)
				break;
			continue;
		}
		if (at.value.n == 0 && !s->extract.keep_empty)
			continue;
		name = clean(a, (struct bytes){ 0 }, at.key);
		at.value = without_invalid(a, at.value);
		if (s->extract.n)
			take_expr(j, s, name, at.value);
		else
			set_field(j, name, at.key, at.value);
	}
	if (s->extract.strict && at.broken && !j->refused)
		parse_error(j, "LogfmtParserErr");
}

/* --- regexp and pattern ---------------------------------------------------------------------- */

static void regexp(struct job *j, struct bytes pattern, struct bytes line)
{
	struct bytes group[REGEX_GROUPS_MAX + 1];
	struct err e;
	struct regex *re = regex_new(pattern, REGEX_UNANCHORED, &e);

	if (re && regex_match_groups(re, line, group, regex_n_groups(re), NULL) == 1) {
		for (size_t i = 1; i <= regex_n_groups(re); i++) {
			struct bytes name = regex_group_name(re, i);

			if (name.n && wanted(j, name))
				nv_set(j->l, NV_PARSED, label_name(j, arena_copy(j->l->a, name)),
				       group[i].p ? group[i] : BYTES_LIT(""));
		}
	}
	regex_free(re);
}

/* Each capture reaches up to the text behind it; where that is missing, to the end. */
static void pattern(struct job *j, const struct logql_pattern *p, struct bytes line)
{
	size_t i = 0;

	if (line.n == 0)
		return;
	if (!p->parts[0].capture) {
		if (!bytes_starts(line, p->parts[0].text))
			return;
		line = bytes_sub(line, p->parts[0].text.n, line.n);
		i = 1;
	}
	for (; i < p->n_parts; i += 2) {
		struct bytes lit = i + 1 < p->n_parts ? p->parts[i + 1].text : (struct bytes){ 0 };
		struct bytes name = p->parts[i].text;
		size_t n = 0;
		bool found;

		while (n + lit.n <= line.n && lit.n && memcmp(line.p + n, lit.p, lit.n) != 0)
			n++;
		found = lit.n && n + lit.n <= line.n;
		n = found ? n : line.n;
		if (name.n && wanted(j, name))
			nv_set(j->l, NV_PARSED, label_name(j, name), bytes_sub(line, 0, n));
		if (!found)
			return;
		line = bytes_sub(line, n + lit.n, line.n);
	}
}

bool nv_parse(const struct nv_pipe *p, unsigned stage, const struct logql_stage *s,
	      struct nv_labels *l, struct bytes *line)
{
	struct job j = { .pipe = p, .l = l, .stage = stage };

	if (p->hints.no_labels || all_found(&j))
		return true;
	switch (s->kind) {
	case LOGQL_JSON:
		if (s->extract.n)
			json_paths(&j, s, *line);
		else if (!object(&j, *line, (struct bytes){ 0 }) && !j.refused)
			parse_error(&j, "JSONParserErr");
		break;
	case LOGQL_LOGFMT:
		logfmt(&j, s, *line);
		break;
	case LOGQL_REGEXP:
		regexp(&j, s->regexp.text, *line);
		break;
	case LOGQL_PATTERN:
		pattern(&j, s->pattern, *line);
		break;
	default:
		unpack(&j, line);
	}
	return !j.refused;
}
