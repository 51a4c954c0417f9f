/* One entry through the stages of its query. */
#include "detail.h"

#include <arpa/inet.h>

#include "regex/regex.h"

static bool re_fits(struct bytes pattern, enum regex_how how, struct bytes text)
{
	struct err e;
	struct regex *re = regex_new(pattern, how, &e);
	bool ret = re && regex_match(re, text, NULL, NULL) == 1;

	regex_free(re);
	return ret;
}

static bool matches(const struct logql_matcher *m, enum regex_how how, struct bytes value)
{
	switch (m->op) {
	case MATCH_EQ:
		return bytes_eq(m->value, value);
	case MATCH_NE:
		return !bytes_eq(m->value, value);
	case MATCH_RE:
		return re_fits(m->value, how, value);
	default:
		return !re_fits(m->value, how, value);
	}
}

bool nv_selects(const struct logql_log *log, const struct labels *stream)
{
	for (size_t i = 0; i < log->n_matchers; i++) {
		struct bytes value = { "", 0 };

		for (size_t k = 0; k < stream->n; k++)
			if (bytes_eq(stream->v[k].name, log->matchers[i].name))
				value = stream->v[k].value;
		if (!matches(&log->matchers[i], REGEX_ANCHORED, value))
			return false;
	}
	return true;
}

/* --- line filters ---------------------------------------------------------------------------- */

static bool address_in(const struct logql_ip *ip, struct bytes text)
{
	char z[64];
	unsigned char addr[16];

	if (text.n == 0 || text.n >= sizeof(z))
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = '\0';
	return inet_pton(ip->addr_len == 4 ? AF_INET : AF_INET6, z, addr) == 1 &&
	       memcmp(addr, ip->first, ip->addr_len) >= 0 &&
	       memcmp(addr, ip->last, ip->addr_len) <= 0;
}

/* The words between blanks, quotes, equals signs and the like. */
bool nv_has_ip(const struct logql_ip *ip, struct bytes text)
{
	static const char word[] = "0123456789abcdefABCDEF.:";

	for (size_t i = 0; i < text.n;) {
		size_t n = 0;

		while (i + n < text.n && text.p[i + n] && strchr(word, text.p[i + n]))
			n++;
		if (n && address_in(ip, bytes_of(text.p + i, n)))
			return true;
		i += n + 1;
	}
	return false;
}

static bool contains(struct bytes text, struct bytes part)
{
	for (size_t i = 0; i + part.n <= text.n; i++)
		if (memcmp(text.p + i, part.p ? part.p : "", part.n) == 0)
			return true;
	return false;
}

/* Each literal at its first place behind the one before; a capture stands for something, not for
 * nothing. */
static bool fits_pattern(const struct logql_pattern *p, struct bytes line)
{
	size_t at = 0;
	bool open = false; /* a capture is waiting for its end */

	if (line.n == 0)
		return p->n_parts == 0;
	for (size_t i = 0; i < p->n_parts; i++) {
		struct bytes lit = p->parts[i].text;
		size_t k = at;

		if (p->parts[i].capture) {
			open = true;
			continue;
		}
		while (k + lit.n <= line.n && memcmp(line.p + k, lit.p, lit.n) != 0)
			k++;
		if (k + lit.n > line.n || open == (k == at))
			return false;
		at = k + lit.n;
		open = false;
	}
	return open == (at < line.n);
}

static bool line_fits(const struct logql_line_filter *f, struct bytes line)
{
	bool negated = f->op == LOGQL_LINE_HAS_NOT || f->op == LOGQL_LINE_NOT_RE ||
		       f->op == LOGQL_LINE_NOT_PATTERN;

	for (size_t i = 0; i < f->n_alts; i++) {
		const struct logql_line_alt *a = &f->alts[i];
		bool fits;

		if (a->ip && i == 0)
			fits = nv_has_ip(a->ip, line);
		else if (a->pattern)
			fits = fits_pattern(a->pattern, line);
		else if (f->op == LOGQL_LINE_RE || f->op == LOGQL_LINE_NOT_RE)
			fits = re_fits(a->text, REGEX_LINE, line);
		else
			fits = contains(line, a->text);
		if (fits)
			return !negated;
	}
	return negated;
}

/* --- label filters --------------------------------------------------------------------------- */

bool nv_compares(enum logql_op op, double a, double b)
{
	switch (op) {
	case LOGQL_EQ:
		return a == b;
	case LOGQL_NE:
		return a != b;
	case LOGQL_GT:
		return a > b;
	case LOGQL_GE:
		return a >= b;
	case LOGQL_LT:
		return a < b;
	default:
		return a <= b;
	}
}

