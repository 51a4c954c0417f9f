/*
 * A template as a tree: what parse.c makes and exec.c walks. Nodes lie in the template's arena and
 * never change once it is parsed, so any number of threads may execute one.
 */
#ifndef TEMPLATE_TREE_H
#define TEMPLATE_TREE_H

#include "base/arena.h"
#include "template/template.h"

struct func;
struct regex;

enum node_kind {
	NODE_LIST,
	NODE_TEXT,
	NODE_ACTION,
	NODE_IF,
	NODE_WITH,
	NODE_RANGE,
	NODE_TEMPLATE,
	NODE_BREAK,
	NODE_CONTINUE,
	NODE_END, /* these two only while parsing */
	NODE_ELSE,
	NODE_PIPE,
	NODE_COMMAND,
	NODE_BOOL,
	NODE_DOT,
	NODE_NIL,
	NODE_NUMBER,
	NODE_STRING,
	NODE_FIELD,
	NODE_VARIABLE,
	NODE_CHAIN,
	NODE_IDENT,
};

struct node;

struct nodes {
	struct node *first, *last;
	size_t n;
};

/* One name of .a.b: its text, and its number in the template's table of names. */
struct field {
	struct bytes name;
	size_t number;
};

struct number {
	bool is_int, is_uint, is_float, is_complex;
	int64_t i;
	uint64_t u;
	double f;
	double imaginary; /* f is then the real part */
};

struct node {
	enum node_kind kind;
	uint32_t pos;	   /* offset into the template's text, for messages */
	struct node *next; /* in the list it is in */
	struct bytes
		text; /* TEXT: what it prints; NUMBER, STRING: as written; IDENT, TEMPLATE: name */
	struct nodes nodes; /* LIST; COMMAND: its words; PIPE: its commands */
	union {
		struct {
			struct node *pipe, *body, *otherwise; /* ACTION and TEMPLATE: only pipe */
		} branch;
		struct {
			struct node *v[2]; /* variables that are set */
			size_t n;
			bool is_assign;
		} set; /* PIPE */
		struct {
			struct node *of; /* CHAIN */
			struct field *v;
			size_t n;
		} fields; /* FIELD, CHAIN; VARIABLE: the first is its own name, with the $ */
		struct number number;
		struct bytes string;	 /* STRING: its value */
		const struct func *func; /* IDENT */
		bool boolean;
	} u;
	struct regex
		*regex; /* STRING that a function takes as a pattern: compiled, when it can be */
};

struct definition {
	struct bytes name;
	struct node *root;
	struct definition *next;
};

struct template
{
	struct arena mem;
	struct bytes name, text;
	struct definition *defs; /* the template itself is the one of its name */
	struct bytes *names;	 /* of fields */
	size_t n_names, cap_names;
	struct regex **regexes; /* to be freed */
	size_t n_regexes, cap_regexes;
	bool uses_line, uses_time;
};

/* The definition called name, or NULL. */
const struct definition *template_find(const struct template *t, struct bytes name);

/* Appends a node as it would be written, for messages. */
void node_print(struct buf *b, const struct node *node);

#endif
