/* Nodes as text, for "executing ... at <...>" of messages. */
#include "template/tree.h"
#include "labels/quote.h"

static void print_fields(struct buf *b, const struct node *n, size_t from)
{
	for (size_t i = from; i < n->u.fields.n; i++) {
		buf_add_char(b, '.');
		buf_add_bytes(b, n->u.fields.v[i].name);
	}
}

/* As an operand: pipelines stand in parentheses there. */
static void print_word(struct buf *b, const struct node *n)
{
	if (n->kind == NODE_PIPE)
		buf_add_char(b, '(');
	node_print(b, n);
	if (n->kind == NODE_PIPE)
		buf_add_char(b, ')');
}

static void print_pipe(struct buf *b, const struct node *pipe)
{
	for (size_t i = 0; i < pipe->u.set.n; i++) {
		buf_add_str(b, i ? ", " : "");
		node_print(b, pipe->u.set.v[i]);
	}
	if (pipe->u.set.n)
		buf_add_str(b, pipe->u.set.is_assign ? " = " : " := ");
	for (const struct node *c = pipe->nodes.first; c; c = c->next) {
		node_print(b, c);
		buf_add_str(b, c->next ? " | " : "");
	}
}

static void print_branch(struct buf *b, const struct node *n, const char *word)
{
	buf_add_str(b, "{{");
	buf_add_str(b, word);
	buf_add_char(b, ' ');
	node_print(b, n->u.branch.pipe);
	buf_add_str(b, "}}");
	node_print(b, n->u.branch.body);
	if (n->u.branch.otherwise) {
		buf_add_str(b, "{{else}}");
		node_print(b, n->u.branch.otherwise);
	}
	buf_add_str(b, "{{end}}");
}

static void print_template(struct buf *b, const struct node *n)
{
	buf_add_str(b, "{{template ");
	quote_add(b, n->text);
	if (n->u.branch.pipe) {
		buf_add_char(b, ' ');
		node_print(b, n->u.branch.pipe);
	}
	buf_add_str(b, "}}");
}

static void print_words(struct buf *b, const struct node *cmd)
{
	for (const struct node *w = cmd->nodes.first; w; w = w->next) {
		print_word(b, w);
		buf_add_str(b, w->next ? " " : "");
	}
}

static void print_control(struct buf *b, const struct node *n)
{
	switch (n->kind) {
	case NODE_LIST:
		for (const struct node *c = n->nodes.first; c; c = c->next)
			node_print(b, c);
		break;
	case NODE_ACTION:
		buf_add_str(b, "{{");
		node_print(b, n->u.branch.pipe);
		buf_add_str(b, "}}");
		break;
	case NODE_IF:
		print_branch(b, n, "if");
		break;
	case NODE_WITH:
		print_branch(b, n, "with");
		break;
	case NODE_RANGE:
		print_branch(b, n, "range");
		break;
	case NODE_TEMPLATE:
		print_template(b, n);
		break;
	case NODE_BREAK:
		buf_add_str(b, "{{break}}");
		break;
	case NODE_CONTINUE:
		buf_add_str(b, "{{continue}}");
		break;
	case NODE_END:
		buf_add_str(b, "{{end}}");
		break;
	case NODE_ELSE:
		buf_add_str(b, "{{else}}");
		break;
	default:
		break;
	}
}

void node_print(struct buf *b, const struct node *n)
{
	switch (n->kind) {
	case NODE_PIPE:
		print_pipe(b, n);
		break;
	case NODE_COMMAND:
		print_words(b, n);
		break;
	case NODE_BOOL:
		buf_add_str(b, n->u.boolean ? "true" : "false");
		break;
	case NODE_DOT:
		buf_add_char(b, '.');
		break;
	case NODE_NIL:
		buf_add_str(b, "nil");
		break;
	case NODE_TEXT:
	case NODE_NUMBER:
	case NODE_STRING:
	case NODE_IDENT:
		buf_add_bytes(b, n->text);
		break;
	case NODE_FIELD:
		print_fields(b, n, 0);
		break;
	case NODE_VARIABLE:
		buf_add_bytes(b, n->u.fields.v[0].name);
		print_fields(b, n, 1);
		break;
	case NODE_CHAIN:
		print_word(b, n->u.fields.of);
		print_fields(b, n, 0);
		break;
	default:
		print_control(b, n);
	}
}
