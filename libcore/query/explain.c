#include "query/explain.h"

#include <stdarg.h>

#include "base/num.h"
#include "json/json.h"
#include "time/time.h"

void explain_init(struct explain *x, enum explain_how how)
{
	*x = (struct explain){ .how = how };
	x->at = &x->root;
}

static void release(struct explain_node *n)
{
	for (struct explain_node *c = n->first; c; c = c->next)
		release(c);
	buf_release(&n->title);
	buf_release(&n->cost);
	buf_release(&n->notes);
	buf_release(&n->json);
}

void explain_release(struct explain *x)
{
	release(&x->root);
	buf_release(&x->hints);
	arena_release(&x->mem);
	*x = (struct explain){ 0 };
}

struct explain_node *explain_begin(struct explain *x, const char *kind)
{
	struct explain_node *n = arena_zalloc(&x->mem, sizeof(*n));

	n->kind = kind;
	n->up = x->at;
	n->start_ns = time_mono_ns();
	if (x->at->last)
		x->at->last->next = n;
	else
		x->at->first = n;
	x->at->last = n;
	x->at = n;
	return n;
}

void explain_end(struct explain *x)
{
	x->at->ns = time_mono_ns() - x->at->start_ns;
	x->at = x->at->up;
}

void explain_note(struct explain_node *n, const char *fmt, ...)
{
	va_list va;

	va_start(va, fmt);
	buf_addv(&n->notes, fmt, va);
	va_end(va);
	buf_add_char(&n->notes, '\n');
}

void explain_note_bytes(struct explain_node *n, struct bytes text)
{
	buf_add_bytes(&n->notes, text);
	buf_add_char(&n->notes, '\n');
}

void explain_hint(struct explain *x, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list va;

	va_start(va, fmt);
	buf_addv(&b, fmt, va);
	va_end(va);
	buf_add_char(&b, '\n');
	if (!x->hints.n || !memmem(x->hints.p, x->hints.n, b.p, b.n))
		buf_add_bytes(&x->hints, buf_bytes(&b));
	buf_release(&b);
}

void explain_number(struct explain_node *n, const char *key, uint64_t value)
{
	buf_addf(&n->json, ",\"%s\":%llu", key, (unsigned long long)value);
}

void explain_text(struct explain_node *n, const char *key, struct bytes text)
{
	buf_addf(&n->json, ",\"%s\":", key);
	json_add_quoted(&n->json, text);
}

void explain_seconds(struct explain_node *n, const char *key, int64_t ns)
{
	buf_addf(&n->json, ",\"%s\":%.9f", key, (double)ns / 1e9);
}

void explain_add_count(struct buf *b, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf_add_char(b, ',');
		buf_add_char(b, digits[i]);
	}
}

void explain_add_time(struct buf *b, int64_t ns)
{
	if (ns < 1000000)
		buf_addf(b, "%.0f us", (double)ns / 1e3);
	else if (ns < NS_PER_S)
		buf_addf(b, "%.1f ms", (double)ns / 1e6);
	else
		buf_addf(b, "%.2f s", (double)ns / 1e9);
}

void explain_add_share(struct buf *b, double part, double all)
{
	double share = all > 0 ? 100 * part / all : 0;

	if (share > 99 && share < 100) /* which is not all */
		buf_addf(b, "%.1f%%", share > 99.9 ? 99.9 : share);
	else
		buf_addf(b, share > 0 && share < 9.95 ? "%.1f%%" : "%.0f%%", share);
}

/* --- text ------------------------------------------------------------------------------------ */

/* What stands at the beginnings of lines: of the first, of those below it. */
struct margin {
	const char *first, *rest;
};

static size_t columns(struct bytes text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return n;
}

/* Where the next line ends: the last blank that leaves it short enough, but a word at least. */
static size_t line_end(struct bytes text, size_t room)
{
	size_t end = 0;

	for (size_t i = 0; i <= text.n; i++) {
		if (i < text.n && text.p[i] != ' ')
			continue;
		if (end > 0 && columns(bytes_sub(text, 0, i)) > room)
			break;
		end = i;
	}
	return end;
}

