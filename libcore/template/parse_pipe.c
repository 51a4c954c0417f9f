/* Pipelines, commands and their words. */
#include "template/parser.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "regex/regex.h"
#include "template/func.h"
#include "template/literal.h"
#include "template/number.h"

static size_t name_number(struct parser *p, struct bytes name)
{
	struct template *t = p->t;
	uint64_t h = hash64(name);
	uint32_t i = map_get(&p->names, h, name);

	if (i != MAP_NONE)
		return i;
	mem_grow(&t->names, &t->cap_names, t->n_names + 1, sizeof(*t->names));
	t->names[t->n_names] = name;
	map_put(&p->names, h, name, (uint32_t)t->n_names);
	return t->n_names++;
}

static void add_field(struct parser *p, struct node *n, struct bytes name, size_t *cap)
{
	struct field *v = n->u.fields.v;

	if (n->u.fields.n == *cap) {
		*cap = *cap ? 2 * *cap : 2;
		n->u.fields.v = arena_alloc(&p->t->mem, *cap * sizeof(*v));
		if (n->u.fields.n)
			memcpy(n->u.fields.v, v, n->u.fields.n * sizeof(*v));
	}
	n->u.fields.v[n->u.fields.n++] =
		(struct field){ name, name.p[0] == '$' ? 0 : name_number(p, name) };
}

/* --- words ----------------------------------------------------------------------------- */

static struct node *variable(struct parser *p, struct lexeme x)
{
	struct node *n = parser_node(p, NODE_VARIABLE, x.pos);
	size_t cap = 0;

	add_field(p, n, x.text, &cap);
	return n;
}

static struct node *use_variable(struct parser *p, struct lexeme x)
{
	for (size_t i = 0; i < p->n_vars; i++)
		if (bytes_eq(p->vars[i], x.text))
			return variable(p, x);
	return parser_fail_quoted(p, "undefined variable ", x.text, "");
}

void parser_declare(struct parser *p, struct bytes name)
{
	mem_grow(&p->vars, &p->cap_vars, p->n_vars + 1, sizeof(*p->vars));
	p->vars[p->n_vars++] = name;
}

static struct node *number(struct parser *p, struct lexeme x)
{
	struct node *n = parser_node(p, NODE_NUMBER, x.pos);
	const char *wrong = number_read(x.text, &n->u.number);

	n->text = x.text;
	if (!wrong)
		return n;
	if (wrong[strlen(wrong) - 1] != ' ')
		return parser_fail(p, wrong, BYTES_LIT(""));
	return x.kind == LEX_CHAR_CONSTANT ? parser_fail(p, wrong, x.text)
					   : parser_fail_quoted(p, wrong, x.text, "");
}

bool parser_read_string(struct parser *p, struct lexeme x, struct bytes *ret)
{
	struct buf b = { 0 };
	bool ok = literal_read_string(x.text, &b);

	if (ok)
		*ret = arena_copy(&p->t->mem, buf_bytes(&b));
	else
		parser_fail(p, "invalid syntax", BYTES_LIT(""));
	buf_release(&b);
	return ok;
}

static struct node *string(struct parser *p, struct lexeme x)
{
	struct node *n = parser_node(p, NODE_STRING, x.pos);

	n->text = x.text;
	return parser_read_string(p, x, &n->u.string) ? n : NULL;
}

static struct node *ident(struct parser *p, struct lexeme x)
{
	struct node *n = parser_node(p, NODE_IDENT, x.pos);

	n->text = x.text;
	n->u.func = func_find(x.text);
	if (!n->u.func)
		return parser_fail_quoted(p, "function ", x.text, " not defined");
	p->t->uses_line |= bytes_is(x.text, "__line__");
	p->t->uses_time |= bytes_is(x.text, "__timestamp__");
	return n;
}

/* One word, without the fields behind it. NULL without failure: none is here. */
static struct node *term(struct parser *p)
{
	struct lexeme x = parser_next_word(p);
	struct node *n;
	size_t cap = 0;

	switch (x.kind) {
	case LEX_IDENT:
		return ident(p, x);
	case LEX_DOT:
		return parser_node(p, NODE_DOT, x.pos);
	case LEX_NIL:
		return parser_node(p, NODE_NIL, x.pos);
	case LEX_VARIABLE:
		return use_variable(p, x);
	case LEX_FIELD:
		n = parser_node(p, NODE_FIELD, x.pos);
		add_field(p, n, bytes_sub(x.text, 1, x.text.n), &cap);
		return n;
	case LEX_BOOL:
		n = parser_node(p, NODE_BOOL, x.pos);
		n->u.boolean = bytes_is(x.text, "true");
		return n;
	case LEX_CHAR_CONSTANT:
	case LEX_COMPLEX:
	case LEX_NUMBER:
		return number(p, x);
	case LEX_LEFT_PAREN:
		return parser_pipeline(p, "parenthesized pipeline", LEX_RIGHT_PAREN);
	case LEX_STRING:
	case LEX_RAW_STRING:
		return string(p, x);
	default:
		parser_backup(p);
		return NULL;
	}
}

/* A word with the fields behind it. */
static struct node *operand(struct parser *p)
{
	struct node *n = term(p), *chain;
	struct buf b = { 0 };
	size_t cap;

