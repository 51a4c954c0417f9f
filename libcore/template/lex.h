/* A template's text as lexemes. Blanks between the words of an action are lexemes too. */
#ifndef TEMPLATE_LEX_H
#define TEMPLATE_LEX_H

#include "base/arena.h"
#include "base/buf.h"

enum lexeme_kind {
	LEX_ERROR, /* text is the message */
	LEX_EOF,
	LEX_TEXT,
	LEX_LEFT_DELIM,
	LEX_RIGHT_DELIM,
	LEX_SPACE,
	LEX_ASSIGN,
	LEX_DECLARE,
	LEX_PIPE,
	LEX_LEFT_PAREN,
	LEX_RIGHT_PAREN,
	LEX_BOOL,
	LEX_CHAR, /* one character that is nothing else, as the comma */
	LEX_CHAR_CONSTANT,
	LEX_COMPLEX,
	LEX_FIELD,
	LEX_IDENT,
	LEX_NUMBER,
	LEX_RAW_STRING,
	LEX_STRING,
	LEX_VARIABLE,
	LEX_KEYWORD, /* those behind this one are keywords */
	LEX_BLOCK,
	LEX_BREAK,
	LEX_CONTINUE,
	LEX_DOT,
	LEX_DEFINE,
	LEX_ELSE,
	LEX_END,
	LEX_IF,
	LEX_NIL,
	LEX_RANGE,
	LEX_TEMPLATE,
	LEX_WITH,
};

struct lexeme {
	enum lexeme_kind kind;
	uint32_t pos;
	unsigned line;
	struct bytes text;
};

struct lexer {
	struct bytes text;
	size_t pos, start;
	unsigned line;	/* at start */
	unsigned depth; /* of parentheses */
	bool in_action;
	struct arena *mem; /* for messages */
};

void lexer_init(struct lexer *l, struct bytes text, struct arena *mem);

/* The next one. Behind an error or the end there is nothing. */
struct lexeme lexer_next(struct lexer *l);

/* A lexeme as messages show it. */
void lexeme_print(struct buf *b, const struct lexeme *x);

#endif