static void add_wrapped(struct buf *b, struct margin m, struct bytes text)
{
	const char *margin = m.first;

	do {
		size_t used = columns(bytes_str(margin));
		size_t end = line_end(text, used < EXPLAIN_WIDTH ? EXPLAIN_WIDTH - used : 1);

		buf_add_str(b, margin);
		buf_add_bytes(b, bytes_sub(text, 0, end));
		buf_add_char(b, '\n');
		text = bytes_sub(text, end < text.n ? end + 1 : end, text.n);
		margin = m.rest;
	} while (text.n);
}

/* lines: each ended. */
static void add_lines(struct buf *b, struct margin m, struct bytes lines)
{
	struct bytes line;

	while (lines.n && bytes_split(&lines, '\n', &line))
		add_wrapped(b, m, line);
}

/* The title, and the cost at the right end of the line, or of the next one. */
static void add_title(struct buf *b, const struct explain_node *n, const char *first,
		      const char *rest)
{
	struct bytes title = buf_bytes(&n->title), cost = buf_bytes(&n->cost);
	size_t used = columns(bytes_str(first)) + columns(title);
	struct buf below = { 0 };

	if (n->cost.n && used + 2 + columns(cost) <= EXPLAIN_WIDTH) {
		buf_addf(b, "%s%.*s%*s\n", first, BYTES_ARG(title), (int)(EXPLAIN_WIDTH - used),
			 buf_str((struct buf *)&n->cost));
		return;
	}
	buf_addf(&below, "%s%s    ", rest, n->first ? "|" : " ");
	add_wrapped(b, (struct margin){ first, buf_str(&below) }, title);
	if (n->cost.n)
		buf_addf(b, "%*s\n", EXPLAIN_WIDTH, buf_str((struct buf *)&n->cost));
	buf_release(&below);
}

/* first: the margin of its title; rest: that of all that stands below it. */
static void add_node(struct buf *b, const struct explain_node *n, const char *first,
		     const char *rest)
{
	struct buf head = { 0 }, below = { 0 };

	add_title(b, n, first, rest);
	buf_addf(&head, "%s%s", rest, n->first ? "| " : "  ");
	buf_addf(&below, "%s  ", buf_str(&head));
	add_lines(b, (struct margin){ buf_str(&head), buf_str(&below) }, buf_bytes(&n->notes));
	for (const struct explain_node *c = n->first; c; c = c->next) {
		buf_reset(&head);
		buf_reset(&below);
		buf_addf(&head, "%s%s ", rest, c->next ? "|--" : "`--");
		buf_addf(&below, "%s%s ", rest, c->next ? "|  " : "   ");
		add_node(b, c, buf_str(&head), buf_str(&below));
	}
	buf_release(&head);
	buf_release(&below);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void add_strings(struct buf *b, const char *key, struct bytes lines)
{
	struct bytes line;

	buf_addf(b, ",\"%s\":[", key);
	for (bool first = true; lines.n && bytes_split(&lines, '\n', &line); first = false) {
		if (!first)
			buf_add_char(b, ',');
		json_add_quoted(b, line);
	}
	buf_add_char(b, ']');
}

static void add_children(struct buf *b, const struct explain_node *n)
{
	buf_add_char(b, '[');
	for (const struct explain_node *c = n->first; c; c = c->next) {
		if (c != n->first)
			buf_add_char(b, ',');
		buf_addf(b, "{\"kind\":\"%s\",\"title\":", c->kind);
		json_add_quoted(b, buf_bytes(&c->title));
		buf_add_bytes(b, buf_bytes(&c->json));
		add_strings(b, "notes", buf_bytes(&c->notes));
		buf_add_str(b, ",\"children\":");
		add_children(b, c);
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

void explain_print_json(const struct explain *x, struct buf *ret)
{
	buf_add_str(ret, "{\"plan\":");
	add_children(ret, &x->root);
	buf_add_bytes(ret, buf_bytes(&x->root.json));
	add_strings(ret, "notes", buf_bytes(&x->root.notes));
	add_strings(ret, "hints", buf_bytes(&x->hints));
	buf_add_char(ret, '}');
}

void explain_print(const struct explain *x, struct buf *ret)
{
	for (const struct explain_node *c = x->root.first; c; c = c->next)
		add_node(ret, c, "", "");
	add_lines(ret, (struct margin){ "", "  " }, buf_bytes(&x->root.notes));
	if (x->hints.n)
		buf_add_char(ret, '\n');
	add_lines(ret, (struct margin){ "hint: ", "      " }, buf_bytes(&x->hints));
}
