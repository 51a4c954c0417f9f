/* Escapes of one character, and sets: [...], \d, \pL, [:alpha:]. */
#include "base/utf8.h"
#include "regex/syntax.h"

static bool is_octal(struct bytes t)
{
	return t.n && t.p[0] >= '0' && t.p[0] <= '7';
}

static int hex(uint32_t c)
{
	if (c >= '0' && c <= '9')
		return (int)c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (int)c - 'a' + 10 : -1;
}

/* Behind \x. 1: *ret is set; 0: it is wrong, and the parser stands behind what is. */
static int hex_escape(struct parser *p, uint32_t *ret)
{
	uint32_t c, v = 0;
	int digits = 0, d;

	if (p->rest.n == 0)
		return 0;
	if (syntax_rune(p, &c) < 0)
		return -1;
	if (c != '{') {
		int high = hex(c);

		if (syntax_rune(p, &c) < 0)
			return -1;
		if (high < 0 || hex(c) < 0)
			return 0;
		*ret = (uint32_t)(high * 16 + hex(c));
		return 1;
	}
	for (;; digits++) {
		if (p->rest.n == 0)
			return 0;
		if (syntax_rune(p, &c) < 0)
			return -1;
		if (c == '}')
			break;
		d = hex(c);
		v = v * 16 + (uint32_t)d;
		if (d < 0 || v > RUNE_MAX)
			return 0;
	}
	*ret = v;
	return digits > 0;
}

int syntax_escape(struct parser *p, uint32_t *ret)
{
	static const char from[] = "afnrtv", to[] = "\a\f\n\r\t\v";
	struct bytes before = p->rest;
	const char *letter;
	uint32_t c;
	int rc;

	p->rest = bytes_sub(p->rest, 1, p->rest.n);
	if (p->rest.n == 0)
		return syntax_fail(p, "trailing backslash at end of expression", p->rest);
	if (syntax_rune(p, &c) < 0)
		return -1;
	letter = c && c < 0x80 ? strchr(from, (int)c) : NULL;
	if (letter) {
		*ret = (uint32_t)to[letter - from];
		return 0;
	}
	/* \1 would be a backreference; \01 and \12 are numbers */
	if (c == '0' || (c >= '1' && c <= '7' && is_octal(p->rest))) {
		*ret = c - '0';
		for (int i = 1; i < 3 && is_octal(p->rest); i++) {
			*ret = *ret * 8 + (uint32_t)(p->rest.p[0] - '0');
			p->rest = bytes_sub(p->rest, 1, p->rest.n);
		}
		return 0;
	}
	if (c == 'x') {
		rc = hex_escape(p, ret);
		if (rc != 0)
			return rc < 0 ? -1 : 0;
	} else if (c < 0x80 && hex(c) < 0 && !((c | 0x20) >= 'g' && (c | 0x20) <= 'z')) {
		*ret = c;
		return 0;
	}
	return syntax_fail(p, "invalid escape sequence", syntax_since(p, before));
}

static const struct group {
	const char *name, *ranges; /* pairs */
} groups[] = {
	{ "\\d", "09" },
	{ "\\s", "\t\n\f\r  " },
	{ "\\w", "09AZ__az" },
	{ "[:alnum:]", "09AZaz" },
	{ "[:alpha:]", "AZaz" },
	{ "[:ascii:]", "\x01\x7f" }, /* and NUL, see add_group */
	{ "[:blank:]", "\t\t  " },
	{ "[:cntrl:]", "\x01\x1f\x7f\x7f" },
	{ "[:digit:]", "09" },
	{ "[:graph:]", "!~" },
	{ "[:lower:]", "az" },
	{ "[:print:]", " ~" },
	{ "[:punct:]", "!/:@[`{~" },
	{ "[:space:]", "\t\r  " },
	{ "[:upper:]", "AZ" },
	{ "[:word:]", "09AZ__az" },
	{ "[:xdigit:]", "09AFaf" },
};

