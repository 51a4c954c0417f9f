/*
 * The grammar, by recursive descent. The parser looks at most three lexemes ahead ("$x foo" and
 * "$x := foo" differ in the third). The first error ends it: every function gives NULL, or false,
 * from then on, and failed is set.
 */
#include "template/parser.h"

#include <stdlib.h>

#include "base/mem.h"
#include "labels/quote.h"
#include "regex/regex.h"

struct lexeme parser_next(struct parser *p)
{
	if (p->n_ahead > 0)
		p->n_ahead--;
	else
		p->ahead[0] = lexer_next(&p->lex);
	return p->ahead[p->n_ahead];
}

void parser_backup(struct parser *p)
{
	p->n_ahead++;
}

void parser_put_back(struct parser *p, struct lexeme x)
{
	p->ahead[p->n_ahead++] = x;
}

struct lexeme parser_peek(struct parser *p)
{
	struct lexeme x = parser_next(p);

	parser_backup(p);
	return x;
}

struct lexeme parser_next_word(struct parser *p)
{
	struct lexeme x;

	do {
		x = parser_next(p);
	} while (x.kind == LEX_SPACE);
	return x;
}

struct lexeme parser_peek_word(struct parser *p)
{
	struct lexeme x = parser_next_word(p);

	parser_backup(p);
	return x;
}

void *parser_fail(struct parser *p, const char *message, struct bytes detail)
{
	if (!p->failed)
		err_set(p->e, ERR_QUERY, "template: %.*s:%u: %s%.*s", BYTES_ARG(p->t->name),
			p->ahead[0].line, message, BYTES_ARG(detail));
	p->failed = true;
	return NULL;
}

void *parser_fail_quoted(struct parser *p, const char *message, struct bytes detail,
			 const char *behind)
{
	struct buf b = { 0 };

	quote_add(&b, detail);
	buf_add_str(&b, behind);
	parser_fail(p, message, buf_bytes(&b));
	buf_release(&b);
	return NULL;
}

void *parser_unexpected(struct parser *p, struct lexeme x, const char *where)
{
	struct buf b = { 0 };

	lexeme_print(&b, &x);
	if (x.kind == LEX_ERROR) {
		if (p->action_line && p->action_line != x.line) {
			bool is_action =
				x.text.n > 7 && memcmp(x.text.p + x.text.n - 7, " action", 7) == 0;

			buf_addf(&b, "%s started at %.*s:%u", is_action ? "" : " in action",
				 BYTES_ARG(p->t->name), p->action_line);
		}
		parser_fail(p, "", buf_bytes(&b));
	} else {
		buf_add_str(&b, " in ");
		buf_add_str(&b, where);
		parser_fail(p, "unexpected ", buf_bytes(&b));
	}
	buf_release(&b);
	return NULL;
}

/* The next word; it is an error when it is not of that kind. */
static struct lexeme expect(struct parser *p, enum lexeme_kind kind, const char *where)
{
	struct lexeme x = parser_next_word(p);

	if (x.kind != kind)
		parser_unexpected(p, x, where);
	return x;
}

struct node *parser_node(struct parser *p, enum node_kind kind, uint32_t pos)
{
	struct node *n = arena_zalloc(&p->t->mem, sizeof(*n));

	n->kind = kind;
	n->pos = pos;
	return n;
}

void nodes_add(struct nodes *l, struct node *n)
{
	if (l->last)
		l->last->next = n;
	else
		l->first = n;
	l->last = n;
	l->n++;
}

/* --- actions --------------------------------------------------------------------------- */

static struct node *item_list(struct parser *p, struct node **ret_end);

/* The body of a template: it sees no variables from outside. */
static struct node *own_scope_list(struct parser *p, struct node **ret_end)
{
	size_t n = p->n_vars, cap = p->cap_vars;
	unsigned depth = p->range_depth;
	struct bytes *vars = p->vars;
	struct node *list;

	p->vars = NULL;
	p->n_vars = p->cap_vars = p->range_depth = 0;
	parser_declare(p, BYTES_LIT("$"));
	list = item_list(p, ret_end);
	free(p->vars);
	p->vars = vars;
	p->n_vars = n;
	p->cap_vars = cap;
	p->range_depth = depth;
	return list;
}

/* The body of a list is empty or blanks only. */
static bool is_empty(const struct node *list)
{
	for (const struct node *n = list->nodes.first; n; n = n->next)
		if (n->kind != NODE_TEXT || bytes_trim(n->text).n)
			return false;
	return true;
}

/* Adds a definition; an empty one gives way to any other. */
static bool define(struct parser *p, struct bytes name, struct node *root)
{
	struct template *t = p->t;
	struct definition *d;

	for (d = t->defs; d && !bytes_eq(d->name, name);)
		d = d->next;
	if (d && !is_empty(d->root)) {
		if (is_empty(root))
			return true;
		parser_fail_quoted(p, "template: multiple definition of template ", name, "");
		return false;
	}
	if (!d) {
		d = arena_alloc(&t->mem, sizeof(*d));
		*d = (struct definition){ .name = name, .next = t->defs };
		t->defs = d;
	}
	d->root = root;
	return true;
}