bool nv_filter(const struct logql_filter *f, struct nv_labels *l)
{
	struct bytes text;
	enum nv_kind kind;
	double v = 0, with = 0;
	int64_t ns = 0;
	bool readable;

	switch (f->kind) {
	case LOGQL_FILTER_AND: /* both are asked: each may find an error */
		readable = nv_filter(f->both.left, l);
		return nv_filter(f->both.right, l) && readable;
	case LOGQL_FILTER_OR:
		return nv_filter(f->both.left, l) || nv_filter(f->both.right, l);
	case LOGQL_FILTER_MATCH:
		return matches(&f->match, REGEX_WHOLE, nv_value(l, f->match.name));
	case LOGQL_FILTER_IP:
		if (l->error.n)
			return true;
		if (!nv_get(l, f->cmp.name, &text, &kind))
			return false;
		return nv_has_ip(f->cmp.ip, text) == (f->cmp.op == LOGQL_EQ);
	default:
		break;
	}
	if (!nv_get(l, f->cmp.name, &text, &kind))
		return false;
	if (f->kind == LOGQL_FILTER_NUMBER) {
		readable = nv_number(text, &v);
		with = f->cmp.number;
	} else if (f->kind == LOGQL_FILTER_DURATION) {
		readable = nv_duration(text, &ns);
		v = (double)ns;
		with = (double)f->cmp.duration_ns;
	} else {
		readable = nv_size(text, &v);
		with = (double)f->cmp.bytes;
	}
	if (!readable) {
		if (!l->error.n)
			nv_error(l, "LabelFilterErr");
		return true;
	}
	return nv_compares(f->cmp.op, v, with);
}

/* --- formats --------------------------------------------------------------------------------- */

/* A template that fails leaves all as it is. */
static bool expand(struct nv_labels *l, const struct nv_labels *from, struct bytes template,
		   const struct nv_entry *x, struct bytes line, struct bytes *ret)
{
	if (nv_expand(from, template, line, x->ts_ns, ret))
		return true;
	nv_error(l, "TemplateFormatErr");
	return false;
}

/* Renames see what those before them did; all templates see the labels as they were at the first
 * of them. */
static void format_labels(const struct logql_stage *s, struct nv_labels *l,
			  const struct nv_entry *x, struct bytes line)
{
	struct nv_labels before;
	bool have = false;

	for (size_t i = 0; i < s->label_format.n; i++) {
		const struct logql_format *f = &s->label_format.v[i];
		struct bytes value;
		enum nv_kind kind;

		if (f->is_rename) {
			if (nv_get(l, f->src, &value, &kind) && !bytes_eq(f->src, f->dst)) {
				nv_set(l, NV_PARSED, f->dst, value);
				nv_del(l, f->src);
			}
			continue;
		}
		if (!have)
			before = *l;
		have = true;
		if (expand(l, &before, f->src, x, line, &value))
			nv_set(l, NV_PARSED, f->dst, value);
	}
}

/* Sequences for colours, the cursor and titles, as Loki looks for them. */
static struct bytes decolorize(struct arena *a, struct bytes line)
{
	static const char sequence[] =
		"[\\x{1b}\\x{9b}][\\[\\]()#;?]*(?:(?:(?:[a-zA-Z\\d]*(?:;[a-zA-Z\\d]*)*)?\\x07)|"
		"(?:(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-PRZcf-ntqry=><~]))";
	struct regex *re = regex_new(bytes_str(sequence), REGEX_UNANCHORED, NULL);
	struct bytes group[1], ret;
	struct buf b = { 0 };

	while (regex_match_groups(re, line, group, 0, NULL) == 1) {
		size_t at = (size_t)(group[0].p - line.p);

		buf_add_bytes(&b, bytes_sub(line, 0, at));
		line = bytes_sub(line, at + group[0].n, line.n);
	}
	buf_add_bytes(&b, line);
	ret = arena_copy(a, buf_bytes(&b));
	buf_release(&b);
	regex_free(re);
	return ret;
}

static void drop(const struct logql_stage *s, struct nv_labels *l)
{
	for (size_t i = 0; i < s->pick.n; i++) {
		const struct logql_pick *p = &s->pick.v[i];

		if (p->has_matcher &&
		    !matches(&p->matcher, REGEX_ANCHORED, nv_value(l, p->matcher.name)))
			continue;
		if (bytes_is(p->matcher.name, "__error__"))
			l->error = (struct bytes){ 0 };
		else
			nv_del(l, p->matcher.name);
	}
}