static void add_folded(struct parser *p, struct runes *r, struct runes *set, bool negate)
{
	runes_clean(set);
	if (p->flags & FLAG_FOLD)
		runes_fold(set);
	if (negate)
		runes_negate(set);
	runes_add_set(r, set);
}

static void add_group(struct parser *p, struct runes *r, const struct group *g, bool negate)
{
	struct runes set = { 0 };

	if (strcmp(g->name, "[:ascii:]") == 0 || strcmp(g->name, "[:cntrl:]") == 0)
		runes_add(&set, 0, 0);
	for (const char *c = g->ranges; *c; c += 2)
		runes_add(&set, (unsigned char)c[0], (unsigned char)c[1]);
	add_folded(p, r, &set, negate);
	runes_release(&set);
}

static const struct group *find_group(struct bytes name)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (bytes_is(name, groups[i].name))
			return &groups[i];
	return NULL;
}

/* [:name:] or [:^name:] at the parser; 0 when there is none. */
static int posix_class(struct parser *p, struct runes *r)
{
	struct bytes t = p->rest;
	const char *end = memmem(t.p + 2, t.n - 2, ":]", 2);
	const struct group *g;
	char name[16];
	bool negate;
	size_t n;

	if (!end)
		return 0;
	n = (size_t)(end + 2 - t.p);
	negate = t.p[2] == '^';
	if (n - negate > sizeof(name))
		return syntax_fail(p, "invalid character class range", bytes_sub(t, 0, n));
	memcpy(name, "[:", 2);
	memcpy(name + 2, t.p + 2 + negate, n - 2 - negate);
	g = find_group(bytes_of(name, n - negate));
	if (!g)
		return syntax_fail(p, "invalid character class range", bytes_sub(t, 0, n));
	add_group(p, r, g, negate);
	p->rest = bytes_sub(t, n, t.n);
	return 1;
}

/* The set of a property, looked up once. */
static const struct runes *named_set(struct parser *p, struct bytes name)
{
	struct runes set = { 0 };
	struct named *n;
	struct err e;

	for (n = p->named; n; n = n->next)
		if (bytes_eq(n->name, name))
			return n->set;
	if (runes_add_named(&set, name, &e) < 0)
		return NULL;
	runes_clean(&set);
	n = arena_zalloc(&p->tree->mem, sizeof(*n));
	*n = (struct named){ p->named, arena_copy(&p->tree->mem, name),
			     runes_keep(&p->tree->mem, &set) };
	p->named = n;
	runes_release(&set);
	return n->set;
}

/* At \p or \P. */
static int unicode_class(struct parser *p, struct runes *r, struct bytes *ret_property)
{
	struct bytes t = p->rest, name;
	bool negate = t.p[1] == 'P';
	const struct runes *found;
	struct runes set = { 0 };
	struct buf text = { 0 };
	const char *end;
	uint32_t c;

	p->rest = bytes_sub(t, 2, t.n);
	if (syntax_rune(p, &c) < 0)
		return -1;
	name = bytes_sub(syntax_since(p, t), 2, t.n);
	if (c == '{') {
		end = memchr(t.p, '}', t.n);
		if (!end)
			return syntax_check_utf8(p, t) < 0
				       ? -1
				       : syntax_fail(p, "invalid character class range", t);
		name = bytes_of(t.p + 3, (size_t)(end - t.p) - 3);
		p->rest = bytes_sub(t, name.n + 4, t.n);
		if (syntax_check_utf8(p, name) < 0)
			return -1;
	}
	if (name.n && name.p[0] == '^') {
		negate = !negate;
		name = bytes_sub(name, 1, name.n);
	}
	found = named_set(p, name);
	if (!found)
		return syntax_fail(p, "invalid character class range", syntax_since(p, t));
	runes_add_set(&set, found);
	add_folded(p, r, &set, negate);
	runes_release(&set);
	/* PCRE2 tests its own properties faster than long lists of ranges. C is another one there.
	 */
	if (!(p->flags & FLAG_FOLD) && name.p[0] != 'C' && !bytes_is(name, "Any")) {
		buf_addf(&text, "\\%c{%s%.*s}", negate ? 'P' : 'p', name.n > 2 ? "sc:" : "",
			 BYTES_ARG(name));
		*ret_property = arena_copy(&p->tree->mem, buf_bytes(&text));
		buf_release(&text);
	}
	return 1;
}