/* The body of a definition, up to its end. */
static bool define_body(struct parser *p, struct bytes name, const char *where)
{
	struct node *end = NULL, *root = own_scope_list(p, &end);
	struct buf b = { 0 };

	if (!root)
		return false;
	if (end->kind != NODE_END) {
		node_print(&b, end);
		buf_add_str(&b, " in ");
		buf_add_str(&b, where);
		parser_fail(p, "unexpected ", buf_bytes(&b));
		buf_release(&b);
		return false;
	}
	return define(p, name, root);
}

static void definition(struct parser *p)
{
	struct lexeme x = parser_next_word(p);
	struct bytes name;

	if (x.kind != LEX_STRING && x.kind != LEX_RAW_STRING) {
		parser_unexpected(p, x, "define clause");
		return;
	}
	if (!parser_read_string(p, x, &name))
		return;
	expect(p, LEX_RIGHT_DELIM, "define clause");
	if (!p->failed)
		define_body(p, name, "define clause");
}

static struct node *template_or_block(struct parser *p, bool block)
{
	const char *where = block ? "block clause" : "template clause";
	struct lexeme x = parser_next_word(p);
	struct node *n = parser_node(p, NODE_TEMPLATE, x.pos);

	if (x.kind != LEX_STRING && x.kind != LEX_RAW_STRING)
		return parser_unexpected(p, x, where);
	if (!parser_read_string(p, x, &n->text))
		return NULL;
	if (!block && parser_peek_word(p).kind == LEX_RIGHT_DELIM) {
		parser_next_word(p);
		return n;
	}
	n->u.branch.pipe = parser_pipeline(p, where, LEX_RIGHT_DELIM);
	if (p->failed || (block && !define_body(p, n->text, where)))
		return NULL;
	return n;
}

static struct node *control(struct parser *p, enum node_kind kind, const char *where);

/* What stands behind {{else}}: a list up to {{end}}, or for {{else if}} one more control. */
static struct node *otherwise(struct parser *p, struct node *els, enum node_kind kind,
			      const char *where)
{
	enum lexeme_kind again = kind == NODE_IF ? LEX_IF : LEX_WITH;
	struct node *list, *end = NULL, *n;
	struct buf b = { 0 };

	if (kind != NODE_RANGE && parser_peek(p).kind == again) {
		parser_next(p);
		list = parser_node(p, NODE_LIST, els->pos);
		n = control(p, kind, where);
		if (!n)
			return NULL;
		nodes_add(&list->nodes, n);
		return list;
	}
	list = item_list(p, &end);
	if (p->failed)
		return NULL;
	if (end->kind != NODE_END) {
		node_print(&b, end);
		parser_fail(p, "expected end; found ", buf_bytes(&b));
		buf_release(&b);
		return NULL;
	}
	return list;
}

/* if, with and range, behind the keyword. */
static struct node *control(struct parser *p, enum node_kind kind, const char *where)
{
	size_t vars = p->n_vars;
	struct node *n, *end = NULL, *pipe;

	if (++p->nesting > TEMPLATE_NESTING_MAX)
		return parser_fail(p, "nested too deep", BYTES_LIT(""));
	pipe = parser_pipeline(p, where, LEX_RIGHT_DELIM);
	if (!pipe)
		return NULL;
	n = parser_node(p, kind, pipe->pos);
	n->u.branch.pipe = pipe;
	p->range_depth += kind == NODE_RANGE;
	n->u.branch.body = item_list(p, &end);
	p->range_depth -= kind == NODE_RANGE;
	if (!p->failed && end->kind == NODE_ELSE)
		n->u.branch.otherwise = otherwise(p, end, kind, where);
	p->n_vars = vars;
	p->nesting--;
	return p->failed ? NULL : n;
}

static struct node *break_or_continue(struct parser *p, struct lexeme word)
{
	bool is_break = word.kind == LEX_BREAK;
	struct lexeme x = parser_next_word(p);

	if (x.kind != LEX_RIGHT_DELIM)
		return parser_unexpected(p, x, is_break ? "{{break}}" : "{{continue}}");
	if (p->range_depth == 0)
		return parser_fail(p,
				   is_break ? "{{break}} outside {{range}}"
					    : "{{continue}} outside {{range}}",
				   BYTES_LIT(""));
	return parser_node(p, is_break ? NODE_BREAK : NODE_CONTINUE, word.pos);
}

/* {{else if}} and {{else with}} leave the second word to be read. */
static struct node *else_control(struct parser *p)
{
	struct lexeme x = parser_peek_word(p);

