/* The parser's state, and what its two halves, parse.c and parse_pipe.c, use of one another. */
#ifndef TEMPLATE_PARSER_H
#define TEMPLATE_PARSER_H

#include "base/map.h"
#include "template/lex.h"
#include "template/tree.h"

struct parser {
	struct template *t;
	struct lexer lex;
	struct lexeme ahead[3]; /* the next one is ahead[n_ahead - 1] */
	size_t n_ahead;
	unsigned action_line; /* where the current action began; 0 outside */
	unsigned nesting, range_depth;
	struct bytes *vars; /* in scope, with their $ */
	size_t n_vars, cap_vars;
	struct map names;
	bool failed;
	struct err *e;
};

/* The next lexeme, also after parser_backup(). */
struct lexeme parser_next(struct parser *p);
struct lexeme parser_peek(struct parser *p);
/* The same without blanks. */
struct lexeme parser_next_word(struct parser *p);
struct lexeme parser_peek_word(struct parser *p);
/* The last one is to come again. */
void parser_backup(struct parser *p);
/* Puts back one more, which came before the one that is next. */
void parser_put_back(struct parser *p, struct lexeme x);

/* Set the error, unless there is one. Return NULL. */
void *parser_fail(struct parser *p, const char *message, struct bytes detail);
/* The detail in quotes. */
void *parser_fail_quoted(struct parser *p, const char *message, struct bytes detail,
			 const char *behind);
void *parser_unexpected(struct parser *p, struct lexeme x, const char *where);

struct node *parser_node(struct parser *p, enum node_kind kind, uint32_t pos);
void nodes_add(struct nodes *l, struct node *n);

/* parse_pipe.c: a pipeline up to `end`; the value of a string; a variable that is in scope from
 * here. */
struct node *parser_pipeline(struct parser *p, const char *where, enum lexeme_kind end);
bool parser_read_string(struct parser *p, struct lexeme x, struct bytes *ret);
void parser_declare(struct parser *p, struct bytes name);

#endif