int syntax_class_escape(struct parser *p, struct runes *r, struct bytes *ret_property)
{
	struct bytes t = p->rest;
	const struct group *g;
	char name[2];

	*ret_property = (struct bytes){ 0 };
	if (t.n < 2 || t.p[0] != '\\')
		return 0;
	if (t.p[1] == 'p' || t.p[1] == 'P')
		return unicode_class(p, r, ret_property);
	name[0] = '\\';
	name[1] = (char)(t.p[1] | 0x20);
	g = find_group(bytes_of(name, 2));
	if (!g || !strchr("dswDSW", t.p[1]))
		return 0;
	add_group(p, r, g, t.p[1] < 'a');
	/* PCRE2's \s has a \v more. */
	if (!(p->flags & FLAG_FOLD) && name[1] != 's')
		*ret_property = bytes_sub(t, 0, 2);
	p->rest = bytes_sub(t, 2, t.n);
	return 1;
}

/* One character of a class. whole: from its [ on. */
static int class_char(struct parser *p, struct bytes whole, uint32_t *ret)
{
	if (p->rest.n == 0)
		return syntax_fail(p, "missing closing ]", whole);
	return p->rest.p[0] == '\\' ? syntax_escape(p, ret) : syntax_rune(p, ret);
}

/* A character, or a range of them. */
static int class_range(struct parser *p, struct bytes whole, struct runes *r)
{
	struct bytes before = p->rest;
	struct runes set = { 0 };
	uint32_t lo, hi;

	if (class_char(p, whole, &lo) < 0)
		return -1;
	hi = lo;
	if (p->rest.n >= 2 && p->rest.p[0] == '-' && p->rest.p[1] != ']') {
		p->rest = bytes_sub(p->rest, 1, p->rest.n);
		if (class_char(p, whole, &hi) < 0)
			return -1;
		if (hi < lo)
			return syntax_fail(p, "invalid character class range",
					   syntax_since(p, before));
	}
	runes_add(&set, lo, hi);
	add_folded(p, r, &set, false);
	runes_release(&set);
	return 0;
}

static int class_item(struct parser *p, struct bytes whole, struct runes *r)
{
	struct bytes property;
	int rc = 0;

	if (p->rest.n > 2 && p->rest.p[0] == '[' && p->rest.p[1] == ':')
		rc = posix_class(p, r);
	if (rc == 0)
		rc = syntax_class_escape(p, r, &property);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	return class_range(p, whole, r);
}

int syntax_class(struct parser *p)
{
	struct bytes whole = p->rest;
	struct runes set = { 0 };
	bool negate, first = true;
	int rc = 0;

	p->rest = bytes_sub(p->rest, 1, p->rest.n);
	negate = p->rest.n && p->rest.p[0] == '^';
	if (negate)
		p->rest = bytes_sub(p->rest, 1, p->rest.n);
	for (; rc == 0 && (p->rest.n == 0 || p->rest.p[0] != ']' || first); first = false)
		rc = class_item(p, whole, &set);
	if (rc == 0) {
		p->rest = bytes_sub(p->rest, 1, p->rest.n);
		runes_clean(&set);
		if (negate)
			runes_negate(&set);
		rc = syntax_push_set(p, &set, (struct bytes){ 0 });
	}
	runes_release(&set);
	return rc;
}