	if (!n || parser_peek(p).kind != LEX_FIELD)
		return n;
	switch (n->kind) {
	case NODE_FIELD:
	case NODE_VARIABLE:
		chain = n;
		chain->pos = parser_peek(p).pos;
		cap = chain->u.fields.n;
		break;
	case NODE_BOOL:
	case NODE_STRING:
	case NODE_NUMBER:
	case NODE_NIL:
	case NODE_DOT:
		node_print(&b, n);
		while (parser_peek(p).kind == LEX_FIELD)
			parser_next(p);
		parser_fail_quoted(p, "unexpected . after term ", buf_bytes(&b), "");
		buf_release(&b);
		return NULL;
	default:
		chain = parser_node(p, NODE_CHAIN, parser_peek(p).pos);
		chain->u.fields.of = n;
		cap = 0;
	}
	while (parser_peek(p).kind == LEX_FIELD) {
		struct lexeme x = parser_next(p);

		add_field(p, chain, bytes_sub(x.text, 1, x.text.n), &cap);
	}
	return chain;
}

/* Patterns that are written out are compiled once. One that is wrong is an error when it is used.
 */
static void compile_pattern(struct parser *p, struct node *cmd)
{
	struct node *f = cmd->nodes.first, *s = f ? f->next : NULL;
	struct template *t = p->t;

	if (!s || f->kind != NODE_IDENT || !func_takes_pattern(f->u.func) || s->kind != NODE_STRING)
		return;
	s->regex = regex_new(s->u.string, REGEX_UNANCHORED, NULL);
	if (!s->regex)
		return;
	mem_grow(&t->regexes, &t->cap_regexes, t->n_regexes + 1, sizeof(struct regex *));
	t->regexes[t->n_regexes++] = s->regex;
}

static struct node *command(struct parser *p)
{
	struct node *cmd = parser_node(p, NODE_COMMAND, parser_peek_word(p).pos);
	struct lexeme x;

	do {
		struct node *n;

		parser_peek_word(p);
		n = operand(p);
		if (p->failed)
			return NULL;
		if (n)
			nodes_add(&cmd->nodes, n);
		x = parser_next(p);
	} while (x.kind == LEX_SPACE);
	if (x.kind == LEX_RIGHT_DELIM || x.kind == LEX_RIGHT_PAREN)
		parser_backup(p);
	else if (x.kind != LEX_PIPE)
		return parser_unexpected(p, x, "operand");
	if (cmd->nodes.n == 0)
		return parser_fail(p, "empty command", BYTES_LIT(""));
	compile_pattern(p, cmd);
	return cmd;
}

/* --- pipelines ------------------------------------------------------------------------- */

/* The variables that a pipeline sets, if any. */
static void declarations(struct parser *p, struct node *pipe, const char *where)
{
	for (;;) {
		struct lexeme v = parser_peek_word(p), after, then;

		if (v.kind != LEX_VARIABLE)
			return;
		parser_next(p);
		after = parser_peek(p);
		then = parser_peek_word(p);
		if (then.kind != LEX_ASSIGN && then.kind != LEX_DECLARE &&
		    !(then.kind == LEX_CHAR && bytes_is(then.text, ","))) {
			if (after.kind == LEX_SPACE)
				parser_put_back(p, after);
			parser_put_back(p, v);
			return;
		}
		parser_next_word(p);
		pipe->u.set.v[pipe->u.set.n++] = variable(p, v);
		parser_declare(p, v.text);
		if (then.kind != LEX_CHAR) {
			pipe->u.set.is_assign = then.kind == LEX_ASSIGN;
			return;
		}
		if (strcmp(where, "range") != 0 || pipe->u.set.n == 2) {
			parser_fail(p, "too many declarations in ", bytes_str(where));
			return;
		}
		then = parser_peek_word(p);
		if (then.kind != LEX_VARIABLE && then.kind != LEX_RIGHT_DELIM &&
		    then.kind != LEX_RIGHT_PAREN) {
			parser_fail(p, "range can only initialize variables", BYTES_LIT(""));
			return;
		}
	}
}

static bool is_executable(const struct node *word)
{
	switch (word->kind) {
	case NODE_BOOL:
	case NODE_DOT:
	case NODE_NIL:
	case NODE_NUMBER:
	case NODE_STRING:
		return false;
	default:
		return true;
	}
}

static struct node *check_pipeline(struct parser *p, struct node *pipe, const char *where)
{
	unsigned stage = 1;
	char text[64];

	if (pipe->nodes.n == 0)
		return parser_fail(p, "missing value for ", bytes_str(where));
	for (const struct node *c = pipe->nodes.first->next; c; c = c->next) {
		stage++;
		if (is_executable(c->nodes.first))
			continue;
		snprintf(text, sizeof(text), "non executable command in pipeline stage %u", stage);
		return parser_fail(p, text, BYTES_LIT(""));
	}
	return pipe;
}

struct node *parser_pipeline(struct parser *p, const char *where, enum lexeme_kind end)
{
	struct node *pipe = parser_node(p, NODE_PIPE, parser_peek_word(p).pos);

	if (++p->nesting > TEMPLATE_NESTING_MAX)
		return parser_fail(p, "nested too deep", BYTES_LIT(""));
	declarations(p, pipe, where);
	while (!p->failed) {
		struct lexeme x = parser_next_word(p);
		struct node *cmd;

		if (x.kind == end) {
			p->nesting--;
			return check_pipeline(p, pipe, where);
		}
		switch (x.kind) {
		case LEX_BOOL:
		case LEX_CHAR_CONSTANT:
		case LEX_COMPLEX:
		case LEX_DOT:
		case LEX_FIELD:
		case LEX_IDENT:
		case LEX_NUMBER:
		case LEX_NIL:
		case LEX_RAW_STRING:
		case LEX_STRING:
		case LEX_VARIABLE:
		case LEX_LEFT_PAREN:
			parser_backup(p);
			cmd = command(p);
			if (cmd)
				nodes_add(&pipe->nodes, cmd);
			break;
		default:
			return parser_unexpected(p, x, where);
		}
	}
	return NULL;
}