static void keep(const struct logql_stage *s, struct nv_labels *l)
{
	struct labels all = nv_visible(l);

	for (size_t i = 0; i < all.n; i++) {
		bool stays = bytes_starts(all.v[i].name, BYTES_LIT("__error__")) ||
			     bytes_starts(all.v[i].name, BYTES_LIT("__preserve"));

		for (size_t k = 0; k < s->pick.n; k++) {
			const struct logql_pick *p = &s->pick.v[k];

			stays = stays || (bytes_eq(p->matcher.name, all.v[i].name) &&
					  (!p->has_matcher ||
					   matches(&p->matcher, REGEX_ANCHORED, all.v[i].value)));
		}
		if (!stays)
			nv_del(l, all.v[i].name);
	}
}

/* --- all of it ------------------------------------------------------------------------------- */

static bool run_stage(const struct nv_pipe *p, unsigned i, const struct nv_entry *x,
		      struct nv_labels *l, struct bytes *line)
{
	const struct logql_stage *s = &p->log->stages[i];
	struct bytes text;

	switch (s->kind) {
	case LOGQL_LINE_FILTER:
		return line_fits(&s->line_filter, *line);
	case LOGQL_LABEL_FILTER:
		return nv_filter(s->filter, l);
	case LOGQL_LINE_FORMAT:
		if (nv_stage_counts(p, i) && expand(l, l, s->line_format, x, *line, &text))
			*line = text;
		return true;
	case LOGQL_LABEL_FORMAT:
		format_labels(s, l, x, *line);
		return true;
	case LOGQL_DECOLORIZE:
		*line = decolorize(l->a, *line);
		return true;
	case LOGQL_DROP:
		drop(s, l);
		return true;
	case LOGQL_KEEP:
		keep(s, l);
		return true;
	default:
		return nv_parse(p, i, s, l, line);
	}
}

/* Line filters go first, up to a stage that makes a new line (decolorize is not taken for one). */
static unsigned segment_end(const struct logql_log *log, unsigned from)
{
	while (from < log->n_stages && log->stages[from].kind != LOGQL_LINE_FORMAT &&
	       log->stages[from].kind != LOGQL_UNPACK)
		from++;
	return from;
}

bool nv_pipe_run(const struct nv_pipe *p, const struct labels *stream, const struct nv_entry *x,
		 struct nv_labels *l, struct bytes *ret_line)
{
	struct bytes line = x->line;

	l->a = p->a;
	l->base = stream;
	l->n[0] = l->n[1] = l->n[2] = l->n_gone = 0;
	l->error = (struct bytes){ 0 };
	l->preserve = l->has_details = false;
	for (size_t i = 0; i < x->meta.n; i++) {
		struct bytes name = x->meta.v[i].name;

		if (nv_base_has(l, name))
			name = nv_extracted(p->a, name);
		nv_set(l, NV_META, name, x->meta.v[i].value);
	}
	for (unsigned from = 0; from < p->log->n_stages;) {
		unsigned end = segment_end(p->log, from);

		for (int filters = 1; filters >= 0; filters--)
			for (unsigned i = from; i < end; i++)
				if ((p->log->stages[i].kind == LOGQL_LINE_FILTER) == filters &&
				    !run_stage(p, i, x, l, &line))
					return false;
		if (end < p->log->n_stages && !run_stage(p, end, x, l, &line))
			return false;
		from = end + 1;
	}
	*ret_line = line;
	return true;
}

bool nv_unwrap(const struct nv_pipe *p, struct nv_labels *l, double *ret)
{
	const struct logql_unwrap *u = p->unwrap;
	struct bytes text;
	enum nv_kind kind;
	int64_t ns;
	bool readable;

	if (!nv_get(l, u->label, &text, &kind) || text.n == 0)
		return false;
	*ret = 0;
	if (u->conv == LOGQL_CONV_NONE) {
		readable = nv_number(text, ret);
	} else if (u->conv == LOGQL_CONV_BYTES) {
		readable = nv_size(text, ret);
	} else {
		readable = nv_duration(text, &ns);
		*ret = readable ? (double)ns / 1e9 : 0;
	}
	if (!readable) {
		*ret = 0;
		nv_error(l, "SampleExtractionErr");
		l->preserve = l->preserve || p->hints.preserve;
	}
	for (size_t i = 0; i < u->n_filters; i++)
		if (!nv_filter(u->filters[i], l))
			return false;
	return true;
}