	if (x.kind != LEX_IF && x.kind != LEX_WITH)
		x = expect(p, LEX_RIGHT_DELIM, "else");
	return parser_node(p, NODE_ELSE, x.pos);
}

/* Behind "{{". */
static struct node *action(struct parser *p)
{
	struct lexeme x = parser_next_word(p);
	struct node *n;

	switch (x.kind) {
	case LEX_BLOCK:
		return template_or_block(p, true);
	case LEX_BREAK:
	case LEX_CONTINUE:
		return break_or_continue(p, x);
	case LEX_ELSE:
		return else_control(p);
	case LEX_END:
		return parser_node(p, NODE_END, expect(p, LEX_RIGHT_DELIM, "end").pos);
	case LEX_IF:
		return control(p, NODE_IF, "if");
	case LEX_RANGE:
		return control(p, NODE_RANGE, "range");
	case LEX_TEMPLATE:
		return template_or_block(p, false);
	case LEX_WITH:
		return control(p, NODE_WITH, "with");
	default:
		parser_backup(p);
	}
	n = parser_node(p, NODE_ACTION, x.pos);
	n->u.branch.pipe = parser_pipeline(p, "command", LEX_RIGHT_DELIM);
	return n;
}

static struct node *text_or_action(struct parser *p)
{
	struct lexeme x = parser_next_word(p);
	struct node *n;

	if (x.kind == LEX_TEXT) {
		n = parser_node(p, NODE_TEXT, x.pos);
		n->text = x.text;
		return n;
	}
	if (x.kind != LEX_LEFT_DELIM)
		return parser_unexpected(p, x, "input");
	p->action_line = x.line;
	n = action(p);
	p->action_line = 0;
	return p->failed ? NULL : n;
}

/* Nodes up to {{end}} or {{else}}, which becomes *ret_end; NULL when p has failed. */
static struct node *item_list(struct parser *p, struct node **ret_end)
{
	struct node *list = parser_node(p, NODE_LIST, parser_peek_word(p).pos);

	while (!p->failed && parser_peek_word(p).kind != LEX_EOF) {
		struct node *n = text_or_action(p);

		if (!n)
			return NULL;
		if (n->kind == NODE_END || n->kind == NODE_ELSE) {
			*ret_end = n;
			return list;
		}
		nodes_add(&list->nodes, n);
	}
	parser_fail(p, "unexpected EOF", BYTES_LIT(""));
	return NULL;
}

static void parse_all(struct parser *p)
{
	struct node *root = parser_node(p, NODE_LIST, parser_peek(p).pos);
	struct buf b = { 0 };

	while (!p->failed && parser_peek(p).kind != LEX_EOF) {
		struct lexeme x = parser_peek(p);
		struct node *n;

		if (x.kind == LEX_LEFT_DELIM) {
			parser_next(p);
			if (parser_next_word(p).kind == LEX_DEFINE) {
				definition(p);
				continue;
			}
			parser_backup(p);
			parser_put_back(p, x);
		}
		n = text_or_action(p);
		if (!n)
			return;
		if (n->kind == NODE_END || n->kind == NODE_ELSE) {
			node_print(&b, n);
			parser_fail(p, "unexpected ", buf_bytes(&b));
			buf_release(&b);
			return;
		}
		nodes_add(&root->nodes, n);
	}
	if (!p->failed)
		define(p, p->t->name, root);
}

struct template *template_parse(struct bytes name, struct bytes text, struct err *e)
{
	struct template *t = mem_alloc(sizeof(*t));
	struct parser p = { .t = t, .e = e };

	t->name = arena_copy(&t->mem, name);
	if (text.n > TEMPLATE_TEXT_MAX) {
		err_set(e, ERR_QUERY, "template: %.*s:1: longer than %d bytes", BYTES_ARG(name),
			TEMPLATE_TEXT_MAX);
		template_free(t);
		return NULL;
	}
	t->text = arena_copy(&t->mem, text);
	lexer_init(&p.lex, t->text, &t->mem);
	parser_declare(&p, BYTES_LIT("$"));
	parse_all(&p);
	free(p.vars);
	map_release(&p.names);
	if (!p.failed)
		return t;
	template_free(t);
	return NULL;
}

void template_free(struct template *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_regexes; i++)
		regex_free(t->regexes[i]);
	free(t->regexes);
	free(t->names);
	arena_release(&t->mem);
	free(t);
}

size_t template_n_names(const struct template *t)
{
	return t->n_names;
}

struct bytes template_name(const struct template *t, size_t i)
{
	return t->names[i];
}

bool template_uses_line(const struct template *t)
{
	return t->uses_line;
}

bool template_uses_time(const struct template *t)
{
	return t->uses_time;
}

const struct definition *template_find(const struct template *t, struct bytes name)
{
	const struct definition *d = t->defs;

	while (d && !bytes_eq(d->name, name))
		d = d->next;
	return d;
}
